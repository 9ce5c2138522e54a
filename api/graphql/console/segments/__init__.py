"""Segments at the console, and what is done with many members at once."""
