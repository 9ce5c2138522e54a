"""A real HTTP endpoint for tests on a free port: it records each request and answers as its path says
(`/503`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.senders.fcm import Cut, Hang


@dataclass(frozen=True)
class ReceivedRequest:
    """One request as it came."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class RecordingEndpoint:
    """The requests that came; `headers` go with each answer."""

    url: str = ""
    requests: list[ReceivedRequest] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        """Answer as the path says."""
        self.requests.append(
            ReceivedRequest(request.method, str(request.url), dict(request.headers), await request.body())
        )
        what = request.path_params["what"]
        if what == "hang":
            return Hang()
        return (
            Cut() if what == "cut" else Response("x" * 100_000, status_code=int(what), headers=self.headers)
        )


@asynccontextmanager
async def serving_endpoint() -> AsyncIterator[RecordingEndpoint]:
    """The endpoint, until the block ends."""
    endpoint = RecordingEndpoint()
    app = Starlette(routes=[Route("/{what}", endpoint.answer, methods=["GET", "POST", "PUT"])])
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        endpoint.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started:
                await asyncio.sleep(0.005)
            yield endpoint
        finally:
            server.should_exit = True
            await serving
