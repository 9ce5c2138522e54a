"""How the ledger state keeps a wallet's lots and what moved them, path by path.

A lot without layers is named by its last day; those that can be spent stand in a text a month, `2026-05` to
`1:40:365 17:8:365`: the day, the amount, and since how many days before. Of one with layers each layer is a
path of its own, named by its origin and, where that is not the day of the wallet's last change, its last day:
so a renewal of all lots changes no path of those that the last one moved.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import compress
from operator import attrgetter, is_, not_
from typing import Final

from domain.model.ledger.decision import StateValue
from domain.model.ledger.lots import LAST, Lot, LotPart, Origin
from domain.model.ledger.validity.changes import Changes, ValidityChange

_MONTH, _MONTH_DAY = len("2026-05"), len("2026-05-17")
_NO_LAYERS: Final = frozenset[int]()
_last: Final = attrgetter("last")


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def span_values(spans: Changes) -> StateValue:
    """Return older changes as state keeps them, in one list."""
    return [
        [span.kind, span.first.isoformat(), span.last.isoformat(), span.tier, *_since(span)] for span in spans
    ]


def move_differences(was: Changes, now: Changes) -> tuple[Mapping[date, Changes], Mapping[date, Changes]]:
    """Return the changes that are kept one by one before and after, by their days, without days of which all
    are the very same: mostly the oldest went and a newer one came.
    """
    gone = bisect_left(was, now[0].last, key=_last) if now else len(was)
    stayed = len(was) - gone
    come = now[stayed:]
    if now[:stayed] == was[gone:] and not (stayed and come and come[0].last == was[-1].last):
        return _by_day(was[:gone]), _by_day(come)
    same = set(map(id, was)).intersection(map(id, now))
    days = {change.last for change in (*was, *now) if id(change) not in same}
    before, after = ([change for change in changes if change.last in days] for changes in (was, now))
    return _by_day(before), _by_day(after)


def _by_day(changes: Iterable[ValidityChange]) -> dict[date, Changes]:
    out: dict[date, Changes] = {}
    for change in changes:
        out[change.last] = (*out.get(change.last, ()), change)
    return out


def move_values(changes: Changes) -> StateValue:
    """Return the changes of one day as state keeps them."""
    return [
        [change.kind, change.tier, change.count, _day(change.until), *_since(change)] for change in changes
    ]


def _since(change: ValidityChange) -> list[StateValue]:
    return [change.since.isoformat()] if change.since else []


def renewed_until(changes: Changes) -> date | None:
    """Return the day to which the last change moved what was spendable: most lots have it."""
    return changes[-1].until if changes and changes[-1].count else None


def lot_differences(
    was: Sequence[Lot], was_until: date | None, now: Sequence[Lot], until: date | None
) -> tuple[dict[str, StateValue], dict[str, StateValue]]:
    """Return the lots of a wallet before and after, as state keeps them by name, without what stays: of
    hundreds, with their layers, most are the very same values. Layers that last until the day to which the
    wallet's last change moved what was spendable (`was_until`, `until`) are not named by it.
    """
    if was_until == until and len(was) > 1:
        first = _same(was, now)
        last = _same(was[: first - 1 if first else None : -1], now[: first - 1 if first else None : -1])
        was, now = was[first : len(was) - last], now[first : len(now) - last]
    same = set(map(id, was)).intersection(map(id, now))
    if was_until == until:
        old, new = (
            [*compress(lots, map(not_, map(same.__contains__, map(id, lots))))] for lots in (was, now)
        )
    else:  # layers are named anew
        old, new = ([lot for lot in lots if lot.layers or id(lot) not in same] for lots in (was, now))
    if not (old and old[0].layers) and not (new and new[0].layers):  # what no activity renews has none
        return _lot_values(old, was_until, {}), _lot_values(new, until, {})
    old_layers, new_layers = _by_name(old, was_until), _by_name(new, until)
    return _lot_values(old, was_until, new_layers), _lot_values(new, until, old_layers)


_Layers = Mapping[tuple[datetime | None, str], set[int]]


def _same(a: Sequence[Lot], b: Sequence[Lot]) -> int:
    """Return how many of the first lots are the same."""
    same = list(map(is_, a, b))
    return same.index(False) if False in same else len(same)


def _by_name(lots: Iterable[Lot], last_until: date | None) -> _Layers:
    """Return the layers of lots by how their names begin and end."""
    out: dict[tuple[datetime | None, str], set[int]] = {}
    for lot in lots:
        if lot.layers:
            out.setdefault((lot.available_at, _end(lot, last_until)), set()).update(map(id, lot.layers))
    return out


def _end(lot: Lot, last_until: date | None) -> str:
    is_last = last_until is not None and lot.expires_on == last_until
    return "" if is_last else f"~{_day(lot.expires_on) or 'never'}"


def _lot_values(lots: Iterable[Lot], last_until: date | None, others: _Layers) -> dict[str, StateValue]:
    """Return lots as state keeps them, by name, without the layers that others have by the same names."""
    out: dict[str, StateValue] = {}
    for lot in lots:
        day = _day(lot.expires_on) or "never"
        hour = f"{lot.available_at.isoformat()[:13]}h_" if lot.available_at else ""
        if not lot.layers:
            out[hour + day] = [lot.amount, lot.since.isoformat(), lot.available_at]
            continue
        end = _end(lot, last_until)
        alike = others.get((lot.available_at, end), _NO_LAYERS)
        for layer in compress(lot.layers, map(not_, map(alike.__contains__, map(id, lot.layers)))):
            if layer.origin is None:
                out[hour + day] = [layer.amount, layer.since.isoformat(), lot.available_at]
            else:
                out[hour + _layer_name(layer.since, layer.origin) + end] = [layer.amount, lot.available_at]
    return out


def in_months(names: Iterable[str]) -> set[str]:
    """Return the months of those names that are of a text a month."""
    return {name[:_MONTH] for name in names if len(name) == _MONTH_DAY}


def is_in_month(name: str) -> bool:
    """Tell whether a lot's name is that of a day in a text a month."""
    return len(name) == _MONTH_DAY


