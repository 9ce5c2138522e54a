"""One change stream for each process: what it carries, to whom, and that it restarts after every error."""

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
from tests.command_log import CommandLog
from tests.identity_harness import NOW, PROGRAMME, SECRET, RecordingCodeSender
from tests.loud_runtime import deliver_all_due, new_delivery_worker, open_loud_runtime, record_event
from tests.small_runtime import open_runtime


@dataclass
class RecordingListener:
    """Records what it hears, and how often it was asked to catch up."""

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
        """Wait until it heard so much and caught up so often."""
        async with asyncio.timeout(60):
            while len(self.heard) < heard or self.looked < looked:
                self.more.clear()
                await self.more.wait()


class FailingListener:
    """Fails at every change."""

    async def catch_up(self, store: DocumentStore, *, now: datetime) -> None:
        """Do nothing."""

    def handle_change(self, change: Change, *, now: datetime) -> None:
        raise KeyError("a field of tomorrow")


@asynccontextmanager
async def following(store: DocumentStore, follower: ChangeFollower) -> AsyncIterator[None]:
    """Run the change stream until the block ends."""
    task = asyncio.create_task(follower.follow(store, clock=lambda: NOW))
    try:
        await asyncio.wait_for(follower.is_following.wait(), 60)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def identity_of(database: Database) -> IdentityRuntime:
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    return IdentityRuntime.of(
        await open_runtime(database, PROGRAMME), secret=SECRET, code_sender=RecordingCodeSender()
    )


async def begin_session(identity: IdentityRuntime) -> str:
    """Begin a session; return its id."""
    opened_session = sessions.new_session(identity, "member", "m" * 32, now=NOW)
    await sessions.open_session(identity, opened_session)
    return opened_session.session.id


async def test_one_stream_carries_the_journal_the_inbox_and_the_ends_of_sessions_and_nothing_else(
    database: Database, command_log: CommandLog
) -> None:
    runtime = await open_loud_runtime(database)
    identity, ear = (
        IdentityRuntime.of(runtime, secret=SECRET, code_sender=RecordingCodeSender()),
        RecordingListener(),
    )
    async with following(runtime.store, ChangeFollower(ear, RecordingListener())):
        session, other = await begin_session(identity), await begin_session(identity)
        id = await record_event(runtime, "nudged")
        await deliver_all_due(runtime, new_delivery_worker())
        await sessions.sign_out(identity, session, now=NOW)
        await ear.until(heard=3)
        row, letter, end = ear.heard
        assert isinstance(row, InsertedRow)
        assert (row.collection, row.row["member"]) == ("journal", "ana")
        assert isinstance(letter, InsertedRow)
        assert (letter.collection, letter.row["_id"]) == ("inbox", id)
        assert end == SessionEnded(session)
        await sessions.sign_out(identity, other, now=NOW)
        await ear.until(heard=4)
        assert ear.heard[3:] == [SessionEnded(other)]
    assert command_log.streams == 1
    assert ear.looked == 1


async def test_a_message_that_any_process_promises_wakes_the_worker(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    async with following(runtime.store, ChangeFollower(runtime.activity_hub)):
        runtime.activity_hub.outbox_ready.clear()
        await record_event(runtime, "nudged")
        await asyncio.wait_for(runtime.activity_hub.outbox_ready.wait(), 60)


async def test_whoever_serves_a_session_is_told_once_that_it_has_ended(database: Database) -> None:
    identity, notices = await identity_of(database), list[str]()
    mine, elsewhere, left, alive = [await begin_session(identity) for _ in range(4)]
    registry = identity.session_registry
    with (
        registry.serving(mine, lambda: notices.append("mine")),
        registry.serving(mine, lambda: notices.append("mine too")),
        registry.serving(elsewhere, lambda: notices.append("elsewhere")),
        registry.serving(alive, lambda: notices.append("alive")),
    ):
        with registry.serving(left, lambda: notices.append("left")):
            pass
        await sessions.sign_out(identity, mine, now=NOW)
        assert sorted(notices) == ["mine", "mine too"]
        await sessions.sign_out(
            IdentityRuntime.of(identity, secret=SECRET, code_sender=RecordingCodeSender()),
            elsewhere,
            now=NOW,
        )
        async with following(identity.store, ChangeFollower(registry)):
            assert notices[2:] == ["elsewhere"]
            await sessions.sign_out(identity, left, now=NOW)
        assert len(notices) == 3
    assert registry._end_callbacks == {}


async def test_what_was_missed_while_nobody_followed_is_looked_for(database: Database) -> None:
    identity, here = await identity_of(database), SessionRegistry()
    follower = ChangeFollower(here)
    async with following(identity.store, follower):
        session = await begin_session(identity)
        assert here.is_alive(session)
    await sessions.sign_out(identity, session, now=NOW)
    follower.is_following.clear()
    async with following(identity.store, follower):
        assert not here.is_alive(session)


async def test_a_stream_that_the_server_ends_is_opened_again(
    database: Database, command_log: CommandLog
) -> None:
    ear, store = RecordingListener(), DocumentStore.of(database, embedded=True)
    await prepare(store)
    with capture_logs() as logged:
        async with following(store, ChangeFollower(ear)):
            await ear.until(looked=1)
            await database.client.drop_database(database.mongo.name)
            await ear.until(looked=2)
            identity = await identity_of(database)
            session = await begin_session(identity)
            await sessions.sign_out(identity, session, now=NOW)
            await ear.until(heard=1)
            assert ear.heard[-1] == SessionEnded(session)
    assert [one["event"] for one in logged] == ["following.lost", "following.again"]
    assert command_log.streams == 2


async def test_a_hearer_that_cannot_look_yet_is_asked_again_and_until_then_nobody_is_told_that_we_follow(
    database: Database,
) -> None:
    store, ear = DocumentStore.of(database, embedded=True), RecordingListener(away=2)
    await prepare(store)
    async with following(store, ChangeFollower(ear)):
        assert (ear.away, ear.looked) == (0, 1)


async def test_what_one_hearer_does_not_understand_the_others_are_told(
    database: Database, command_log: CommandLog
) -> None:
    runtime, ear = await open_loud_runtime(database), RecordingListener()
    async with following(runtime.store, ChangeFollower(FailingListener(), ear)):
        await record_event(runtime, "nudged")
        await record_event(runtime, "nudged")
        await ear.until(heard=2)
    assert command_log.streams == 1
