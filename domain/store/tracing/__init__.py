"""Spans of what this process does, for whoever follows a request through several systems.

Off unless the process sets a `tracer`: until then nothing here costs more than a look at it. A span holds
names, codes, ids and figures, as logs do: never a value of a query, and nothing of a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, Protocol

SpanKind = Literal["server", "client", "producer", "internal"]
Attributes = Mapping[str, str | int]


class OpenSpan(Protocol):
    """A span that has begun. `traceparent` names it to another system, as W3C Trace Context writes it."""

    @property
    def traceparent(self) -> str: ...

    def note(self, attributes: Attributes) -> None:
        """Add attributes."""

    def end(self, *, error: str | None = None) -> None:
        """End the span, with the name of a fault where there was one."""


class Tracer(Protocol):
    """Makes spans. A span without a `parent` (a traceparent) belongs to the one that is current."""

    def is_within(self) -> bool:
        """Tell whether there is a current span that is recorded."""
        ...

    def start(self, name: str, *, kind: SpanKind = "internal", parent: str | None = None) -> OpenSpan:
        """Begin a span that does not become current."""
        ...

    def current(
        self, name: str, *, kind: SpanKind = "internal", parent: str | None = None
    ) -> AbstractContextManager[OpenSpan]:
        """Begin a span that is current while the block lasts, and ends with it."""
        ...

    def traceparent(self) -> str | None:
        """Return the current span's, where there is one."""
        ...


tracer: Tracer | None = None


def use(new_tracer: Tracer | None) -> None:
    """Have this process make spans by a tracer, or none any more."""
    global tracer  # noqa: PLW0603 - one for the process, as its loggers and counters are
    tracer = new_tracer


@contextmanager
def span(name: str) -> Iterator[None]:
    """Make a span of the block, where this process makes any."""
    if tracer is None:
        yield
        return
    with tracer.current(name):
        yield


def traceparent() -> str | None:
    """Return the traceparent of what is going on, where this process makes spans."""
    return None if tracer is None else tracer.traceparent()
