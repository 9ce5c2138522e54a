"""One row of the journal becomes figures: the member's figures after it, and what it adds to sums.

A row counts on the programme's day of its event, for the store of its event and the tier held then: what
comes late, and what is taken back, counts in the period in which it happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import cast

from domain.model.calendar import local_day
from domain.model.club.leaderboards import UndoneRow
from domain.model.club.tastes import NO_TASTES, after_purchase, after_return
from domain.model.event_names import (
    CLOSED,
    CODE_ENTERED,
    CORRECTED,
    ENROLLED,
    ERASED,
    IMPORTED,
    MOVING_EVENTS,
    PURCHASED,
    REFUNDED,
    REOPENED,
    TIER_CHANGED,
    UNMERGED,
)
from domain.model.figures.folded_row import FoldedRow
from domain.model.figures.folds import club, leaderboards, people, purchases, rules, wallets
from domain.model.figures.increments import NO_STORE, NO_TIER, Increments
from domain.model.figures.member_figures import CUSTOMER_WINDOW, Brought, MemberFigures, bought, in_arms
from domain.model.figures.variant_arms import in_variants
from domain.model.ledger.deciding.earning import is_during
from domain.model.ledger.deciding.opening import is_history
from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Event
from domain.model.ledger.member import Member
from domain.model.ledger.merging.moved_state import read_state
from domain.model.programme import Programme
from domain.model.values import evolve

Fold = Callable[[FoldedRow, Increments], None]
FOLDS: tuple[Fold, ...] = (
    people.fold,
    purchases.fold,
    wallets.fold,
    rules.fold,
    leaderboards.fold,
    club.fold,
)


def fold_row(
    programme: Programme,
    member: str,
    before: MemberFigures,
    row: JournalRow,
    increments: Increments,
    undone: tuple[UndoneRow, ...] = (),
) -> MemberFigures:
    """Add a row to the increments; return the member's figures after it. `programme` is the version that
    decided the row, `undone` the rows that it takes back without saying of what.
    """
    day = local_day(row.event.at, programme.zone)
    after = follow(programme, before, row, day)
    folded = FoldedRow(
        member=member,
        row=row,
        programme=programme,
        day=day,
        store=store_of(row.event) or NO_STORE,
        tier=row.facts.tier or before.tier or NO_TIER,
        before=before,
        after=after,
        undone=undone,
    )
    for fold in FOLDS:
        fold(folded, increments)
    return after


def store_of(event: Event) -> str | None:
    """Return in which store an event was: that of its purchase, or the one that it names."""
    if event.purchase is not None:
        return event.purchase.store
    store = event.data.get("store")
    return store if isinstance(store, str) else None


def follow(programme: Programme, before: MemberFigures, row: JournalRow, day: date) -> MemberFigures:
    """Return a member's figures after a row."""
    after = _joined_or_left(evolve(before, seq=row.seq), row.event, day)
    after = _merged_or_not(after, programme, row.event, day)
    after = evolve(
        after, tier=_tier_after(before, row), plan=_plan_after(before, row), segments=_segments(before, row)
    )
    fired = {outcome.rule for outcome in row.outcomes if outcome.applied and outcome.amount >= 0}
    if not fired <= after.fired:
        after = evolve(after, fired=after.fired | fired)
    for event in (row.event, *row.raised):
        if event.name == CODE_ENTERED:
            code = str(event.data.get("code") or event.data.get("batch"))
            after = evolve(after, codes={code: False, **after.codes})
    return _after_receipt(after, programme, row, day)


