"""The members of a segment."""
