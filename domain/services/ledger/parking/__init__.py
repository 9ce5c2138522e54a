"""Parked events: how they wait for a contact to be proven, are refunded meanwhile, and are credited."""
