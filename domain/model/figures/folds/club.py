"""What leaderboards paid, by the period that they judged, and what challenges came to beside their levels."""

from __future__ import annotations

from collections import Counter

from domain.model.event_names import BADGE_EARNED, CHALLENGE_ACCEPTED, LEADERBOARD_ENDED
from domain.model.figures.folded_row import FoldedRow
from domain.model.figures.increments import Increments
from domain.model.ledger.deciding.prizes import prize_rule
from domain.model.ledger.events import Event


def fold(folded: FoldedRow, increments: Increments) -> None:
    """Add a prize, a challenge that was taken up, and the rewards of levels that were reached."""
    event = folded.row.event
    if event.delayed_rule is None:
        if event.name == LEADERBOARD_ENDED:
            _fold_prize(folded, event, increments)
        elif event.name == CHALLENGE_ACCEPTED:
            folded.add(increments, f"challenges.{event.data.get('badge')}.started")
    _fold_level_rewards(folded, increments)
    _fold_taken_back(folded, increments)


def _fold_prize(folded: FoldedRow, event: Event, increments: Increments) -> None:
    """Add what whoever ended a period in front got; who was frozen then got nothing."""
    code = str(event.data.get("leaderboard"))
    path = f"boards.{code}.{event.data.get('period')}"
    outcomes = [each for each in folded.row.outcomes if each.rule == prize_rule(code)]
    if any(each.reason == "frozen" for each in outcomes):
        return
    folded.add(increments, f"{path}.prizes")
    for outcome in outcomes:
        if outcome.applied and outcome.wallet is not None:
            folded.add(increments, f"{path}.awarded.{outcome.wallet}", outcome.amount)
    for reward, number in _issued(folded).items():
        folded.add(increments, f"{path}.rewards.{reward}", number)


def _fold_level_rewards(folded: FoldedRow, increments: Increments) -> None:
    """Add the rewards that levels gave: a row does not say what a voucher came of, so as many of those that
    it issued as the levels promise.
    """
    levels = [
        (str(each.data.get("badge")), each.data.get("level"))
        for each in folded.row.raised
        if each.name == BADGE_EARNED
    ]
    left = _issued(folded) if levels else Counter[str]()
    specs = {spec.code: spec for spec in folded.programme.badges} if left else {}
    for code, level in levels:
        spec = specs.get(code)
        if spec is None or not isinstance(level, int):
            continue
        for action in spec.actions_at(level):
            if action.voucher is not None and left[action.voucher] > 0:
                left[action.voucher] -= 1
                folded.add(increments, f"challenges.{code}.rewards.{action.voucher}")


def _fold_taken_back(folded: FoldedRow, increments: Increments) -> None:
    """Add what returns took back of levels: such an entry names the level, and no outcome tells of it."""
    for entry in folded.row.entries:
        kind, _, level = (entry.rule or "").partition(":")
        if kind == "badge" and entry.kind == "CLAWBACK":
            code = level.partition(":")[0]
            folded.add(increments, f"challenges.{code}.back.{entry.wallet}", -entry.amount)


def _issued(folded: FoldedRow) -> Counter[str]:
    return Counter(step.reward for step in folded.row.vouchers if step.change == "issued")
