"""Refunds: what stands after one is what the purchase's rules give for what was kept, and all else that the
purchase gave goes with what it stood on.

What refunds claim adds up to what one full refund claims, in any order and to the cent: each claims the
difference between what stood and what stands. Events that the purchase raised are part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date

from domain.model.calendar import Per, local_day
from domain.model.event_names import PURCHASED
from domain.model.ledger import rewards
from domain.model.ledger.deciding.awarding import claw_back
from domain.model.ledger.deciding.deductions import by_wallet, return_excess, unreturned
from domain.model.ledger.deciding.earning import Verdict
from domain.model.ledger.deciding.returns.redeciding import (
    RemainingAwards,
    known_rules,
    raised_verdicts,
    remaining_awards,
)
from domain.model.ledger.deciding.returns.revoking import (
    give_room_back,
    reduce_badge,
    revoke,
    uncount,
)
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.deciding.standing import settle_standing
from domain.model.ledger.decision import Outcome, RefundClaim
from domain.model.ledger.events import JoinedRule, JournaledPurchase, Purchase, PurchaseClaim, Refund
from domain.model.ledger.gifts import NOT_COUNTED, Counted, Gift, add_counted
from domain.model.ledger.lots import LAST, OpenedLot
from domain.model.ledger.payments import payment_left
from domain.model.ledger.period_counts import add_firing, bounding_periods, shared_counter
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve

DEDUCTED = "deducted:"  # how a claim names what came back of a deduction, followed by SOURCE/WALLET


@dataclass
class _Claim:
    """A claim while it is made, beside what earlier ones took."""

    earlier: tuple[PurchaseClaim, ...]
    amounts: dict[str, int] = field(default_factory=dict)
    uncounted: dict[str, Counted] = field(default_factory=dict)
    badge_counts: dict[str, int] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    joined: list[JoinedRule] = field(default_factory=list)

    def claimed(self, key: str) -> int:
        """Return what earlier refunds claimed of a wallet, or of a raised event's award."""
        return sum(claim.amounts.get(key, 0) for claim in self.earlier)

    def returned(self, source: str) -> dict[str, int]:
        """Return what earlier refunds gave back of what a source took, by wallet."""
        prefix, amounts = f"{DEDUCTED}{source}/", dict[str, int]()
        for claim in self.earlier:
            for key, amount in claim.amounts.items():
                if key.startswith(prefix):
                    code = key.removeprefix(prefix)
                    amounts[code] = amounts.get(code, 0) + amount
        return amounts

    def has_taken(self, source: str) -> bool:
        """Tell whether a source's gift was taken before."""
        return source in self.sources or any(source in claim.sources for claim in self.earlier)

    def closed(self) -> PurchaseClaim:
        """Return the claim as it is kept."""
        return PurchaseClaim(
            self.amounts,
            self.uncounted,
            self.badge_counts,
            tuple(self.sources),
            tuple(self.joined),
        )


def take_back(builder: RowBuilder, refund: Refund, programme: Programme) -> None:
    """Take back what no longer stands of a purchase and of its delayed rules: awards, counts, gifts, and the
    tiers and levels that only they reached. `programme` is that of the purchase.
    """
    purchase = refund.purchase
    claims = {
        part.key: take_part(builder, refund, part, programme).claim for part in (purchase, *purchase.delayed)
    }
    settle_standing(builder)
    main = claims.pop(purchase.key)
    builder.claim = RefundClaim(main, claims)


@dataclass(frozen=True, slots=True)
class PartTaken:
    """What was taken of a purchase, or of one of its delayed rules: the claim, what stood before and what
    stands now.
    """

    claim: PurchaseClaim
    before: RemainingAwards
    now: RemainingAwards


