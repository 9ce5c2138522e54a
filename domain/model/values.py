"""Copying immutable values with changes, fast: deciding one purchase makes some thirty of them."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def evolve(one: T, **changes: object) -> T:
    """Return a copy of a frozen dataclass (one without slots) with some fields changed; what it had computed is left behind.

    A tenth of the cost of `dataclasses.replace`, which runs the initialiser of every field. Names are not checked: the laws' tests do.
    """
    fields = type(one).__dataclass_fields__  # type: ignore[attr-defined]
    old = one.__dict__
    new = object.__new__(type(one))
    new.__dict__.update({name: changes[name] if name in changes else old[name] for name in fields})
    return new
