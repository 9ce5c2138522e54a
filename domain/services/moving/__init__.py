"""What comes from another system at once, and what leaves for one: members brought along, and exports."""
