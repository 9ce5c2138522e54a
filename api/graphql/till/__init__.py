"""What staff read and do at a till, one noun a file."""
