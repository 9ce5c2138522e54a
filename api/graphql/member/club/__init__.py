"""What keeps members coming: leaderboards."""
