"""Refunds: what stands after one is what the purchase's rules give for what was kept, decided again from the
facts of its day.

The clawback is the difference to what still stands, so that what refunds claim adds up to what one full
refund claims, in any order and to the cent. `kept` is the arithmetic of the receipt; `claw_back` takes the
difference from lots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from domain.model.calendar import local_day
from domain.model.event_names import PURCHASED
from domain.model.ledger import ladder, wallet
from domain.model.ledger.decision import JournalRow, RefundClaim, RefundTooLarge
from domain.model.ledger.earning import RuleInputs, count_units, judge
from domain.model.ledger.events import Event, JournaledPurchase, Line, Purchase, Refund
from domain.model.ledger.expression_view import ExpressionView, multiplier, read_before
from domain.model.ledger.member import Member
from domain.model.ledger.row_builder import RowBuilder
from domain.model.ledger.wallet import Lot, LotPart
from domain.model.programme import Programme

NOBODY = Member("")  # facts stand in for the member where a purchase is decided again


@dataclass(frozen=True, slots=True)
class RefundLine:
    """What is taken back of one line: a quantity, or an amount for goods by weight. `line` as numbered in the
    purchase.
    """

    line: int
    quantity: int | None = None
    amount: int | None = None


# ---------------------------------------------------------------- the receipt


def remaining_purchase(
    before: Purchase, *, amount: int | None = None, lines: Sequence[RefundLine] = ()
) -> Purchase:
    """Return what stands of a purchase after taking back an amount, or lines, or all that is left. Raises
    RefundTooLarge.
    """
    if lines:
        return _without_lines(before, lines)
    taken = before.total if amount is None else amount
    if taken > before.total or taken < 0 or not before.total:
        raise RefundTooLarge(before.total)
    if taken == before.total:
        return replace(
            before, total=0, lines=tuple(replace(line, amount=0, quantity=0) for line in before.lines)
        )
    return replace(before, total=before.total - taken, lines=_spread(before, taken))


def _spread(before: Purchase, taken: int) -> tuple[Line, ...]:
    """Spread an amount over the lines by what remains of them, largest remainder first (earlier line first
    where equal).

    What the lines do not add up to of the total takes its share as one more, unseen line.
    """
    amounts = [line.amount for line in before.lines]
    shares = [Fraction(taken * amount, before.total) for amount in (*amounts, before.total - sum(amounts))]
    parts = [int(share) for share in shares]
    order = sorted(range(len(shares)), key=lambda at: (parts[at] - shares[at], at))
    for at in order[: taken - sum(parts)]:
        parts[at] += 1
    return tuple(_less(line, part, None) for line, part in zip(before.lines, parts, strict=False))


def _without_lines(before: Purchase, lines: Sequence[RefundLine]) -> Purchase:
    left = {line.line: line for line in before.lines}
    taken = 0
    for requested in lines:
        line = left.get(requested.line)
        if line is None:
            raise RefundTooLarge(before.total)
        amount = _line_amount(line, requested)
        if amount > line.amount or (requested.quantity or 0) > line.quantity:
            raise RefundTooLarge(line.amount)
        left[requested.line] = _less(line, amount, requested.quantity)
        taken += amount
    if taken > before.total:
        raise RefundTooLarge(before.total)
    return replace(before, total=before.total - taken, lines=tuple(left[line.line] for line in before.lines))


def _line_amount(line: Line, requested: RefundLine) -> int:
    """amount x quantity / the line's quantity, floored; the last one takes the rest."""
    if requested.amount is not None:
        return requested.amount
    assert requested.quantity is not None, "a refund line names a quantity or an amount"
    return (
        line.amount
        if requested.quantity >= line.quantity
        else line.amount * requested.quantity // line.quantity
    )


def _less(line: Line, amount: int, quantity: int | None) -> Line:
    rest = line.amount - amount
    return replace(
        line, amount=rest, quantity=(line.quantity - quantity if quantity else line.quantity) if rest else 0
    )


# ---------------------------------------------------------------- deciding again


def journaled_purchase(row: JournalRow, *, claims: Iterable[RefundClaim] = ()) -> JournaledPurchase:
    """Return a purchase from the journal row that decided it, and from what refunds have claimed since."""
    assert row.event.purchase is not None, "only a purchase's row is refunded"
    clawed: dict[str, int] = {}
    unqualified = uncounted = 0
    for claim in claims:
        unqualified, uncounted = unqualified + claim.awards_uncounted, uncounted + claim.event_uncounted
        for code, amount in claim.amounts.items():
            clawed[code] = clawed.get(code, 0) + amount
    return JournaledPurchase(
        purchase=row.event.purchase,
        at=row.event.at,
        key=row.event.id,
        source=row.event.source,
        version=row.version,
        facts=row.facts,
        awarded=row.awarded,
        awards_counted=row.awards_counted,
        event_counted=row.event_counted,
        opened_lots=row.opened_lots,
        clawed_back=clawed,
        awards_uncounted=unqualified,
        event_uncounted=uncounted,
    )


