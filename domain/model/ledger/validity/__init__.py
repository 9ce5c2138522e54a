"""How long what a wallet holds stays valid, and what moves the last days of open lots."""
