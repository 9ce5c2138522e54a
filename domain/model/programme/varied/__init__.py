"""Rules, messages and rewards of which members get one of several variants."""
