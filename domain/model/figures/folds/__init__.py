"""Folds: what one row adds, a subject a file. `folding.py` lists those that run."""