def take_part(
    builder: RowBuilder, refund: Refund, part: JournaledPurchase, programme: Programme
) -> PartTaken:
    """Take back what no longer stands of a purchase, or of one of its delayed rules."""
    claim = _Claim(part.claims)
    before = remaining_awards(builder, programme, part, refund.before)
    now = remaining_awards(builder, programme, part, refund.remaining, before=before)
    _take_awards(builder, part, claim, before, now, programme)
    _take_counts(builder, part, claim, now)
    _take_rule_gifts(builder, refund, part, claim, before, now)
    _take_raised(builder, refund, part, claim, now, programme)
    _note_unraised(builder, part, now, programme, refund.remaining)
    _move_room(builder, part, claim, before, now, programme)
    return PartTaken(claim.closed(), before, now)


def standing_part(
    part: JournaledPurchase, standing: RemainingAwards, programme: Programme
) -> JournaledPurchase:
    """Return a purchase as if it had never given what its claims have taken: all that is left are the rules
    that joined and stand. `standing` is what its rules give by now.
    """
    claim, claims = _Claim(part.claims), part.claims
    counted = {
        name: known.less(*(one.uncounted.get(name, NOT_COUNTED) for one in claims))
        for name, known in part.counted.items()
    }
    own = {rule.code for rule in programme.rules_on(PURCHASED) if rule.after is None}
    joined = {one.rule: one for earlier in claims for one in earlier.joined if one.rule in standing.applied}
    return evolve(
        part,
        applied=frozenset(code for code in part.applied if code not in own or code in standing.applied),
        awarded={code: amount - claim.claimed(code) for code, amount in part.awarded.items()},
        opened_lots=tuple(
            lot
            for code in part.awarded
            for lot in _unclaimed(part.opened_lots, code, claim.claimed(code))
            if lot.amount
        ),
        counted={name: one for name, one in counted.items() if one != NOT_COUNTED},
        badge_counts={
            code: amount - sum(one.badge_counts.get(code, 0) for one in claims)
            for code, amount in part.badge_counts.items()
        },
        gifts={
            source: _unclaimed_gift(gift, claim, source, programme)
            for source, gift in part.gifts.items()
            if not claim.has_taken(source)
        },
        claims=(PurchaseClaim(joined=tuple(joined.values())),) if joined else (),
    )


def _take_awards(
    builder: RowBuilder,
    part: JournaledPurchase,
    claim: _Claim,
    before: RemainingAwards,
    now: RemainingAwards,
    programme: Programme,
) -> None:
    bought_on = local_day(part.at, builder.programme.zone)
    for code, awarded in part.awarded.items():
        excess = awarded - claim.claimed(code) - now.awarded.get(code, 0)
        if excess <= 0:
            continue
        claim.amounts[code] = excess
        lots = _unclaimed(part.opened_lots, code, claim.claimed(code))
        claw_back(builder, code, excess, lots, awarded_on=bought_on, rule=part.rule, programme=programme)
    for rule, code in dict.fromkeys((*before.by_rule, *now.by_rule)):
        change = now.by_rule.get((rule, code), 0) - before.by_rule.get((rule, code), 0)
        if change and code in claim.amounts:
            variant = now.variant_of(rule) or before.variant_of(rule)
            builder.outcomes.append(Outcome(rule, True, change, None, code, variant))


def _unclaimed(lots: Iterable[OpenedLot], code: str, claimed: int) -> list[OpenedLot]:
    """Return the own lots of a wallet less what earlier refunds have claimed of them, in the order in which
    those claimed.
    """
    own = [lot for lot in lots if lot.wallet == code]
    left = []
    for lot in sorted(own, key=lambda lot: (lot.available_at is None, lot.expires_on or LAST)):
        taken = min(claimed, lot.amount)
        claimed -= taken
        left.append(evolve(lot, amount=lot.amount - taken))
    return left


