"""A small Selo to be on call for: a server and a worker on one database behind a wire that can be slowed, another
system that is told by webhook, customers; and six faults that can be put into it.
"""

import asyncio
import json
import queue
import secrets
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pymongo import MongoClient

from api.graphql.engine.ids import encode_id
from api.keys import read_keys
from api.process import ISSUER
from api.settings import Settings
from api.tokens import Tokens
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.prepare import prepare
from tests.servers import (
    HANGS_AFTER_SECONDS,
    ROOT,
    SHARED_KEYS,
    embedded_in_thread,
    quick_folder,
    run_until_ready,
)
from tests.small_runtime import NOW, SMALL, join

MEMBERS = ("ana", "rui", "zofia")
SLOW_SECONDS, AHEAD_SECONDS = 0.4, 600
CLOCK_AHEAD = f"""
from datetime import timedelta
import api.clock
real = api.clock.utc_now
api.clock.utc_now = lambda: real() + timedelta(seconds={AHEAD_SECONDS})
"""


@dataclass
class SlowWire:
    """Passes bytes between a process and the database, each answer later by `delay` seconds."""

    host: str
    port: int
    delay: float = 0.0
    listening_at: int = 0

    async def serve(self, ready: "queue.Queue[asyncio.AbstractEventLoop]", end: asyncio.Event) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.listening_at = server.sockets[0].getsockname()[1]
        ready.put(asyncio.get_running_loop())
        await end.wait()
        server.close()
        passing = asyncio.all_tasks() - {asyncio.current_task()}
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self.host, self.port)
        with suppress(OSError, asyncio.CancelledError):  # cancelled at the end: nobody waits for it
            await asyncio.gather(
                self._pass(reader, back, is_answer=False), self._pass(there, writer, is_answer=True)
            )

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        try:
            with suppress(OSError):
                while data := await reader.read(65536):
                    if is_answer and self.delay:
                        await asyncio.sleep(self.delay)
                    writer.write(data)
                    await writer.drain()
        finally:  # also where it is cancelled: the collector would find the socket open in somebody else's test
            writer.close()


@contextmanager
def slow_wire(uri: str) -> Iterator[tuple[SlowWire, str]]:
    """Serve the wire in a thread; yields it and the address of the database behind it."""
    place = urlsplit(uri)
    wire, ready = (
        SlowWire(str(place.hostname), int(place.port or 0)),
        queue.Queue[asyncio.AbstractEventLoop](),
    )
    ends: list[asyncio.Event] = []

    async def host() -> None:
        ends.append(asyncio.Event())
        await wire.serve(ready, ends[0])

    thread = threading.Thread(target=lambda: asyncio.run(host()))
    thread.start()
    loop = ready.get()
    try:
        yield wire, uri.replace(f":{place.port}", f":{wire.listening_at}")
    finally:
        loop.call_soon_threadsafe(ends[0].set)
        thread.join()


