"""Rendering of messages, quiet hours, retry intervals and unsubscribe links. Pure."""
