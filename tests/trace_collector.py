"""A stand-in for a collector of OpenTelemetry, and for another system that is told by webhook, over real HTTP."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

HANGS_AFTER_SECONDS = 120.0


@dataclass(frozen=True)
class SpanRow:
    """A span as the collector got it."""

    name: str
    id: str
    parent: str
    trace: str
    service: str
    notes: dict[str, str]


@dataclass
class Collector:
    """What came: bodies with spans, and the headers of webhooks."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    hooks: "queue.Queue[dict[str, str]]" = field(default_factory=queue.Queue)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def spans(self, trace: str | None = None) -> list[SpanRow]:
        """Return the spans so far, of one trace or any."""
        spans = [span for body in self.bodies for span in read_spans(body)]
        return [span for span in spans if trace in (None, span.trace)]

    def wait_for(self, *names: str, trace: str | None = None) -> list[SpanRow]:
        """Wait until spans of all these names have arrived; return those so far."""
        with self.arrived:
            assert self.arrived.wait_for(
                lambda: set(names) <= {span.name for span in self.spans(trace)}, HANGS_AFTER_SECONDS
            ), self.spans()
            return self.spans(trace)


def read_spans(body: bytes) -> Iterator[SpanRow]:
    """Read what an exporter posted."""
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        about = {each.key: each.value.string_value for each in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                notes = {
                    each.key: each.value.string_value or str(each.value.int_value) for each in span.attributes
                }
                ids = (span.span_id.hex(), span.parent_span_id.hex(), span.trace_id.hex())
                yield SpanRow(span.name, *ids, about["service.name"], notes)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Serve it until the block ends."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with collector.arrived:
                if self.path == "/v1/traces":
                    collector.bodies.append(body)
                else:
                    collector.hooks.put({name.lower(): value for name, value in self.headers.items()})
                collector.arrived.notify_all()
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
