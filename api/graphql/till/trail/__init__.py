"""What the audit trail calls the things that it names by an id."""