def _take_counts(builder: RowBuilder, part: JournaledPurchase, claim: _Claim, now: RemainingAwards) -> None:
    """Take off the counts of tier and badges what no longer stands, on the purchase's own day."""
    earlier = claim.earlier
    for name, known in part.counted.items():
        less = [one.uncounted.get(name, NOT_COUNTED) for one in earlier]
        gone = known.less(*less, now.counted.get(name, NOT_COUNTED))
        add_counted(
            claim.uncounted, name, evolve(gone, extras=max(0, gone.extras)) if builder.corrects else gone
        )
    uncount(builder, claim.uncounted, at=part.at, cause=part.key, tier=part.facts.tier)
    for badge, counted in part.badge_counts.items():
        taken = sum(one.badge_counts.get(badge, 0) for one in earlier)
        excess = counted - taken - now.badge_counts.get(badge, 0)
        if excess > 0:
            claim.badge_counts[badge] = excess
            reduce_badge(builder, badge, excess)


def _take_rule_gifts(
    builder: RowBuilder,
    refund: Refund,
    part: JournaledPurchase,
    claim: _Claim,
    before: RemainingAwards,
    now: RemainingAwards,
) -> None:
    """Take what rules on the purchase gave besides awards, where they do not apply to what is kept."""
    for source, gift in part.gifts.items():
        kind, _, code = source.partition(":")
        stands = kind == "rule" and code in now.applied and not refund.remaining.is_returned
        if kind == "rule" and not stands and not claim.has_taken(source):
            claim.sources.append(source)
            left = before.of_rule(code)  # of its caps, too, earlier refunds gave back the rest
            firings = tuple(evolve(firing, amount=left if firing.amount else 0) for firing in gift.firings)
            taken = unreturned(gift, claim.returned(source))
            claim.amounts |= {f"{DEDUCTED}{source}/{code}": left for code, left in by_wallet(taken).items()}
            revoke(builder, source, evolve(gift, firings=firings, deductions=taken))
        elif stands and code in now.verdicts:
            _return_deductions(builder, source, gift, claim, now.verdicts[code])


def _take_raised(
    builder: RowBuilder,
    refund: Refund,
    part: JournaledPurchase,
    claim: _Claim,
    now: RemainingAwards,
    programme: Programme,
) -> None:
    """Take what came of events that the purchase raised, where they or their rules no longer stand."""
    for index, raised in part.raised.items():
        returned = refund.remaining.is_returned or part.rule is not None
        verdicts = None if returned else raised_verdicts(builder, programme, part, raised, now.awarded)
        if returned and not refund.remaining.is_returned:
            continue
        prefix = f"raised:{index}"
        for source, gift in part.gifts.items():
            if source != prefix and not source.startswith(f"{prefix}:"):
                continue
            verdict = (verdicts or {}).get(source[len(prefix) + 1 :])
            stands = verdicts is not None and (source == prefix or (verdict is not None and verdict.applied))
            if not stands and not claim.has_taken(source):
                claim.sources.append(source)
                rest = _unclaimed_gift(gift, claim, source, programme)
                amounts = by_wallet(rest.deductions)
                claim.amounts |= {f"{DEDUCTED}{source}/{code}": left for code, left in amounts.items()}
                revoke(builder, source, rest)
            elif stands and verdict is not None:
                _take_excess(builder, source, gift, claim, verdict, programme)
                _return_deductions(builder, source, gift, claim, verdict)


def _return_deductions(builder: RowBuilder, source: str, gift: Gift, claim: _Claim, verdict: Verdict) -> None:
    """Give back what a rule took beyond what it takes now."""
    if gift.deductions:
        for code, amount in return_excess(builder, gift, verdict, claim.returned(source)).items():
            claim.amounts[f"{DEDUCTED}{source}/{code}"] = amount


def _note_unraised(
    builder: RowBuilder,
    part: JournaledPurchase,
    now: RemainingAwards,
    programme: Programme,
    remaining: Purchase,
) -> None:
    """Note the rewards that the purchase unlocked whose cost what is kept of it would not have reached."""
    balances = part.facts.member.get("balance")
    paid = {one.wallet: one.units for one in payment_left(remaining)} if part.payments else {}
    for spec in rewards.listed(programme):
        gift = builder.member.gifts.get(f"reward:{spec.code}")
        cost = spec.for_member(builder.member.id).cost
        if gift is None or gift.origin != part.key or cost is None or not isinstance(balances, Mapping):
            continue
        balance = balances.get(cost.wallet, 0)
        rest = now.awarded.get(cost.wallet, 0) - paid.get(cost.wallet, 0)
        if isinstance(balance, int) and balance + rest < cost.amount:
            builder.unraised.add(f"reward:{spec.code}")


