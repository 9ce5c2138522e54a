"""What the database keeps of rows that stand in the archive."""
