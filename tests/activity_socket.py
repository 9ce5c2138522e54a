"""A client of live activity over a real socket, which speaks graphql-transport-ws by hand."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.http.protocol import ConnectionLimits, socket_protocol
from domain.store.connect import Database

PROTOCOL = Subprotocol("graphql-transport-ws")
BALANCES = """subscription($after: String) { memberActivity(after: $after) { cursor activity { __typename
  ... on BalanceChanged { wallets { available } entries { id amount } } } } }"""


@dataclass
class ActivitySocket:
    """An accepted socket, and the events of its subscriptions by their ids."""

    socket: ClientConnection
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    async def subscribe(self, query: str = BALANCES, *, name: str = "1", after: str | None = None) -> None:
        """Ask for what happens, from now on or after a cursor."""
        self.events[name] = []
        request = {"query": query, "variables": {"after": after}}
        await self.socket.send(json.dumps({"id": name, "type": "subscribe", "payload": request}))

    async def wait_for(self, kind: str, *, name: str = "1", within_seconds: float = 30) -> dict[str, Any]:
        """Wait for the next activity of a kind in one subscription; `events` keeps all that came meanwhile."""
        async with asyncio.timeout(within_seconds):
            while True:
                received = await self.next()
                if received == (name, kind):
                    return self.events[name][-1]

    async def next(self) -> tuple[str, str]:
        """Wait for one activity of any subscription; return the subscription's id and the activity's type."""
        message = json.loads(await self.socket.recv())
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        event: dict[str, Any] = message["payload"]["data"]["memberActivity"]
        self.events[message["id"]].append(event)
        return message["id"], event["activity"]["__typename"]

    async def ping(self) -> None:
        """Wait until the server has taken all earlier messages; no event may come meanwhile."""
        await self.socket.send('{"type": "ping"}')
        assert json.loads(await self.socket.recv()) == {"type": "pong"}


async def open_cursors(database: Database) -> int:
    """How many cursors the server has open: with nothing else going on, only change streams hold one."""
    status = await database.client.admin.command("serverStatus")
    return int(status["metrics"]["cursor"]["open"]["total"])


@asynccontextmanager
async def open_activity_socket(address: str, token: str, **options: Any) -> AsyncIterator[ActivitySocket]:
    """Connect and authenticate a socket; `options` are the client library's."""
    url = f"ws{address.removeprefix('http')}/graphql"
    async with connect(
        url, subprotocols=[PROTOCOL], compression=None, open_timeout=60, **options
    ) as websocket:
        await websocket.send(
            json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        )
        assert json.loads(await websocket.recv()) == {"type": "connection_ack"}
        yield ActivitySocket(websocket)


@asynccontextmanager
async def serve_with_sockets(app: ASGIApp, limits: ConnectionLimits | None = None) -> AsyncIterator[str]:
    """Serve an application in this event loop until the block ends; yields its address. The system buffers
    little for its sockets.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        sockets = socket_protocol(limits or ConnectionLimits())
        server = uvicorn.Server(
            uvicorn.Config(app, ws=sockets, lifespan="off", log_config=None, access_log=False)
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with asyncio.timeout(60):
                while not server.started:
                    await asyncio.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
