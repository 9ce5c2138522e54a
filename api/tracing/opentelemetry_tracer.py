"""Spans by OpenTelemetry's SDK, sent over OTLP/HTTP to the collector that its own variables name.

Faults are noted by their type alone: a message may hold what somebody typed. Of what comes in, `traceparent`
is read and baggage is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.trace.status import Status, StatusCode

from api import RELEASE
from domain.store.tracing import Attributes, SpanKind

TRACEPARENT = "traceparent"
UNNAMED = "unknown_service"
KINDS = {
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "producer": trace.SpanKind.PRODUCER,
    "internal": trace.SpanKind.INTERNAL,
}
_PROPAGATOR = TraceContextTextMapPropagator()


class RecordedSpan:
    """A span of the SDK."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        return _traceparent(self._span)

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def end(self, *, error: str | None = None) -> None:
        if error is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class OpenTelemetryTracer:
    """Makes the spans of one process. `close` sends what is left."""

    def __init__(self, *, service: str) -> None:
        resource = Resource.create({SERVICE_VERSION: RELEASE})
        if str(resource.attributes[SERVICE_NAME]).startswith(UNNAMED):  # OTEL_SERVICE_NAME says no other
            resource = resource.merge(Resource({SERVICE_NAME: service}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("selo", RELEASE)

    def is_within(self) -> bool:
        return trace.get_current_span().is_recording()

    def start(self, name: str, *, kind: SpanKind = "internal", parent: str | None = None) -> RecordedSpan:
        return RecordedSpan(self._tracer.start_span(name, _context(parent), KINDS[kind]))

    @contextmanager
    def current(
        self, name: str, *, kind: SpanKind = "internal", parent: str | None = None
    ) -> Iterator[RecordedSpan]:
        span = self.start(name, kind=kind, parent=parent)
        error = None
        try:
            with trace.use_span(span._span, record_exception=False, set_status_on_exception=False):
                yield span
        except BaseException as fault:
            error = type(fault).__name__
            raise
        finally:
            span.end(error=error)

    def traceparent(self) -> str | None:
        span = trace.get_current_span()
        return _traceparent(span) if span.get_span_context().is_valid else None

    def close(self) -> None:
        """Send the spans that wait, and stop."""
        self._provider.shutdown()


def _context(parent: str | None) -> Context | None:
    """Return the context of a traceparent; one that is not well formed begins a trace of its own."""
    return None if parent is None else _PROPAGATOR.extract({TRACEPARENT: parent}, Context())


def _traceparent(span: trace.Span) -> str:
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, trace.set_span_in_context(span))
    return carrier[TRACEPARENT]
