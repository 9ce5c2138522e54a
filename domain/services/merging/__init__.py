"""Two memberships of one person: merged into one, and taken apart again within a day."""
