"""Proof of the stored ledger by its journal, and repair of what differs from it."""
