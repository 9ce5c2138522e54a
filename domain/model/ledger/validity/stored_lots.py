"""How the ledger state keeps a wallet's lots and what moved them, path by path.

A lot without layers is named by its last day. Of one with layers each layer is a path of its own, named by
its origin and, where that is not the day of the wallet's last change, its last day: so a renewal of all lots
changes no path of those that the last one moved.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from domain.model.ledger.decision import StateValue
from domain.model.ledger.lots import Lot, LotPart, Origin
from domain.model.ledger.validity.changes import Changes, ValidityChange


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def span_values(spans: Changes) -> StateValue:
    """Return older changes as state keeps them, in one list."""
    return [
        [span.kind, span.first.isoformat(), span.last.isoformat(), span.tier, *_since(span)] for span in spans
    ]


def by_day(changes: Changes) -> dict[date, Changes]:
    """Return the changes that are kept one by one, by their days."""
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


def lot_values(lots: Iterable[Lot], last_until: date | None) -> dict[str, StateValue]:
    """Return lots as state keeps them, by name; those that last until the wallet's last change's day are not
    named by it.
    """
    out: dict[str, StateValue] = {}
    for lot in lots:
        day = _day(lot.expires_on) or "never"
        hour = f"{lot.available_at.isoformat()[:13]}h_" if lot.available_at else ""
        if not lot.layers:
            out[hour + day] = [lot.amount, lot.since.isoformat(), lot.available_at]
            continue
        own_day = "" if last_until is not None and lot.expires_on == last_until else f"~{day}"
        for layer in lot.layers:
            if layer.origin is None:
                out[hour + day] = [layer.amount, layer.since.isoformat(), lot.available_at]
            else:
                name = _layer_name(layer.since, layer.origin)
                out[hour + name + own_day] = [layer.amount, lot.available_at]
    return out


@lru_cache(maxsize=4096)
def _layer_name(since: date, origin: Origin) -> str:
    return f"{since}~{origin.on}~{origin.until or 'never'}"


def part_values(part: LotPart) -> StateValue:
    """Return what a debit took of a lot as state keeps it."""
    values: list[StateValue] = [part.amount, _day(part.expires_on), part.since.isoformat()]
    return [*values, part.origin.on.isoformat(), _day(part.origin.until)] if part.origin else values
