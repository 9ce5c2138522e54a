"""Leaderboards over a real database: who stands where, moved by refunds, and how a period ends once."""

from __future__ import annotations

import random
import unicodedata
from datetime import timedelta

import pytest

from domain.model.club.leaderboards import RANKS, SCORES, bucket_of, ranked
from domain.services.club import leaderboards
from domain.services.errors import InvalidInput, NotFound
from domain.services.figures import rebuilding
from domain.services.ledger import purchase_queries
from domain.services.ledger.turn import turn
from domain.services.ledger.verification import verify
from domain.store.club import leaderboard_scores
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from tests.command_log import CommandLog
from tests.services.club.small_club import (
    JUDGED,
    LATER,
    assert_ranks_add_up,
    buy,
    finish,
    fold,
    open_club,
    play,
    spendable,
    take_back,
    top,
)
from tests.small_runtime import NOW, join


async def test_scores_are_moved_by_purchases_and_refunds_and_ties_share_a_rank(database: Database) -> None:
    runtime = await open_club(database)
    board = await play(runtime, "ana")
    for member in ("bea", "eva"):
        await play(runtime, member)
    await join(runtime, "ivo")
    for member, total in (("ana", 9_000), ("bea", 7_000), ("eva", 7_000), ("ivo", 50_000)):
        await buy(runtime, member, f"r-{member}", total)
    await fold(runtime)
    assert await top(runtime, board) == [("Nick ana", 1, 90), ("Nick bea", 2, 70), ("Nick eva", 2, 70)]
    await take_back(runtime, "r-ana", 4_000)
    await fold(runtime)
    assert await top(runtime, board) == [("Nick bea", 1, 70), ("Nick eva", 1, 70), ("Nick ana", 3, 50)]
    standing = await leaderboards.load_standing(runtime, board, member_id="ana")
    assert (standing.nickname, standing.score, standing.rank) == ("Nick ana", 50, 3)
    beside = await leaderboards.load_beside(runtime, board, standing, member_id="ana")
    assert [(place.nickname, place.rank) for place in beside] == [
        ("Nick bea", 1),
        ("Nick eva", 1),
        ("Nick ana", 3),
    ]
    stranger = await leaderboards.load_standing(runtime, board, member_id="ivo")
    assert (stranger.nickname, stranger.score, stranger.rank) == (None, 500, None)
    await assert_ranks_add_up(runtime, board.period.key)


async def test_a_refund_of_an_earlier_version_says_not_when_the_purchase_was(database: Database) -> None:
    runtime = await open_club(database)
    board = await play(runtime, "ana")
    await buy(runtime, "ana", "r1", 9_000)
    april = NOW.replace(month=4, day=10)
    await take_back(runtime, "r1", 4_000, now=april)
    journal = runtime.store["journal"]
    row = await journal.find_one({"member": "ana", "event.refund": {"$exists": True}})
    assert row is not None
    await journal.update_one({"_id": row["_id"]}, {"$set": {"event.refund": row["event"]["refund"][:3]}})
    await fold(runtime, now=april)
    assert await top(runtime, board) == [("Nick ana", 1, 90)], "it counts in April"
    scores = [score.score for score in await leaderboard_scores.find_of_member(runtime.store, "ana")]
    assert sorted(scores) == [-40, 90]
    recorded = await purchase_queries.find_purchase_by_id(
        runtime, receipt_id=row["event"]["refund"][0].removeprefix("purchase:")
    )
    assert recorded is not None
    assert (recorded.remaining.total, recorded.purchased_at) == (5_000, LATER)
    assert [each async for each in verify(runtime.store)] == []


async def test_who_joins_in_the_middle_has_what_the_period_brought_and_who_leaves_stands_no_more(
    database: Database,
) -> None:
    runtime = await open_club(database)
    board = await play(runtime, "ana")
    await join(runtime, "ivo")
    await buy(runtime, "ana", "r1", 9_000)
    await buy(runtime, "ivo", "r2", 20_000)
    await fold(runtime)
    await leaderboards.join(runtime, member_id="ivo", code="best", nickname="Ivo", now=LATER)
    assert await top(runtime, board) == [("Ivo", 1, 200), ("Nick ana", 2, 90)]
    await buy(runtime, "ivo", "r3", 1_000)
    await fold(runtime)
    assert await top(runtime, board) == [("Ivo", 1, 210), ("Nick ana", 2, 90)]
    await leaderboards.leave(runtime, member_id="ivo", code="best", now=LATER)
    assert await top(runtime, board) == [("Nick ana", 1, 90)]
    await buy(runtime, "ivo", "r4", 1_000)
    await fold(runtime)
    assert await top(runtime, board) == [("Nick ana", 1, 90)]
    await assert_ranks_add_up(runtime, board.period.key)
    await leaderboard_scores.erase(runtime.store, "ana")
    assert await top(runtime, board) == []
    await assert_ranks_add_up(runtime, board.period.key)


