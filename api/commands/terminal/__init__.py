"""What commands share in speaking with a terminal: instants, files and progress."""
