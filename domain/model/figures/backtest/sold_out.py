"""When limited rewards were sold out, as far as a member's own rows tell it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Final

from domain.model.ledger.decision import StockState
from domain.model.ledger.events import Event
from domain.model.values import dataclass


@dataclass(frozen=True, slots=True)
class SoldOutTimes:
    """What was sold out when a member's events were decided, by their ids, and from each of some instants on,
    in their order; before the first of them nothing.
    """

    by_event: Mapping[str, StockState] = field(default_factory=dict)
    instants: Sequence[datetime] = ()
    states: Sequence[StockState] = ()

    def at_event(self, event: Event) -> StockState:
        """Return what was sold out when an event was decided, or at its instant where it never was."""
        return self.by_event.get(event.id) or self.at(event.at)

    def at(self, instant: datetime) -> StockState:
        """Return what was sold out at an instant."""
        place = bisect_right(self.instants, instant)
        return self.states[place - 1] if place else NOTHING


NOTHING: Final = StockState()
NEVER_SOLD_OUT: Final = SoldOutTimes()
