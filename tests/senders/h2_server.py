"""An ASGI application over HTTP/2 and TLS on a free port of this machine, as Google serves it to firebase-admin.

It answers the requests of one connection concurrently. An unfinished answer resets its stream; `close_at` closes
the connection with GOAWAY at the request of that number, whatever is under way.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from starlette.types import ASGIApp, Message, Scope


@dataclass
class H2Stream:
    """One request: its scope, what has come of its body, and who answers it."""

    scope: Scope
    body: bytearray = field(default_factory=bytearray)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    answering: asyncio.Task[None] | None = None


@dataclass
class H2Server:
    """Where it listens, and what it counted: connections, requests, and the most requests at once."""

    app: ASGIApp
    url: str = ""
    connections: int = 0
    requests: int = 0
    at_once: int = 0
    close_at: int | None = None
    under_way: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        self.connections += 1
        self.writers.append(writer)
        await _Connection(self, reader, writer).serve()


class _Connection:
    def __init__(self, server: H2Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._streams: dict[int, H2Stream] = {}

    async def serve(self) -> None:
        self._h2.initiate_connection()
        self._flush()
        try:
            while chunk := await self._reader.read(65_536):
                for event in self._h2.receive_data(chunk):
                    self._handle_event(event)
                self._flush()
        except (OSError, ProtocolError):
            pass  # the client has left
        finally:
            for stream in self._streams.values():
                stream.gone.set()
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    def _handle_event(self, event: object) -> None:
        match event:
            case RequestReceived(stream_id=int() as id, headers=headers):
                said = [(str(name).encode(), str(value).encode()) for name, value in headers or ()]
                about = dict(said)
                path, _, query = about[b":path"].partition(b"?")
                scope = {
                    "type": "http",
                    "http_version": "2",
                    "asgi": {"version": "3.0"},
                    "scheme": "https",
                    "method": about[b":method"].decode(),
                    "path": path.decode(),
                    "raw_path": path,
                    "query_string": query,
                    "root_path": "",
                    "headers": [
                        (b"host", about[b":authority"]),
                        *(each for each in said if not each[0].startswith(b":")),
                    ],
                }
                self._streams[id] = H2Stream(scope)
            case DataReceived(
                stream_id=int() as id, data=bytes() as data, flow_controlled_length=int() as length
            ):
                self._streams[id].body += data
                self._h2.acknowledge_received_data(length, id)
            case StreamEnded(stream_id=int() as id):
                self._request_received(id)
            case StreamReset(stream_id=int() as id):
                self._streams[id].gone.set()
            case ConnectionTerminated():
                self._writer.close()

    def _request_received(self, id: int) -> None:
        server = self._server
        server.requests += 1
        if server.requests == server.close_at:
            self._h2.close_connection(ErrorCodes.NO_ERROR, last_stream_id=0)
            self._flush()
            self._writer.close()
            return
        server.under_way += 1
        server.at_once = max(server.at_once, server.under_way)
        self._streams[id].answering = asyncio.create_task(self._answer(id, self._streams[id]))

    async def _answer(self, id: int, stream: H2Stream) -> None:
        received, finished = False, False

        async def receive() -> Message:
            nonlocal received
            if received:
                await stream.gone.wait()
                return {"type": "http.disconnect"}
            received = True
            return {"type": "http.request", "body": bytes(stream.body), "more_body": False}

        async def send(message: Message) -> None:
            nonlocal finished
            if message["type"] == "http.response.start":
                head = [(name.decode(), value.decode()) for name, value in message["headers"]]
                self._h2.send_headers(id, [(":status", str(message["status"])), *head])
            else:
                finished = not message.get("more_body", False)
                self._h2.send_data(id, message.get("body", b""), end_stream=finished)
            self._flush()

        try:
            await self._server.app(stream.scope, receive, send)
            if not finished and not stream.gone.is_set():
                self._h2.reset_stream(id, ErrorCodes.INTERNAL_ERROR)
                self._flush()
        except ProtocolError:
            pass  # the client, or the connection, has gone meanwhile
        finally:
            self._server.under_way -= 1

    def _flush(self) -> None:
        if not self._writer.is_closing():
            self._writer.write(self._h2.data_to_send())


def _certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A context for this machine, and the file of the certificate that vouches for it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    public = key.public_key()
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    made = x509.CertificateBuilder(
        name, name, public, x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1)
    )
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).add_extension(
        usage, critical=True
    )
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    made = made.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    shape = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*shape))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    context.set_alpn_protocols(["h2"])
    return context, certificate


@contextmanager
def serving_h2(app: ASGIApp, folder: Path) -> Iterator[tuple[H2Server, Path]]:
    """Serve until the block ends, in a thread of its own; yields the server, and the certificate that a
    client is to believe.
    """
    context, certificate = _certified(folder)
    server, ready = H2Server(app), threading.Event()
    loop, end = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        listening = await asyncio.start_server(server.connected, "127.0.0.1", 0, ssl=context)
        server.url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        ready.set()
        await end.wait()
        listening.close()
        for writer in server.writers:
            writer.close()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=5)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="http-2", daemon=True)
    thread.start()
    try:
        assert ready.wait(60), "it listens"
        yield server, certificate
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
        loop.close()
