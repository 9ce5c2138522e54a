"""What a cause gave, kept so that all of it can be taken back: awards, counts, vouchers, tags, deductions.

A gift belongs to a source, a fixed word:

- `rule:CODE` what a rule on the purchase itself did, besides its awards (those are decided again by amount);
- `raised:N` and `raised:N:CODE` what an event that the purchase raised counted, and what a rule on it gave;
- `tier:CODE`, `badge:CODE:LEVEL`, `reward:CODE`, `segment:CODE` what came of reaching a tier or level, of an
  unlocked reward, of entering a segment: these live with the member, since they go when what they stand on
  goes, whoever's purchase is refunded;
- `referral:friend` and `referral:MEMBER` what the two sides of a referral got;
- `redeemed:VOUCHER` and `used:VOUCHER` what redeeming and using a voucher gave, until that is final.

Levels of a stamp card that one row brought alike count as one toward the bound, and are stored as one: a
receipt may fill a hundred cards.

Pure values; `deciding/gift_book.py` collects them while a row is decided.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import date, datetime, timedelta

from domain.model.ledger.lots import LotPart, OpenedLot
from domain.model.values import dataclass, evolve

GIFTS_KEPT = 150
GIFT_DAYS_KEPT = 400
ALIKE_KEPT = 100
LEVELS_KEPT = 2_000
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
    to it; `tier` is the one that multiplied, and `is_card_level` says that the source is a level of a card.
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
    is_card_level: bool = False

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
    to; else the earlier gift of its source is kept as `SOURCE#SEQ`. 150 of 400 days are kept (`_bounded`).
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
            out[f"{source}#{known.seq}"] = evolve(known, is_card_level=False)  # an earlier episode
    levels = sum(gift.is_card_level for gift in out.values()) if len(out) > ALIKE_KEPT else 0
    return _bounded(out, now=now) if len(out) > GIFTS_KEPT or levels > ALIKE_KEPT else out


def _bounded(gifts: dict[str, Gift], *, now: datetime) -> dict[str, Gift]:
    """Return the newest 150 gifts of 400 days, where levels alike are one; of such at most 100, and 2,000
    levels. These make room before all else, the lowest first: a refund comes to them last.
    """
    oldest = now - timedelta(days=GIFT_DAYS_KEPT)
    together = levels_together({source: gift for source, gift in gifts.items() if gift.at >= oldest})
    others = [(source, gift) for source, gift in together.items() if isinstance(gift, Gift)]
    others = sorted(others, key=lambda pair: pair[1].at)[-GIFTS_KEPT:]
    alike = [(source, gift) for source, gift in together.items() if isinstance(gift, AlikeLevels)]
    highest, levels = dict[str, Gift | AlikeLevels](), 0
    for source, gift in sorted(alike, key=lambda pair: pair[1].gift.seq, reverse=True):
        levels += len(gift.levels)
        if len(highest) >= min(ALIKE_KEPT, GIFTS_KEPT - len(others)) or levels > LEVELS_KEPT:
            break
        highest[source] = gift
    return levels_apart({**dict(others), **highest})


def without_final_levels(
    gifts: Mapping[str, Gift], badge: str, *, now: datetime, vouchers: Collection[str]
) -> Mapping[str, Gift]:
    """Return a member's gifts without what is final of a stamp card, which has levels without end: those
    older than 400 days, and of the rest the vouchers that are none of `vouchers`, neither open nor used.
    """
    prefix, oldest = f"badge:{badge}:", now - timedelta(days=GIFT_DAYS_KEPT)
    out, is_changed = dict[str, Gift](), False
    for source, gift in gifts.items():
        if source.startswith(prefix) and gift.is_card_level:
            left = tuple(voucher for voucher in gift.vouchers if voucher in vouchers)
            is_old = gift.at < oldest and not gift.awaits
            is_changed |= is_old or left != gift.vouchers
            if is_old:
                continue
            gift = gift if left == gift.vouchers else evolve(gift, vouchers=left)
        out[source] = gift
    return out if is_changed else gifts


# ---------------------------------------------------------------- levels of a card, together
@dataclass(frozen=True)
class AlikeLevels:
    """Levels of a stamp card that one row brought alike: `gift` is what each gave, but for its vouchers: as
    many for each, all of them in the order of `levels`.
    """

    gift: Gift
    levels: tuple[int, ...]

    def apart(self) -> dict[int, Gift]:
        """Return what each level gave."""
        each = len(self.gift.vouchers) // len(self.levels)
        return {
            level: evolve(self.gift, vouchers=self.gift.vouchers[place * each : (place + 1) * each])
            if each
            else self.gift
            for place, level in enumerate(self.levels)
        }


def levels_together(gifts: Mapping[str, Gift]) -> Mapping[str, Gift | AlikeLevels]:
    """Return gifts with the levels of cards that are alike as one, by the source of the lowest; the same
    mapping where there are none.
    """
    levels = dict[str, list[int]]()
    for source, gift in gifts.items():
        if gift.is_card_level:
            card, _, level = source.rpartition(":")
            levels.setdefault(card, []).append(int(level))
    if not levels:
        return gifts
    out: dict[str, Gift | AlikeLevels] = {
        source: gift for source, gift in gifts.items() if not gift.is_card_level
    }
    for card, mine in levels.items():
        for alike in _alike({level: gifts[f"{card}:{level}"] for level in sorted(mine)}):
            out[f"{card}:{alike.levels[0]}"] = alike
    return out


def _alike(by_level: Mapping[int, Gift]) -> list[AlikeLevels]:
    """Return the levels of one card, which ascend, with those together that are alike."""
    runs = dict[tuple[str, int], list[tuple[Gift, list[int]]]]()
    for level, gift in by_level.items():
        bare = evolve(gift, vouchers=()) if gift.vouchers else gift
        known = runs.setdefault((gift.cause, len(gift.vouchers)), [])
        levels = next((levels for alike, levels in known if alike == bare), None)
        if levels is None:
            known.append((bare, [level]))
        else:
            levels.append(level)
    return [
        AlikeLevels(
            evolve(bare, vouchers=tuple(one for level in levels for one in by_level[level].vouchers)),
            tuple(levels),
        )
        for known in runs.values()
        for bare, levels in known
    ]


def levels_apart(gifts: Mapping[str, Gift | AlikeLevels]) -> dict[str, Gift]:
    """Return gifts with each level of a card for itself, as `levels_together` found them."""
    out = dict[str, Gift]()
    for source, gift in gifts.items():
        if isinstance(gift, Gift):
            out[source] = gift
        else:
            card = source.rpartition(":")[0]
            out |= {f"{card}:{level}": own for level, own in gift.apart().items()}
    return out


# ---------------------------------------------------------------- parts that come later
def joined(first: Gift, second: Gift, tags_since: Mapping[str, int]) -> Gift:
    """Return two gifts of one source as one, known by the first one's cause; its row is the second one's
    where that put tags, and of the first one's tags those remain that still count.
    """
    tags = tuple(tag for tag in first.tags if tag in tags_since and tags_since[tag] <= first.seq)
    return evolve(
        first,
        seq=second.seq if second.tags else first.seq,
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
