"""What a receipt says to the books."""
