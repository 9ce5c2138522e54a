"""Deciding one row: what an event changes, what rules give, and what a refund takes back."""
