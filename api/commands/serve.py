"""`selo serve`: the database and the API in one, until Ctrl-C or SIGTERM.

The port is bound before anything starts, so that a second server fails at once. The ready line is printed
when requests are answered.
"""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvicorn
from starlette.types import ASGIApp

from api.app import open_app, server_parts
from api.commands.database import open_server_database
from api.commands.operator_port import listening, operator_port
from api.commands.programme import publish_file
from api.commands.running import run, warn_of_unknown_variables
from api.http.protocol import ConnectionLimits, http_protocol, socket_protocol
from api.logs import configure_logs
from api.process import Process, open_process
from api.settings import Settings
from api.settings.reading import read_settings
from api.tracing.opening import open_tracing
from domain.services.erasure.replaying import replay
from domain.store.audit import COMMAND_LINE
from domain.store.ledger.programmes import NothingPublished

log = structlog.get_logger(__name__)

CONNECTION = ConnectionLimits()
SOCKET_MESSAGE_BYTES = 64 * 1024


def serve(
    port: Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
    programme: Annotated[Path | None, typer.Option(help="A programme file to publish first.")] = None,
    demo: Annotated[
        bool | None, typer.Option("--demo", help="The example programme with members, stores and staff.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
) -> None:
    """Run the database and the API until Ctrl-C."""
    run(_serve(lambda: read_settings(port=port, data=data, programme=programme, demo=demo, host=host)))


async def _serve(read: Callable[[], Settings]) -> None:
    settings = read()
    configure_logs(level=settings.log_level, form=settings.log_format)
    warn_of_unknown_variables()
    with open_tracing(service="selo"), listening(settings.host, settings.port) as listener:
        address = _address(settings, listener)
        async with open_server_database(settings) as database, open_process(settings, database) as process:
            if settings.programme is not None:
                await publish_file(process.programmes, settings.programme)
            if settings.demo:
                # Imported here, because only the demo draws a progress bar.
                from api.commands import demo as demo_data

                await demo_data.set_up_demo(process, address=address)
            _warn_without_programme(process)
            await _erase_again(process)
            async with (
                open_app(process, address=address) as app,
                operator_port(process, settings.metrics_port, server_parts(process)),
            ):
                print(f"GraphQL at {address}/graphql, data in {_data_location(settings)}", flush=True)
                await Server(_config(settings, app), ready=f"Selo is ready at {address}").serve(
                    sockets=[listener]
                )


class Server(uvicorn.Server):
    """Uvicorn, stopped by the loop's own signal handlers: our process exits with 0, and the database stops
    after the API.
    """

    def __init__(self, config: uvicorn.Config, *, ready: str) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # Objects of the start live for good, so the collector need not scan them again.
        gc.freeze()
        print(self._ready, flush=True)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signal_number, self.handle_exit, signal_number, None)
        try:
            yield
        finally:
            for signal_number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(signal_number)


def _config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=http_protocol(CONNECTION),
        ws=socket_protocol(CONNECTION),
        ws_per_message_deflate=False,  # a compressor a socket costs more memory than it saves in bytes
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        h11_max_incomplete_event_size=CONNECTION.head_bytes,
        timeout_keep_alive=CONNECTION.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        ws_max_size=SOCKET_MESSAGE_BYTES,
    )


def _data_location(settings: Settings) -> str:
    return (
        str(settings.data.resolve())
        if settings.mongodb_uri is None
        else f"the database {settings.database} that MONGODB_URI names"
    )


def _warn_without_programme(process: Process) -> None:
    """Warn where no programme is published. The server runs and notices one that is published later."""
    try:
        process.programmes.current()
    except NothingPublished:
        log.warning("serve.waits", why="No programme is published yet: selo programme publish FILE.")


async def _erase_again(process: Process) -> None:
    """Erase whom a data folder of before still has. Of a database that MONGODB_URI names `selo erasures
    replay` does it: other processes may be restoring it.
    """
    if process.settings.mongodb_uri is not None:
        return
    try:
        erased_count = await replay(process.runtime, actor=COMMAND_LINE, now=process.clock())
    except NothingPublished:
        return  # so there are no members
    if erased_count:
        log.warning("erasures.replayed", members=erased_count, why="the data folder is of before them")


def _address(settings: Settings, listener: socket.socket) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"
