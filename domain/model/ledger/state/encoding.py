"""How values of a member's ledger state are stored, and which field of a path each is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from operator import attrgetter
from typing import Any, Final, cast

from domain.model.ledger.decision import StateValue
from domain.model.ledger.events import Payment, Purchase
from domain.model.ledger.gifts import AlikeLevels, Counted, Deduction, Gift, UsedVoucher
from domain.model.ledger.lots import Hold, LotPart
from domain.model.ledger.member import (
    BadgeState,
    CategoryTotal,
    HeldPlan,
    OpenVoucher,
    PendingReferral,
    PeriodCount,
    TagSources,
    TierFloor,
    TierStep,
)
from domain.model.ledger.validity.stored_lots import (
    part_values,
)
from domain.model.ledger.wallet import WriteOff
from domain.model.programme.tiers import SINGLE_COUNT

Encode = Callable[[Any], StateValue]
Row = tuple[str, str, Encode]


class Table:
    """Which fields of a value are stored and by which names, and `values`, which reads them all at once."""

    def __init__(self, *rows: Row) -> None:
        self.rows = (rows[0], *rows)  # twice, since what reads one attribute alone returns no tuple
        self.values: Callable[[object], tuple[object, ...]] = attrgetter(*(row[1] for row in self.rows))


def plain_value(value: StateValue) -> StateValue:
    return value


def _names(value: frozenset[str]) -> StateValue:
    return cast(StateValue, sorted(value))


def _text(day: date) -> str:
    return day.isoformat()


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _days(days: Iterable[date]) -> StateValue:
    return cast(StateValue, sorted(map(_text, days)))


def _write_offs(write_offs: tuple[WriteOff, ...]) -> StateValue:
    return [[_text(write_off.on), write_off.amount] for write_off in write_offs]


def _floors(floors: tuple[TierFloor, ...]) -> StateValue:
    return [[floor.code, floor.until, floor.source] for floor in floors]


def _steps(steps: tuple[TierStep, ...]) -> StateValue:
    return [_step(step) for step in steps]


def _step(s: TierStep) -> StateValue:
    values: list[StateValue] = [s.origin, s.to, s.at, s.reason, s.cause, s.since, _day(s.held_through)]
    values += [s.term, s.term_from, s.came]
    return [*values, [[name, term] for name, term in s.terms.items()]] if s.terms else values


def badge_values(badge: BadgeState) -> StateValue:
    values: list[StateValue] = [badge.progress, badge.level, badge.earned_at, _day(badge.period)]
    if badge.target is None and badge.accepted_at is None:
        return values
    return [*values, badge.target, badge.accepted_at]


def count_values(counts: tuple[PeriodCount, ...]) -> StateValue:
    return [[_text(count.start), count.times, count.amount, count.per] for count in counts]


def _categories(categories: Mapping[str, CategoryTotal]) -> StateValue:
    """A category whose quantity was never counted has its amount alone, as earlier versions wrote it."""
    return [
        [name, total.amount, total.quantity, total.last_at] if total.last_at else [name, total.amount]
        for name, total in sorted(categories.items())
    ]


def plan_values(plan: HeldPlan) -> StateValue:
    return [plan.code, plan.since, plan.until]


def voucher_values(voucher: OpenVoucher) -> StateValue:
    taken: StateValue = [part_values(part) for part in voucher.taken_lots]
    values: list[StateValue] = [
        voucher.reward,
        voucher.issued_at,
        voucher.expires_at,
        voucher.wallet,
        taken,
        voucher.used_at,
        voucher.is_revoked,
    ]
    return values if voucher.variant is None else [*values, voucher.variant]


def _waiting(waiting: tuple[PendingReferral, ...]) -> StateValue:
    return [_pending(pending) for pending in waiting]


def _pending(pending: PendingReferral | None) -> StateValue:
    if pending is None:
        return None
    purchase = _purchase(pending.purchase) if pending.purchase else None
    event_data: list[StateValue] = [
        [key, cast(StateValue, value)] for key, value in pending.event_data.items()
    ]
    values: list[StateValue] = [pending.key, pending.due, pending.at, pending.source, purchase]
    return [*values, pending.name, event_data, *([True] if pending.was_first else [])]


def tag_source_values(sources: TagSources) -> StateValue:
    return [sources.count, sources.since_seq]


def used_values(vouchers: tuple[UsedVoucher, ...]) -> StateValue:
    return [[used.voucher, used.reward] for used in vouchers]


def gift_values(gift: Gift) -> StateValue:
    """Return a gift as state and journal keep it."""
    parts: list[StateValue] = [deduction_values(deduction) for deduction in gift.deductions]
    return [
        gift.cause,
        gift.seq,
        gift.at,
        [[code, amount] for code, amount in gift.awarded.items()],
        [[o.wallet, o.amount, o.available_at, _day(o.expires_on), _text(o.since)] for o in gift.opened_lots],
        counted_values(gift.counted),
        [[code, amount] for code, amount in gift.badge_counts.items()],
        list(gift.vouchers),
        list(gift.tags),
        parts,
        [[firing.rule, _text(firing.on), firing.amount] for firing in gift.firings],
        gift.gives_floor,
        gift.awaits,
        gift.tier,
    ]


def member_gift_values(gift: Gift | AlikeLevels) -> StateValue:
    """Return a member's gift as state keeps it; that of a card's levels with these, `101-104 106`."""
    if isinstance(gift, Gift):
        return gift_values(gift)
    spans: list[list[int]] = []
    for level in gift.levels:
        if spans and level == spans[-1][1] + 1:
            spans[-1][1] = level
        else:
            spans.append([level, level])
    written = " ".join(f"{low}-{high}" if low < high else str(low) for low, high in spans)
    return [*cast(list[StateValue], gift_values(gift.gift)), written]


def counted_values(counted: Mapping[str, Counted]) -> StateValue:
    """Return what counted toward tiers as state and journal keep it: of a programme's single count three
    numbers, of several a list each.
    """
    values: dict[str, StateValue] = {
        name: [one.awards, one.extras, one.event] for name, one in counted.items()
    }
    if values.keys() <= {SINGLE_COUNT}:
        return values.get(SINGLE_COUNT, [0, 0, 0])
    return [[name, amounts] for name, amounts in values.items()]


def _purchase(purchase: Purchase) -> StateValue:
    lines: list[StateValue] = [
        [ln.line, ln.sku, ln.amount, ln.quantity, ln.name, ln.category] for ln in purchase.lines
    ]
    values: list[StateValue] = [
        purchase.external_id,
        purchase.total,
        purchase.currency,
        purchase.store,
        lines,
    ]
    if purchase.payment is not None:
        return [*values, purchase.is_returned, payment_values(purchase.payment)]
    return [*values, True] if purchase.is_returned else values


def payment_values(payment: Payment) -> StateValue:
    """Return what wallets paid as state and journal keep it."""
    parts: list[StateValue] = [
        [part.wallet, part.units, part.worth, part.earns, *([part.hold, part.fiscal] if part.hold else [])]
        for part in payment.parts
    ]
    return [payment.total, parts] if payment.payable is None else [payment.total, parts, payment.payable]


def deduction_values(deduction: Deduction) -> StateValue:
    """Return what was taken of a wallet as state and journal keep it."""
    return [deduction.wallet, [part_values(part) for part in deduction.parts], _text(deduction.on)]


def hold_values(hold: Hold) -> StateValue:
    """Return a hold as state keeps it: its lots in one text, `40:305:-60` an amount, its last day and the day
    its validity counts from as days after the hold's own, and those of its origin.
    """
    first = hold.placed_at.date()
    values: list[StateValue] = [hold.order, hold.store, hold.units, hold.worth, hold.total]
    values += [hold.placed_at, hold.until, hold.earns, hold.fiscal]
    return [*values, " ".join(_part_text(part, first) for part in hold.parts)]


def _part_text(part: LotPart, first: date) -> str:
    days: list[date | None] = [part.expires_on, part.since]
    if part.origin is not None:
        days += [part.origin.on, part.origin.until]
    return ":".join(
        [str(part.amount), *("never" if day is None else str((day - first).days) for day in days)]
    )


def _plain(*names: str) -> tuple[Row, ...]:
    return tuple((name, name, plain_value) for name in names)


MEMBER: Final = Table(
    *_plain("joined_at", "frozen", "entries", "issued", "decided_at", "had_plan"),
    *((name, name, _names) for name in ("tags", "segments", "unlocked")),
)
WALLET: Final = Table(
    *_plain("debt", "earned", "spent", "expired", "adjusted", "entries"),
    ("write_offs", "write_offs", _write_offs),
    ("reminded", "reminded_days", _days),
)
TIER: Final = Table(
    *_plain("code", "since", "term", "term_from"),
    ("held", "held_through", _day),
    ("due", "keep_missed_on", _day),
    ("floors", "floors", _floors),
    ("steps", "steps", _steps),
)
TALLY: Final = Table(*_plain("term"))
PURCHASES: Final = Table(
    *_plain("count", "total", "first_at", "last_at", "returned", "before_joining", "total_before_joining"),
    *_plain("brought"),
    ("categories", "categories", _categories),
)
REFERRAL: Final = Table(
    ("by", "referred_by", plain_value),
    *_plain("qualified", "invited", "friends", "made", "qualified_at"),
    ("waiting", "waiting", _waiting),
    ("qualified_by", "qualified_by", _pending),
)
