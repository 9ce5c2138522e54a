"""What the server sends a member by itself: activity, and the cursors from which it goes on."""
