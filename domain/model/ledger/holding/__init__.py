"""What is set aside of wallets for payments to come: placed, replaced, captured, released, ended by time."""
