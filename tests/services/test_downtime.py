"""Two days without a worker: what time brought meanwhile is made up for once, in its order, and its messages with it."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from domain.model.decide import decide, new_member
from domain.model.events import ENROLLED, Event
from domain.services import inbox
from domain.services.house import committed
from domain.services.turn import Turned, turn
from domain.services.verify import verify
from domain.store.connect import Database
from domain.store.members import Details
from tests.houses import open_house
from tests.services.post import happens, post_of, works

TIMELY = """
programme: {code: timely, name: Timely, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, kind: points, name: Points, expiry: {after: {days: 10}}, remind: {days: 2}}]
segments: [{code: everyone, name: Everyone, when: "true"}]
events: [{name: visited, title: Visited, data: {place: string, people: int}}]
rules:
  - {code: visit, title: A visit, on: visited, do: [{award: {wallet: points, fixed: 10}}]}
  - {code: tomorrow, on: visited, after: {hours: 30}, do: [{message: tomorrow}]}
  - {code: birthday, title: Birthday, on: member.birthday, do: [{award: {wallet: points, fixed: 7}}, {message: birthday}]}
  - {code: soon, on: points.expiring, do: [{message: soon}]}
  - {code: gone, on: points.expired, do: [{message: gone}]}
  - {code: mornings, on: schedule, at: "0 9 * * *", for: everyone, do: [{message: morning}]}
messages:
  - {code: tomorrow, title: Tomorrow}
  - {code: birthday, title: "Happy birthday, {member.name}"}
  - {code: soon, title: "{points.amount} points through {points.on}"}
  - {code: gone, title: "{points.amount} points are gone"}
  - {code: morning, title: Good morning}
"""
BEGAN = datetime(2026, 3, 2, 10, tzinfo=UTC)


async def test_two_days_of_downtime_are_made_up_for_once_and_in_order(database: Database) -> None:
    house = await open_house(database, TIMELY, now=BEGAN)
    published = house.programmes.current()
    details = replace(Details(name="Ana", locale="en", timezone="Europe/Lisbon"), birthday=date(1990, 3, 11))
    event = Event("enrol:ana", ENROLLED, BEGAN, "selo", {"referredBy": None}, profile=details.profile)
    decision = decide(published.programme, new_member("ana", "0000ana"), event, now=BEGAN, version=published.version)
    await committed(house, published, decision, now=BEGAN, details=details)
    await happens(house, "visited", at=BEGAN, place="Baixa", people=2)
    last = datetime(2026, 3, 10, 8, 30, tzinfo=UTC)
    for hours in range(0, 191, 12):
        await turn(house, now=BEGAN + timedelta(hours=hours))
    await turn(house, now=last)
    await works(house, post_of(), now=last)
    before = (await inbox.mailbox(house, member_id="ana")).n
    await happens(house, "visited", at=last, place="Baixa", people=2)

    up = last + timedelta(days=4)  # nobody worked from the tenth to the fourteenth
    done = await asyncio.gather(*(turn(house, now=up) for _ in range(2)))
    assert sum(one.fired for one in done) == 1
    assert await turn(house, now=up) == Turned()
    asked = {"member": "ana", "state": "pending"}
    waiting = [row async for row in house.store["outbox"].find(asked)]
    told = [(row["at"].strftime("%d %H:%M"), row["code"]) for row in sorted(waiting, key=lambda row: (row["seq"], row["_id"]))]
    assert told == [
        ("10 09:00", "morning"),
        ("11 00:00", "birthday"),
        ("11 09:00", "morning"),
        ("11 14:30", "tomorrow"),
        ("12 09:00", "morning"),
        ("13 00:00", "gone"),
        ("13 09:00", "morning"),
    ]
    await works(house, post_of(), now=up)
    letters = (await inbox.opened(house, member_id="ana", first=100)).letters
    assert [one.n for one in letters[: len(told)]] == list(range(before + len(told), before, -1))
    assert [one async for one in verify(house.store)] == []