def _after_receipt(figures: MemberFigures, programme: Programme, row: JournalRow, day: date) -> MemberFigures:
    event, refunded = row.event, row.refunded
    if event.purchase is None or event.delayed_rule is not None:
        return in_variants(figures, programme, row, day)
    if event.name == PURCHASED:
        total = event.purchase.total
        after = bought(figures, day=day, total=total)
        tastes = after_purchase(
            after.tastes, event.purchase, day=day, ineligible=programme.programme.ineligible
        )
        after = evolve(after, tastes=tastes)
        if is_history(event):
            return after
        tested = _tested_at(programme, event.at)
        after = in_arms(after, tested, day=day, receipts=1, amount=total)
        return in_variants(after, programme, row, day, receipts=1, amount=total)
    if event.name not in (REFUNDED, CORRECTED) or refunded is None:
        return in_variants(figures, programme, row, day)
    less = refunded.before.total - refunded.remaining.total
    bought_at = refunded.purchased_at
    known = [rule for rule in _tested_at(programme, bought_at or event.at) if rule in figures.arms]
    tastes = after_return(
        figures.tastes,
        refunded.before,
        refunded.remaining,
        day=day,
        bought_on=day if bought_at is None else local_day(bought_at, programme.zone),
        ineligible=programme.programme.ineligible,
    )
    after = in_arms(evolve(figures, tastes=tastes), known, day=day, receipts=0, amount=-less)
    after = in_variants(after, programme, row, day, amount=-less)
    if event.name == REFUNDED:
        return evolve(after, returned=after.returned + less)
    return evolve(after, revenue=after.revenue - less)


def _tested_at(programme: Programme, bought_at: datetime) -> list[str]:
    """Return the rules with a holdout whose dates hold when something is bought. Their weekdays and hours do
    not matter: what members buy then instead of at other times is nothing that such a rule brought.
    """
    return [
        rule.code
        for rule in programme.rules
        if rule.holdout and is_during(rule.during, bought_at, programme.zone, dates_alone=True)
    ]


def _joined_or_left(figures: MemberFigures, event: Event, day: date) -> MemberFigures:
    if event.name in (ENROLLED, IMPORTED):
        return evolve(figures, joined_on=figures.joined_on or day)
    if event.name in (ERASED, CLOSED):
        tastes = NO_TASTES if event.name == ERASED else figures.tastes
        return evolve(figures, left_on=figures.left_on or day, tastes=tastes)
    return evolve(figures, left_on=None) if event.name == REOPENED else figures


def _merged_or_not(figures: MemberFigures, programme: Programme, event: Event, day: date) -> MemberFigures:
    """Return the figures with what another membership had bought that comes, or without what it brought. The
    event says it itself, so that it does not matter how far that membership's own rows are folded.
    """
    source, brought = str(event.data.get("member")), dict(figures.brought)
    if event.name == UNMERGED:
        brought.pop(source, None)
        came = _state(event, "moved").codes.keys() - _state(event, "before").codes.keys()
        codes = {code: has_bought for code, has_bought in figures.codes.items() if code not in came}
        return evolve(figures, brought=brought, codes=codes)
    if event.name not in MOVING_EVENTS:
        return figures
    moved = _state(event, "state")
    last_at, receipts = moved.purchases.last_at, moved.purchases.count + moved.purchases.brought
    codes = {code: last_at is not None and last_at >= at for code, at in moved.codes.items()}
    figures = evolve(figures, codes={**codes, **figures.codes})
    if receipts <= 0:  # a refund leaves less than nothing behind
        return figures
    last = None if last_at is None else local_day(last_at, programme.zone)
    known = brought.pop(source, Brought(day))
    newest = evolve(figures, brought=brought).newest_purchase_on
    since = day - timedelta(days=CUSTOMER_WINDOW)
    are_customers = newest is not None and last is not None and min(newest, last) > since
    days = [each for each in (known.last, last) if each is not None]
    brought[source] = Brought(known.on, max(days, default=None), known.was_customer or are_customers)
    return evolve(figures, brought=brought)


def _state(event: Event, name: str) -> Member:
    return read_state(cast("Sequence[object]", event.data[name]), id="")


def _tier_after(before: MemberFigures, row: JournalRow) -> str | None:
    """Return the tier that is held now; the facts of what came late are of its own time."""
    for event in reversed(row.raised):
        if event.name == TIER_CHANGED:
            return cast("str | None", event.data.get("to"))
    is_in_time = "decided_at" in row.changes
    return row.facts.tier_after or before.tier if is_in_time or before.tier is None else before.tier


def _plan_after(before: MemberFigures, row: JournalRow) -> str | None:
    if "plan" in row.removed:
        return None
    values = row.changes.get("plan")
    return str(values[0]) if isinstance(values, list) else before.plan


def _segments(before: MemberFigures, row: JournalRow) -> frozenset[str]:
    codes = row.changes.get("segments")
    return frozenset(map(str, codes)) if isinstance(codes, list) else before.segments
