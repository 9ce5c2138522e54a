"""Clearing away: the database deletes rows whose time has passed, by its own clock and late. Nothing that
decides relies on it.

`LINGER_SECONDS` is how long a row stays beyond its time. Tests, whose clock stands elsewhere than the
database's, set it long.
"""

from __future__ import annotations

from pymongo import IndexModel

LINGER_SECONDS = 0


def ttl_index(field: str) -> IndexModel:
    """Return the index by which a row goes once the instant in a field has passed."""
    return IndexModel({field: 1}, expireAfterSeconds=LINGER_SECONDS)
