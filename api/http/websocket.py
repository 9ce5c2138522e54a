"""Subscriptions: `/graphql` over WebSocket, by the graphql-transport-ws protocol and no other.

- connection_init comes within 5 s, with {"authorization": "Bearer ..."} or an Authorization header at the
  handshake; members only.
- A message has at most 64 KB, a minute 100 messages; a member has at most 5 sockets and 20 subscriptions.
- A browser's Origin is this host's own or one that a setting names.
- The socket ends with all its subscriptions as soon as the session ends, and after a day at the latest; a new
  one needs a new access token.
- A reader that does not keep up is dropped (protocol.py).

Close codes: 4400 not the protocol, 4401 subscribe before init, 4403 forbidden (or no longer allowed), 4408 no
init in time, 4409 an id twice, 4429 too many of anything, 1001 open for a day: connect again, 1009 message
too long, 1011 our fault.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from urllib.parse import urlsplit

import orjson
from prometheus_client import Gauge
from starlette.types import Receive, Scope, Send

from api.caller import Anonymous, Caller, MemberCaller, Origin
from api.errors import BadInput, RateLimited
from api.graphql.engine.error_rendering import render_error, render_internal_error
from api.graphql.engine.execution import Engine, GraphQLRequest, GraphQLResponse
from api.http.body import parse_strict_json, request_from_value
from api.http.callers import Callers
from api.http.graphql import MakeContext
from api.http.headers import client_address, header, request_id
from api.rates import TokenBuckets
from domain.model.values import dataclass

PROTOCOL = "graphql-transport-ws"

SOCKETS = Gauge("selo_sockets", "Sockets that are open, and whose member is known.")


class CloseSocket(Exception):
    """Closes the socket with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


# --- values
# ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SocketLimits:
    init_seconds: float = 5
    message_bytes: int = 64 * 1024
    messages_per_minute: int = 100
    sockets_per_member: int = 5
    subscriptions_per_member: int = 20
    open_seconds: float = 24 * 3600
    id_characters: int = 128


class SocketCounts:
    """The open sockets and subscriptions of each member in this process."""

    def __init__(self, limits: SocketLimits) -> None:
        self._limits = limits
        self.sockets: Counter[str] = Counter()
        self.subscriptions: Counter[str] = Counter()

    def open_socket(self, member: str) -> None:
        if self.sockets[member] >= self._limits.sockets_per_member:
            raise CloseSocket(4429, "Too many sockets")
        self.sockets[member] += 1
        SOCKETS.inc()

    def open_subscription(self, member: str) -> None:
        if self.subscriptions[member] >= self._limits.subscriptions_per_member:
            raise RateLimited(retry_after=60)
        self.subscriptions[member] += 1

    def close_socket(self, member: str) -> None:
        SOCKETS.dec()
        _decrement(self.sockets, member)

    def close_subscription(self, member: str) -> None:
        _decrement(self.subscriptions, member)


