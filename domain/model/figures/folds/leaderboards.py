"""Scores of leaderboards, by period and member: of everybody, so that who joins later has theirs. Who stands
on one, and at which rank, is placed by the projector (`club.standings`).
"""

from __future__ import annotations

from domain.model.club.leaderboards import SCORES, score_changes
from domain.model.figures.folded_row import FoldedRow
from domain.model.figures.increments import DocumentKey, Increments


def fold(folded: FoldedRow, increments: Increments) -> None:
    """Add what a row moves of the member's scores."""
    for period, amount in score_changes(folded.programme, folded.row, folded.undone).items():
        key = DocumentKey(SCORES, f"{period.key}|{folded.member}")
        increments.add(key, "score", amount, fields={"board": period.key, "member": folded.member})
