"""What a member's ledger state is stored as: flat paths, written, folded and read back."""
