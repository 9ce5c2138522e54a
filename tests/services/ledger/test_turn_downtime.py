"""Two days without a worker: what time brought meanwhile is made up for once, in order, with its messages."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from domain.model.event_names import ENROLLED
from domain.model.ledger.decide import decide, new_member
from domain.model.ledger.events import Event
from domain.services.decisions import commit_decision
from domain.services.ledger.turn import TurnReport, turn
from domain.services.ledger.verification import verify
from domain.services.messages import inbox
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.people.details import Details
from tests.loud_runtime import deliver_all_due, new_delivery_worker, record_event
from tests.small_runtime import open_runtime

TIMELY = """
programme: {code: timely, name: Timely, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, kind: points, name: Points, expiry: {after: {days: 10}}, remind: {days: 2}}]
segments: [{code: everyone, name: Everyone, when: "true"}]
tiers:
  count: {wallet: points}
  window: {rolling: {days: 8}}
  ladder: [{code: basic, name: Basic, from: 0}, {code: gold, name: Gold, from: 10, keep: 10}]
events: [{name: visited, title: Visited, data: {place: string, people: int}}]
rules:
  - {code: visit, title: A visit, on: visited, do: [{award: {wallet: points, fixed: 10}}]}
  - {code: tomorrow, on: visited, after: {hours: 30}, do: [{message: tomorrow}]}
  - code: birthday
    title: Birthday
    on: member.birthday
    qualifying: false
    do: [{award: {wallet: points, fixed: 7}}, {message: birthday}]
  - {code: soon, on: points.expiring, do: [{message: soon}]}
  - {code: gone, on: points.expired, do: [{message: gone}]}
  - {code: down, on: tier.changed, when: "!event.data.up", do: [{message: down}]}
  - {code: mornings, on: schedule, at: "0 9 * * *", for: everyone, do: [{message: morning}]}
messages:
  - {code: tomorrow, title: Tomorrow}
  - {code: birthday, title: "Happy birthday, {member.name}"}
  - {code: soon, title: "{points.amount} points through {points.on}"}
  - {code: gone, title: "{points.amount} points are gone"}
  - {code: down, title: "{tier.name} now"}
  - {code: morning, title: Good morning}
"""
BEGAN = datetime(2026, 3, 2, 10, tzinfo=UTC)
LAST = datetime(2026, 3, 11, 8, 30, tzinfo=UTC)  # when the worker was last seen
UP = LAST + timedelta(days=2)
WHILE_DOWN = {
    "ana": [
        ("11 09:00", "morning"),
        ("12 00:00", "birthday"),
        ("12 09:00", "morning"),
        ("12 14:30", "tomorrow"),  # thirty hours after her visit
        ("13 00:00", "gone"),  # what her first visit gave
    ],
    "rui": [
        ("11 09:00", "morning"),
        ("12 00:00", "soon"),
        ("12 09:00", "morning"),
        ("13 00:00", "down"),  # his tier's review
    ],
}


async def _join(runtime: Runtime, member: str, birthday: date) -> None:
    published = runtime.programmes.current()
    details = replace(Details(name=member.title(), locale="en", timezone="Europe/Lisbon"), birthday=birthday)
    event = Event(f"enrol:{member}", ENROLLED, BEGAN, "selo", {"referredBy": None}, profile=details.profile)
    decision = decide(
        published.programme, new_member(member, f"0000{member}"), event, now=BEGAN, version=published.number
    )
    await commit_decision(runtime, published, decision, now=BEGAN, details=details)


async def _worked(runtime: Runtime, now: datetime) -> None:
    """Let a worker turn and deliver."""
    await turn(runtime, now=now)
    await deliver_all_due(runtime, new_delivery_worker(), now=now)


async def _lived(database: Database) -> Runtime:
    """Let two members live until the worker goes down."""
    runtime = await open_runtime(database, TIMELY, now=BEGAN)
    await _join(runtime, "ana", date(1990, 3, 12))
    await _join(runtime, "rui", date(1990, 8, 1))
    await record_event(runtime, "visited", "ana", at=BEGAN, place="Baixa", people=2)
    for hours in range(0, 215, 6):
        now = BEGAN + timedelta(hours=hours)
        await _worked(runtime, now)
        if hours == 48:
            await record_event(runtime, "visited", "rui", at=now, place="Baixa", people=2)
    await _worked(runtime, LAST)
    await record_event(runtime, "visited", "ana", at=LAST, place="Baixa", people=2)
    await _worked(runtime, LAST)
    return runtime


async def _told(runtime: Runtime, member: str) -> list[tuple[str, str]]:
    """Return a member's inbox since then, oldest first: when and what."""
    letters = {
        one.id: one for one in (await inbox.list_letters(runtime, member_id=member, first=100)).letters
    }
    rows = [row async for row in runtime.store["outbox"].find({"_id": {"$in": list(letters)}})]
    since = [row for row in rows if row["at"] > LAST]
    in_order = sorted(since, key=lambda row: letters[row["_id"]].number)
    return [(row["at"].strftime("%d %H:%M"), row["code"]) for row in in_order]


async def _journal(runtime: Runtime) -> Sequence[tuple[object, ...]]:
    """Return the journal of both members."""
    cursor = runtime.store["journal"].find({"member": {"$in": ["ana", "rui"]}})
    rows = [(row["member"], row["seq"], row["at"], row["event"], row.get("entries")) async for row in cursor]
    return sorted(rows, key=lambda row: row[:2])


async def test_two_days_of_downtime_are_made_up_for_once_and_in_order(database: Database) -> None:
    runtime = await _lived(database)
    assert {member: await _told(runtime, member) for member in WHILE_DOWN} == {"ana": [], "rui": []}
    done = await asyncio.gather(*(turn(runtime, now=UP) for _ in range(2)))
    assert sum(one.fired_count for one in done) == 1  # the delayed rule, by one of the two
    assert await turn(runtime, now=UP) == TurnReport()
    await asyncio.gather(*(deliver_all_due(runtime, new_delivery_worker(), now=UP) for _ in range(2)))
    assert {member: await _told(runtime, member) for member in WHILE_DOWN} == WHILE_DOWN
    assert [one async for one in verify(runtime.store)] == []
    await _worked(runtime, UP)
    assert {member: await _told(runtime, member) for member in WHILE_DOWN} == WHILE_DOWN


async def test_after_two_days_of_downtime_all_stands_as_if_there_had_been_none(database: Database) -> None:
    runtime = await _lived(database)
    await _worked(runtime, UP)
    late, inboxes = await _journal(runtime), {member: await _told(runtime, member) for member in WHILE_DOWN}
    await database.client.drop_database(database.mongo.name)
    runtime = await _lived(database)
    for hours in range(1, 49):
        await _worked(runtime, LAST + timedelta(hours=hours))
    assert await _journal(runtime) == late
    assert {member: await _told(runtime, member) for member in WHILE_DOWN} == inboxes == WHILE_DOWN
