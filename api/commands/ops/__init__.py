"""`selo ops`: what whoever runs Selo does with its database. One command a file."""
