"""Ledger state as flat paths: what a row changed, and folding rows into the state again.

A path is dotted and safe as a database field (`wallets.points.debt`, `lots` keyed by day); its value is a
scalar or a short list. `paths` writes a member's ledger state, `changes` compares two, `fold` applies rows,
`restore` reads the state back. Profile, names and contacts are no ledger state and are never here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from operator import is_
from typing import Any, Final, TypeVar, cast

from domain.model.ledger.decision import JournalRow, StateValue
from domain.model.ledger.events import Line, Profile, Purchase
from domain.model.ledger.member import (
    BadgeState,
    HeldPlan,
    Member,
    OpenVoucher,
    PendingReferral,
    PeriodCount,
    PurchaseTotals,
    ReferralState,
    TierFloor,
    TierStanding,
    TierStep,
)
from domain.model.ledger.wallet import Lot, LotPart, ValidityChange, Wallet, ordered

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

    def lots(self, prefix: str, was: tuple[Lot, ...], now: tuple[Lot, ...]) -> None:
        """Write the lots between the first and the last that differ: of hundreds most stay the very same
        values.
        """
        if was is now:
            return
        first = _same(was, now)
        last = min(_same(was[::-1], now[::-1]), min(len(was), len(now)) - first)
        old, new = was[first : len(was) - last], now[first : len(now) - last]
        same = set(map(id, old)).intersection(map(id, new))  # between those that differ, too
        left = {_lot_key(lot): lot for lot in old if id(lot) not in same}
        for lot in new:
            if id(lot) in same:
                continue
            key = _lot_key(lot)
            if left.pop(key, None) != lot:
                self.changed[prefix + key] = [lot.amount, _text(lot.since), lot.available_at]
        self.gone += [prefix + key for key in left]


def _write(out: _Writing, was: Member | None, now: Member) -> None:
    out.fields("", _MEMBER, was, now)
    old = was or _BLANK
    for code, wallet in now.wallets.items():
        at, held = f"wallets.{code}.", old.wallets.get(code)
        if wallet is not held:
            out.fields(at, _WALLET, held, wallet)
            out.lots(f"{at}lots.", held.lots if held else (), wallet.lots)
            out.parts(f"{at}lapsed.", _asis, held.lapsed_by_day if held else {}, wallet.lapsed_by_day)
    if now.tier is not None and now.tier is not old.tier:
        out.fields("tier.", _TIER, old.tier, now.tier)
        out.parts("tier.days.", _asis, old.tier.days if old.tier else {}, now.tier.days)
    out.parts("badges.", _badge, old.badges, now.badges)
    out.parts("counters.", _counts, old.counters, now.counters)
    out.parts("vouchers.", _voucher, old.vouchers, now.vouchers)
    out.fields("purchases.", _PURCHASES, was and was.purchases, now.purchases)
    out.fields("referral.", _REFERRAL, was and was.referral, now.referral)
    out.parts("", _plan, {"plan": old.plan} if old.plan else {}, {"plan": now.plan} if now.plan else {})


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


def _spans(spans: tuple[ValidityChange, ...]) -> StateValue:
    return [[span.kind, _text(span.first), _text(span.last), span.tier] for span in spans]


def _floors(floors: tuple[TierFloor, ...]) -> StateValue:
    return [[floor.code, floor.until] for floor in floors]


def _steps(steps: tuple[TierStep, ...]) -> StateValue:
    return [
        [s.origin, s.to, s.at, s.reason, s.cause, s.since, _day(s.held_through), s.term, s.term_from]
        for s in steps
    ]


def _badge(badge: BadgeState) -> StateValue:
    return [badge.progress, badge.level, badge.earned_at, _day(badge.period)]


def _counts(counts: tuple[PeriodCount, ...]) -> StateValue:
    return [[_text(count.start), count.times, count.amount, count.per] for count in counts]


def _categories(categories: tuple[tuple[str, int], ...]) -> StateValue:
    return [[name, amount] for name, amount in categories]


def _plan(plan: HeldPlan) -> StateValue:
    return [plan.code, plan.since, plan.until]


def _voucher(voucher: OpenVoucher) -> StateValue:
    taken: StateValue = [
        [part.amount, _day(part.expires_on), _text(part.since)] for part in voucher.taken_lots
    ]
    return [voucher.reward, voucher.issued_at, voucher.expires_at, voucher.wallet, taken, voucher.used_at]


def _waiting(waiting: tuple[PendingReferral, ...]) -> StateValue:
    return [[one.key, one.due, one.at, one.source, _purchase(one.purchase)] for one in waiting]


def _purchase(purchase: Purchase) -> StateValue:
    lines: list[StateValue] = [
        [ln.line, ln.sku, ln.amount, ln.quantity, ln.name, ln.category] for ln in purchase.lines
    ]
    return [purchase.external_id, purchase.total, purchase.currency, purchase.store, lines]


def _lot_key(lot: Lot) -> str:
    day = lot.expires_on.isoformat() if lot.expires_on else "never"
    return f"{lot.available_at.isoformat()[:13]}h_{day}" if lot.available_at else day


def _plain(*names: str) -> Table:
    return tuple((name, name, _asis) for name in names)


_NOTHING: Final = object()
_BLANK: Final = Member("")
_MEMBER: Final[Table] = (
    *_plain("joined_at", "frozen", "entries", "issued", "decided_at"),
    *((name, name, _names) for name in ("tags", "segments", "unlocked")),
)
_WALLET: Final[Table] = (
    *_plain("debt", "earned", "spent", "expired", "adjusted", "entries"),
    ("spans", "validity_changes", _spans),
    ("reminded", "reminded_days", _days),
)
_TIER: Final[Table] = (
    *_plain("code", "since", "term", "term_from"),
    ("held", "held_through", _day),
    ("due", "keep_missed_on", _day),
    ("floors", "floors", _floors),
    ("steps", "steps", _steps),
)
_PURCHASES: Final[Table] = (
    *_plain("count", "total", "first_at", "last_at"),
    ("categories", "categories", _categories),
)
_REFERRAL: Final[Table] = (
    ("by", "referred_by", _asis),
    *_plain("qualified", "invited", "friends"),
    ("waiting", "waiting", _waiting),
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


def restore_member(
    document: Mapping[str, object], *, id: str, number: str, profile: Profile, seq: int
) -> Member:
    """Return the member of a nested ledger state and what is known of them beside it."""
    at = _Reader(document)
    return Member(
        id=id,
        number=number,
        profile=profile,
        seq=seq,
        joined_at=at.get("joined_at", None),
        frozen=at.get("frozen", False),
        entries=at.get("entries", 0),
        issued=at.get("issued", 0),
        decided_at=at.get("decided_at", None),
        wallets={code: _read_wallet(_Reader(one)) for code, one in at.map("wallets")},
        tier=_read_tier(_Reader(tier))
        if (tier := at.get("tier", cast(Mapping[str, object] | None, None)))
        else None,
        badges={code: _read_badge(one) for code, one in at.lists("badges")},
        counters={
            code: tuple(PeriodCount(_date(c[0]), c[1], c[2], c[3]) for c in counts)
            for code, counts in at.lists("counters")
        },
        purchases=_read_purchases(_Reader(at.get("purchases", {}))),
        plan=HeldPlan(*plan) if (plan := at.get("plan", cast(list[object], []))) else None,  # type: ignore[arg-type]
        tags=frozenset(at.get("tags", list[str]())),
        segments=frozenset(at.get("segments", list[str]())),
        unlocked=frozenset(at.get("unlocked", list[str]())),
        vouchers={code: _read_voucher(one) for code, one in at.lists("vouchers")},
        referral=_read_referral(_Reader(at.get("referral", {}))),
    )


class _Reader:
    """Typed reading of a state document: its shape is ours alone, written by `paths`."""

    def __init__(self, document: object) -> None:
        self._at = cast(Mapping[str, object], document)

    def get(self, name: str, default: T) -> T:
        return cast(T, self._at.get(name, default))

    def map(self, name: str) -> Iterable[tuple[str, object]]:
        return self.get(name, dict[str, object]()).items()

    def lists(self, name: str) -> Iterable[tuple[str, list]]:  # type: ignore[type-arg]
        return self.get(name, dict[str, list]()).items()  # type: ignore[type-arg]


def _read_wallet(at: _Reader) -> Wallet:
    lots = [Lot(one[0], one[2], _lot_day(key), _date(one[1])) for key, one in at.lists("lots")]
    return Wallet(
        lots=ordered(lots),
        debt=at.get("debt", 0),
        earned=at.get("earned", 0),
        spent=at.get("spent", 0),
        expired=at.get("expired", 0),
        adjusted=at.get("adjusted", 0),
        entries=at.get("entries", 0),
        validity_changes=tuple(
            ValidityChange(s[0], _date(s[1]), _date(s[2]), s[3])
            for s in at.get("spans", cast(list[list], []))  # type: ignore[type-arg]
        ),
        lapsed_by_day={_date(day): cast(int, amount) for day, amount in at.map("lapsed")},
        reminded_days=frozenset(map(_date, at.get("reminded", list[str]()))),
    )


def _read_tier(at: _Reader) -> TierStanding:
    return TierStanding(
        code=at.get("code", ""),
        since=at.get("since", datetime.min.replace(tzinfo=UTC)),
        days={_date(day): cast(int, amount) for day, amount in at.map("days")},
        term=at.get("term", 0),
        term_from=at.get("term_from", None),
        held_through=_maybe(at.get("held", cast(str | None, None))),
        keep_missed_on=_maybe(at.get("due", cast(str | None, None))),
        floors=tuple(TierFloor(one[0], one[1]) for one in at.get("floors", cast(list[list], []))),  # type: ignore[type-arg]
        steps=tuple(_read_step(one) for one in at.get("steps", cast(list[list], []))),  # type: ignore[type-arg]
    )


def _read_step(values: list) -> TierStep:  # type: ignore[type-arg]
    return TierStep(
        values[0],
        values[1],
        values[2],
        values[3],
        values[4],
        values[5],
        _maybe(values[6]),
        values[7],
        values[8],
    )


def _read_badge(values: list) -> BadgeState:  # type: ignore[type-arg]
    return BadgeState(values[0], values[1], values[2], _maybe(values[3]))


def _read_purchases(at: _Reader) -> PurchaseTotals:
    categories = tuple(
        (name, amount) for name, amount in at.get("categories", cast(list[tuple[str, int]], []))
    )
    return PurchaseTotals(
        at.get("count", 0), at.get("total", 0), at.get("first_at", None), at.get("last_at", None), categories
    )


def _read_voucher(values: list) -> OpenVoucher:  # type: ignore[type-arg]
    return OpenVoucher(
        values[0],
        values[1],
        values[2],
        values[3],
        tuple(LotPart(p[0], _maybe(p[1]), _date(p[2])) for p in values[4]),
        values[5],
    )


def _read_referral(at: _Reader) -> ReferralState:
    waiting = tuple(
        PendingReferral(j[0], j[1], j[2], j[3], _read_purchase(j[4]))
        for j in at.get("waiting", cast(list[list], []))  # type: ignore[type-arg]
    )
    return ReferralState(
        at.get("by", None), at.get("qualified", False), waiting, at.get("invited", 0), at.get("friends", 0)
    )


def _read_purchase(values: list) -> Purchase:  # type: ignore[type-arg]
    lines = tuple(
        Line(line=ln[0], sku=ln[1], amount=ln[2], quantity=ln[3], name=ln[4], category=ln[5])
        for ln in values[4]
    )
    return Purchase(values[0], values[1], values[2], values[3], lines)


def _lot_day(key: str) -> date | None:
    day = key.rpartition("_")[2]
    return None if day == "never" else _date(day)


def _maybe(text: str | None) -> date | None:
    return _date(text) if text else None
