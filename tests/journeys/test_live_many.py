"""Live activity of the whole application: one change stream for all phones, who is let in, when a
subscription ends, and that a slow one delays no other.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from api.app import open_app
from api.graphql.member.live.cursors import write_cursor
from api.http.protocol import ConnectionLimits
from api.process import Process, open_process
from api.settings import Settings
from domain.services.ledger import purchases
from domain.services.live.activity_feed import ActivityCursor
from domain.services.people import sessions
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.sessions import OpenedSession
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.prepare import prepare
from tests.activity_listeners import wait_for_listeners
from tests.activity_socket import PROTOCOL, open_activity_socket, serve_with_sockets
from tests.command_log import CommandLog
from tests.identity_harness import SECRET, RecordingCodeSender
from tests.small_runtime import SMALL, TILL, join, new_purchase

MEMBERS, EACH = 10, 20  # 20 subscriptions are the most that a member may have


@dataclass(frozen=True)
class ServedApp:
    """The application with its background tasks, and a second process's runtime over the same database."""

    process: Process
    address: str
    elsewhere: Runtime

    def session(self, member: str) -> OpenedSession:
        return sessions.new_session(self.process.runtime, "member", member, now=datetime.now(UTC))

    async def sign_in(self, member: str) -> tuple[str, str]:
        """A session of a member's: its id and an access token."""
        opened_session = self.session(member)
        await sessions.open_session(self.process.runtime, opened_session)
        return opened_session.session.id, self.token(member, opened_session.session.id)

    def token(self, member: str, session: str, *, role: str = "member", store: str | None = None) -> str:
        return self.process.tokens.access(subject=member, role=role, session=session, store=store).token

    async def buys(self, member: str, receipt: str, total: int = 100) -> None:
        """Let a member buy something at the other process."""
        now = datetime.now(UTC)
        await purchases.record(
            self.elsewhere,
            till=TILL,
            member_id=member,
            purchase_input=new_purchase(receipt, total),
            key=receipt,
            now=now,
        )

    async def listeners(self, many: int) -> None:
        """Wait until so many subscriptions listen."""
        await wait_for_listeners(self.process.runtime.activity_hub, many)


@asynccontextmanager
async def running(
    database: Database, folder: Path, *, limits: ConnectionLimits | None = None
) -> AsyncIterator[ServedApp]:
    """`selo serve` in this event loop: the application with its worker and its stream, and one member."""
    async with open_process(Settings(data=folder), database) as process:
        await process.programmes.publish(SMALL, now=datetime.now(UTC) - timedelta(days=2))
        store = DocumentStore.of(database, embedded=True)
        await prepare(store)
        elsewhere = Runtime.for_store(store)
        await elsewhere.programmes.refresh()
        await join(elsewhere, "ana", at=datetime.now(UTC).replace(microsecond=0) - timedelta(days=1))
        async with open_app(process, address="") as app, serve_with_sockets(app, limits) as address:
            await asyncio.wait_for(process.follower.is_following.wait(), 60)
            yield ServedApp(process, address, elsewhere)


async def closed(phone: ClientConnection) -> int:
    """Wait until the server closes a socket; return its code, 0 where it said nothing."""
    async with asyncio.timeout(60):
        try:
            while True:
                await phone.recv()
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd is not None else 0


