"""A resolver that mostly knows its value at once, and else has to wait, needs no coroutine for the one."""

from collections.abc import Awaitable
from typing import TypeVar, cast

T = TypeVar("T")


def later(value: Awaitable[T]) -> T:
    """Return what a plain resolver answers where it has to wait: the engine waits for it."""
    return cast(T, value)
