"""What keeps members coming: leaderboards as they stand, how one joins them, and how their periods end."""
