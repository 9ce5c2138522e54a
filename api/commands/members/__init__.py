"""Commands that act on one member."""
