"""Ledger state as flat paths: what a row changed, and folding rows into the state again.

A path is dotted and safe as a database field (`wallets.points.debt`, `lots` keyed by day); its value is a
scalar or a short list. `paths` writes a member's ledger state, `changes` compares two, `fold` applies rows,
`restore` reads the state back. Profile, names and contacts are no ledger state and are never here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from operator import is_
from typing import Any, Final, TypeVar, cast

from domain.model.ledger.decision import JournalRow, StateValue
from domain.model.ledger.events import Payment, Purchase
from domain.model.ledger.gifts import Counted, Deduction, Gift, UsedVoucher
from domain.model.ledger.lots import Lot
from domain.model.ledger.member import (
    BadgeState,
    CategoryTotal,
    HeldPlan,
    Member,
    OpenVoucher,
    PendingReferral,
    PeriodCount,
    TagSources,
    Tally,
    TierFloor,
    TierStep,
)
from domain.model.ledger.validity.changes import Changes, split
from domain.model.ledger.validity.stored_lots import (
    by_day,
    lot_values,
    move_values,
    part_values,
    renewed_until,
    span_values,
)
from domain.model.ledger.wallet import Wallet, WriteOff
from domain.model.programme.tiers import SINGLE_COUNT

Paths = dict[str, StateValue]
Encode = Callable[[Any], StateValue]
Table = tuple[tuple[str, str, Encode], ...]
K = TypeVar("K")
T = TypeVar("T")

_date: Final = date.fromisoformat  # by itself: an old member has more than a thousand days


# ---------------------------------------------------------------- writing


def state_paths(member: Member) -> Paths:
    """Return the member's whole ledger state, path by path."""
    out = _Writing()
    _write(out, None, member)
    return out.changed


def state_changes(before: Member, after: Member) -> tuple[Paths, tuple[str, ...]]:
    """Return the paths that differ after a decision, with their new values, and those that are gone."""
    out = _Writing()
    _write(out, before, after)
    return out.changed, tuple(out.gone)


class _Writing:
    """What differs between two values, path by path: fields that are the very same are not even encoded."""

    def __init__(self) -> None:
        self.changed: Paths = {}
        self.gone: list[str] = []

    def fields(self, prefix: str, table: Table, was: object | None, now: object) -> None:
        """Write the fields of a value that differ, all of them where there was none."""
        if was is now:
            return
        for name, attribute, encode in table:
            value = getattr(now, attribute)
            if was is not None:
                old = getattr(was, attribute)
                if old is value or old == value:
                    continue
            self.changed[prefix + name] = encode(value)

    def parts(self, prefix: str, encode: Encode, was: Mapping[K, object], now: Mapping[K, object]) -> None:
        """Write the parts of a map that differ, a path each."""
        if was is now:
            return
        come = 0
        for key, value in now.items():
            old = was.get(key, _NOTHING)
            come += old is _NOTHING
            if old is not value and old != value:
                self.changed[f"{prefix}{key}"] = encode(value)
        if len(was) + come > len(now):
            self.gone += [f"{prefix}{key}" for key in was if key not in now]

    def numbers(self, prefix: str, was: Mapping[K, int | str], now: Mapping[K, int | str]) -> None:
        """Write the parts of a map of plain values that differ: compared as sets, of hundreds at times."""
        if was is now:
            return
        for key, value in sorted(now.items() - was.items(), key=str):
            self.changed[f"{prefix}{key}"] = value
        self.gone += sorted(f"{prefix}{key}" for key in was.keys() - now.keys())

    def lots(self, prefix: str, held: Wallet | None, wallet: Wallet) -> None:
        """Write the lots between the first and the last that differ: of hundreds most stay the very same
        values.
        """
        was, now = held.lots if held else (), wallet.lots
        until = renewed_until(wallet.validity_changes)
        if held is not None and held.validity_changes is not wallet.validity_changes:
            before = lot_values(was, renewed_until(held.validity_changes))
            self.parts(prefix, _asis, before, lot_values(now, until))
            return
        if was is now:
            return
        first = _same(was, now)
        last = min(_same(was[::-1], now[::-1]), min(len(was), len(now)) - first)
        old, new = was[first : len(was) - last], now[first : len(now) - last]
        same = set(map(id, old)).intersection(map(id, new))  # between those that differ, too
        before, after = (
            lot_values([lot for lot in lots if id(lot) not in same], until) for lots in (old, new)
        )
        self.parts(prefix, _asis, before, after)

    def validity(self, prefix: str, was: Changes | None, now: Changes) -> None:
        """Write the changes of validity: the older ones in one list, those kept one by one by their days."""
        if was is now:
            return
        (old_spans, old_moves), (spans, moves) = split(was or ()), split(now)
        if was is None or old_spans != spans:
            self.changed[f"{prefix}spans"] = span_values(spans)
        self.parts(f"{prefix}moves.", move_values, by_day(old_moves), by_day(moves))


