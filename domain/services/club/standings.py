"""Who stands on a leaderboard, and how the ranks move with the scores of a projector's round.

The folds add to everybody's scores. Here those of members who play are placed: they stand, and the counts of
their buckets move. All of it is written in the transaction that folds the rows, guarded by what is read here.
"""

from __future__ import annotations

from domain.model.club.leaderboards import RANKS, SCORES, BoardPeriod, bucket_of
from domain.model.figures.increments import DocumentKey, Expectation, Increments
from domain.services.runtime import Runtime
from domain.store.club import leaderboard_players, leaderboard_results, leaderboard_scores
from domain.store.document_store import Write


async def place_scores(runtime: Runtime, increments: Increments) -> list[Write]:
    """Add to the increments what their scores move of ranks: three commands, none where no score moves.
    Scores must still be as they are read here when they are written: nobody joins or leaves in between. What
    moves scores of a period whose prizes are paid is left out. Return the writes that prove that who stands
    from now on still plays; they raise Stale.
    """
    await _leave_paid_out(runtime, increments)
    keys = [key for key in increments.sums if key.collection == SCORES and increments.sums[key]["score"]]
    if not keys:
        return []
    fields = {key: increments.fields[key] for key in keys}
    players = await leaderboard_players.find_many(runtime.store, {each["member"] for each in fields.values()})
    known = await leaderboard_scores.find_many(runtime.store, [key.id for key in keys])
    proofs: list[Write] = []
    for key in keys:
        period = BoardPeriod.from_key(fields[key]["board"])
        player, before = players.get(fields[key]["member"]), known.get(key.id)
        stood = before is not None and before.is_standing
        joins = not stood and player is not None and player.stands(period.code, period.first_day)
        query = leaderboard_scores.same_query(before)
        increments.expectations[key] = Expectation(query, is_new=before is None)
        if joins:
            proofs.append(leaderboard_players.playing_write(fields[key]["member"], period.code))
        elif not stood:
            continue
        increments.set_value(key, "standing", period.key)
        score = before.score if before is not None else 0
        _move(increments, period.key, score if stood else 0, score + increments.sums[key]["score"])
    return proofs


async def _leave_paid_out(runtime: Runtime, increments: Increments) -> None:
    keys = [key for key in increments.sums if key.collection == SCORES]
    boards = {increments.fields[key]["board"] for key in keys}
    paid = await leaderboard_results.find_paid(runtime.store, boards) if boards else set[str]()
    for key in keys:
        if increments.fields[key]["board"] in paid:
            increments.forget(key)


def _move(increments: Increments, board: str, before: int, after: int) -> None:
    key = DocumentKey(RANKS, board)
    for score, change in ((before, -1), (after, 1)):
        if score > 0:
            increments.add(key, f"buckets.{bucket_of(score)}", change)
            increments.add(key, "total", change)
