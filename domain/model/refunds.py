"""Refunds: what stands after one is what the purchase's rules give for what was kept, decided again from the facts of its day.

The clawback is the difference to what still stands, so that what refunds claim adds up to what one full refund claims, in any
order and to the cent. `kept` is the arithmetic of the receipt; `claw_back` takes the difference from lots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from domain.model import tiers, wallet
from domain.model.context import Sight, held_code, multiplier
from domain.model.decision import Claim, RefundTooLarge, Row
from domain.model.earning import Bench, counted, judge
from domain.model.events import Event, Line, Purchase, Put, Recorded, Refund
from domain.model.member import Member
from domain.model.programme import Programme
from domain.model.wallet import Lot, Part
from domain.model.work import Work

NOBODY = Member("")  # facts stand in for the member where a purchase is decided again


@dataclass(frozen=True, slots=True)
class RefundLine:
    """What is taken back of one line: a quantity, or an amount for goods by weight. `line` as numbered in the purchase."""

    line: int
    quantity: int | None = None
    amount: int | None = None


# ---------------------------------------------------------------- the receipt


def kept(before: Purchase, *, amount: int | None = None, lines: Sequence[RefundLine] = ()) -> Purchase:
    """Return what stands of a purchase after taking back an amount, or lines, or all that is left. Raises RefundTooLarge."""
    if lines:
        return _without_lines(before, lines)
    taken = before.total if amount is None else amount
    if taken > before.total or taken < 0 or not before.total:
        raise RefundTooLarge(before.total)
    if taken == before.total:
        return replace(before, total=0, lines=tuple(replace(line, amount=0, quantity=0) for line in before.lines))
    return replace(before, total=before.total - taken, lines=_spread(before, taken))


def _spread(before: Purchase, taken: int) -> tuple[Line, ...]:
    """Spread an amount over the lines by what remains of them, largest remainder first (earlier line first where equal).

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
    return replace(line, amount=rest, quantity=(line.quantity - quantity if quantity else line.quantity) if rest else 0)


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
    """Return what the rules of the purchase's day give for what is kept. Where nothing is kept nothing stands."""
    old = refund.recorded
    if not refund.kept.total:
        return Standing({})
    event = Event(old.key, "purchase.completed", old.at, old.source, purchase=refund.kept)
    sight = Sight(programme, NOBODY, event, facts=old.facts, first=old.facts.first)
    factor = multiplier(programme, old.facts.tier, old.facts.plan)
    bench = Bench(programme, sight, member, False, factor, lambda rule: old.facts.room.get(rule.code, (True, None)))
    awarded: dict[str, int] = {}
    qualified = 0
    counts = programme.tiers.count if programme.tiers else None
    for verdict in judge([rule for rule in programme.rules_on(event.name) if rule.after is None], bench):
        for grant in verdict.grants if verdict.applied else ():
            awarded[grant.wallet] = awarded.get(grant.wallet, 0) + grant.amount
            if verdict.rule.qualifying and counts is not None and counts.wallet == grant.wallet:
                qualified += grant.amount
    counted_now = int(counted(counts.of, sight)) if counts and event.name in counts.on and sight.test(counts.when) else 0
    return Standing(awarded, qualified, counted_now)


def claw_back(work: Work, refund: Refund, programme: Programme) -> None:
    """Take back what no longer stands: entries, the tier's count on the award's own day, and a step that only it reached."""
    old, now = refund.recorded, stands(programme, refund, member=work.member.id)
    amounts = {}
    for code, awarded in old.awarded.items():
        excess = awarded - old.clawed.get(code, 0) - now.awarded.get(code, 0)
        if excess > 0:
            amounts[code] = excess
            _claim(work, refund, code, excess)
    unqualified = max(0, old.qualified - old.unqualified - now.qualified)
    uncounted = max(0, old.counted - old.uncounted - now.counted)
    work.claim = Claim(amounts, unqualified, uncounted)
    standing = work.member.tier
    if standing is not None and unqualified + uncounted:
        less = tiers.count(work.programme, standing, amount=-(unqualified + uncounted), at=old.at, today=work.today)
        work.stand(tiers.retract(work.programme, less, at=work.at, cause=old.key), reason="refund")


def _claim(work: Work, refund: Refund, code: str, excess: int) -> None:
    spec, one = work.programme.wallet(code), work.wallet(code)
    tier = held_code(work.programme, work.member)
    own = []
    for put in refund.recorded.puts:
        if put.wallet == code:
            until = wallet.day_by_now(one, spec, Part(put.amount, put.expires_on, put.since), tier=tier)
            waits = put.available_at if put.available_at is not None and put.available_at > work.at else None
            own.append(Lot(put.amount, waits, until, put.since))
    after, taken, owed = wallet.claw_back(one, amount=excess, own=_left_of(own, refund, code), today=work.today, forgive=spec.debt == "forgive")
    amount = sum(part.amount for part in taken) + owed
    work.enter(code, "CLAWBACK", -amount, after, lots=taken, debt=owed)


def _left_of(own: list[Lot], refund: Refund, code: str) -> list[Lot]:
    """Return the purchase's own lots less what earlier refunds have claimed of them, in the order in which those claimed."""
    claimed = refund.recorded.clawed.get(code, 0)
    left = []
    for lot in sorted(own, key=lambda one: (one.available_at is None, one.expires_on or wallet.LAST)):
        part = min(claimed, lot.amount)
        claimed -= part
        left.append(replace(lot, amount=lot.amount - part))
    return left