def _write(out: _Writing, was: Member | None, now: Member) -> None:
    out.fields("", _MEMBER, was, now)
    old = was or _BLANK
    for code, wallet in now.wallets.items():
        at, held = f"wallets.{code}.", old.wallets.get(code)
        if wallet is not held:
            out.fields(at, _WALLET, held, wallet)
            out.lots(f"{at}lots.", held, wallet)
            out.validity(at, held.validity_changes if held else None, wallet.validity_changes)
            out.numbers(f"{at}lapsed.", held.lapsed_by_day if held else {}, wallet.lapsed_by_day)
    if now.tier is not None and now.tier is not old.tier:
        out.fields("tier.", _TIER, old.tier, now.tier)
        out.numbers("tier.days.", old.tier.days if old.tier else {}, now.tier.days)
        out.numbers("tier.extras.", old.tier.extras if old.tier else {}, now.tier.extras)
        _write_tallies(out, old.tier.tallies if old.tier else {}, now.tier.tallies)
    out.parts("badges.", _badge, old.badges, now.badges)
    out.parts("counters.", _counts, old.counters, now.counters)
    out.parts("vouchers.", _voucher, old.vouchers, now.vouchers)
    out.parts("tag_sources.", _tag_sources, old.tag_sources, now.tag_sources)
    out.parts("gifts.", gift_values, old.gifts, now.gifts)
    out.parts("used_vouchers.", _used, old.used_vouchers, now.used_vouchers)
    out.numbers("free_used.", old.free_vouchers_used, now.free_vouchers_used)
    out.fields("purchases.", _PURCHASES, was and was.purchases, now.purchases)
    since, old_since = now.purchases.quantities_since_seq, old.purchases.quantities_since_seq
    if since is not None and since != old_since:
        out.changed["purchases.quantities_since"] = since
    out.fields("referral.", _REFERRAL, was and was.referral, now.referral)
    out.parts("codes.", _asis, old.codes, now.codes)
    out.parts("", _asis, {"code": old.code} if old.code else {}, {"code": now.code} if now.code else {})
    out.parts("", _plan, {"plan": old.plan} if old.plan else {}, {"plan": now.plan} if now.plan else {})


def _write_tallies(out: _Writing, was: Mapping[str, Tally], now: Mapping[str, Tally]) -> None:
    for name, tally in now.items():
        at, known = f"tier.counts.{name}.", was.get(name)
        if tally is not known:
            out.fields(at, _TALLY, known, tally)
            out.numbers(f"{at}days.", known.days if known else {}, tally.days)
            out.numbers(f"{at}extras.", known.extras if known else {}, tally.extras)


def _same(a: tuple[Lot, ...], b: tuple[Lot, ...]) -> int:
    """Return how many of the first lots are the same."""
    same = list(map(is_, a, b))
    return same.index(False) if False in same else len(same)


# ---------------------------------------------------------------- encoding


def _asis(value: Any) -> StateValue:
    return cast(StateValue, value)


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


def _badge(badge: BadgeState) -> StateValue:
    return [badge.progress, badge.level, badge.earned_at, _day(badge.period)]


def _counts(counts: tuple[PeriodCount, ...]) -> StateValue:
    return [[_text(count.start), count.times, count.amount, count.per] for count in counts]


