"""Acts of a till that do several things at once, or for a member who shows no card."""
