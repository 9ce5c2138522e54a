"""What each rule came to: firings, people, awards by wallet, what was taken back, who was held out; badges,
and messages as they were promised. Of a rule or message with variants, the same again by variant.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.model.event_names import BADGE_EARNED
from domain.model.figures.folded_row import FoldedRow
from domain.model.figures.increments import Increments


def fold(folded: FoldedRow, increments: Increments) -> None:
    """Add what rules came to, the badges and the messages of a row."""
    _fold_outcomes(folded, increments)
    for event in folded.row.raised:
        if event.name == BADGE_EARNED:
            folded.add(increments, f"badges.{event.data.get('badge')}")
    for message in folded.row.messages:
        for path in varied_paths(f"messages.{message.code}", message.variant):
            folded.add(increments, f"{path}.promised")


def _fold_outcomes(folded: FoldedRow, increments: Increments) -> None:
    """Add the outcomes of a row. Of a refund, what a rule gave less counts as taken back."""
    fired, new = set[str](), set(folded.after.fired - folded.before.fired)
    for outcome in folded.row.outcomes:
        if outcome.reason == "holdout":
            folded.add(increments, f"rules.{outcome.rule}.held_out")
        if not outcome.applied:
            continue
        for path in varied_paths(f"rules.{outcome.rule}", outcome.variant):
            if outcome.amount >= 0 and outcome.rule not in fired:
                folded.add(increments, f"{path}.fired")
            if outcome.amount >= 0 and outcome.rule in new:
                folded.add(increments, f"{path}.members")
            if outcome.wallet is not None:
                name = "awarded" if outcome.amount >= 0 else "deducted"
                folded.add(increments, f"{path}.{name}.{outcome.wallet}", abs(outcome.amount))
        if outcome.amount >= 0:
            fired.add(outcome.rule)
            new.discard(outcome.rule)


def varied_paths(path: str, variant: str | None) -> Iterator[str]:
    """Yield the paths that something counts under: the part's own, and that of its variant."""
    yield path
    if variant is not None:
        yield f"{path}.variants.{variant}"
