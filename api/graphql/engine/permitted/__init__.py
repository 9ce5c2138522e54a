"""Who callers are, and the rows of the table of permissions that the console brings."""
