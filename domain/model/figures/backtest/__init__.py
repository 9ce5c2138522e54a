"""A draft tried on real history: members folded to a day, and their real events decided again."""
