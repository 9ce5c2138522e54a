"""Corrections: a purchase decided again for the amount that is right, at its own time, from the facts of its
day. What no longer stands is taken as by a refund, what stands now and did not is given as on that day.

So only the difference moves: what both amounts bring stays untouched, with its lots and vouchers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from domain.model.calendar import add, local_day
from domain.model.event_names import POINTS_AWARDED, PURCHASED
from domain.model.ledger import badges, categories
from domain.model.ledger.deciding import actions, referrals
from domain.model.ledger.deciding.awarding import award
from domain.model.ledger.deciding.deductions import by_wallet
from domain.model.ledger.deciding.earning import Verdict
from domain.model.ledger.deciding.returns.redeciding import (
    RemainingAwards,
    raised_later,
    raised_verdicts,
    remaining_awards,
)
from domain.model.ledger.deciding.returns.refunds import PartTaken, standing_part, take_part
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import CorrectionRefused, DelayedEvent, JournalRow, Outcome, RefundClaim
from domain.model.ledger.events import Event, JournaledPurchase, PurchaseClaim, Refund
from domain.model.ledger.gifts import NOT_COUNTED, Counted, Firing, Gift, add_counted, joined
from domain.model.ledger.member import BadgeState
from domain.model.ledger.period_counts import bounding_periods, shared_counter
from domain.model.ledger.views.expression_view import LARGEST_NUMBER
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve

LATER = "later:"
_ELSEWHERE = "delayed"  # books what a delayed rule gives more: its own claim keeps that


@dataclass(frozen=True)
class CorrectedPurchase:
    """A purchase as it stands after a correction, but for what the row gives more. `delayed` are the claims
    of its delayed rules, `taken` says of the purchase itself what stood and what stands now.
    """

    standing: JournaledPurchase
    taken: PartTaken
    delayed: Mapping[str, PurchaseClaim]


# ---------------------------------------------------------------- deciding
def correct(builder: RowBuilder, refund: Refund) -> CorrectedPurchase:
    """Bring what a purchase gave to what it gives now, and count its totals by that. Raises CorrectionRefused
    where a voucher that goes was used.
    """
    programme = builder.ruling_programme
    stood = remaining_awards(builder, programme, refund.purchase, refund.before)
    part = standing_part(refund.purchase, stood, programme)
    taken = take_part(builder, refund, part, programme)
    delayed = {each.key: _correct_delayed(builder, refund, each, programme) for each in part.delayed}
    _give_awards(builder, part, taken)
    _give_counts(builder, part, taken)
    _give_rule_gifts(builder, part, taken)
    _give_by_raised(builder, part, taken, programme)
    _postpone_more(builder, part, taken.now)
    builder.book.book_event(None)
    _count_totals(builder, refund)
    left = evolve(part, claims=(*part.claims, taken.claim))
    return CorrectedPurchase(standing_part(left, taken.now, programme), taken, delayed)


def drop_scheduled(builder: RowBuilder, part: JournaledPurchase) -> None:
    """Leave out what still waits for a gift that went and came again: it finds the gift by the same cause."""
    builder.delayed = [
        later
        for later in builder.delayed
        if later.event.gift is None
        or later.due <= builder.at
        or f"{later.event.gift}>{later.event.delayed_rule}" not in part.scheduled
    ]


def require_unused(builder: RowBuilder) -> None:
    """Raise CorrectionRefused where the row took back what had given a voucher that was used."""
    known = {used.voucher for vouchers in builder.before.used_vouchers.values() for used in vouchers}
    for vouchers in builder.member.used_vouchers.values():
        for used in vouchers:
            if used.voucher not in known:
                raise CorrectionRefused("VOUCHER_USED", voucher=used.voucher)


def _count_totals(builder: RowBuilder, refund: Refund) -> None:
    bought, member = builder.member.purchases, builder.member
    more = refund.remaining.total - refund.before.total
    is_early = member.joined_at is not None and refund.purchase.at < member.joined_at
    totals = evolve(
        categories.count_correction(bought, refund),
        total=bought.total + more,
        total_before_joining=bought.total_before_joining + (more if is_early else 0),
    )
    referral = referrals.without_refunded(member.referral, refund)
    builder.member = evolve(member, purchases=totals, referral=referral)
    referrals.unmake(builder)
    if all(pending.key != refund.purchase.key for pending in builder.member.referral.waiting):
        referrals.judge(builder, builder.event)


# ---------------------------------------------------------------- what the purchase gives more
def _give_awards(builder: RowBuilder, part: JournaledPurchase, taken: PartTaken) -> None:
    for code, amount in taken.now.awarded.items():
        more = amount - part.awarded.get(code, 0) + taken.claim.amounts.get(code, 0)
        _award_more(builder, code, more, taken)
        if more > 0 and not _has_raised(part, code):
            builder.book.book_event(None)
            builder.raise_event(
                POINTS_AWARDED, {"wallet": code, "amount": amount, "on": _last_day(builder, code)}
            )


def _award_more(builder: RowBuilder, code: str, more: int, taken: PartTaken) -> None:
    """Award into a wallet, by the rules that give more of it than they did."""
    for (rule, wallet), amount in taken.now.by_rule.items():
        part_of = min(more, amount - taken.before.by_rule.get((rule, wallet), 0)) if wallet == code else 0
        if part_of > 0:
            builder.book.book_rule(rule, None)
            award(builder, code, part_of, kind="AWARD", rule=rule, counts=False)
            more -= part_of


def _has_raised(part: JournaledPurchase, code: str) -> bool:
    """Tell whether rules on what was raised for an award to a wallet are judged again by themselves."""
    return any(
        raised.name == POINTS_AWARDED and raised.data.get("wallet") == code for raised in part.raised.values()
    )


def _last_day(builder: RowBuilder, code: str) -> str | None:
    last = next((entry for entry in reversed(builder.entries) if entry.wallet == code), None)
    return str(last.expires_on) if last is not None and last.expires_on else None


def _give_counts(builder: RowBuilder, part: JournaledPurchase, taken: PartTaken) -> None:
    for name, counted in taken.now.counted.items():
        known = part.counted.get(name, NOT_COUNTED).less(taken.claim.uncounted.get(name, NOT_COUNTED))
        builder.count(name, counted.less(known), is_own=True)
    builder.count_toward_tiers()
    specs = {spec.code: spec for spec in builder.programme.badges}
    builder.book.book_event(None)
    for code, count in taken.now.badge_counts.items():
        more = count - part.badge_counts.get(code, 0) + taken.claim.badge_counts.get(code, 0)
        spec = specs.get(code)
        if more <= 0 or spec is None:
            continue
        before = builder.member.badges.get(code, BadgeState())
        progress = min(LARGEST_NUMBER, before.progress + more)
        after = badges.leveled(evolve(before, progress=progress), spec, at=builder.event.at)
        builder.badge_counts[code] = more
        actions.set_badge(builder, spec, after, event=builder.event)
        builder.book.book_event(None)
    for spec in builder.programme.badges_on(PURCHASED):
        if spec.streak is not None:
            actions.count_badge(builder, spec, builder.event, None)
            builder.book.book_event(None)


def _give_rule_gifts(builder: RowBuilder, part: JournaledPurchase, taken: PartTaken) -> None:
    day = local_day(part.at, builder.programme.zone)
    for code, verdict in taken.now.verdicts.items():
        builder.book.book_rule(code, None)
        if code in taken.before.applied:
            _deduct_more(builder, part.gifts.get(f"rule:{code}"), verdict)
            continue
        actions.act(builder, verdict, builder.event)
        amount = taken.now.of_rule(code)  # its limit and cap have counted it already
        if bounding_periods(verdict.rule):
            builder.book.draft.firings.append(Firing(code, day, amount))
        if verdict.rule.capped_by is not None and amount:
            builder.book.draft.firings.append(Firing(shared_counter(verdict.rule.capped_by), day, amount))


def _deduct_more(builder: RowBuilder, gift: Gift | None, verdict: Verdict) -> None:
    """Take what a rule takes now beyond what it took; a gift that took nothing had found nothing there."""
    taken = by_wallet(gift.deductions) if gift is not None else {}
    now = dict[str, int]()
    for spec, amount in zip(verdict.rule.deductions, verdict.deductions, strict=True):
        now[spec.wallet] = now.get(spec.wallet, 0) + amount
    for code, amount in now.items():
        if amount > taken.get(code, 0):
            actions.deduct(builder, code, amount - taken.get(code, 0), verdict.rule.code)


def _give_by_raised(
    builder: RowBuilder, part: JournaledPurchase, taken: PartTaken, programme: Programme
) -> None:
    """Give what rules on events that the purchase raised give more than they did."""
    for index, raised in part.raised.items():
        now = raised_verdicts(builder, programme, part, raised, taken.now.awarded)
        before = raised_verdicts(builder, programme, part, raised, taken.before.awarded) or {}
        for code, verdict in (now or {}).items():
            if not verdict.applied:
                continue
            source = f"raised:{index}:{code}"
            builder.book.source = source
            known = before.get(code)
            if known is None or not known.applied:
                amount = {"amount": taken.now.awarded.get(str(raised.data.get("wallet")), 0)}
                event_data = {**raised.data, **(amount if raised.name == POINTS_AWARDED else {})}
                actions.carry_out(
                    builder, verdict, Event(f"{part.key}/{index}", raised.name, part.at, "selo", event_data)
                )
                continue
            for grant in verdict.grants:
                gift = part.gifts.get(source)
                more = grant.amount - (gift.awarded.get(grant.wallet, 0) if gift is not None else 0)
                more += taken.claim.amounts.get(f"{source}/{grant.wallet}", 0)
                if more > 0:
                    award(
                        builder, grant.wallet, more, kind="AWARD", rule=code, counts=verdict.rule.qualifying
                    )
            _deduct_more(builder, part.gifts.get(source), verdict)
        _postpone_by_raised(builder, part, index, taken.now, programme)
    builder.count_toward_tiers()


def _postpone_by_raised(
    builder: RowBuilder, part: JournaledPurchase, index: int, now: RemainingAwards, programme: Programme
) -> None:
    """Keep for later what rules with a delay would have kept for later by what the purchase awards now."""
    raised, id = part.raised[index], f"{part.key}/{index}"
    if raised.name != POINTS_AWARDED:
        return
    amount = now.awarded.get(str(raised.data.get("wallet")), 0)
    event = Event(id, raised.name, part.at, "selo", {**raised.data, "amount": amount})
    for rule in raised_later(builder, programme, part, raised, now.awarded):
        if f"{id}>{rule.code}" not in part.scheduled and rule.after is not None:
            due = max(add(part.at, rule.after, builder.programme.zone), builder.at)
            later = evolve(
                event,
                id=f"{id}>{rule.code}",
                at=due,
                purchase=builder.event.purchase,
                delayed_rule=rule.code,
                original_at=part.at,
            )
            builder.delayed.append(DelayedEvent(builder.member.id, due, later))


# ---------------------------------------------------------------- rules with a delay
def _correct_delayed(
    builder: RowBuilder, refund: Refund, part: JournaledPurchase, programme: Programme
) -> PurchaseClaim:
    """Bring what a delayed rule gave to what it gives now; one that gave nothing, and would now, comes
    again.
    """
    taken = take_part(builder, refund, part, programme)
    claim, awarded, counted = taken.claim, dict(taken.claim.amounts), dict(taken.claim.uncounted)
    if part.rule not in taken.before.applied:
        if part.rule in taken.now.applied:
            number = sum(one.rule == part.rule for one in refund.purchase.delayed)
            _schedule(builder, part.rule or "", at=builder.at, suffix=f"~{number}")
        return PurchaseClaim()
    event = builder.event
    builder.event, builder.book.source = evolve(event, at=part.at), _ELSEWHERE
    for code, amount in taken.now.awarded.items():
        stood = part.awarded.get(code, 0) - sum(one.amounts.get(code, 0) for one in part.claims)
        more = amount - stood + claim.amounts.get(code, 0)
        if more > 0:
            award(builder, code, more, kind="AWARD", rule=part.rule or "", counts=False)
            awarded[code] = awarded.get(code, 0) - more
    for name, now in taken.now.counted.items():
        known = part.counted.get(name, NOT_COUNTED)
        known = known.less(*(one.uncounted.get(name, NOT_COUNTED) for one in (*part.claims, claim)))
        more_counted = now.less(known)
        builder.count(name, more_counted, is_own=False)
        add_counted(counted, name, Counted(-more_counted.awards, -more_counted.extras, -more_counted.event))
    builder.count_toward_tiers()
    builder.event, builder.book.source = event, ""
    return evolve(claim, amounts=awarded, uncounted=counted)


def _postpone_more(builder: RowBuilder, part: JournaledPurchase, now: RemainingAwards) -> None:
    """Keep rules with a delay for later that would have been kept for later by the amount that is right."""
    known = {outcome.rule for outcome in part.outcomes if _is_later(outcome)}
    for rule in now.postponed:
        if rule.code not in known:
            due = add(part.at, rule.after, builder.programme.zone) if rule.after is not None else part.at
            _schedule(builder, rule.code, at=due)


def _schedule(builder: RowBuilder, rule: str, *, at: datetime, suffix: str = "") -> None:
    bought, facts = builder.event, builder.past_facts
    due = max(at, builder.at)
    event = Event(
        f"{bought.id}>{rule}{suffix}",
        PURCHASED,
        due,
        bought.source,
        purchase=bought.purchase,
        delayed_rule=rule,
        original_at=bought.at,
        was_first=facts is not None and facts.is_first_purchase,
    )
    builder.delayed.append(DelayedEvent(builder.member.id, due, event))


def _is_later(outcome: Outcome) -> bool:
    return outcome.reason is not None and outcome.reason.startswith(LATER)


# ---------------------------------------------------------------- the row
def corrected_row(
    builder: RowBuilder,
    event: Event,
    corrected: CorrectedPurchase,
    row: JournalRow,
    *,
    held: tuple[str | None, ...],
) -> JournalRow:
    """Return the row of a correction: what moved, and of the corrected purchase all that a purchase's row
    says, so that refunds go by it. `held` are the tier and the plan that are held after it.
    """
    standing, raised_by_now = corrected.standing, {**corrected.standing.raised, **row.raised_facts}
    rooms = standing.facts.rule_rooms
    facts = evolve(standing.facts, tier_after=held[0], plan_after=held[1], rule_rooms=rooms)
    counted = dict(standing.counted)
    for name, more in row.counted.items():
        add_counted(counted, name, more)
    tags_since = {tag: known.since_seq for tag, known in builder.member.tag_sources.items()}
    gifts = dict(standing.gifts)
    for source, gift in row.gifts.items():
        if source != _ELSEWHERE:
            gifts[source] = joined(gifts[source], gift, tags_since) if source in gifts else gift
    return evolve(
        row,
        event=event,
        outcomes=tuple(_outcomes(builder, corrected, row.outcomes)),
        messages=tuple(one for one in row.messages if one.event != POINTS_AWARDED),
        facts=facts,
        awarded=_sum(standing.awarded, row.awarded),
        opened_lots=(*standing.opened_lots, *row.opened_lots),
        counted=counted,
        badge_counts=_sum(standing.badge_counts, row.badge_counts),
        gifts=gifts,
        raised_facts=raised_by_now,
        claim=RefundClaim(standing.claims[0] if standing.claims else PurchaseClaim(), corrected.delayed),
        payments=standing.payments,
    )


def claims_after(earlier: Iterable[RefundClaim], row: JournalRow) -> tuple[RefundClaim, ...]:
    """Return the claims of a receipt after the row of a correction: the corrected purchase is claimed anew,
    of its delayed rules stays what was claimed.
    """
    assert row.claim is not None, "a correction's row has a claim"
    delayed_claims = (RefundClaim(PurchaseClaim(), claim.delayed) for claim in earlier if claim.delayed)
    return (*delayed_claims, row.claim)


def _outcomes(
    builder: RowBuilder, corrected: CorrectedPurchase, followed: Iterable[Outcome]
) -> Iterable[Outcome]:
    """What each rule comes to for the amount that is right, then what rules on other events came to."""
    now, bought = corrected.taken.now, corrected.standing
    own = {rule.code: rule for rule in builder.ruling_programme.rules_on(PURCHASED)}
    for verdict in now.judged:
        if not verdict.applied:
            yield Outcome(verdict.rule.code, False, 0, verdict.reason)
            continue
        for wallet, amount in _by_wallet(verdict).items():
            rule = verdict.rule
            yield Outcome(rule.code, amount > 0, amount, verdict.reason, wallet, rule.variant)
        if not verdict.grants:
            yield Outcome(verdict.rule.code, True, variant=verdict.rule.variant)
    later = {outcome.rule: outcome for outcome in bought.outcomes if _is_later(outcome)}
    yield from (outcome for outcome in later.values())
    for delayed in builder.delayed:
        code = delayed.event.delayed_rule
        if code in own and code not in later:
            due = delayed.due.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            yield Outcome(code or "", False, 0, LATER + due)
    for outcome in bought.outcomes:  # of rules on what it raised, which refunds judge by their rooms
        if outcome.applied and outcome.rule not in own and ":" not in outcome.rule:
            yield outcome
    for outcome in followed:
        if outcome.rule not in own:
            yield outcome


def _by_wallet(verdict: Verdict) -> dict[str, int]:
    amounts = dict[str, int]()
    for grant in verdict.grants:
        amounts[grant.wallet] = amounts.get(grant.wallet, 0) + grant.amount
    return amounts


def _sum(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    both = {key: first.get(key, 0) + second.get(key, 0) for key in (*first, *second)}
    return {key: amount for key, amount in both.items() if amount}
