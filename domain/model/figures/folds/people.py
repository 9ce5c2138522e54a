"""Who joins, leaves, changes tier, is active; surveys, referrals and codes."""

from __future__ import annotations

from domain.model.event_names import (
    CLOSED,
    CODE_ENTERED,
    ENROLLED,
    ERASED,
    IMPORTED,
    SURVEY_ANSWERED,
    TIER_CHANGED,
)
from domain.model.figures.folded_row import FoldedRow
from domain.model.figures.increments import Increments
from domain.model.figures.member_figures import ACTIVE_WINDOWS, CUSTOMERS_MERGED, active_changes

NO_TIER_CODE = "none"


def fold(folded: FoldedRow, increments: Increments) -> None:
    """Add what a row says of people."""
    _fold_levels(folded, increments)
    _fold_referral(folded, increments)
    event, row = folded.row.event, folded.row
    if event.name in (ENROLLED, IMPORTED) and folded.before.joined_on is None:
        folded.add(increments, "enrolments")
        if event.data.get("referredBy"):
            folded.add(increments, "referrals.registered")
    elif event.name in (ERASED, CLOSED) and folded.before.is_enrolled:
        folded.add(increments, "erased" if event.name == ERASED else "merged")
    for raised in (event, *row.raised):
        if raised.name == TIER_CHANGED:
            origin = str(raised.data.get("from") or NO_TIER_CODE)
            folded.add(increments, f"moves.{origin}.{raised.data.get('to') or NO_TIER_CODE}")
        elif raised.name == CODE_ENTERED:
            code = raised.data.get("code") or raised.data.get("batch")
            folded.add(increments, f"codes.{code}.entered")
        elif raised.name == SURVEY_ANSWERED:
            folded.add(increments, f"surveys.{raised.data.get('survey')}.{raised.data.get('score')}")


def _fold_levels(folded: FoldedRow, increments: Increments) -> None:
    before, after = set(folded.before.levels()), set(folded.after.levels())
    for level in after - before:
        increments.change_level(folded.day, level, 1)
    for level in before - after:
        increments.change_level(folded.day, level, -1)
    for window in ACTIVE_WINDOWS:
        for day, change in active_changes(folded.before, folded.after, window):
            increments.change_level(day, f"active_{window}", change)
    if folded.after.brought != folded.before.brought:
        for figures, sign in ((folded.before, -1), (folded.after, 1)):
            for each in figures.brought.values():
                increments.change_level(each.counts_from, CUSTOMERS_MERGED, sign * each.was_customer)


def _fold_referral(folded: FoldedRow, increments: Increments) -> None:
    is_qualified = folded.row.changes.get("referral.qualified")
    if is_qualified is True:
        folded.add(increments, "referrals.qualified")
    elif is_qualified is False and folded.row.event.name not in (ENROLLED, IMPORTED):
        folded.add(increments, "referrals.unmade")
