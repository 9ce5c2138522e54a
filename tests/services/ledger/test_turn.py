"""The turn writes down what time brought and runs delayed rules; it may come late, twice or in many processes
at once.
"""

import asyncio
from datetime import timedelta

import pytest

from domain.services.ledger import purchases, queries
from domain.services.ledger import turn as turning
from domain.services.ledger.turn import TurnReport, turn
from domain.services.ledger.verification import verify
from domain.services.messages import outbox as operator
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime


async def test_a_delayed_rule_fires_once(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
    )
    then = NOW + timedelta(days=1)
    assert await turn(runtime, now=then - timedelta(milliseconds=1)) == TurnReport()
    done = await asyncio.gather(*(turn(runtime, now=then) for _ in range(4)))
    assert sum(one.fired_count for one in done) == 1
    view = await queries.load_member_view(runtime, member_id="ana", now=then)
    assert view.member.wallets["points"].available == 105
    assert await turn(runtime, now=then) == TurnReport()
    assert [one async for one in verify(runtime.store)] == []


ONCE_A_DAY = """
programme: {code: small, name: Small, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, name: Points}]
rules:
  - {code: thanks, title: T, on: purchase.completed, after: {days: 1}, limit: {times: 1, per: day}, do: [{award: {wallet: points, fixed: 40}}]}
"""


async def test_a_delayed_rule_of_late_receipts_fires_as_often_as_its_day_allows(database: Database) -> None:
    runtime = await open_runtime(database, ONCE_A_DAY)
    await join(runtime, "ana", at=NOW - timedelta(days=60))
    for number, days in enumerate((5, 20, 20, 20)):
        purchase = new_purchase(f"r{number}", occurred_at=NOW - timedelta(days=days, minutes=-number))
        now = NOW - timedelta(days=4 if days == 5 else 1)
        await purchases.record(
            runtime, till=TILL, member_id="ana", purchase_input=purchase, key=f"k{number}", now=now
        )
        assert (await turn(runtime, now=now)).fired_count == 1
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert view.member.wallets["points"].available == 80
    assert [one async for one in verify(runtime.store)] == []


async def test_an_item_that_cannot_be_read_or_cannot_happen_is_parked_and_the_rest_goes_on(
    database: Database,
) -> None:
    runtime = await open_runtime(database)
    for member in ("ana", "eva", "rui"):
        await join(runtime, member)
        await purchases.record(
            runtime, till=TILL, member_id=member, purchase_input=new_purchase(member), key=member, now=NOW
        )
    agenda, then = runtime.store["agenda"], NOW + timedelta(days=1)
    ids = {row["member"]: row["_id"] async for row in agenda.find({"state": "pending"})}
    await agenda.update_one({"_id": ids["ana"]}, {"$unset": {"event.source": ""}})
    ledger = await runtime.store["members"].find_one({"_id": "eva"}, {"ledger": 1})
    assert ledger is not None
    await runtime.store["members"].update_one({"_id": "eva"}, {"$unset": {"ledger": ""}})
    assert await turn(runtime, now=then) == TurnReport(row_count=1, fired_count=1, failed_count=2)
    assert (await queries.load_member_view(runtime, member_id="rui", now=then)).member.wallets[
        "points"
    ].available == 105
    shown = await operator.list_queue(runtime, state="parked", first=10)
    assert {(one.id, one.description, one.error) for one in shown} == {
        (ids["ana"], "agenda", "unreadable: KeyError"),
        (ids["eva"], "agenda", "fault: KeyError"),
    }
    assert await turn(runtime, now=then) == TurnReport()
    await runtime.store["members"].update_one({"_id": "eva"}, {"$set": {"ledger": ledger["ledger"]}})
    await agenda.update_one({"_id": ids["ana"]}, {"$set": {"event.source": "till"}})
    assert await operator.retry_parked(runtime, ids=[], now=then) == (2, [])
    assert await turn(runtime, now=then) == TurnReport(row_count=2, fired_count=2)
    assert [one async for one in verify(runtime.store)] == []


YEAR_LATER = NOW + timedelta(days=370)  # a year as a member, for each of them


