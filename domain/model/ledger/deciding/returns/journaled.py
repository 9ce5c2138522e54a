"""A purchase as the journal tells it: what a refund or a correction takes back of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.model.event_names import CORRECTED
from domain.model.ledger.decision import DelayedEvent, JournalRow, RefundClaim
from domain.model.ledger.events import Event, JournaledPurchase, PurchaseClaim
from domain.model.values import evolve


def journaled_purchase(
    row: JournalRow,
    *,
    claims: Iterable[RefundClaim] = (),
    delayed: Iterable[JournalRow] = (),
    scheduled: Iterable[DelayedEvent] = (),
) -> JournaledPurchase:
    """Return a purchase from the journal row that decided it, the rows of its delayed rules, and what refunds
    have claimed since. `scheduled` is for a correction: what it has left for later.
    """
    claims = tuple(claims)
    parts = tuple(
        _part(one, [claim.delayed[one.event.id] for claim in claims if one.event.id in claim.delayed])
        for one in delayed
    )
    known = {name for later in scheduled for name in schedule_names(later.event)}
    whole = _part(row, [claim.purchase for claim in claims])
    return evolve(whole, delayed=parts, scheduled=frozenset(known))


def schedule_names(event: Event) -> tuple[str, ...]:
    """Return how an event for later is known: by its id, and by its gift and rule where it has a gift."""
    return (event.id,) if event.gift is None else (event.id, f"{event.gift}>{event.delayed_rule}")


def _part(row: JournalRow, claims: Sequence[PurchaseClaim]) -> JournaledPurchase:
    assert row.event.purchase is not None, "only a purchase's rows are refunded"
    key, at = row.event.id, row.event.at
    if row.event.name == CORRECTED and row.refunded is not None:
        key, at = row.refunded.key, row.refunded.purchased_at or at
    return JournaledPurchase(
        purchase=row.event.purchase,
        at=at,
        key=key,
        source=row.event.source,
        version=row.version,
        facts=row.facts,
        seq=row.seq,
        rule=row.event.delayed_rule,
        applied=frozenset(outcome.rule for outcome in row.outcomes if outcome.applied),
        awarded=row.awarded,
        counted=row.counted,
        badge_counts=row.badge_counts,
        opened_lots=row.opened_lots,
        gifts=row.gifts,
        raised=row.raised_facts,
        claims=tuple(claims),
        payments=row.payments,
        outcomes=row.outcomes,
    )
