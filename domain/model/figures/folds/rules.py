"""What each rule came to: firings, people, awards by wallet, what was taken back, who was held out; badges,
and messages as they were promised.
"""

from __future__ import annotations

from domain.model.event_names import BADGE_EARNED
from domain.model.figures.folded_row import FoldedRow
from domain.model.figures.increments import Increments


def fold(folded: FoldedRow, increments: Increments) -> None:
    """Add the outcomes of a row. Of a refund, what a rule gave less counts as taken back."""
    fired = set[str]()
    for outcome in folded.row.outcomes:
        path = f"rules.{outcome.rule}"
        if outcome.reason == "holdout":
            folded.add(increments, f"{path}.held_out")
        if not outcome.applied:
            continue
        if outcome.amount >= 0 and outcome.rule not in fired:
            fired.add(outcome.rule)
            folded.add(increments, f"{path}.fired")
        if outcome.wallet is not None:
            name = "awarded" if outcome.amount >= 0 else "deducted"
            folded.add(increments, f"{path}.{name}.{outcome.wallet}", abs(outcome.amount))
    for rule in folded.after.fired - folded.before.fired:
        folded.add(increments, f"rules.{rule}.members")
    for event in folded.row.raised:
        if event.name == BADGE_EARNED:
            folded.add(increments, f"badges.{event.data.get('badge')}")
    for message in folded.row.messages:
        folded.add(increments, f"messages.{message.code}.promised")
