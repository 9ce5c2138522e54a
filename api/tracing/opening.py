"""Whether this process makes spans, and for how long."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import BadSettings
from api.settings.reading import is_traced
from domain.store import tracing


@contextmanager
def open_tracing(*, service: str) -> Iterator[None]:
    """Make spans while the block lasts, where OpenTelemetry's variables name a collector. Raises BadSettings
    where its library is not installed.
    """
    if not is_traced():
        yield
        return
    try:
        from api.tracing.opentelemetry_tracer import OpenTelemetryTracer
    except ImportError:
        raise BadSettings(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed; from the project's"
            " folder: .venv/bin/pip install --require-hashes -r requirements-traces.lock"
        ) from None
    tracer = OpenTelemetryTracer(service=service)
    tracing.use(tracer)
    try:
        yield
    finally:
        tracing.use(None)
        tracer.close()
