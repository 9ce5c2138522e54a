"""Scores that a referral taken back lowers, that a merge hands over, and that a paid period wants no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.model.club.leaderboards import SCORES
from domain.model.ledger.decide import decide, new_member
from domain.model.ledger.events import Event
from domain.services.club import leaderboards
from domain.services.decisions import commit_decision
from domain.services.figures import rebuilding
from domain.services.ledger.turn import turn
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from domain.store.people.details import Details
from tests.identity_harness import RecordingCodeSender
from tests.services.club.small_club import (
    BOARDS,
    JUDGED,
    LATER,
    assert_ranks_add_up,
    buy,
    finish,
    fold,
    open_club,
    play,
    take_back,
    top,
)
from tests.services.people.test_merging import merge_two, undo
from tests.small_runtime import NOW, SMALL, join, open_runtime

FRIENDS = (
    SMALL.replace("rewards:\n", BOARDS + "rewards:\n", 1)
    .replace("{wallet: points}\n    per", "{wallet: friends}\n    per", 1)
    .replace("debt: allow}\n", "debt: allow}\n  - {code: friends, name: Friends, hidden: true}\n", 1)
    .replace(
        "rules:\n",
        "rules:\n  - {code: friend, title: A friend, listed: false, on: referral.qualified, do: [{award: {wallet: friends, fixed: 1}}]}\n",
        1,
    )
    .replace(
        "events:\n",
        "referral: {qualifies: {on: purchase.completed, when: purchase.total >= 3000}, wait: {days: 1}}\nevents:\n",
        1,
    )
)
DAY = timedelta(days=1)


async def rebuild(runtime: Runtime) -> None:
    await rebuilding.rebuild(runtime, LeaseHolder(lambda: LATER))


async def join_referred(runtime: Runtime, member: str, *, by: str) -> None:
    details = Details(name=member.title(), locale="en", timezone="Europe/Lisbon")
    event = Event(
        f"enrol:{member}", "member.enrolled", NOW, "selo", {"referredBy": by}, profile=details.profile
    )
    published = runtime.programmes.current()
    before = new_member(member, f"0000{member}")
    decision = decide(published.programme, before, event, now=NOW, version=published.number)
    await commit_decision(runtime, published, decision, now=NOW, details=details)


@pytest.mark.parametrize("rebuilds", [False, True])
async def test_a_referral_that_is_taken_back_leaves_the_score_of_its_own_period(
    database: Database, rebuilds: bool
) -> None:
    runtime = await open_runtime(database, FRIENDS)
    board = await play(runtime, "rui")
    for friend in ("ana", "bea"):
        await join_referred(runtime, friend, by="rui")
        await buy(runtime, friend, f"r-{friend}", 5_000)
    await turn(runtime, now=NOW + 2 * DAY)
    await fold(runtime)
    assert await top(runtime, board) == [("Nick rui", 1, 2)]
    april = NOW.replace(month=4, day=10)
    await take_back(runtime, "r-ana", 4_000, now=april)
    await turn(runtime, now=april)
    await fold(runtime, now=april)
    if rebuilds:
        await rebuild(runtime)
    assert await top(runtime, board) == [("Nick rui", 1, 1)], "not April's"
    rows = [(row["board"], row["score"]) async for row in runtime.store[SCORES].find({"member": "rui"})]
    assert [row for row in rows if row[1]] == [(board.period.key, 1)]
    await buy(runtime, "ana", "again", 5_000, now=april)
    await turn(runtime, now=april + 2 * DAY)
    await take_back(runtime, "again", 4_000, now=april + 3 * DAY)
    await turn(runtime, now=april + 4 * DAY)
    await fold(runtime, now=april)
    scores = [row["score"] async for row in runtime.store[SCORES].find({"member": "rui"})]
    assert [score for score in scores if score] == [1], "made again and taken back again"
    await assert_ranks_add_up(runtime, board.period.key)


async def open_merging(database: Database) -> IdentityRuntime:
    runtime = await open_club(database)
    return IdentityRuntime.of(runtime, secret=bytes(32), code_sender=RecordingCodeSender())


@pytest.mark.parametrize("rebuilds", [False, True])
@pytest.mark.parametrize("plays", ["both", "the closed one"])
async def test_a_merge_hands_the_scores_over_and_its_undoing_gives_them_back(
    database: Database, plays: str, rebuilds: bool
) -> None:
    identity = await open_merging(database)
    board = await play(identity, "ana")
    await (play(identity, "bob") if plays == "both" else join(identity, "bob"))
    for member, total in (("ana", 9_000), ("bob", 5_000)):
        await buy(identity, member, f"r-{member}", total)
    await fold(identity)
    await merge_two(identity)
    await fold(identity)
    if rebuilds:
        await rebuild(identity)
    name = "Nick bob" if plays == "both" else "Nick ana"
    assert await top(identity, board) == [(name, 1, 140)]
    await assert_ranks_add_up(identity, board.period.key)
    standing = await leaderboards.load_standing(identity, board, member_id="bob")
    assert (standing.nickname, standing.score, standing.rank) == (name, 140, 1)
    await undo(identity, now=LATER + timedelta(hours=2))
    await fold(identity)
    if rebuilds:
        await rebuild(identity)
    assert await top(identity, board) == [("Nick ana", 1, 90), (name, 2, 50)]
    await assert_ranks_add_up(identity, board.period.key)


async def test_a_refund_of_the_closed_membership_lowers_the_one_that_took_it_over(database: Database) -> None:
    identity = await open_merging(database)
    board = await play(identity, "ana")
    await play(identity, "bob")
    await buy(identity, "ana", "r-ana", 9_000)
    await merge_two(identity)
    await take_back(identity, "r-ana", 4_000, now=LATER + timedelta(hours=2))
    await fold(identity)
    assert await top(identity, board) == [("Nick bob", 1, 50)]
    await rebuild(identity)
    assert await top(identity, board) == [("Nick bob", 1, 50)]
    await assert_ranks_add_up(identity, board.period.key)


async def test_a_row_of_a_period_that_is_paid_leaves_no_score(database: Database) -> None:
    runtime = await open_club(database)
    await play(runtime, "ana")
    await join(runtime, "ivo")
    for member in ("ana", "ivo"):
        await buy(runtime, member, f"r-{member}", 9_000)
    await fold(runtime)
    await finish(runtime, now=JUDGED)
    assert await runtime.store[SCORES].count_documents({"board": "best|2026-03-01"}) == 0
    await take_back(runtime, "r-ana", 4_000, now=JUDGED)
    await take_back(runtime, "r-ivo", 4_000, now=JUDGED)
    await fold(runtime, now=JUDGED)
    assert await runtime.store[SCORES].count_documents({"board": "best|2026-03-01"}) == 0
    await rebuild(runtime)
    assert await runtime.store[SCORES].count_documents({"board": "best|2026-03-01"}) == 0
