"""The commands about shops and other systems that report: their sources, and the log of what they sent."""