async def test_two_hundred_subscriptions_are_fed_by_one_change_stream_each_told_once(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with running(database, tmp_path) as selo, AsyncExitStack() as stack:
        members = [
            await join(selo.elsewhere, f"m{at}", at=datetime.now(UTC).replace(microsecond=0))
            for at in range(MEMBERS)
        ]
        phones = []
        for member in members:
            _, token = await selo.sign_in(member)
            phones.append(await stack.enter_async_context(open_activity_socket(selo.address, token)))
            for name in range(EACH):
                await phones[-1].subscribe(name=str(name))
        await selo.listeners(MEMBERS * EACH)
        assert command_log.streams == 1
        for round_ in ("first", "second"):
            for member in members:
                await selo.buys(member, f"{round_} {member}")
            for phone in phones:
                for name in range(EACH):
                    async with asyncio.timeout(30):
                        while len(phone.events[str(name)]) < (1 if round_ == "first" else 2):
                            await phone.next()
        assert command_log.streams == 1
        for phone in phones:
            for events in phone.events.values():
                assert [one["activity"]["entries"][0]["amount"] for one in events] == [1, 1]
                assert [one["activity"]["wallets"][0]["available"] for one in events] == [1, 2]
    assert selo.process.runtime.activity_hub.listener_count == 0


async def test_only_a_member_whose_session_lives_is_let_in(database: Database, tmp_path: Path) -> None:
    async with running(database, tmp_path) as selo:
        gone, token = await selo.sign_in("ana")
        await sessions.sign_out(selo.process.runtime, gone, now=datetime.now(UTC))
        head, body, signature = token.split(".")
        forged = f"{head}.{body}.{signature[::-1]}"
        staff = selo.token("maria", "s" * 32, role="manager", store="lisboa")
        for init_payload in (
            "{}",
            '{"authorization": "Bearer"}',
            *(f'{{"authorization": "Bearer {one}"}}' for one in (token, forged, staff)),
        ):
            async with connect(f"ws{selo.address[4:]}/graphql", subprotocols=[PROTOCOL]) as stranger:
                await stranger.send(f'{{"type": "connection_init", "payload": {init_payload}}}')
                assert await closed(stranger) == 4403
        async with connect(f"ws{selo.address[4:]}/graphql", subprotocols=[PROTOCOL]) as early:
            await early.send(
                '{"id": "1", "type": "subscribe", "payload": {"query": "subscription { memberActivity {'
                ' cursor } }"}}'
            )
            assert await closed(early) == 4401
        assert selo.process.runtime.activity_hub.listener_count == 0


async def test_a_member_is_told_nothing_of_anybody_else(database: Database, tmp_path: Path) -> None:
    async with running(database, tmp_path) as selo:
        await join(selo.elsewhere, "rui", at=datetime.now(UTC).replace(microsecond=0))
        _, ana = await selo.sign_in("ana")
        _, rui = await selo.sign_in("rui")
        async with (
            open_activity_socket(selo.address, ana) as hers,
            open_activity_socket(selo.address, rui) as his,
        ):
            for phone in (hers, his):
                await phone.subscribe()
            await selo.listeners(2)
            await selo.buys("rui", "his")
            await his.wait_for("BalanceChanged")
            await selo.buys("ana", "hers", 200)
            heard = await hers.wait_for("BalanceChanged")
            assert heard["activity"]["entries"][0]["amount"] == 2
            assert len(hers.events["1"]) == 1


async def test_subscriptions_end_with_their_session_wherever_it_is_ended(
    database: Database, tmp_path: Path
) -> None:
    async with running(database, tmp_path) as selo, AsyncExitStack() as stack:
        (here, token_here), (there, token_there), (_, token_stays) = [
            await selo.sign_in("ana") for _ in range(3)
        ]
        by_itself, by_another, stays = [
            await stack.enter_async_context(open_activity_socket(selo.address, token))
            for token in (token_here, token_there, token_stays)
        ]
        for phone in (by_itself, by_another, stays):
            await phone.subscribe()
        await selo.listeners(3)
        async with httpx.AsyncClient(
            base_url=selo.address, headers={"authorization": f"Bearer {token_here}"}
        ) as client:
            done = await client.post(
                "/graphql", json={"query": "mutation { signOut(input: {}) { sessions } }"}
            )
        assert done.json() == {"data": {"signOut": {"sessions": 1}}}
        assert await closed(by_itself.socket) == 4403
        await selo.listeners(2)
        elsewhere = IdentityRuntime.of(selo.elsewhere, secret=SECRET, code_sender=RecordingCodeSender())
        await sessions.sign_out(elsewhere, there, now=datetime.now(UTC))
        assert await closed(by_another.socket) == 4403
        await selo.listeners(1)
        await selo.buys("ana", "later")
        assert (await stays.wait_for("BalanceChanged"))["activity"]["entries"][0]["amount"] == 1
        assert not selo.process.runtime.session_registry.is_alive(here)


async def test_a_phone_that_does_not_read_is_dropped_and_nothing_is_kept_for_it(
    database: Database, tmp_path: Path
) -> None:
    wallets = " ".join(
        f"w{at}: wallets {{ id code name walletKind available pending debt }}" for at in range(10)
    )
    greedy = (
        "subscription($after: String) { memberActivity(after: $after) { activity { ... on BalanceChanged"
        f" {{ {wallets} }} }} }} }}"
    )
    async with running(database, tmp_path, limits=ConnectionLimits(answer_seconds=1)) as selo:
        for at in range(60):
            await selo.buys("ana", f"r{at}")
        _, token = await selo.sign_in("ana")
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        small.setblocking(False)
        await asyncio.get_running_loop().sock_connect(
            small, ("127.0.0.1", int(selo.address.rsplit(":", 1)[1]))
        )
        async with contextlib.AsyncExitStack() as stack:
            deaf = await stack.enter_async_context(
                open_activity_socket(selo.address, token, sock=small, max_queue=1, close_timeout=1)
            )
            for name in range(EACH):
                await deaf.subscribe(greedy, name=str(name), after=write_cursor(ActivityCursor(1, 0, 0)))
            await selo.listeners(EACH)
            assert all(len(each.rows) <= 20 for each in selo.process.runtime.activity_hub._listeners["ana"])
            await selo.listeners(0)
            assert await closed(deaf.socket) == 0
        async with open_activity_socket(selo.address, token) as again:
            await again.subscribe(after=write_cursor(ActivityCursor(1, 0, 0)))
            for _ in range(60):
                await again.wait_for("BalanceChanged")
            entries = [
                one["activity"]["entries"][0]["id"]
                for one in again.events["1"]
                if "entries" in one["activity"]
            ]
            assert len(set(entries)) == 60
