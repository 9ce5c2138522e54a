"""Two believable years for a demo: seasons, campaigns that worked or did not, a shop that went silent."""
