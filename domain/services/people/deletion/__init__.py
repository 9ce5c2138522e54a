"""A member's way out: deletion with time to change one's mind, and the log of those who were erased."""
