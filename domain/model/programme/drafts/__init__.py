"""Drafts of the programme file: what is wrong with one, and how it differs from another version."""
