"""The row of a correction: the purchase decided again, then all that this gives rise to."""

from __future__ import annotations

from domain.model.event_names import PURCHASED
from domain.model.ledger.deciding import challenges, event_effects
from domain.model.ledger.deciding.event_row import climb, decide_followups
from domain.model.ledger.deciding.gift_book import GiftBook
from domain.model.ledger.deciding.returns import correcting
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import DecidedBy, JournalRow, StockState
from domain.model.ledger.events import Event
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.member import Member, settle_lots
from domain.model.ledger.views.expression_view import held_tier_code
from domain.model.programme import Programme
from domain.model.values import evolve

RAISED_BY_EACH = 10_000  # more events than one row ever raises: those of a correction are numbered apart


def decide_correction(
    programme: Programme,
    member: Member,
    event: Event,
    *,
    by: DecidedBy,
    stock: StockState,
    history: HistoricalContext,
    with_changes: bool,
) -> tuple[Member, JournalRow]:
    """Decide the correction of a purchase on a member for whom time has been brought up to it; return the
    member after it and its row. Raises CorrectionRefused.
    """
    refund = event.refund
    assert refund is not None, "a correction carries what was recorded of its purchase"
    bought, at = refund.purchase, max(event.at, member.decided_at or event.at)
    facts = evolve(bought.facts, tier_after=bought.facts.tier, plan_after=bought.facts.plan)
    again = Event(bought.key, PURCHASED, bought.at, bought.source, purchase=refund.remaining, refund=refund)
    builder = RowBuilder(
        programme=programme,
        ruling_programme=history.programme,
        before=member,
        member=event_effects.forget_used(settle_lots(member, at=at), at),
        event=again,
        by=by,
        stock=stock,
        at=at,
        version=history.version,
        tier=facts.tier,
        plan=facts.plan,
        book=GiftBook(None),
        past_facts=facts,
        first_raised=RAISED_BY_EACH * int(event.id.rpartition(":")[2]),
    )
    if programme.goal_badges:
        challenges.fix_goals(builder, member)
    corrected = correcting.correct(builder, refund)
    builder.book.book_event(None)
    climb(builder)
    decide_followups(builder)
    correcting.require_unused(builder)
    correcting.drop_scheduled(builder, bought)
    row = builder.close(with_changes=with_changes)
    held = (
        held_tier_code(programme, builder.member),
        builder.member.plan.code if builder.member.plan else None,
    )
    return builder.member, correcting.corrected_row(builder, event, corrected, row, held=held)
