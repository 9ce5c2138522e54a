"""The spans of requests and operations. This wraps the application only where a process makes spans."""

from collections.abc import Callable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.store import tracing


class TracedApp:
    """A span for each request, under the trace that its `traceparent` names. A live socket has none."""

    def __init__(self, app: ASGIApp, *, door: Callable[[str], str]) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or tracing.tracer is None:
            await self._app(scope, receive, send)
            return
        door = self._door(scope["path"])
        parents = [value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"]
        with tracing.tracer.current(
            f"{scope['method']} /{door}", kind="server", parent="".join(parents[:1])
        ) as span:
            span.note(
                {
                    "http.request.method": scope["method"],
                    "http.route": f"/{door}",
                    "url.scheme": scope["scheme"],
                    "selo.request_id": scope["state"]["request_id"],
                }
            )
            structlog.contextvars.bind_contextvars(trace_id=span.traceparent.split("-")[1])

            async def send_noting_status(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.note({"http.response.status_code": message["status"]})
                await send(message)

            await self._app(scope, receive, send_noting_status)