def _unclaimed_gift(gift: Gift, claim: _Claim, source: str, programme: Programme) -> Gift:
    left = {code: amount - claim.claimed(f"{source}/{code}") for code, amount in gift.awarded.items()}
    lots = [
        lot for code in left for lot in _unclaimed(gift.opened_lots, code, gift.awarded[code] - left[code])
    ]
    taken = sum(gift.awarded.values()) - sum(left.values())
    counted = dict(gift.counted)
    for code in left:
        for name in counted.keys() & set(programme.counts_of(code)):
            counted[name] = counted[name].less(Counted(gift.awarded[code] - left[code]))
    firings = tuple(evolve(firing, amount=max(0, firing.amount - taken)) for firing in gift.firings)
    deductions = unreturned(gift, claim.returned(source))
    return evolve(
        gift,
        awarded=left,
        opened_lots=tuple(lots),
        counted=counted,
        deductions=deductions,
        firings=firings,
    )


def _take_excess(
    builder: RowBuilder, source: str, gift: Gift, claim: _Claim, verdict: Verdict, programme: Programme
) -> None:
    """Take what a rule on a raised event gave beyond what it gives now."""
    now: dict[str, int] = {}
    for grant in verdict.grants:
        now[grant.wallet] = now.get(grant.wallet, 0) + grant.amount
    for code, awarded in gift.awarded.items():
        claimed = claim.claimed(f"{source}/{code}")
        excess = awarded - claimed - now.get(code, 0)
        if excess > 0:
            claim.amounts[f"{source}/{code}"] = excess
            lots = _unclaimed(gift.opened_lots, code, claimed)
            day = local_day(gift.at, builder.programme.zone)
            claw_back(builder, code, excess, lots, awarded_on=day, rule=source)
            for firing in gift.firings:
                give_room_back(builder, firing.rule, firing.on, amount=excess, times=0)
            counted = {
                name: Counted(min(excess, gift.counted.get(name, NOT_COUNTED).awards))
                for name in programme.counts_of(code)
            }
            uncount(builder, counted, at=gift.at, cause=gift.cause)


def _move_room(
    builder: RowBuilder,
    part: JournaledPurchase,
    claim: _Claim,
    before: RemainingAwards,
    now: RemainingAwards,
    programme: Programme,
) -> None:
    """Give limits and caps back what no longer stands, and take the room of rules that apply instead."""
    day, known = local_day(part.at, builder.programme.zone), known_rules(part)
    freed: dict[str, int] = {}
    for rule in programme.rules:
        stands = rule.code in now.applied
        if f"rule:{rule.code}" in claim.sources or not (stands or rule.code in before.applied):
            continue  # what its gift counted is given back already
        less = before.of_rule(rule.code) - now.of_rule(rule.code)
        if rule.code in known:
            give_room_back(builder, rule.code, day, amount=less, times=0)
        else:
            claim.joined.append(now.joining[rule.code])
            _add_firing(builder, rule.code, bounding_periods(rule), day, amount=-less)
        if rule.capped_by is not None:
            freed[rule.capped_by] = freed.get(rule.capped_by, 0) + less
    for cap, less in freed.items():
        name = shared_counter(cap)
        if less > 0:
            give_room_back(builder, name, day, amount=less, times=0)
        elif less < 0:
            _add_firing(builder, name, {programme.cap(cap).per}, day, amount=-less)


def _add_firing(builder: RowBuilder, name: str, periods: set[Per], day: date, *, amount: int) -> None:
    if periods:
        counts = add_firing(builder.member.counters.get(name, ()), periods, day, amount=amount)
        builder.member = evolve(builder.member, counters={**builder.member.counters, name: counts})
