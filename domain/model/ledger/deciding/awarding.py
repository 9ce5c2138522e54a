"""What goes into wallets and comes out again in a row: awards, what is given back, what is clawed back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from domain.model.calendar import Span, add, day_after, local_day
from domain.model.ledger import wallet
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import EntryKind
from domain.model.ledger.gifts import Counted
from domain.model.ledger.lots import Layer, Lot, LotPart, OpenedLot, Origin, lot_of
from domain.model.ledger.validity import renewal
from domain.model.ledger.validity.changes import expiry_of, origin_of
from domain.model.ledger.views.expression_view import held_tier_code
from domain.model.programme import Programme, WalletSpec
from domain.model.values import evolve


def award(
    builder: RowBuilder,
    code: str,
    amount: int,
    *,
    kind: EntryKind,
    rule: str,
    counts: bool,
    is_tier_extra: bool = False,
) -> int:
    """Award into a wallet: pending and validity by its spec. Returns what was awarded: nothing where the
    wallet would be over-full.
    """
    before = builder.wallet(code)
    if amount <= 0 or amount > before.room:
        return 0
    spec, zone = builder.ruling_programme.wallet(code), builder.ruling_programme.zone
    available_at = add(builder.event.at, spec.pending, zone) if spec.pending else None
    since = local_day(available_at or builder.event.at, zone)
    own_until = until = expiry_of(spec, tier=_tier_of_validity(builder), since=since)
    on = local_day(builder.event.at, zone)
    if builder.past_facts is not None:  # late: what has moved open lots since moves this one too
        until = renewal.current_expiry(before, spec, LotPart(amount, until, since), on=on)
    if available_at is not None and available_at <= builder.at:
        available_at = None  # late: spendable at once
    origin = origin_of(spec, on=on, until=own_until)
    after, opened = wallet.award(
        before, amount=amount, available_at=available_at, expires_on=until, since=since, origin=origin
    )
    builder.write_entry(
        code,
        kind,
        amount,
        after,
        rule=rule,
        lots=(LotPart(opened, until, since),) if opened else (),
        available_at=available_at,
        expires_on=until,
        debt=opened - amount,
    )
    if after.write_offs:
        own = Layer(opened, since, origin)
        opened -= _recover_write_off(builder, code, lot_of(own, available_at=available_at, expires_on=until))
    _book_award(builder, OpenedLot(code, opened, available_at, own_until, since), amount)
    if counts:
        counted = Counted(amount, amount if is_tier_extra else 0)
        for name in builder.programme.counts_of(code):
            builder.count(name, counted, is_own=builder.book.is_own())
    if until is not None and until < builder.today:
        builder.lapse(code)
    return amount


def _tier_of_validity(builder: RowBuilder) -> str | None:
    late = builder.past_facts
    return late.tier_after if late is not None else held_tier_code(builder.programme, builder.member)


def _book_award(builder: RowBuilder, lot: OpenedLot, amount: int) -> None:
    if not builder.book.is_own():
        builder.book.draft.add_award(lot, amount)
        return
    builder.awarded[lot.wallet] = builder.awarded.get(lot.wallet, 0) + amount
    if lot.amount:
        builder.opened_lots.append(lot)


def _recover_write_off(builder: RowBuilder, code: str, lot: Lot) -> int:
    """Take from a lot just awarded what was written off in the last 60 days. Returns how much."""
    after, taken = wallet.recover_from_award(builder.wallet(code), lot, today=builder.today)
    amount = sum(part.amount for part in taken)
    builder.write_entry(code, "CLAWBACK", -amount, after, lots=taken)
    return amount


def give_back(
    builder: RowBuilder,
    code: str,
    parts: tuple[LotPart, ...],
    *,
    taken_on: date,
    grace: Span | None = None,
    voucher: str | None = None,
    rule: str | None = None,
    is_payment: bool = False,
    programme: Programme | None = None,
) -> None:
    """Return what was taken of a wallet on a day: it repays debt first, then what was written off since
    is clawed back, and the rest goes to the days those lots would have had by now. What stays lapsed
    goes again. `programme` is that of the taking, where the present one has no such wallet.
    """
    before, spec = builder.wallet(code), _spec_of(builder, code, programme)
    back = []
    for part in parts:
        until = renewal.current_expiry(before, spec, part, on=taken_on)
        origin = part.origin or origin_of(spec, on=taken_on, until=part.expires_on)
        if until is not None and until < builder.today and grace is not None:
            until = day_after(builder.today, grace)
            origin = origin and Origin(builder.today, until)
        back.append(LotPart(part.amount, until, part.since, origin))
    total = sum(part.amount for part in back)
    after, rest = wallet.give_back(evolve(before, spent=before.spent - total), back)
    repaid = total - sum(part.amount for part in rest)
    builder.write_entry(
        code,
        "RETURN",
        total,
        after,
        lots=rest,
        debt=-repaid,
        voucher=voucher,
        rule=rule,
        is_payment=is_payment,
    )
    after, recovered = wallet.recover_from_return(builder.wallet(code), rest, since=taken_on)
    amount = sum(part.amount for part in recovered)
    builder.write_entry(
        code, "CLAWBACK", -amount, after, lots=recovered, voucher=voucher, is_payment=is_payment
    )
    builder.lapse(code)


def claw_back(
    builder: RowBuilder,
    code: str,
    amount: int,
    lots: Sequence[OpenedLot],
    *,
    awarded_on: date,
    rule: str | None = None,
    programme: Programme | None = None,
) -> None:
    """Take an award back: of its own lots first, at their days by now, then of others, then as debt or
    written off. `programme` is that of the award, where the present one has no such wallet.
    """
    before, spec = builder.wallet(code), _spec_of(builder, code, programme)
    own = [renewal.own_lot(before, spec, lot, on=awarded_on, now=builder.at) for lot in lots]
    after, taken, owed = wallet.claw_back(
        before, amount=amount, own=own, today=builder.today, forgive=spec.debt == "forgive"
    )
    total = sum(part.amount for part in taken) + owed
    builder.write_entry(code, "CLAWBACK", -total, after, rule=rule, lots=taken, debt=owed)


def _spec_of(builder: RowBuilder, code: str, programme: Programme | None) -> WalletSpec:
    known = any(spec.code == code for spec in builder.programme.wallets)
    return (builder.programme if known or programme is None else programme).wallet(code)
