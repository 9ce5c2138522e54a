"""What operators look at: what waits and why, what reports, and what is unusual in shifts."""
