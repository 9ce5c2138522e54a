"""Pages that show whose programme it is: its brand as colours, icons and a manifest, and the front door."""