def _categories(categories: Mapping[str, CategoryTotal]) -> StateValue:
    """A category whose quantity was never counted has its amount alone, as earlier versions wrote it."""
    return [
        [name, total.amount, total.quantity, total.last_at] if total.last_at else [name, total.amount]
        for name, total in sorted(categories.items())
    ]


def _plan(plan: HeldPlan) -> StateValue:
    return [plan.code, plan.since, plan.until]


def _voucher(voucher: OpenVoucher) -> StateValue:
    taken: StateValue = [part_values(part) for part in voucher.taken_lots]
    return [
        voucher.reward,
        voucher.issued_at,
        voucher.expires_at,
        voucher.wallet,
        taken,
        voucher.used_at,
        voucher.is_revoked,
    ]


def _waiting(waiting: tuple[PendingReferral, ...]) -> StateValue:
    return [_pending(pending) for pending in waiting]


def _pending(pending: PendingReferral | None) -> StateValue:
    if pending is None:
        return None
    purchase = _purchase(pending.purchase) if pending.purchase else None
    event_data: list[StateValue] = [
        [key, cast(StateValue, value)] for key, value in pending.event_data.items()
    ]
    return [pending.key, pending.due, pending.at, pending.source, purchase, pending.name, event_data]


def _tag_sources(sources: TagSources) -> StateValue:
    return [sources.count, sources.since_seq]


def _used(vouchers: tuple[UsedVoucher, ...]) -> StateValue:
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
    return [payment.total, [[part.wallet, part.units, part.worth, part.earns] for part in payment.parts]]


def deduction_values(deduction: Deduction) -> StateValue:
    """Return what was taken of a wallet as state and journal keep it."""
    return [deduction.wallet, [part_values(part) for part in deduction.parts], _text(deduction.on)]


def _plain(*names: str) -> Table:
    return tuple((name, name, _asis) for name in names)


_NOTHING: Final = object()
_BLANK: Final = Member("")
_MEMBER: Final[Table] = (
    *_plain("joined_at", "frozen", "entries", "issued", "decided_at", "had_plan"),
    *((name, name, _names) for name in ("tags", "segments", "unlocked")),
)
_WALLET: Final[Table] = (
    *_plain("debt", "earned", "spent", "expired", "adjusted", "entries"),
    ("write_offs", "write_offs", _write_offs),
    ("reminded", "reminded_days", _days),
)
_TIER: Final[Table] = (
    *_plain("code", "since", "term", "term_from"),
    ("held", "held_through", _day),
    ("due", "keep_missed_on", _day),
    ("floors", "floors", _floors),
    ("steps", "steps", _steps),
)
_TALLY: Final[Table] = _plain("term")
_PURCHASES: Final[Table] = (
    *_plain("count", "total", "first_at", "last_at", "returned", "before_joining", "total_before_joining"),
    ("categories", "categories", _categories),
)
_REFERRAL: Final[Table] = (
    ("by", "referred_by", _asis),
    *_plain("qualified", "invited", "friends", "made", "qualified_at"),
    ("waiting", "waiting", _waiting),
    ("qualified_by", "qualified_by", _pending),
)


# ---------------------------------------------------------------- folding and reading back


def fold_rows(rows: Iterable[JournalRow], start: Mapping[str, StateValue] | None = None) -> Paths:
    """Return the state after rows, by their changes alone, from a member to be or another start; nothing is
    decided again.
    """
    state = dict(start) if start is not None else state_paths(Member(""))
    for row in rows:
        for path in row.removed:
            state.pop(path, None)
        state.update(row.changes)
    return state


def flatten(document: Mapping[str, object], prefix: str = "") -> Paths:
    """Return the paths of a nested document, as the database keeps the state."""
    out = Paths()
    for key, value in document.items():
        if isinstance(value, Mapping):
            out.update(flatten(cast(Mapping[str, object], value), f"{prefix}{key}."))
        else:
            out[prefix + key] = cast(StateValue, value)
    return out


def nest(state: Mapping[str, StateValue]) -> dict[str, object]:
    """Return the document of a state's paths."""
    out: dict[str, object] = {}
    for path, value in state.items():
        *above, last = path.split(".")
        at = out
        for name in above:
            at = cast(dict[str, object], at.setdefault(name, {}))
        at[last] = value
    return out