@dataclass(frozen=True, slots=True)
class RemainingAwards:
    """What a purchase's own rules give for what is kept: by wallet, and the parts that count toward tiers."""

    awarded: Mapping[str, int]
    awards_counted: int = 0
    event_counted: int = 0


def awards_for_remaining(programme: Programme, refund: Refund, *, member: str) -> RemainingAwards:
    """Return what the rules of the purchase's day give for what is kept. Where nothing is kept nothing
    stands.
    """
    old = refund.purchase
    if not refund.remaining.total:
        return RemainingAwards({})
    event = Event(old.key, PURCHASED, old.at, old.source, purchase=refund.remaining)
    sight = ExpressionView(
        programme,
        NOBODY,
        event,
        read_before(programme, PURCHASED),
        facts=old.facts,
        first=old.facts.is_first_purchase,
    )
    factor = multiplier(programme, old.facts.tier, old.facts.plan)
    bench = RuleInputs(
        programme,
        sight,
        member,
        False,
        factor,
        lambda rule: old.facts.rule_rooms.get(rule.code, (True, None)),
    )
    awarded: dict[str, int] = {}
    qualified = 0
    count = programme.tiers.count if programme.tiers else None
    for verdict in judge([rule for rule in programme.rules_on(PURCHASED) if rule.after is None], bench):
        for grant in verdict.grants if verdict.applied else ():
            awarded[grant.wallet] = awarded.get(grant.wallet, 0) + grant.amount
            if verdict.rule.qualifying and count is not None and count.wallet == grant.wallet:
                qualified += grant.amount
    return RemainingAwards(awarded, qualified, _event_count(programme, sight, old))


def _event_count(programme: Programme, sight: ExpressionView, old: JournaledPurchase) -> int:
    """What the purchase itself counts toward tiers. A condition over the member, who was seen after it, stays
    as it was answered.
    """
    count = programme.tiers.count if programme.tiers else None
    if count is None or not old.event_counted:
        return 0
    of_member = count.when is not None and any(name.startswith("member") for name in count.when.names)
    return int(count_units(count.of, sight)) if of_member or sight.test(count.when) else 0


def claw_back(builder: RowBuilder, refund: Refund, programme: Programme) -> None:
    """Take back what no longer stands: entries, the tier's count on the award's own day, and a step that only
    it reached.
    """
    original, remaining = refund.purchase, awards_for_remaining(programme, refund, member=builder.member.id)
    amounts = {}
    for code, awarded in original.awarded.items():
        excess = awarded - original.clawed_back.get(code, 0) - remaining.awarded.get(code, 0)
        if excess > 0:
            amounts[code] = excess
            _claw_back_wallet(builder, refund, code, excess, programme)
    unqualified = max(0, original.awards_counted - original.awards_uncounted - remaining.awards_counted)
    uncounted = max(0, original.event_counted - original.event_uncounted - remaining.event_counted)
    builder.claim = RefundClaim(amounts, unqualified, uncounted)
    before, taken = builder.member.tier, unqualified + uncounted
    if before is not None and taken:
        less = ladder.add_count(
            builder.programme, before, amount=-taken, at=original.at, today=builder.today, cause=original.key
        )
        builder.set_standing(
            ladder.retract(builder.programme, before, less, taken=taken, at=builder.at, cause=original.key)
        )


def _claw_back_wallet(
    builder: RowBuilder, refund: Refund, code: str, excess: int, programme: Programme
) -> None:
    ruled = builder.programme if any(spec.code == code for spec in builder.programme.wallets) else programme
    spec, before = ruled.wallet(code), builder.wallet(code)
    bought_on = local_day(refund.purchase.at, builder.programme.zone)
    own = []
    for put in refund.purchase.opened_lots:
        if put.wallet == code:
            until = wallet.current_expiry(
                before, spec, LotPart(put.amount, put.expires_on, put.since), on=bought_on
            )
            waits = (
                put.available_at if put.available_at is not None and put.available_at > builder.at else None
            )
            own.append(Lot(put.amount, waits, until, put.since))
    forgive, left = spec.debt == "forgive", _left_of(own, refund, code)
    after, taken, owed = wallet.claw_back(
        before, amount=excess, own=left, today=builder.today, forgive=forgive
    )
    amount = sum(part.amount for part in taken) + owed
    builder.write_entry(code, "CLAWBACK", -amount, after, lots=taken, debt=owed)


def _left_of(own: list[Lot], refund: Refund, code: str) -> list[Lot]:
    """Return the purchase's own lots less what earlier refunds have claimed of them, in the order in which
    those claimed.
    """
    claimed = refund.purchase.clawed_back.get(code, 0)
    left = []
    for lot in sorted(
        own, key=lambda own_lot: (own_lot.available_at is None, own_lot.expires_on or wallet.LAST)
    ):
        part = min(claimed, lot.amount)
        claimed -= part
        left.append(replace(lot, amount=lot.amount - part))
    return left
