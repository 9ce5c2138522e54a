"""Scores of memberships that were merged: whoever took one over has them, and gives them back where the merge
is undone.

Both are increments beside those of the rows that are folded, so that they are written with these, or not.
Rows of a closed membership go on: a refund of its receipts lowers the one that took it over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from domain.model.club.leaderboards import SCORES, BoardPeriod, score_changes
from domain.model.figures.increments import DocumentKey, Increments
from domain.services.club.undone_referrals import find_undone
from domain.services.runtime import Runtime
from domain.store.club import leaderboard_scores
from domain.store.figures import member_figures
from domain.store.ledger import journal_stream, members


async def hand_over(runtime: Runtime, increments: Increments, folded: Collection[str]) -> None:
    """Add to the increments what moves the scores of those of some members who are closed to the ones that
    took them over: one command, and one more where there are any.
    """
    owners = await members.find_closed(runtime.store, folded)
    if not owners:
        return
    scores = {score.id: score for score in await leaderboard_scores.find_of_members(runtime.store, owners)}
    moved = Counter[tuple[str, str]]()
    for key in [key for key in increments.sums if key.collection == SCORES]:
        fields = increments.fields[key]
        if fields["member"] in owners:
            moved[fields["board"], fields["member"]] += increments.sums[key]["score"]
            increments.forget(key)
    for score in scores.values():
        moved[score.board, score.member] += score.score
        _add(increments, score.board, score.member, -score.score)
    for (board, closed), amount in moved.items():
        _add(increments, board, owners[closed], amount)


async def give_back(runtime: Runtime, increments: Increments, *, source: str, into: str) -> None:
    """Add to the increments what moves the scores of a membership back to it, now that its merge is undone:
    what its folded rows come to, less what it has.
    """
    figures = (await member_figures.find_many(runtime.store, [source])).get(source)
    if figures is None:
        return
    own = Counter[BoardPeriod]()
    async for row in journal_stream.stream_member(runtime.store, source, until_seq=figures.seq):
        programme = (await runtime.programmes.load_version(row.version)).programme
        own.update(score_changes(programme, row, await find_undone(runtime, source, row)))
    for score in await leaderboard_scores.find_of_members(runtime.store, [source]):
        own[BoardPeriod.from_key(score.board)] -= score.score
    for period, amount in own.items():
        _add(increments, period.key, source, amount)
        _add(increments, period.key, into, -amount)


def _add(increments: Increments, board: str, member: str, amount: int) -> None:
    key = DocumentKey(SCORES, f"{board}|{member}")
    increments.add(key, "score", amount, fields={"board": board, "member": member})