def month_text(spendable: tuple[Lot, ...], month: str) -> str:
    """Return what lots in spending order have in a month, layers with an origin apart."""
    first, parts = date.fromisoformat(f"{month}-01"), list[str]()
    for lot in spendable[bisect_left(spendable, first, key=_last_day) :]:
        day = lot.expires_on
        if day is None or (day.year, day.month) != (first.year, first.month):
            break
        if not lot.layers:
            parts.append(f"{day.day}:{lot.amount}:{(day - lot.since).days}")
        for layer in lot.layers:
            if layer.origin is None:
                parts.append(f"{day.day}:{layer.amount}:{(day - layer.since).days}")
    return " ".join(parts)


def _last_day(lot: Lot) -> date:
    return lot.expires_on or LAST


def read_months(texts: Mapping[str, object]) -> Iterator[Lot]:
    """Yield the lots that `month_text` wrote, of all that state keeps of a wallet's lots."""
    for month, text in texts.items():
        if isinstance(text, str):
            first = date.fromisoformat(f"{month}-01")
            for part in text.split():
                number, amount, days = part.split(":")
                day = first.replace(day=int(number))
                yield Lot(int(amount), None, day, day - timedelta(days=int(days)))


@lru_cache(maxsize=4096)
def _layer_name(since: date, origin: Origin) -> str:
    return f"{since}~{origin.on}~{origin.until or 'never'}"


def part_values(part: LotPart) -> StateValue:
    """Return what a debit took of a lot as state keeps it."""
    values: list[StateValue] = [part.amount, _day(part.expires_on), part.since.isoformat()]
    return [*values, part.origin.on.isoformat(), _day(part.origin.until)] if part.origin else values
