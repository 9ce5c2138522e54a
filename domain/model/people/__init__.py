"""Codes, contacts, sessions, sign-in and lock-out. Pure."""
