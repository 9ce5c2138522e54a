"""A member's devices: what a phone registers, its card, and whether pushes reach it."""
