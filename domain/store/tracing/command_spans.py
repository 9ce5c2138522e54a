"""A span for each command that the database gets within another span: its name and collection, no value."""

from __future__ import annotations

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from domain.store import tracing
from domain.store.tracing import OpenSpan

FAULT_NAME = "codeName"


class CommandSpans(CommandListener):
    """Listens to the commands of a client. What a worker asks of an empty queue is within no span."""

    def __init__(self) -> None:
        self._open: dict[int, OpenSpan] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Begin a span."""
        tracer = tracing.tracer
        if tracer is None or not tracer.is_within():
            return
        span = tracer.start(f"mongodb {event.command_name}", kind="client")
        collection = event.command.get(event.command_name)
        if isinstance(collection, str):
            span.note({"db.collection.name": collection})
        span.note(
            {
                "db.system.name": "mongodb",
                "db.namespace": event.database_name,
                "db.operation.name": event.command_name,
            }
        )
        self._open[event.request_id] = span

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """End the command's span."""
        if (span := self._open.pop(event.request_id, None)) is not None:
            span.end()

    def failed(self, event: CommandFailedEvent) -> None:
        """End the command's span by the fault's name: its message may hold a value."""
        if (span := self._open.pop(event.request_id, None)) is not None:
            span.end(error=str(event.failure.get(FAULT_NAME, "fault")))
