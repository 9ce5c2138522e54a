"""Reading all members in the order of their ids, a page at a time."""
