"""The console's doors: members as service sees them, and what takes more than one person."""
