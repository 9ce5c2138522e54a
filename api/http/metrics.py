"""`GET /metrics`: what this process counts and what waits in the database, in the form of Prometheus.

It stands at a port of its own, for a network that only the operator reaches, or at the API's port behind a
token. Each counter stands beside what it counts. What waits is read from the database at most every five
seconds, however often it is asked for.
"""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Info, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import RELEASE
from domain.store.backlog import Backlog, Waiting
from domain.store.document_store import Busy, DatabaseError

BUILD = Info("selo_build", "The release that runs.")
BUILD.info({"version": RELEASE})

READ_AGAIN_SECONDS = 5.0
READ_SECONDS = 3.0

ReadBacklog = Callable[[], Awaitable[Backlog]]


def metrics_route(
    read_backlog: ReadBacklog, *, clock: Callable[[], datetime], token: str | None = None
) -> Route:
    """Return the route; with a token only whoever sends it as Bearer is answered."""
    lock, known = asyncio.Lock(), _Known()

    async def metrics(request: Request) -> Response:
        if token is not None and not _is_bearer(request.headers.get("authorization"), token):
            return Response("", 401, {"www-authenticate": "Bearer", "cache-control": "no-store"})
        async with lock:  # scrapes that come together read once
            if time.monotonic() >= known.read_again_at:
                known.families = await _backlog_families(read_backlog, clock)
                known.read_again_at = time.monotonic() + READ_AGAIN_SECONDS
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families((*known.families, _clock_family(clock))))
        body = generate_latest(REGISTRY) + generate_latest(registry)
        return Response(body, headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})

    return Route("/metrics", metrics, methods=["GET"])


class _Known:
    """What was last read of the database."""

    def __init__(self) -> None:
        self.read_again_at = 0.0
        self.families: tuple[Metric, ...] = ()


class _Families:
    """A collector of what was read before it is asked."""

    def __init__(self, families: tuple[Metric, ...]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


async def _backlog_families(read_backlog: ReadBacklog, clock: Callable[[], datetime]) -> tuple[Metric, ...]:
    try:
        async with asyncio.timeout(READ_SECONDS):
            backlog = await read_backlog()
    except (TimeoutError, Busy, DatabaseError):
        return (_database_up(0),)
    now = clock()
    due = {
        **{f"outbox_{lane}": waiting for lane, waiting in backlog.outbox_by_lane.items()},
        "agenda": backlog.agenda,
        "intake": backlog.intake,
        "members": backlog.members,
        "sweep_ranges": backlog.sweep,
        "figures": backlog.figures,
    }
    return (
        _database_up(1),
        _family("selo_due", "What is due and waits, up to 1,000.", due, _count),
        _family(
            "selo_due_oldest_seconds",
            "Since how many seconds the first of a queue is due; 0 where nothing is.",
            due,
            lambda waiting: _age(waiting.since, now),
        ),
        _family(
            "selo_parked",
            "What waits for a person (selo outbox, selo intake), up to 1,000.",
            backlog.parked,
            _count,
        ),
        *_job_families(backlog, now),
    )


def _job_families(backlog: Backlog, now: datetime) -> tuple[Metric, ...]:
    labels = ["kind", "state"]
    counts = GaugeMetricFamily(
        "selo_jobs",
        "Jobs of operators that wait for a worker, run, or failed within a day, up to 1,000.",
        labels=labels,
    )
    ages = GaugeMetricFamily(
        "selo_jobs_oldest_seconds",
        "Since how many seconds the first of them does; 0 for none.",
        labels=labels,
    )
    for place, jobs in backlog.jobs.items():
        counts.add_metric(place, jobs.count)
        ages.add_metric(place, _age(jobs.since, now))
    return counts, ages


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def _clock_family(clock: Callable[[], datetime]) -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "selo_clock_timestamp_seconds", "What time it is for this process.", value=clock().timestamp()
    )


def _database_up(value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily("selo_database_up", "Whether the database answered the last look.", value=value)


def _count(waiting: Waiting) -> float:
    return waiting.count


def _family(
    name: str, text: str, values: Mapping[str, Waiting], number_of: Callable[[Waiting], float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["queue"])
    for key, waiting in values.items():
        family.add_metric([key], number_of(waiting))
    return family


def _is_bearer(header: str | None, token: str) -> bool:
    kind, _, sent = (header or "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), token.encode())
