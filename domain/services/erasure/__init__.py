"""Members erased: for good, after the term of retention, and again in a backup that was restored."""
