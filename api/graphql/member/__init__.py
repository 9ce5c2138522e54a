"""What a member's app reads and does, one noun a file."""
