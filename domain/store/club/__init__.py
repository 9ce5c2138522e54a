"""What keeps members coming: codes of guests' receipts, leaderboards, what recommendations rest on."""
