"""What keeps members coming, as pure rules: how leaderboards count, and where a score stands among others."""
