"""The gifts of one row while it is decided: each thing that is given is booked to the source that gives
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from domain.model.event_names import BADGE_EARNED, REWARD_UNLOCKED, SEGMENT_ENTERED, TIER_CHANGED
from domain.model.ledger.events import Event
from domain.model.ledger.gifts import Counted, Deduction, Firing, Gift, is_transition
from domain.model.ledger.lots import OpenedLot
from domain.model.values import dataclass


@dataclass
class GiftDraft:
    """A gift while its row is decided."""

    awarded: dict[str, int] = field(default_factory=dict)
    opened_lots: list[OpenedLot] = field(default_factory=list)
    counted: dict[str, Counted] = field(default_factory=dict)
    badge_counts: dict[str, int] = field(default_factory=dict)
    vouchers: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    deductions: list[Deduction] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)
    gives_floor: bool = False
    awaits: bool = False

    def add_award(self, lot: OpenedLot, amount: int) -> None:
        """Add an award of an amount, of which `lot` was opened (of zero where debt took it whole)."""
        self.awarded[lot.wallet] = self.awarded.get(lot.wallet, 0) + amount
        if lot.amount:
            self.opened_lots.append(lot)

    def add_badge_count(self, badge: str, amount: int) -> None:
        """Add what an event counted toward a badge."""
        if amount:
            self.badge_counts[badge] = self.badge_counts.get(badge, 0) + amount

    def is_empty(self) -> bool:
        """Tell whether nothing was given and nothing may still come."""
        return self == _NOTHING

    def closed(
        self, *, cause: str, seq: int, at: datetime, tier: str | None, is_card_level: bool = False
    ) -> Gift:
        """Return the gift of a row."""
        return Gift(
            cause,
            seq,
            at,
            self.awarded,
            tuple(self.opened_lots),
            self.counted,
            self.badge_counts,
            tuple(self.vouchers),
            tuple(self.tags),
            tuple(self.deductions),
            tuple(self.firings),
            self.gives_floor,
            self.awaits,
            tier,
            is_card_level,
        )


_NOTHING = GiftDraft()


class GiftBook:
    """The gifts of one row. What is given is booked to `source`; `root` is the source of all that the row's
    own event gives, where that event itself is a transition or the delayed part of one.
    """

    def __init__(self, root: str | None) -> None:
        self.root = root
        self.source = root or ""
        self.drafts: dict[str, GiftDraft] = {}
        self._of_raised: dict[str, str] = {}
        self._card_levels: set[str] = set()

    @property
    def draft(self) -> GiftDraft:
        """The draft of the source that is being booked."""
        known = self.drafts.get(self.source)
        if known is None:
            known = self.drafts[self.source] = GiftDraft()
        return known

    def is_own(self) -> bool:
        """Tell whether what is given now is given by a rule on the row's own event."""
        return self.root is None and self.source.startswith("rule:")

    def book_rule(self, code: str, raised: Event | None) -> None:
        """Book what follows to a rule on the row's own event, or on one that it raised."""
        if raised is None:
            self.source = self.root or f"rule:{code}"
        else:
            source = self._of_raised[raised.id]
            self.source = f"{source}:{code}" if source.startswith("raised:") else source

    def book_event(self, raised: Event | None) -> None:
        """Book what follows to the row's own event, or to one that it raised."""
        self.source = self.root or "" if raised is None else self._of_raised[raised.id]

    def raised(self, event: Event, index: int) -> None:
        """Note an event that was raised while the present source was booked."""
        own = transition(event)
        inherited = self.source if is_transition(self.source) else f"raised:{index}"
        self._of_raised[event.id] = own or inherited

    def source_of(self, raised: Event) -> str:
        """Return the source that a raised event is booked to."""
        return self._of_raised[raised.id]

    def note_card_level(self, earned: Event) -> None:
        """Note that a badge.earned is of a stamp card."""
        self._card_levels.add(self.source_of(earned))

    def closed(self, *, cause: str, seq: int, at: datetime, tier: str | None) -> dict[str, Gift]:
        """Return the gifts of the row by their sources, without the empty ones."""
        return {
            source: draft.closed(
                cause=cause, seq=seq, at=at, tier=tier, is_card_level=source in self._card_levels
            )
            for source, draft in self.drafts.items()
            if not draft.is_empty()
        }


def transition(event: Event) -> str | None:
    """Return the source that an event is by itself: a tier or level reached, a reward unlocked, a segment
    entered. None for any other event.
    """
    key = _TRANSITIONS.get(event.name)
    if key is None or (event.name == TIER_CHANGED and event.data.get("up") is not True):
        return None
    kind, *fields = key
    return ":".join([kind, *(str(event.data.get(name)) for name in fields)])


_TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    TIER_CHANGED: ("tier", "to"),
    BADGE_EARNED: ("badge", "badge", "level"),
    REWARD_UNLOCKED: ("reward", "reward"),
    SEGMENT_ENTERED: ("segment", "segment"),
}
