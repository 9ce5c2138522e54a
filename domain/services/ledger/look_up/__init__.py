"""Finding members at a till, and the trail of it."""
