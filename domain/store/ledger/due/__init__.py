"""Members for whom time may have brought something."""