def _decrement(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


def is_own_origin(scope: Scope, allowed: Sequence[str]) -> bool:
    """Tell whether a handshake's Origin is allowed. Only browsers send an Origin, so one is not required."""
    origin = header(scope, b"origin")
    if origin is None or origin in allowed:
        return True
    try:
        return urlsplit(origin).netloc.lower() == (header(scope, b"host") or "").lower()
    except ValueError:  # no browser sends a malformed one
        return False


# --- the endpoint
# ----------------------------------------------------------------------------------------------------


class SocketEndpoint:
    """An ASGI application for the sockets of one path."""

    def __init__(
        self,
        engine: Engine,
        callers: Callers,
        make_context: MakeContext,
        *,
        origins: Sequence[str] = (),
        limits: SocketLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine, self.callers, self.make_context = engine, callers, make_context
        self.origins, self.limits, self.clock = origins, limits or SocketLimits(), clock
        self.counts = SocketCounts(self.limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if PROTOCOL not in scope["subprotocols"] or not is_own_origin(scope, self.origins):
            await send({"type": "websocket.close", "code": 4403})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        await Socket(self, scope, receive, send).serve()


class Socket:
    """One connection: its caller once known, and its subscriptions by their ids."""

    def __init__(self, endpoint: SocketEndpoint, scope: Scope, receive: Receive, send: Send) -> None:
        self._endpoint, self._limits, self._counts = endpoint, endpoint.limits, endpoint.counts
        self._receive, self._send = receive, send
        self._origin = Origin(request_id(scope), client_address(scope), header(scope, b"accept-language"))
        self._authorization = header(scope, b"authorization")
        self._member: MemberCaller | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._messages = TokenBuckets(
            self._limits.messages_per_minute, 60, endpoint.clock, name="socket", max_keys=1
        )
        self._deadline = asyncio.timeout(self._limits.init_seconds)
        self._resources = contextlib.ExitStack()

    async def serve(self) -> None:
        """Exchange messages until either side closes."""
        with self._resources:
            closing = await self._exchange_messages()
            await self._cancel_tasks()
            if closing is not None:
                await self._close(closing)

    async def _exchange_messages(self) -> CloseSocket | None:
        """Answer messages until the client leaves; return how the socket is closed otherwise."""
        try:
            async with self._deadline:
                while (message := await self._next()) is not None:
                    await self._handle(message)
        except CloseSocket as closing:
            return closing
        except TimeoutError:
            return self._close_at_deadline()
        except OSError:
            pass  # the client left while we wrote
        except Exception as error:  # noqa: BLE001 - as for HTTP: logged by its place, and no word of it told
            render_internal_error(error, request_id=self._origin.request_id, operation=None)
            return CloseSocket(1011, "Internal error")
        return None

    def _close_at_deadline(self) -> CloseSocket:
        if self._member is None:
            return CloseSocket(4408, "Connection initialisation timeout")
        if not self._endpoint.callers.is_alive(self._member):
            return CloseSocket(4403, "The session has ended")
        return CloseSocket(1001, "Open for long enough: connect again")

    def _session_ended(self) -> None:
        """Stop the exchange now. Where it has stopped already, do nothing."""
        with contextlib.suppress(RuntimeError):
            self._deadline.reschedule(asyncio.get_running_loop().time())

    async def _next(self) -> Mapping[str, object] | None:
        """Return the client's next message; None after the client has left."""
        event = await self._receive()
        return None if event["type"] == "websocket.disconnect" else self._read(event.get("text"))

    def _read(self, text: str | None) -> Mapping[str, object]:
        try:
            self._messages.take("")
        except RateLimited:
            raise CloseSocket(4429, "Too many messages") from None
        if text is None:
            raise CloseSocket(4400, "Messages are text")
        raw = text.encode()
        if len(raw) > self._limits.message_bytes:
            raise CloseSocket(1009, "Message too long")
        try:
            message = parse_strict_json(raw, "message")
        except BadInput:
            raise CloseSocket(4400, "Messages are JSON") from None
        if not isinstance(message, Mapping):
            raise CloseSocket(4400, "Messages are objects")
        return message

    async def _handle(self, message: Mapping[str, object]) -> None:
        match message.get("type"):
            case "connection_init":
                await self._init(message.get("payload"))
            case "ping":
                await self._send_message({"type": "pong"})
            case "pong":
                pass
            case "subscribe":
                self._subscribe(message)
            case "complete":
                task = self._tasks.pop(self._id(message), None)
                if task is not None:
                    task.cancel()
            case _:
                raise CloseSocket(4400, "Unknown type of message")

    async def _init(self, payload: object) -> None:
        if self._member is not None:
            raise CloseSocket(4429, "Too many initialisation requests")
        caller = self._caller(payload)
        if not isinstance(caller, MemberCaller):
            raise CloseSocket(4403, "Forbidden")
        self._counts.open_socket(caller.member_id)
        self._resources.callback(self._counts.close_socket, caller.member_id)
        self._resources.enter_context(self._endpoint.callers.serving(caller, self._session_ended))
        self._deadline.reschedule(asyncio.get_running_loop().time() + self._limits.open_seconds)
        self._member = caller
        await self._send_message({"type": "connection_ack"})

    def _caller(self, payload: object) -> Caller:
        authorization: object = self._authorization
        if isinstance(payload, Mapping):
            authorization = payload.get("authorization", payload.get("Authorization", authorization))
        return (
            self._endpoint.callers.of_header(authorization) if isinstance(authorization, str) else Anonymous()
        )

    def _id(self, message: Mapping[str, object]) -> str:
        id = message.get("id")
        if not isinstance(id, str) or not 1 <= len(id) <= self._limits.id_characters:
            raise CloseSocket(4400, "id must be a text")
        return id

    def _subscribe(self, message: Mapping[str, object]) -> None:
        member, name = self._member, self._id(message)
        if member is None:
            raise CloseSocket(4401, "Unauthorized")
        if name in self._tasks:
            raise CloseSocket(4409, "Subscriber for this id already exists")
        try:
            request = request_from_value(message.get("payload"))
        except BadInput:
            raise CloseSocket(4400, "payload must be a request") from None
        self._tasks[name] = asyncio.create_task(self._stream(name, request, member))

    async def _stream(self, name: str, request: GraphQLRequest, member: MemberCaller) -> None:
        try:
            self._counts.open_subscription(member.member_id)
        except RateLimited as error:
            await self._finish(name, {"id": name, "type": "error", "payload": [render_error(error)]})
            return
        try:
            answers = await self._endpoint.engine.subscribe(
                request, self._endpoint.make_context(self._origin, member)
            )
            if isinstance(answers, GraphQLResponse):
                await self._finish(name, {"id": name, "type": "error", "payload": answers.body["errors"]})
                return
            async with aclosing(answers):
                async for body in answers:
                    if not self._endpoint.callers.is_alive(member):
                        return  # the socket itself is being closed
                    await self._send_message({"id": name, "type": "next", "payload": body})
            await self._finish(name, {"id": name, "type": "complete"})
        except OSError:
            pass  # the client left while we wrote
        except Exception as error:  # noqa: BLE001 - one subscription's fault is not its socket's
            rendered_error = render_internal_error(
                error, request_id=self._origin.request_id, operation=request.operation_name
            )
            await self._finish(name, {"id": name, "type": "error", "payload": [rendered_error]})
        finally:
            self._counts.close_subscription(member.member_id)

    async def _finish(self, name: str, message: Mapping[str, object]) -> None:
        self._tasks.pop(name, None)
        with contextlib.suppress(OSError):  # the client left while we wrote
            await self._send_message(message)

    async def _send_message(self, message: Mapping[str, object]) -> None:
        await self._send({"type": "websocket.send", "text": orjson.dumps(message).decode()})

    async def _close(self, closing: CloseSocket) -> None:
        with contextlib.suppress(OSError):  # the client has left already
            await self._send({"type": "websocket.close", "code": closing.code, "reason": closing.reason})

    async def _cancel_tasks(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
