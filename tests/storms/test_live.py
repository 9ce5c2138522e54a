"""The database under a running `selo serve` is killed while phones listen: they receive all that was
committed, in order and once.
"""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.embedded import find_running, open_embedded
from api.graphql.member.live.cursors import write_cursor
from api.keys import read_keys
from api.settings import Settings
from api.tokens import Tokens
from domain.services.ledger import purchases
from domain.services.live.activity_feed import (
    Activity,
    ActivityCursor,
    EntriesActivity,
    retry_while_away,
    stream_activity,
)
from domain.services.people import sessions
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import Busy, DatabaseError, DocumentStore
from domain.store.prepare import prepare
from tests.activity_socket import ActivitySocket, open_activity_socket, open_cursors
from tests.identity_harness import SECRET, RecordingCodeSender
from tests.servers import serve_selo
from tests.small_runtime import SMALL, TILL, join, new_purchase, open_runtime

KILLS, PHONES = 3, 4


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


async def buys(runtime: Runtime, total: int) -> None:
    """Let ana buy something of so many euros, retrying while the database is away: one key is one purchase."""
    purchase = new_purchase(f"r{total}", total * 100)
    async with asyncio.timeout(60):
        while True:
            try:
                await purchases.record(
                    runtime, till=TILL, member_id="ana", purchase_input=purchase, key=f"r{total}", now=now()
                )
            except (Busy, DatabaseError):
                await asyncio.sleep(0.05)
            else:
                return


def kill(data_folder: Path) -> None:
    """Kill the database by SIGKILL."""
    running = find_running(data_folder)
    assert running is not None
    os.kill(running.database_pid, signal.SIGKILL)


def amounts(phone: ActivitySocket) -> list[int]:
    """The amounts of the received entries, in order."""
    activities = [one["activity"] for one in phone.events["1"]]
    return [
        entry["amount"]
        for each in activities
        if each["__typename"] == "BalanceChanged"
        for entry in each["entries"]
    ]


async def listen_through_kills(url: str, data_folder: Path) -> None:
    running = find_running(data_folder)
    assert running is not None
    settings = Settings(data=data_folder)
    database = connect(running.uri, settings.database)
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    runtime = Runtime.for_store(store)
    await runtime.programmes.refresh()
    await join(runtime, "ana", at=now() - timedelta(days=1))
    identity, tokens = (
        IdentityRuntime.of(runtime, secret=SECRET, code_sender=RecordingCodeSender()),
        Tokens(read_keys(settings, now=now()), issuer="selo", clock=now),
    )
    async with AsyncExitStack() as stack:
        opened = [sessions.new_session(identity, "member", "ana", now=now()) for _ in range(PHONES)]
        phones = []
        for opened_phone in opened:
            await sessions.open_session(identity, opened_phone)
            token = tokens.access(subject="ana", role="member", session=opened_phone.session.id).token
            phones.append(await stack.enter_async_context(open_activity_socket(url, token)))
            await phones[-1].subscribe(after=write_cursor(ActivityCursor(1, 0, 0)))
        before = 1
        await buys(runtime, before)
        for at in range(KILLS):
            going = asyncio.create_task(buys(runtime, before + 1))
            await asyncio.sleep(0.02 * at)  # before the commit, while it is on its way, after it
            kill(data_folder)
            await going
            for total in (before + 2, before + 3):
                await buys(runtime, total)
            before += 3
            for phone in phones:
                while amounts(phone)[-1:] != [before]:
                    await phone.wait_for("BalanceChanged", within_seconds=60)
        for phone in phones:
            assert amounts(phone) == list(range(1, before + 1))
            assert "Resync" not in [one["activity"]["__typename"] for one in phone.events["1"]]
        assert await open_cursors(database) == 1
        await sessions.sign_out(identity, opened[0].session.id, now=now())
        await asyncio.wait_for(phones[0].socket.wait_closed(), 30)
        assert phones[0].socket.close_code == 4403
        await buys(runtime, before + 1)
        await phones[1].wait_for("BalanceChanged")
        assert amounts(phones[1])[-1] == before + 1
    await database.close()


def test_a_database_killed_while_phones_listen_loses_them_nothing_and_tells_nothing_twice(
    tmp_path: Path,
) -> None:
    programme, data_folder = tmp_path / "small.yaml", tmp_path / "data"
    programme.write_text(SMALL)
    with serve_selo(data_folder, "--programme", str(programme)) as served:
        asyncio.run(listen_through_kills(served.url, data_folder))


async def test_a_subscription_waits_out_a_database_that_is_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    activities: list[Activity] = []
    async with open_embedded(tmp_path) as running, AsyncExitStack() as stack:
        hasty, patient = connect(running.uri, "test", timeout_seconds=0.1), connect(running.uri, "test")
        stack.push_async_callback(hasty.close)
        stack.push_async_callback(patient.close)
        runtime = await open_runtime(patient)
        await join(runtime, "ana")
        there = Runtime.for_store(DocumentStore.of(hasty, embedded=True))
        await retry_while_away(there.programmes.refresh)  # a busy machine has not connected in 0.1 s
        capsys.readouterr()

        async def listen() -> None:
            async for happening in stream_activity(
                there, member_id="ana", after=ActivityCursor(1, 0, 0), now=now()
            ):
                activities.append(happening)  # noqa: PERF401 - looked at while more comes

        listening = asyncio.create_task(listen())
        async with asyncio.timeout(60):
            while not there.activity_hub.listener_count:
                await asyncio.sleep(0.01)
            os.kill(running.pid, signal.SIGKILL)
            await there.activity_hub.catch_up(there.store, now=now())
            while "activity.waits" not in capsys.readouterr().out:
                await asyncio.sleep(0.01)
            await buys(runtime, 3)
            await there.activity_hub.catch_up(there.store, now=now())
            while not activities:
                await asyncio.sleep(0.01)
        assert [
            entry.amount
            for one in activities
            if isinstance(one.detail, EntriesActivity)
            for entry in one.detail.entries
        ] == [3]
        assert not listening.done()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
