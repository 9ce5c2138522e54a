"""Reading a member back from the ledger state that `ledger_state.py` writes. Shorter lists are of earlier
days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar, cast

from domain.model.ledger.events import Line, Payment, Profile, Purchase, WalletPayment
from domain.model.ledger.gifts import (
    NOT_COUNTED,
    AlikeLevels,
    Counted,
    Deduction,
    Firing,
    Gift,
    UsedVoucher,
    levels_apart,
)
from domain.model.ledger.lots import (
    NO_HOLDS,
    Hold,
    Layer,
    Lot,
    LotPart,
    OpenedLot,
    Origin,
    lot_of,
    merged,
    ordered,
)
from domain.model.ledger.member import (
    BadgeState,
    CategoryTotal,
    HeldPlan,
    Member,
    OpenVoucher,
    PendingReferral,
    PeriodCount,
    PurchaseTotals,
    ReferralState,
    TagSources,
    Tally,
    TierFloor,
    TierStanding,
    TierStep,
)
from domain.model.ledger.state.month_texts import read_days, read_tier_days
from domain.model.ledger.validity.changes import ValidityChange
from domain.model.ledger.validity.stored_lots import read_months
from domain.model.ledger.wallet import Wallet, WriteOff
from domain.model.programme.tiers import SINGLE_COUNT
from domain.model.values import evolve

T = TypeVar("T")

_date: Final = date.fromisoformat  # by itself: an old member has more than a thousand days


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
        code=at.get("code", None),
        codes=at.get("codes", dict[str, datetime]()),
        had_plan=at.get("had_plan", False),
        tags=frozenset(at.get("tags", list[str]())),
        segments=frozenset(at.get("segments", list[str]())),
        unlocked=frozenset(at.get("unlocked", list[str]())),
        vouchers={code: _read_voucher(one) for code, one in at.lists("vouchers")},
        referral=_read_referral(_Reader(at.get("referral", {}))),
        tag_sources={tag: TagSources(*values) for tag, values in at.lists("tag_sources")},
        gifts=levels_apart({source: _read_member_gift(values) for source, values in at.lists("gifts")}),
        used_vouchers={
            source: tuple(UsedVoucher(*values) for values in used)
            for source, used in at.lists("used_vouchers")
        },
        free_vouchers_used=at.get("free_used", dict[str, str]()),
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
    changes = _read_changes(at)
    renewed_until = changes[-1].until if changes else None
    stored_lots = at.get("lots", dict[str, object]())
    lots = [
        _read_lot(key, values, renewed_until)
        for key, values in stored_lots.items()
        if isinstance(values, list)
    ]
    lots += read_months(stored_lots)
    holds = at.get("holds", cast(dict[str, list[Any]], {}))
    return Wallet(
        lots=merged(lots) if any(lot.layers for lot in lots) else ordered(lots),
        debt=at.get("debt", 0),
        earned=at.get("earned", 0),
        spent=at.get("spent", 0),
        expired=at.get("expired", 0),
        adjusted=at.get("adjusted", 0),
        entries=at.get("entries", 0),
        validity_changes=changes,
        write_offs=tuple(
            WriteOff(_date(pair[0]), pair[1]) for pair in at.get("write_offs", cast(list[list[Any]], []))
        ),
        lapsed_by_day=read_days(at.get("lapsed", dict[str, str]())),
        reminded_days=frozenset(map(_date, at.get("reminded", list[str]()))),
        holds={key: _read_hold(values) for key, values in holds.items()} if holds else NO_HOLDS,
    )


def _read_hold(values: list[Any]) -> Hold:
    first, texts = values[5].date(), values[9].split()
    parts = tuple(_read_held_part(text.split(":"), first) for text in texts)
    return evolve(Hold(*values[:9]), parts=parts)


def _read_held_part(values: list[str], first: date) -> LotPart:
    days = [None if value == "never" else first + timedelta(days=int(value)) for value in values[1:]]
    origin = Origin(cast(date, days[2]), days[3]) if len(days) > 2 else None
    return LotPart(int(values[0]), days[0], cast(date, days[1]), origin)


def _read_changes(at: _Reader) -> tuple[ValidityChange, ...]:
    spans = at.get("spans", cast(list[list[Any]], []))
    older = [
        ValidityChange(span[0], _date(span[1]), _date(span[2]), span[3], since=_since(span)) for span in spans
    ]
    newest = [
        ValidityChange(one[0], _date(day), _date(day), one[1], one[2], _maybe(one[3]), _since(one))
        for day, moves in sorted(at.lists("moves"))
        for one in moves
    ]
    return (*older, *newest)


def _since(change: list[Any]) -> date | None:
    return _date(change[4]) if len(change) > 4 else None


def _read_lot(key: str, values: list[Any], renewed_until: date | None) -> Lot:
    if "~" not in key:
        return Lot(values[0], values[2], _lot_day(key), _date(values[1]))
    days = key.rpartition("_")[2].split("~")
    origin = Origin(_date(days[1]), _day_or_never(days[2]))
    expires_on = _day_or_never(days[3]) if len(days) > 3 else renewed_until
    return lot_of(Layer(values[0], _date(days[0]), origin), available_at=values[1], expires_on=expires_on)


def _read_part(values: list[Any]) -> LotPart:
    origin = Origin(_date(values[3]), _maybe(values[4])) if len(values) > 3 else None
    return LotPart(values[0], _maybe(values[1]), _date(values[2]), origin)


def _read_tier(at: _Reader) -> TierStanding:
    return TierStanding(
        code=at.get("code", ""),
        since=at.get("since", datetime.min.replace(tzinfo=UTC)),
        days=read_days(at.get("days", dict[str, str]())),
        extras=read_tier_days(at.get("extras", dict[str, str]())),
        term=at.get("term", 0),
        term_from=at.get("term_from", None),
        held_through=_maybe(at.get("held", cast(str | None, None))),
        keep_missed_on=_maybe(at.get("due", cast(str | None, None))),
        floors=tuple(TierFloor(*one) for one in at.get("floors", cast(list[list], []))),  # type: ignore[type-arg]
        steps=tuple(_read_step(one) for one in at.get("steps", cast(list[list], []))),  # type: ignore[type-arg]
        tallies={name: _read_tally(_Reader(one)) for name, one in at.map("counts")},
    )


def _read_tally(at: _Reader) -> Tally:
    return Tally(
        days=read_days(at.get("days", dict[str, str]())),
        extras=read_tier_days(at.get("extras", dict[str, str]())),
        term=at.get("term", 0),
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
        values[9] if len(values) > 9 else None,
        dict(values[10]) if len(values) > 10 else {},
    )


def _read_badge(values: list) -> BadgeState:  # type: ignore[type-arg]
    return BadgeState(values[0], values[1], values[2], _maybe(values[3]), *values[4:])


def _read_purchases(at: _Reader) -> PurchaseTotals:
    categories = {row[0]: CategoryTotal(*row[1:]) for row in at.get("categories", cast(list[list[Any]], []))}
    return PurchaseTotals(
        at.get("count", 0),
        at.get("total", 0),
        at.get("first_at", None),
        at.get("last_at", None),
        categories,
        at.get("returned", 0),
        at.get("before_joining", 0),
        at.get("total_before_joining", 0),
        at.get("quantities_since", None),
        at.get("brought", 0),
    )


def _read_voucher(values: list) -> OpenVoucher:  # type: ignore[type-arg]
    return OpenVoucher(
        values[0],
        values[1],
        values[2],
        values[3],
        tuple(_read_part(part) for part in values[4]),
        values[5],
        len(values) > 6 and values[6],
        values[7] if len(values) > 7 else None,
    )


def _read_referral(at: _Reader) -> ReferralState:
    waiting = [_read_pending(one) for one in at.get("waiting", cast(list[list[Any]], []))]
    by = at.get("qualified_by", cast(list[Any] | None, None))
    return ReferralState(
        at.get("by", None),
        at.get("qualified", False),
        tuple(waiting),
        at.get("invited", 0),
        at.get("friends", 0),
        at.get("made", 0),
        at.get("qualified_at", None),
        _read_pending(by) if by else None,
    )


def _read_pending(values: list[Any]) -> PendingReferral:
    purchase = _read_purchase(values[4]) if values[4] else None
    pending = PendingReferral(values[0], values[1], values[2], values[3], purchase)
    if len(values) == 5:
        return pending
    return evolve(pending, name=values[5], event_data=dict(values[6]), was_first=values[7:] == [True])


def _read_member_gift(values: list[Any]) -> Gift | AlikeLevels:
    gift = read_gift(values)
    if len(values) <= 14:
        return gift
    spans = [span.partition("-") for span in values[14].split()]
    levels = [level for low, _, high in spans for level in range(int(low), int(high or low) + 1)]
    return AlikeLevels(evolve(gift, is_card_level=True), tuple(levels))


def read_gift(values: list[Any]) -> Gift:
    """Return a gift as state and journal keep it."""
    return Gift(
        cause=values[0],
        seq=values[1],
        at=values[2],
        awarded=dict(values[3]),
        opened_lots=tuple(OpenedLot(o[0], o[1], o[2], _maybe(o[3]), _date(o[4])) for o in values[4]),
        counted=read_counted(values[5]),
        badge_counts=dict(values[6]),
        vouchers=tuple(values[7]),
        tags=tuple(values[8]),
        deductions=tuple(read_deduction(taken) for taken in values[9]),
        firings=tuple(Firing(f[0], _date(f[1]), f[2]) for f in values[10]),
        gives_floor=values[11],
        awaits=values[12],
        tier=values[13],
    )


def read_counted(values: list[Any]) -> dict[str, Counted]:
    """Return what counted toward tiers as state and journal keep it, without what counted nothing."""
    is_named = values and isinstance(values[0], list)
    by_name: list[list[Any]] = values if is_named else [[SINGLE_COUNT, values]]
    counted = {str(name): Counted(*amounts) for name, amounts in by_name}
    return {name: one for name, one in counted.items() if one != NOT_COUNTED}


def _read_purchase(values: list) -> Purchase:  # type: ignore[type-arg]
    lines = tuple(
        Line(line=ln[0], sku=ln[1], amount=ln[2], quantity=ln[3], name=ln[4], category=ln[5])
        for ln in values[4]
    )
    is_returned = values[5] if len(values) > 5 else False
    payment = read_payment(values[6]) if len(values) > 6 else None
    return Purchase(values[0], values[1], values[2], values[3], lines, is_returned, payment)


def read_payment(values: Sequence[Any]) -> Payment:
    """Return what wallets paid as state and journal keep it."""
    return Payment(values[0], tuple(WalletPayment(*part) for part in values[1]), *values[2:])


def read_deduction(values: Sequence[Any]) -> Deduction:
    """Return what was taken of a wallet as state and journal keep it."""
    return Deduction(values[0], tuple(_read_part(part) for part in values[1]), _date(values[2]))


def _lot_day(key: str) -> date | None:
    return _day_or_never(key.rpartition("_")[2])


def _day_or_never(day: str) -> date | None:
    return None if day == "never" else _date(day)


def _maybe(text: str | None) -> date | None:
    return _date(text) if text else None
