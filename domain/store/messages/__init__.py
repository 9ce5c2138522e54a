"""Outbox, inbox and push addresses."""
