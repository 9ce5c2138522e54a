"""Files that other systems write about their members: their columns, and how a file of another is read."""
