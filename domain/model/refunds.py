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

from domain.model import ladder, wallet
from domain.model.calendar import local_day
from domain.model.context import Sight, multiplier, read_before
from domain.model.decision import Claim, RefundTooLarge, Row
from domain.model.earning import Bench, counted, judge
from domain.model.events import PURCHASED, Event, Line, Purchase, Recorded, Refund
from domain.model.member import Member
from domain.model.programme import Programme
from domain.model.wallet import Lot, Part
from domain.model.work import Work

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


def kept(before: Purchase, *, amount: int | None = None, lines: Sequence[RefundLine] = ()) -> Purchase:
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
    for asked in lines:
        line = left.get(asked.line)
        if line is None:
            raise RefundTooLarge(before.total)
        amount = _line_amount(line, asked)
        if amount > line.amount or (asked.quantity or 0) > line.quantity:
            raise RefundTooLarge(line.amount)
        left[asked.line] = _less(line, amount, asked.quantity)
        taken += amount
    if taken > before.total:
        raise RefundTooLarge(before.total)
    return replace(before, total=before.total - taken, lines=tuple(left[line.line] for line in before.lines))


def _line_amount(line: Line, asked: RefundLine) -> int:
    """amount x quantity / the line's quantity, floored; the last one takes the rest."""
    if asked.amount is not None:
        return asked.amount
    assert asked.quantity is not None, "a refund line names a quantity or an amount"
    return line.amount if asked.quantity >= line.quantity else line.amount * asked.quantity // line.quantity


def _less(line: Line, amount: int, quantity: int | None) -> Line:
    rest = line.amount - amount
    return replace(
        line, amount=rest, quantity=(line.quantity - quantity if quantity else line.quantity) if rest else 0
    )


# ---------------------------------------------------------------- deciding again


def recorded(row: Row, *, claims: Iterable[Claim] = ()) -> Recorded:
    """Return a purchase from the journal row that decided it, and from what refunds have claimed since."""
    assert row.event.purchase is not None, "only a purchase's row is refunded"
    clawed: dict[str, int] = {}
    unqualified = uncounted = 0
    for claim in claims:
        unqualified, uncounted = unqualified + claim.unqualified, uncounted + claim.uncounted
        for code, amount in claim.amounts.items():
            clawed[code] = clawed.get(code, 0) + amount
    return Recorded(
        purchase=row.event.purchase,
        at=row.event.at,
        key=row.event.id,
        source=row.event.source,
        version=row.version,
        facts=row.facts,
        awarded=row.awarded,
        qualified=row.qualified,
        counted=row.counted,
        puts=row.puts,
        clawed=clawed,
        unqualified=unqualified,
        uncounted=uncounted,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a purchase's own rules give for what is kept: by wallet, and the parts that count toward tiers."""

    awarded: Mapping[str, int]
    qualified: int = 0
    counted: int = 0


def stands(programme: Programme, refund: Refund, *, member: str) -> Standing:
    """Return what the rules of the purchase's day give for what is kept. Where nothing is kept nothing
    stands.
    """
    old = refund.recorded
    if not refund.kept.total:
        return Standing({})
    event = Event(old.key, PURCHASED, old.at, old.source, purchase=refund.kept)
    sight = Sight(
        programme, NOBODY, event, read_before(programme, PURCHASED), facts=old.facts, first=old.facts.first
    )
    factor = multiplier(programme, old.facts.tier, old.facts.plan)
    bench = Bench(
        programme, sight, member, False, factor, lambda rule: old.facts.room.get(rule.code, (True, None))
    )
    awarded: dict[str, int] = {}
    qualified = 0
    count = programme.tiers.count if programme.tiers else None
    for verdict in judge([rule for rule in programme.rules_on(PURCHASED) if rule.after is None], bench):
        for grant in verdict.grants if verdict.applied else ():
            awarded[grant.wallet] = awarded.get(grant.wallet, 0) + grant.amount
            if verdict.rule.qualifying and count is not None and count.wallet == grant.wallet:
                qualified += grant.amount
    return Standing(awarded, qualified, _counted(programme, sight, old))


def _counted(programme: Programme, sight: Sight, old: Recorded) -> int:
    """What the purchase itself counts toward tiers. A condition over the member, who was seen after it, stays
    as it was answered.
    """
    count = programme.tiers.count if programme.tiers else None
    if count is None or not old.counted:
        return 0
    of_member = count.when is not None and any(name.startswith("member") for name in count.when.names)
    return int(counted(count.of, sight)) if of_member or sight.test(count.when) else 0


def claw_back(work: Work, refund: Refund, programme: Programme) -> None:
    """Take back what no longer stands: entries, the tier's count on the award's own day, and a step that only
    it reached.
    """
    old, now = refund.recorded, stands(programme, refund, member=work.member.id)
    amounts = {}
    for code, awarded in old.awarded.items():
        excess = awarded - old.clawed.get(code, 0) - now.awarded.get(code, 0)
        if excess > 0:
            amounts[code] = excess
            _claim(work, refund, code, excess, programme)
    unqualified = max(0, old.qualified - old.unqualified - now.qualified)
    uncounted = max(0, old.counted - old.uncounted - now.counted)
    work.claim = Claim(amounts, unqualified, uncounted)
    before, taken = work.member.tier, unqualified + uncounted
    if before is not None and taken:
        less = ladder.count(work.programme, before, amount=-taken, at=old.at, today=work.today, cause=old.key)
        work.stand(ladder.retract(work.programme, before, less, taken=taken, at=work.at, cause=old.key))


def _claim(work: Work, refund: Refund, code: str, excess: int, programme: Programme) -> None:
    ruled = work.programme if any(spec.code == code for spec in work.programme.wallets) else programme
    spec, one = ruled.wallet(code), work.wallet(code)
    bought_on = local_day(refund.recorded.at, work.programme.zone)
    own = []
    for put in refund.recorded.puts:
        if put.wallet == code:
            until = wallet.day_by_now(one, spec, Part(put.amount, put.expires_on, put.since), on=bought_on)
            waits = put.available_at if put.available_at is not None and put.available_at > work.at else None
            own.append(Lot(put.amount, waits, until, put.since))
    forgive, left = spec.debt == "forgive", _left_of(own, refund, code)
    after, taken, owed = wallet.claw_back(one, amount=excess, own=left, today=work.today, forgive=forgive)
    amount = sum(part.amount for part in taken) + owed
    work.enter(code, "CLAWBACK", -amount, after, lots=taken, debt=owed)


def _left_of(own: list[Lot], refund: Refund, code: str) -> list[Lot]:
    """Return the purchase's own lots less what earlier refunds have claimed of them, in the order in which
    those claimed.
    """
    claimed = refund.recorded.clawed.get(code, 0)
    left = []
    for lot in sorted(own, key=lambda one: (one.available_at is None, one.expires_on or wallet.LAST)):
        part = min(claimed, lot.amount)
        claimed -= part
        left.append(replace(lot, amount=lot.amount - part))
    return left
