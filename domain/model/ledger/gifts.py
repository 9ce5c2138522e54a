"""What a cause gave, kept so that all of it can be taken back: awards, counts, vouchers, tags, deductions.

A gift belongs to a source, a fixed word:

- `rule:CODE` what a rule on the purchase itself did, besides its awards (those are decided again by amount);
- `raised:N` and `raised:N:CODE` what an event that the purchase raised counted, and what a rule on it gave;
- `tier:CODE`, `badge:CODE:LEVEL`, `reward:CODE`, `segment:CODE` what came of reaching a tier or level, of an
  unlocked reward, of entering a segment: these live with the member, since they go when what they stand on
  goes, whoever's purchase is refunded;
- `referral:friend` and `referral:MEMBER` what the two sides of a referral got;
- `redeemed:VOUCHER` and `used:VOUCHER` what redeeming and using a voucher gave, until that is final.

Pure values; `deciding/gift_book.py` collects them while a row is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from domain.model.ledger.lots import LotPart, OpenedLot
from domain.model.values import evolve

GIFTS_KEPT = 150
GIFT_DAYS_KEPT = 400
CARD_LEVELS_KEPT = 20
CARD_DAYS_KEPT = 60
RETURNED = "returned:"  # marks the cause of a gift that still stands, though its purchase was returned
FRIEND_SOURCE = "referral:friend"


@dataclass(frozen=True, slots=True)
class Deduction:
    """What an action or a payment took from a wallet: its lots, on a local day."""

    wallet: str
    parts: tuple[LotPart, ...]
    on: date


@dataclass(frozen=True, slots=True)
class Firing:
    """That a rule fired on a local day, for an amount that counts against its cap."""

    rule: str
    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class UsedVoucher:
    """A voucher of a gift that was taken back after it had been used: its id and its reward."""

    voucher: str
    reward: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What something counted toward one of the programme's counts for tiers: by `awards`, of them `extras`
    by a tier's multiplier alone, or by an `event` itself.
    """

    awards: int = 0
    extras: int = 0
    event: int = 0

    @property
    def amount(self) -> int:
        """What it counted in all."""
        return self.awards + self.event

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.awards + other.awards, self.extras + other.extras, self.event + other.event)

    def less(self, *others: Counted) -> Counted:
        """Return what is left of it after others; extras may be more than had counted, the rest may not."""
        return Counted(
            max(0, self.awards - sum([other.awards for other in others])),
            self.extras - sum([other.extras for other in others]),
            max(0, self.event - sum([other.event for other in others])),
        )


NOT_COUNTED = Counted()


def add_counted(counted: dict[str, Counted], name: str, more: Counted) -> None:
    """Add what counted toward a count, by its name, to what had; nothing makes no entry."""
    if more.awards or more.event or more.extras:
        known = counted.get(name)
        counted[name] = more if known is None else known + more


@dataclass(frozen=True)
class Gift:
    """What one source gave in the row of an event (`cause`, decided as `seq`).

    `awarded` is by wallet; `counted` is what awards and raised events counted toward tiers, by count, and
    `badge_counts` what raised events counted toward badges. `awaits` tells that a delayed rule may still add
    to it; `tier` is the one that multiplied.
    """

    cause: str
    seq: int
    at: datetime
    awarded: Mapping[str, int] = field(default_factory=dict)
    opened_lots: tuple[OpenedLot, ...] = ()
    counted: Mapping[str, Counted] = field(default_factory=dict)
    badge_counts: Mapping[str, int] = field(default_factory=dict)
    vouchers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    firings: tuple[Firing, ...] = ()
    gives_floor: bool = False
    awaits: bool = False
    tier: str | None = None

    @property
    def origin(self) -> str:
        """The cause, also where its purchase was returned since."""
        return self.cause.removeprefix(RETURNED)


STANDING_KINDS = frozenset({"tier", "badge", "reward", "segment", "referral", "redeemed", "used"})


def is_transition(source: str) -> bool:
    """Tell whether a source stands on a state of the member's, so that its gift lives with the member."""
    return source.partition(":")[0] in STANDING_KINDS


def with_gifts(
    gifts: Mapping[str, Gift],
    new: Mapping[str, Gift],
    *,
    root: str | None,
    is_refund: bool,
    now: datetime,
    tags_since: Mapping[str, int],
) -> dict[str, Gift]:
    """Return a member's gifts with new ones. A delayed part (of `root`, SOURCE@CAUSE) joins what it belongs
    to; else the earlier gift of its source is kept as `SOURCE#SEQ`. The newest 150 of 400 days are kept.
    `tags_since` tells from which row on each tag's gifts count. What a refund unlocks, since something came
    back to a balance, goes once it is locked again.
    """
    out = dict(gifts)
    for source, gift in new.items():
        if is_refund and source.startswith(("reward:", "segment:")):
            gift = evolve(gift, cause=RETURNED + gift.cause)
        known = out.pop(source, None)
        is_part = known is not None and root == f"{source}@{known.origin}"
        out[source] = joined(known, gift, tags_since) if known is not None and is_part else gift
        if known is not None and not is_part:
            out[f"{source}#{known.seq}"] = known  # an earlier episode
    if len(out) > GIFTS_KEPT:
        oldest = now - timedelta(days=GIFT_DAYS_KEPT)
        newest = [(source, gift) for source, gift in out.items() if gift.at >= oldest]
        out = dict(sorted(newest, key=lambda pair: pair[1].at)[-GIFTS_KEPT:])
    return out


def without_old_levels(
    gifts: Mapping[str, Gift], badge: str, *, newest: int, now: datetime
) -> Mapping[str, Gift]:
    """Return a member's gifts without those of a stamp card's levels that are older than 60 days and have 20
    above them. Levels go highest first, so that a refund hardly comes to these; without end they would fill
    the member.
    """
    prefix, oldest = f"badge:{badge}:", now - timedelta(days=CARD_DAYS_KEPT)
    old = {
        source
        for source, gift in gifts.items()
        if source.startswith(prefix)
        and gift.at < oldest
        and not gift.awaits
        and int(source[len(prefix) :].partition("#")[0]) <= newest - CARD_LEVELS_KEPT
    }
    return {source: gift for source, gift in gifts.items() if source not in old} if old else gifts


def joined(first: Gift, second: Gift, tags_since: Mapping[str, int]) -> Gift:
    """Return two gifts of one source as one, known by the first one's cause and the second one's row: of the
    first one's tags those remain that still count.
    """
    tags = tuple(tag for tag in first.tags if tag in tags_since and tags_since[tag] <= first.seq)
    return evolve(
        first,
        seq=second.seq,
        awarded=_sum(first.awarded, second.awarded),
        opened_lots=(*first.opened_lots, *second.opened_lots),
        counted=_sum_counted(first.counted, second.counted),
        badge_counts=_sum(first.badge_counts, second.badge_counts),
        vouchers=(*first.vouchers, *second.vouchers),
        tags=(*tags, *second.tags),
        deductions=(*first.deductions, *second.deductions),
        firings=(*first.firings, *second.firings),
        gives_floor=first.gives_floor or second.gives_floor,
        awaits=first.awaits or second.awaits,
    )


def _sum(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    return {key: first.get(key, 0) + second.get(key, 0) for key in (*first, *second)}


def _sum_counted(first: Mapping[str, Counted], second: Mapping[str, Counted]) -> dict[str, Counted]:
    out = dict(first)
    for name, counted in second.items():
        add_counted(out, name, counted)
    return out