@contextmanager
def other_system(status: list[int]) -> Iterator[str]:
    """Another system that is told by webhook; it answers as `status` says."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status[0])
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/hook"
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Part:
    """A process of the scene: where it is scraped, and where its log is."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int
    log: Path
    process: "subprocess.Popen[str] | None" = None

    def start(self, **changed: str) -> None:
        """Start it and wait until it is at work, or has ended."""
        with self.log.open("a") as faults:
            self.process = run_until_ready(
                *self.command, faults=faults, environment={**self.environment, **changed}
            )
        assert self.process.stdout is not None, "stdout is a pipe"
        for line in self.process.stdout:
            if "Selo is ready" in line or "is at work" in line:
                return

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(HANGS_AFTER_SECONDS)
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()

    def scrape(self) -> str | None:
        """Return its metrics; None where it does not answer."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=30).text
        except httpx.HTTPError:
            return None


@dataclass
class Scene:
    """The running Selo, and what faults are put into."""

    uri: str
    server: Part
    worker: Part
    wire: SlowWire
    hook_status: list[int]
    url: str
    token: str

    @property
    def parts(self) -> tuple[Part, Part]:
        return self.server, self.worker

    def buy(self, member: str) -> bool:
        """Sell something at a till, over GraphQL; False where it was refused."""
        receipt = secrets.token_hex(8)
        purchase = {"member": encode_id("Customer", member), "currency": "EUR", "total": 5_000}
        body = {
            "query": "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }",
            "variables": {"i": {**purchase, "externalId": receipt, "idempotencyKey": receipt}},
        }
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            answer = httpx.post(f"{self.url}/graphql", json=body, headers=headers, timeout=60)
        except httpx.HTTPError:
            return False
        body = answer.json().get("data")
        return body is not None and body["recordPurchase"]["__typename"] == "PurchaseRecorded"


@contextmanager
def open_scene() -> Iterator[Scene]:
    """Start all of it, and end it with the block."""
    with ExitStack() as stack:
        folder = stack.enter_context(quick_folder())
        uri = stack.enter_context(embedded_in_thread(folder / "data"))
        asyncio.run(_fill(uri))
        wire, slow_uri = stack.enter_context(slow_wire(uri))
        hook_status = [200]
        hook = stack.enter_context(other_system(hook_status))
        port, server_port, worker_port = _free_ports(3)
        told = {"url": hook, "secret": "s" * 32, "events": ["purchase.completed"]}
        shared = {
            **SHARED_KEYS,
            "MONGODB_URI": slow_uri,
            "SELO_WEBHOOKS": json.dumps({"erp": told}),
            "SELO_LOG_FORMAT": "json",
        }
        server = Part(
            "server",
            ("serve", "--port", str(port), "--data", str(folder / "a")),
            {**shared, "SELO_WORKER": "false", "SELO_METRICS_PORT": str(server_port)},
            server_port,
            folder / "server.log",
        )
        worker = Part(
            "worker",
            ("worker", "--data", str(folder / "b")),
            {**shared, "SELO_WORKER_PORT": str(worker_port)},
            worker_port,
            folder / "worker.log",
        )
        for part in (server, worker):
            part.start()
            stack.callback(part.stop)
        yield Scene(uri, server, worker, wire, hook_status, f"http://127.0.0.1:{port}", _till_token(slow_uri))


async def _fill(uri: str) -> None:
    database = connect(uri, "selo", timeout_seconds=30)
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    runtime = Runtime.for_store(store)
    await runtime.programmes.publish(SMALL, now=NOW)
    for member in MEMBERS:
        await join(runtime, member)
    await database.close()


def _till_token(uri: str) -> str:
    """Sign in a till, as `selo token` does for an operator: by the keys that all processes share."""
    settings = Settings.model_validate(
        {
            "MONGODB_URI": uri,
            "secret": SHARED_KEYS["SELO_SECRET"],
            "token_keys": SHARED_KEYS["SELO_TOKEN_KEYS"],
        }
    )
    now = datetime.now(UTC)
    tokens = Tokens(read_keys(settings, now=now), issuer=ISSUER, clock=lambda: datetime.now(UTC))
    return tokens.access(subject="staff-1", role="manager", session="session-1", store="lisboa").token


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


# ---------------------------------------------------------------- the six faults
def slow_database(scene: Scene) -> None:
    scene.wire.delay = SLOW_SECONDS


def stick_outbox(scene: Scene) -> None:
    scene.hook_status[0] = 503


def kill_worker(scene: Scene) -> None:
    scene.worker.stop(signal.SIGKILL)


def damage_member(scene: Scene) -> None:
    """Have a member's version fall behind their journal: no commit of theirs takes any more."""
    with MongoClient[dict[str, object]](scene.uri) as client:
        client["selo"]["members"].update_one({"_id": "ana"}, {"$inc": {"version": -1}})


def put_clock_ahead(scene: Scene) -> None:
    scene.worker.stop()
    shim = scene.worker.log.parent / "shim"
    shim.mkdir(exist_ok=True)
    (shim / "sitecustomize.py").write_text(CLOCK_AHEAD)
    scene.worker.start(PYTHONPATH=f"{shim}:{ROOT}")


def change_secret(scene: Scene) -> None:
    scene.server.stop()
    scene.server.start(SELO_SECRET="another secret that somebody has put in its place")


@dataclass(frozen=True)
class Fault:
    """A fault, and the alert under whose heading OPERATIONS.md says what to do."""

    name: str
    alert: str
    inject: Callable[[Scene], None]


FAULTS = (
    Fault("database slow", "SeloDatabaseSlow", slow_database),
    Fault("outbox stuck", "SeloSendsFail", stick_outbox),
    Fault("worker dead", "SeloDown", kill_worker),
    Fault("stale member", "SeloBusy", damage_member),
    Fault("clock ahead", "SeloClockOff", put_clock_ahead),
    Fault("secret changed", "SeloDown", change_secret),
)
