"""What operators run: what waits for a second one of them, and what is done to many members."""