async def test_a_member_whose_turn_fails_is_looked_at_again_and_holds_up_nobody(database: Database) -> None:
    runtime = await open_runtime(database)
    for member in ("ana", "rui"):
        await join(runtime, member)
    document = await runtime.store["members"].find_one({"_id": "ana"}, {"ledger": 1})
    assert document is not None
    await runtime.store["members"].update_one({"_id": "ana"}, {"$unset": {"ledger": ""}})
    assert await turn(runtime, now=YEAR_LATER) == TurnReport(member_count=1, row_count=1, failed_count=1)
    await runtime.store["members"].update_one({"_id": "ana"}, {"$set": {"ledger": document["ledger"]}})
    assert await turn(runtime, now=YEAR_LATER) == TurnReport(member_count=1, row_count=1)


async def lived(database: Database, *, every: int) -> queries.MemberView:
    """Return a member's 420 days with two purchases, turned every so many days."""
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    for days in range(0, 421, every):
        now = NOW + timedelta(days=days)
        await turn(runtime, now=now)
        if days in (0, 140):
            await purchases.record(
                runtime,
                till=TILL,
                member_id="ana",
                purchase_input=new_purchase(f"{days}"),
                key=f"{days}",
                now=now,
            )
    end = NOW + timedelta(days=600)
    await turn(runtime, now=end)
    assert [one async for one in verify(runtime.store)] == []
    return await queries.load_member_view(runtime, member_id="ana", now=end)


async def test_a_late_turn_ends_where_a_timely_one_does(database: Database) -> None:
    early = await lived(database, every=7)
    await database.client.drop_database(database.mongo.name)
    late = await lived(database, every=140)
    assert early.member.wallets == late.member.wallets
    assert [one._replace(seq=0) for one in early.recent_entries] == [
        one._replace(seq=0) for one in late.recent_entries
    ]
    assert [one.kind for one in reversed(late.recent_entries)] == ["AWARD"] * 4 + ["EXPIRE"] * 4


async def together(database: Database) -> list[tuple[object, ...]]:
    """Return what a turn, 600 days late, writes of seven members with two purchases each; every third shares
    an instant.
    """
    runtime = await open_runtime(database)
    for at in range(7):
        await join(runtime, f"m{at}")
        for days in (0, 140):
            bought_at = NOW + timedelta(days=days, minutes=at % 3)
            await purchases.record(
                runtime,
                till=TILL,
                member_id=f"m{at}",
                purchase_input=new_purchase(f"{at}.{days}"),
                key=f"{at}.{days}",
                now=bought_at,
            )
    end = NOW + timedelta(days=600)
    done = await turn(runtime, now=end)
    assert (done.fired_count, done.left_count, done.failed_count) == (14, 0, 0)
    assert await turn(runtime, now=end) == TurnReport()
    assert [one async for one in verify(runtime.store)] == []
    cursor = runtime.store["journal"].find({"member": {"$in": [f"m{at}" for at in range(7)]}})
    return sorted(
        [
            (row["member"], row["seq"], row["at"], row["event"]["name"], str(row.get("entries")))
            async for row in cursor
        ]
    )


async def test_however_many_are_due_a_page_is_in_memory_and_it_ends_where_one_of_all_does(
    database: Database, command_log: CommandLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = await together(database)
    await database.client.drop_database(database.mongo.name)
    monkeypatch.setattr(turning, "MAX_BATCH", 2)
    with command_log.counting() as counted:
        in_pages = await together(database)
    assert in_pages == at_once
    looked = [
        one.body
        for one in counted.commands
        if one.name == "find" and {"due", "due_at"} & set(one.body["filter"])
    ]
    assert len(looked) > 30
    assert {one["limit"] for one in looked} == {2}


async def test_who_cannot_be_turned_is_passed_by_not_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await open_runtime(database)
    for member in ("ana", "eva", "leo", "rui", "zoe"):
        await join(runtime, member)
    await runtime.store["members"].update_many(
        {"_id": {"$in": ["ana", "eva", "leo"]}}, {"$unset": {"ledger": ""}}
    )
    monkeypatch.setattr(turning, "MAX_BATCH", 2)
    assert await turn(runtime, now=YEAR_LATER) == TurnReport(member_count=2, row_count=2, failed_count=3)


async def test_a_house_with_nobody_is_turned_at_once(database: Database) -> None:
    runtime = await open_runtime(database)
    assert await turn(runtime, now=NOW) == TurnReport()
