"""What of an employee's day is unusual, beside what days in the store usually are. It says where to look, and
proves nothing.

A figure is unusual where it is more than three times the store's usual one and not below a floor, since
little says nothing. The usual one is the median of the days on which somebody of the store did anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median_low
from typing import Final, Literal

ShiftFigure = Literal["refunded", "adjusted", "bad_scans", "without_visit", "look_ups"]

TIMES: Final = 3
# Amounts in minor units or points; counts else.
FLOORS: Final[Mapping[ShiftFigure, int]] = {
    "refunded": 5_000,
    "adjusted": 1_000,
    "bad_scans": 5,
    "without_visit": 5,
    "look_ups": 20,
}


def usual_figures(days: Iterable[Mapping[ShiftFigure, int]]) -> dict[ShiftFigure, int]:
    """Return what is usual in a store, of the days of all its employees."""
    figures = list(days)
    return {name: median_low([day.get(name, 0) for day in figures]) if figures else 0 for name in FLOORS}


def unusual(day: Mapping[ShiftFigure, int], usual: Mapping[ShiftFigure, int]) -> tuple[ShiftFigure, ...]:
    """Return which figures of a day are unusual."""
    return tuple(
        name
        for name, floor in FLOORS.items()
        if day.get(name, 0) >= floor and day.get(name, 0) > TIMES * usual.get(name, 0)
    )
