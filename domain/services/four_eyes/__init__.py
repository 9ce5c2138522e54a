"""Four eyes: what one person asks for takes another one to approve it, and nobody serves themselves."""
