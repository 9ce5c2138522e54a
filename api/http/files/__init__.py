"""Files that are made: joined modules and drawn pictures."""
