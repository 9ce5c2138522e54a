"""What shops and systems sent: the sources that may, the log of deliveries, and the state of each order."""
