"""Expiry by the database: it deletes rows whose time has passed, by its own clock and late.

No decision relies on it. `LINGER_SECONDS` is how long a row stays beyond its time; tests, whose clock differs
from the database's, set it long.
"""

from __future__ import annotations

from pymongo import IndexModel

LINGER_SECONDS = 0
EXPIRE_AFTER = "expireAfterSeconds"


def ttl_index(field: str) -> IndexModel:
    """Return the index by which a row is deleted once the instant in a field has passed."""
    return IndexModel({field: 1}, expireAfterSeconds=0)


def with_linger(index: IndexModel) -> IndexModel:
    """Return an index as it is created: one that expires rows takes the linger of this moment."""
    if EXPIRE_AFTER in index.document:
        return IndexModel(dict(index.document["key"]), expireAfterSeconds=LINGER_SECONDS)
    return index
