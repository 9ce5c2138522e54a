"""Ranges of ids: random ids of hexadecimal digits spread evenly, so ranges of equal width hold about as many.

Whoever shares work over all members shares ranges.
"""

from __future__ import annotations

from domain.model.values import dataclass

DIGITS = 4
MOST_RANGES = 16**DIGITS
END = "~"  # after every id


@dataclass(frozen=True, slots=True)
class IdRange:
    """The ids after `start`, up to and with `end`."""

    start: str = ""
    end: str = END

    def query(self) -> dict[str, str]:
        """Return the condition on `_id`."""
        return {"$gt": self.start, "$lte": self.end}


ALL_IDS = IdRange()


def id_ranges(count: int) -> tuple[IdRange, ...]:
    """Return all ids in ranges of equal width; `count` is 1 to 65,536."""
    assert 1 <= count <= MOST_RANGES, "a range is told by four digits"
    bounds = [f"{MOST_RANGES * index // count:0{DIGITS}x}" for index in range(1, count)]
    return tuple(IdRange(start, end) for start, end in zip(["", *bounds], [*bounds, END], strict=True))
