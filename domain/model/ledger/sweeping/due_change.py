"""Whose next due instant may be another under a new version of the programme: the members that are looked at
after its publish, and nobody else.

`next_due` reads few things of a programme. Where two versions agree on all of them, as after another title or
another amount, nobody's instant changes; where they differ on one wallet, only that of who has the wallet.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from domain.model.event_names import SCHEDULE
from domain.model.ledger.member import Member
from domain.model.ledger.next_due import time_triggers
from domain.model.programme import Programme
from domain.model.values import dataclass

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class DueChange:
    """Whose next due instant may change: that of everyone, or of who has one of these wallets, is in one of
    these segments, or has a tier.
    """

    everyone: bool = False
    wallets: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    tiers: bool = False

    def __bool__(self) -> bool:
        return self.everyone or self.tiers or bool(self.wallets or self.segments)

    def __or__(self, other: DueChange) -> DueChange:
        return DueChange(
            self.everyone or other.everyone,
            self.wallets | other.wallets,
            self.segments | other.segments,
            self.tiers or other.tiers,
        )

    def concerns(self, member: Member) -> bool:
        """Tell whether a member's next due instant may change."""
        return (
            self.everyone
            or not self.wallets.isdisjoint(member.wallets)
            or not self.segments.isdisjoint(member.segments)
            or (self.tiers and member.tier is not None)
        )


NO_CHANGE = DueChange()
EVERYONE = DueChange(everyone=True)


def due_change(before: Programme, after: Programme) -> DueChange:
    """Return whose next due instant may differ between two versions of a programme."""
    schedules = _different(_schedules(before), _schedules(after))
    return DueChange(
        everyone=_for_all(before) != _for_all(after) or None in schedules,
        wallets=frozenset(_different(_wallets(before), _wallets(after))),
        segments=frozenset(code for code in schedules if code is not None),
        tiers=_tiers(before) != _tiers(after),
    )


def _different(before: Mapping[K, object], after: Mapping[K, object]) -> set[K]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _for_all(programme: Programme) -> tuple[object, ...]:
    triggers = time_triggers(programme)
    limited = frozenset((spec.code, spec.limit.per) for spec in triggers.limited if spec.limit is not None)
    return programme.zone, triggers.instants, triggers.any_day, triggers.turning_days, limited


def _wallets(programme: Programme) -> dict[str, object]:
    watched = time_triggers(programme).wallets
    return {spec.code: (spec.remind, spec.code in watched) for spec in programme.wallets}


def _schedules(programme: Programme) -> dict[str | None, frozenset[str]]:
    schedules: dict[str | None, frozenset[str]] = {}
    for rule in programme.rules_on(SCHEDULE):
        if rule.at:
            schedules[rule.for_] = schedules.get(rule.for_, frozenset()) | {rule.at}
    return schedules


def _tiers(programme: Programme) -> object:
    tiers = programme.tiers
    if tiers is None:
        return None
    ladder = [(tier.code, tier.reaching, tier.keeping) for tier in tiers.ladder]
    return tiers.window, tiers.grace, tiers.downgrade, list(tiers.all_counts), ladder
