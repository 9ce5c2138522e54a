"""The catalogue's small parts: units of amounts, spans of time, the brand, and what an invitation brings."""
