"""The outside, behind protocols that `domain/services/senders.py` declares: one way to reach people a
file.
"""
