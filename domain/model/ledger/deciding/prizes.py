"""Prizes: what who ends a leaderboard's period in front gets, by their rank as it was judged."""

from __future__ import annotations

from domain.model.ledger.deciding import actions
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import Outcome
from domain.model.programme import Leaderboard, Programme


def prize_rule(code: str) -> str:
    """Return the name under which a leaderboard's prizes stand among outcomes and entries."""
    return f"leaderboard:{code}"


def give_prizes(builder: RowBuilder) -> None:
    """Give what stands at the member's rank, and at those behind it; a frozen member gets nothing."""
    board, rank = (
        _board_of(builder.programme, builder.event.data.get("leaderboard")),
        builder.event.data["rank"],
    )
    if board is None or not isinstance(rank, int):
        return
    rule = prize_rule(board.code)
    if builder.member.frozen:
        builder.outcomes.append(Outcome(rule, False, 0, "frozen"))
    else:
        actions.do_actions(builder, board.prizes_at(rank), rule=rule, event=builder.event)


def _board_of(programme: Programme, code: object) -> Leaderboard | None:
    return next((board for board in programme.leaderboards if board.code == code), None)
