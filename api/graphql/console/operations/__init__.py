"""What operators run from the console: staff and stores, systems, what waits, and shifts."""
