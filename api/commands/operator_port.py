"""The port of whoever runs a process: `/metrics`, `/health` and `/ready`, apart from the doors of others."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from api.app import create_operator_app
from api.commands.running import CannotRun
from api.http.health import PartCheck
from api.process import Process


@asynccontextmanager
async def operator_port(
    process: Process, port: int | None, parts: Mapping[str, PartCheck]
) -> AsyncIterator[None]:
    """Answer at a port while the block runs; nothing without a port. Raises CannotRun where it is taken."""
    if port is None:
        yield
        return
    settings = process.settings
    with listening(settings.host, port) as listener:
        config = uvicorn.Config(
            create_operator_app(process, parts),
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = _QuietServer(config)
        print(f"Metrics at http://{settings.host}:{listener.getsockname()[1]}/metrics", flush=True)
        task = asyncio.create_task(server.serve(sockets=[listener]), name="operator's port")
        try:
            yield
        finally:
            server.should_exit = True
            await asyncio.wait({task}, timeout=5)


class _QuietServer(uvicorn.Server):
    """Uvicorn beside another one of the same process, which has the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Open a listening socket. Raises CannotRun where the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(2048)
        except OSError as fault:
            raise CannotRun(
                f"Cannot listen on {host}:{port}: {fault.strerror}. Choose another with --port."
            ) from None
        yield listener
    finally:
        listener.close()
