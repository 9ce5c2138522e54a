"""The check of a programme file: every fault at once, each with its place and remedy."""
