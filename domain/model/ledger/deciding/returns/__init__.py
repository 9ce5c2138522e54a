"""Decides what is taken back of a purchase: refunds, corrections, and what it gave."""
