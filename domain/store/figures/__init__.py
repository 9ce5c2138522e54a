"""Figures in the database: which members wait to be folded, what is kept of each, and the sums."""