async def test_the_end_of_a_period_pays_once_after_downtime_on_what_was_kept(database: Database) -> None:
    runtime = await open_club(database)
    for member, total in (("ana", 90_000), ("bea", 70_000), ("eva", 70_000), ("ivo", 10_000)):
        await play(runtime, member)
        await buy(runtime, member, f"r-{member}", total)
    await fold(runtime)
    april = NOW.replace(month=4, day=10)
    await take_back(runtime, "r-ana", 85_000, now=april)
    assert await finish(runtime, now=JUDGED) == 0, "a row of before is not folded yet"
    await fold(runtime, now=april)
    assert await finish(runtime, now=JUDGED.replace(day=14)) == 1, "February: March is not over long enough"
    assert [await finish(runtime, now=JUDGED.replace(month=9)) for _ in range(3)] == [2, 0, 0], (
        "August is over as well"
    )
    before = {member: await spendable(runtime, member) for member in ("ana", "bea", "eva", "ivo")}
    for _ in range(3):
        await turn(runtime, now=JUDGED.replace(month=9, hour=12))
    after = {member: await spendable(runtime, member) - before[member] for member in before}
    paid = {"bea": 1_100, "eva": 1_100, "ana": 0, "ivo": 0}
    assert {member: after[member] - after["ivo"] for member in after} == paid
    result = await runtime.store["leaderboard_results"].find_one({"_id": "best|2026-03-01"})
    assert result is not None
    assert result["places"][:2] == [["bea", 1, 700], ["eva", 1, 700]]
    assert await runtime.store[SCORES].find_one({"board": "best|2026-03-01"}) is None


async def test_a_process_that_dies_while_it_pays_leaves_the_rest_to_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await open_club(database)
    for member, total in (("ana", 90_000), ("bea", 70_000)):
        await play(runtime, member)
        await buy(runtime, member, f"r-{member}", total)
    await fold(runtime)

    async def die(*_: object, **__: object) -> None:
        raise ConnectionResetError("the process was killed here")

    with monkeypatch.context() as patch:
        patch.setattr("domain.services.club.periods._pay", die)
        with pytest.raises(ConnectionResetError):
            await finish(runtime, now=JUDGED)
    assert await finish(runtime, now=JUDGED) == 1
    await turn(runtime, now=JUDGED + timedelta(hours=1))
    assert await finish(runtime, now=JUDGED) == 0
    given = [await spendable(runtime, member) for member in ("ana", "bea")]
    assert given == [900 + 5 + 1_000 + 100, 700 + 5 + 100], "the first gets what the second gets, too"


async def test_figures_that_are_made_again_rank_alike(database: Database) -> None:
    runtime = await open_club(database)
    board = await play(runtime, "ana")
    await play(runtime, "bea")
    await buy(runtime, "ana", "r1", 9_000)
    await buy(runtime, "bea", "r2", 20_000)
    await fold(runtime)
    before = await top(runtime, board)
    await rebuilding.rebuild(runtime, LeaseHolder(lambda: LATER, name="test"))
    assert await top(runtime, board) == before == [("Nick bea", 1, 200), ("Nick ana", 2, 90)]
    await assert_ranks_add_up(runtime, board.period.key)


async def test_a_rank_among_a_hundred_thousand_takes_three_commands_and_is_exact(
    database: Database, command_log: CommandLog
) -> None:
    runtime = await open_club(database)
    board = await play(runtime, "ana")
    chance = random.Random(20)
    scores = [(f"m{n}", int(chance.paretovariate(1.1) * 100)) for n in range(99_999)]
    scores.append(("ana", 1_234))
    key, counts = board.period.key, dict[str, int]()
    for _, score in scores:
        bucket = str(bucket_of(score))
        counts[bucket] = counts.get(bucket, 0) + 1
    # Of the others only those in her own bucket are counted, so only they have to be there.
    near = [pair for pair in scores if pair[0] != "ana" and bucket_of(pair[1]) == bucket_of(1_234)]
    await runtime.store[SCORES].update_one({"_id": f"{key}|ana"}, {"$set": {"score": 1_234}})
    await runtime.store[SCORES].insert_many(
        [
            {"_id": f"{key}|{member}", "board": key, "member": member, "score": score, "standing": key}
            for member, score in near
        ]
    )
    await runtime.store[RANKS].insert_one({"_id": key, "buckets": counts, "total": len(scores)})
    exact = next(rank for member, rank, _ in ranked(scores) if member == "ana")
    with command_log.counting() as counted:
        known = await leaderboard_scores.find(runtime.store, key, "ana")
        assert known is not None
        assert await leaderboards.find_rank(runtime, key, known.score) == exact
    assert len(counted.commands) == 3


@pytest.mark.parametrize(
    "nickname",
    [
        *(
            "",
            "a",
            "x" * 25,
            "ana@example.com",
            "+351 912 345 678",
            "www.shop.pt",
            "a\u202eb",
            "\u200b\u200b",
        ),
        *("912-345-678", "912.345.678", "9/1/2/3/4/5/6/7", "ana\uff20example.com", "\u2460" * 8),
        *("shop\u3002pt", "shop.pt/win", "Z" + "\u0351" * 9, "line\nend", "<b>\x00</b>"),
    ],
)
async def test_a_nickname_that_reaches_or_hides_somebody_is_refused(
    database: Database, nickname: str
) -> None:
    runtime = await open_club(database)
    await join(runtime, "ana")
    with pytest.raises(InvalidInput) as refused:
        await leaderboards.join(runtime, member_id="ana", code="best", nickname=nickname, now=LATER)
    assert refused.value.field == "nickname"
    with pytest.raises(NotFound):
        await leaderboards.join(runtime, member_id="ana", code="other", nickname="Ana", now=LATER)
    assert await runtime.store["leaderboard_players"].find_one({}) is None


@pytest.mark.parametrize(
    "nickname",
    [
        "J. Silva",
        "Maria.Silva",
        "Ana 2001",
        "Zażółć",
        "Nguyễn Thị",
        "สุทธิ์",
        "नमस्ते",
        "<Ana> & Rui",
        "O'Neill-3",
    ],
)
def test_a_name_of_any_script_is_a_nickname(nickname: str) -> None:
    assert leaderboards.check_nickname(f" {nickname} ") == unicodedata.normalize("NFC", nickname)
