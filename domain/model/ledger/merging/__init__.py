"""One person, two memberships: what moves from the closed one, how the other takes it, and undoing."""
