"""What service does to a member's ledger beside corrections: rewards given for nothing, and tags by hand."""
