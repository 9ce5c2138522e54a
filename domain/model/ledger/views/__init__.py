"""What expressions see of a member, an event and a receipt's lines, and which fields they read."""
