"""The turn: writes down what time brought, and fires what the agenda holds. Nothing depends on its being on time.

Members are found by when time may next bring something, items of the agenda by when they are due. Each is a commit of its own; one
that fails is left for the next turn and the rest goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.model import timeline
from domain.model.calendar import milliseconds
from domain.model.decision import By, Refusal
from domain.services.house import House, committed, decided
from domain.store import agenda, commit, members
from domain.store.agenda import Item
from domain.store.base import Busy

SIDE_BY_SIDE = 4
EVERY = timedelta(seconds=20)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn did: members looked at, rows written, agenda items fired, and what met somebody else's work and waits."""

    members: int = 0
    rows: int = 0
    fired: int = 0
    left: int = 0

    def __add__(self, other: Turned) -> Turned:
        return Turned(self.members + other.members, self.rows + other.rows, self.fired + other.fired, self.left + other.left)


def quiet(done: int, of: int) -> None:
    """Show no progress."""


# ---------------------------------------------------------------- writes
async def turn(house: House, *, now: datetime, progress: Progress = quiet) -> Turned:
    """Write down all that time has brought to everybody by now, and all that follows from it by now."""
    now, version = milliseconds(now), house.programmes.current().version
    total = await _members(house, await members.due(house.store, now=now, version=version), now=now, progress=progress)
    while items := await agenda.due(house.store, now=now):
        fired = sum([await fire(house, item, now=now) for item in items], Turned())
        total += fired
        if not fired.fired:
            break
    return total


async def _members(house: House, due: list[str], *, now: datetime, progress: Progress) -> Turned:
    total, waiting, done = Turned(), iter(due), 0

    async def work() -> None:
        nonlocal total, done
        for member_id in waiting:
            total += await turn_member(house, member_id=member_id, now=now)
            done += 1
            progress(done, len(due))

    await asyncio.gather(*(work() for _ in range(SIDE_BY_SIDE)))
    return total


async def turn_member(house: House, *, member_id: str, now: datetime) -> Turned:
    """Write down what time brought to one member by now; nothing where nothing is due."""

    async def attempt() -> Turned:
        published = house.programmes.current()
        kept = await members.find(house.store, member_id)
        if kept is None or kept.status != "active" or not kept.due.passed(now=now, version=published.version):
            return Turned()
        world = await house.shelf.world(published.programme, now=now)
        decision = timeline.turn(published.programme, kept.member, until=now, world=world, version=published.version)
        if not decision.rows and commit.due_of(published, decision) == kept.due:
            return Turned()
        await committed(house, published, decision, now=now)
        return Turned(members=1, rows=len(decision.rows))

    try:
        return await house.store.rounds(attempt, queue=member_id)
    except Busy:
        return Turned(left=1)


async def fire(house: House, item: Item, *, now: datetime) -> Turned:
    """Let an item of the agenda happen to its member, once: it is marked done in the same transaction, also where it is refused."""
    if not await agenda.claim(house.store, item, now=now):
        return Turned()

    async def attempt() -> Turned:
        published = house.programmes.current()
        kept = await members.find(house.store, item.member)
        if kept is None or kept.status != "active" or kept.member.joined_at is None:
            await house.store.transact([agenda.done(item, now=now, refused="NotFound")])
            return Turned(fired=1)
        by: By = "time" if item.event.rule else "decision"
        try:
            decision = await decided(house, published, kept, item.event, now=now, by=by)
        except Refusal as refusal:
            await house.store.transact([agenda.done(item, now=now, refused=type(refusal).__name__)])
            return Turned(fired=1)
        await committed(house, published, decision, now=now, claims=[agenda.done(item, now=now)])
        return Turned(rows=len(decision.rows), fired=1)

    try:
        return await house.store.rounds(attempt, queue=item.member)
    except Busy:
        return Turned(left=1)


async def keep_turning(house: House, *, clock: Callable[[], datetime], heard: Callable[[Exception], None]) -> None:
    """Take the turn every 20 seconds until cancelled; `heard` is told of one that failed, and the next is taken all the same."""
    while True:
        try:
            await turn(house, now=clock())
        except Exception as fault:  # noqa: BLE001 - whatever it is, the next turn comes
            heard(fault)
        await asyncio.sleep(EVERY.total_seconds())
