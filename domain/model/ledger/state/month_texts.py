"""Amounts by local day as ledger state keeps them: a text a month, so that hundreds of days of several maps
fit into a member's document.

`2026-05` to `1:40 17:8` are 40 of the first of May and 8 of the 17th; with a tier's code where amounts are
kept by day and tier, `1:gold:40`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import compress
from operator import is_not
from typing import TypeVar

K = TypeVar("K", date, str)

_DAY = timedelta(days=1)
_MONTH = len("2026-05")


def texts_by_day(amounts: Mapping[date, int], before: Mapping[date, int]) -> dict[str, str]:
    """Return the months in which amounts by day differ, with their texts; an empty one where nothing is left
    of a month.
    """
    texts: dict[str, str] = {}
    for first in sorted({day.replace(day=1) for day in _differing(amounts, before)}):
        parts: list[str] = []
        day = first
        while day.month == first.month:
            if day in amounts:
                parts.append(f"{day.day}:{amounts[day]}")
            day += _DAY
        texts[first.isoformat()[:_MONTH]] = " ".join(parts)
    return texts


def texts_by_tier(amounts: Mapping[str, int], before: Mapping[str, int]) -> dict[str, str]:
    """Return the months in which amounts by day and tier (`2026-05-01:gold`) differ, with their texts."""
    months = sorted({key[:_MONTH] for key in _differing(amounts, before)})
    return {
        month: " ".join(
            f"{int(key[8:10])}{key[10:]}:{amounts[key]}"
            for key in sorted([known for known in amounts if known[:_MONTH] == month])
        )
        for month in months
    }


def _differing(amounts: Mapping[K, int], before: Mapping[K, int]) -> set[K]:
    """Return the keys whose amounts differ: compared by identity first, since of hundreds one or two do."""
    olds = [*map(before.get, amounts)]
    pairs = compress(zip(amounts.items(), olds, strict=True), map(is_not, olds, amounts.values()))
    changed = [(key, old) for (key, amount), old in pairs if amount != old]
    out = {key for key, _ in changed}
    has_gone = len(before) + sum(old is None for _, old in changed) > len(amounts)
    return out | (before.keys() - amounts.keys()) if has_gone else out


def read_days(texts: Mapping[str, str]) -> dict[date, int]:
    """Return the amounts by day that `texts_by_day` wrote."""
    days: dict[date, int] = {}
    for month, text in texts.items():
        first = date.fromisoformat(f"{month}-01")
        for part in text.split():
            day, _, amount = part.partition(":")
            days[first.replace(day=int(day))] = int(amount)
    return days


def read_tier_days(texts: Mapping[str, str]) -> dict[str, int]:
    """Return the amounts by day and tier that `texts_by_tier` wrote."""
    amounts: dict[str, int] = {}
    for month, text in texts.items():
        for part in text.split():
            day, tier, amount = part.split(":")
            amounts[f"{month}-{int(day):02}:{tier}"] = int(amount)
    return amounts
