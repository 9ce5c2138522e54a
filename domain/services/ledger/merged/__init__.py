"""What of memberships that were merged is read, and where their wallets are."""
