"""What operators run: what waits for a second one of them."""
