"""One change stream a process: what it carries, to whom, and that nothing ends it for good."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from structlog.testing import capture_logs

from domain.services.live.change_follower import ChangeFollower
from domain.services.people import sessions
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.session_registry import SessionRegistry
from domain.store.change_stream import Change, InsertedRow, SessionEnded
from domain.store.connect import Database
from domain.store.document_store import DatabaseError, DocumentStore
from domain.store.prepare import prepare
from tests.houses import open_house
from tests.services.people import NOW, PROGRAMME, SECRET, Sent
from tests.services.post import happens, loud, post_of, works
from tests.wire import Wire


@dataclass
class Ear:
    """Keeps what it hears, and how often it was told to look."""

    looked: int = 0
    away: int = 0
    heard: list[Change] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def catch_up(self, store: DocumentStore, *, now: datetime) -> None:
        if self.away:
            self.away -= 1
            raise DatabaseError("away")
        self.looked += 1
        self.more.set()

    def handle_change(self, change: Change, *, now: datetime) -> None:
        self.heard.append(change)
        self.more.set()

    async def until(self, *, heard: int = 0, looked: int = 0) -> None:
        """Wait until so much was heard, and so often looked."""
        async with asyncio.timeout(20):
            while len(self.heard) < heard or self.looked < looked:
                self.more.clear()
                await self.more.wait()


class Deaf:
    """Understands nothing."""

    async def catch_up(self, store: DocumentStore, *, now: datetime) -> None:
        """Look at nothing."""

    def handle_change(self, change: Change, *, now: datetime) -> None:
        raise KeyError("a field of tomorrow")


@asynccontextmanager
async def following(store: DocumentStore, follower: ChangeFollower) -> AsyncIterator[None]:
    """The stream, for as long as the block runs."""
    task = asyncio.create_task(follower.follow(store, clock=lambda: NOW))
    try:
        await asyncio.wait_for(follower.is_following.wait(), 10)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def desk_of(database: Database) -> IdentityRuntime:
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    return IdentityRuntime.of(await open_house(database, PROGRAMME), secret=SECRET, code_sender=Sent())


async def begun(desk: IdentityRuntime) -> str:
    """A session that has begun."""
    one = sessions.new_session(desk, "member", "m" * 32, now=NOW)
    await sessions.open_session(desk, one)
    return one.session.id


async def test_one_stream_carries_the_journal_the_inbox_and_the_ends_of_sessions_and_nothing_else(
    database: Database, wire: Wire
) -> None:
    house = await loud(database)
    desk, ear = IdentityRuntime.of(house, secret=SECRET, code_sender=Sent()), Ear()
    async with following(house.store, ChangeFollower(ear, Ear())):
        session, other = await begun(desk), await begun(desk)
        id = await happens(house, "nudged")
        await works(house, post_of())
        await sessions.sign_out(desk, session, now=NOW)
        await ear.until(heard=3)
        row, letter, end = ear.heard
        assert isinstance(row, InsertedRow)
        assert (row.collection, row.row["member"]) == ("journal", "ana")
        assert isinstance(letter, InsertedRow)
        assert (letter.collection, letter.row["_id"]) == ("inbox", id)
        assert end == SessionEnded(session)
        await sessions.sign_out(desk, other, now=NOW)
        await ear.until(heard=4)
        assert ear.heard[3:] == [SessionEnded(other)]
    assert wire.streams == 1
    assert ear.looked == 1


async def test_a_message_that_any_process_promises_wakes_the_worker(database: Database) -> None:
    house = await loud(database)
    async with following(house.store, ChangeFollower(house.activity_hub)):
        house.activity_hub.outbox_ready.clear()
        await happens(house, "nudged")
        await asyncio.wait_for(house.activity_hub.outbox_ready.wait(), 10)


async def test_whoever_serves_a_session_is_told_once_that_it_has_ended(database: Database) -> None:
    desk, told = await desk_of(database), list[str]()
    mine, elsewhere, left, alive = [await begun(desk) for _ in range(4)]
    registry = desk.session_registry
    with (
        registry.serving(mine, lambda: told.append("mine")),
        registry.serving(mine, lambda: told.append("mine too")),
        registry.serving(elsewhere, lambda: told.append("elsewhere")),
        registry.serving(alive, lambda: told.append("alive")),
    ):
        with registry.serving(left, lambda: told.append("left")):
            pass
        await sessions.sign_out(desk, mine, now=NOW)
        assert sorted(told) == ["mine", "mine too"]
        await sessions.sign_out(
            IdentityRuntime.of(desk, secret=SECRET, code_sender=Sent()), elsewhere, now=NOW
        )
        async with following(desk.store, ChangeFollower(registry)):
            assert told[2:] == ["elsewhere"]
            await sessions.sign_out(desk, left, now=NOW)
        assert len(told) == 3
    assert registry._end_callbacks == {}


async def test_what_was_missed_while_nobody_followed_is_looked_for(database: Database) -> None:
    desk, here = await desk_of(database), SessionRegistry()
    follower = ChangeFollower(here)
    async with following(desk.store, follower):
        session = await begun(desk)
        assert here.is_alive(session)
    await sessions.sign_out(desk, session, now=NOW)
    follower.is_following.clear()
    async with following(desk.store, follower):
        assert not here.is_alive(session)


async def test_a_stream_that_the_server_ends_is_opened_again(database: Database, wire: Wire) -> None:
    ear, store = Ear(), DocumentStore.of(database, embedded=True)
    await prepare(store)
    with capture_logs() as logged:
        async with following(store, ChangeFollower(ear)):
            await ear.until(looked=1)
            await database.client.drop_database(database.mongo.name)
            await ear.until(looked=2)
            desk = await desk_of(database)
            session = await begun(desk)
            await sessions.sign_out(desk, session, now=NOW)
            await ear.until(heard=1)
            assert ear.heard[-1] == SessionEnded(session)
    assert [one["event"] for one in logged] == ["following.lost", "following.again"]
    assert wire.streams == 2


async def test_a_hearer_that_cannot_look_yet_is_asked_again_and_until_then_nobody_is_told_that_we_follow(
    database: Database,
) -> None:
    store, ear = DocumentStore.of(database, embedded=True), Ear(away=2)
    await prepare(store)
    async with following(store, ChangeFollower(ear)):
        assert (ear.away, ear.looked) == (0, 1)


async def test_what_one_hearer_does_not_understand_the_others_are_told(
    database: Database, wire: Wire
) -> None:
    house, ear = await loud(database), Ear()
    async with following(house.store, ChangeFollower(Deaf(), ear)):
        await happens(house, "nudged")
        await happens(house, "nudged")
        await ear.until(heard=2)
    assert wire.streams == 1
