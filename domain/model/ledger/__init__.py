"""Deciding: what an event means to a member, and every value that this needs. Pure."""
