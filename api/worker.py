"""The worker: it takes the turn, which writes down what time has brought and fires the agenda, delivers the
outbox, sweeps members after a publish, and folds the journal into figures.

It runs inside `selo serve` by default, or alone as `selo worker`. Any number of processes may run it: each
agenda item acts once, one worker claims each message, and a message that a dead worker claimed comes up
again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import structlog

from api.graphql.engine.ids import encode_id
from api.graphql.member.messages import message_id
from api.http.app_links import link_base
from api.http.unsubscribe import unsubscribe_link
from api.process import Process
from domain.services.erasure.rounds import run_round as take_erasure_round
from domain.services.figures.projector import keep_projecting
from domain.services.intake.registry import SourceRegistry
from domain.services.intake.rounds import keep_working
from domain.services.ledger.sweeping.sweep import keep_sweeping
from domain.services.ledger.turn import keep_turning
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import keep_delivering
from domain.services.publishing.proposals import publish_due
from domain.services.segments.jobs import keep_running
from domain.services.senders import Senders
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger.programmes import NothingPublished
from domain.store.messages.outbox import Lane

REPEAT_LOG_SECONDS = 60.0

log = structlog.get_logger(__name__)


class RepeatedFaultLog:
    """Logs a fault that repeats: at once where it is new, then once a minute with the count of unlogged ones.

    A database that is away fails several rounds a second, and must not fill the log.
    """

    def __init__(self, event: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._event, self._clock = event, clock
        self._logged_name, self._next_log_at, self._suppressed_count = "", 0.0, 0

    def report(self, fault: Exception) -> None:
        """Log a fault, with its place where it is not the database's."""
        if isinstance(fault, NothingPublished):
            return  # the start of the process has logged it
        name = type(fault).__name__
        if name == self._logged_name and self._clock() < self._next_log_at:
            self._suppressed_count += 1
            return
        exc_info = None if isinstance(fault, (Busy, StoreFault, DatabaseError)) else fault
        log.warning(self._event, fault=name, left_unsaid=self._suppressed_count, exc_info=exc_info)
        self._logged_name, self._next_log_at, self._suppressed_count = (
            name,
            self._clock() + REPEAT_LOG_SECONDS,
            0,
        )


def channel_states(senders: Senders) -> Mapping[str, bool]:
    """Return for each channel whether a sender is configured for it."""
    return {
        "push": senders.push is not None,
        "web_push": senders.web_push is not None,
        "email": senders.mail is not None,
        "sms": senders.sms is not None,
    }


def webhook_names(process: Process) -> tuple[frozenset[str], frozenset[str]]:
    """Return the webhooks that the current programme names, and those of them that are not configured.

    Deliveries for a webhook that is not configured are parked.
    """
    try:
        named = process.programmes.current().programme.webhooks
    except NothingPublished:
        named = frozenset()
    hooks = process.senders.webhooks
    return named, named - hooks.names if hooks is not None else named


def make_delivery_worker(process: Process, lane: Lane = "people") -> DeliveryWorker:
    """Return what delivering in a lane needs: the senders, and how the API writes ids and links."""
    unsubscribe = partial(unsubscribe_link, process)
    return DeliveryWorker(
        process.senders,
        public_id=message_id,
        api_id=encode_id,
        unsubscribe=unsubscribe,
        lane=lane,
        links_url=link_base(process.settings),
    )


async def run_worker(process: Process) -> None:
    """Take the turn at intervals, deliver what is due and count what was committed, until cancelled."""
    off = [channel for channel, on in channel_states(process.senders).items() if not on]
    if off:
        log.info(
            "worker.channels_off",
            channels=", ".join(off),
            instead="the inbox and live activity have every message",
        )
    unknown = webhook_names(process)[1]
    if unknown:
        log.warning(
            "worker.webhooks_unknown",
            webhooks=", ".join(sorted(unknown)),
            remedy="name them in SELO_WEBHOOKS",
        )
    runtime = process.runtime
    people_worker, systems_worker = (
        make_delivery_worker(process, "people"),
        make_delivery_worker(process, "systems"),
    )
    turn_faults, round_faults = (
        RepeatedFaultLog("worker.turn_failed"),
        RepeatedFaultLog("worker.round_failed"),
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            keep_turning(
                runtime,
                clock=process.programme_clock,
                woken=runtime.activity_hub.agenda_ready,
                on_error=turn_faults.report,
                and_then=partial(_follow_turn, process),
            )
        )
        tasks.create_task(
            keep_delivering(
                runtime,
                people_worker,
                clock=process.programme_clock,
                woken=runtime.activity_hub.outbox_ready,
                on_error=round_faults.report,
            )
        )
        # A round of its own, so that a slow other system never delays people. It polls each second; nothing
        # wakes it.
        tasks.create_task(
            keep_delivering(
                runtime,
                systems_worker,
                clock=process.programme_clock,
                woken=asyncio.Event(),
                on_error=round_faults.report,
            )
        )
        tasks.create_task(_keep_taking_in(process))
        tasks.create_task(_keep_counting(process))
        sweep_faults = RepeatedFaultLog("worker.sweep_failed")
        tasks.create_task(_keep_doing_jobs(process))
        tasks.create_task(keep_sweeping(runtime, clock=process.programme_clock, on_error=sweep_faults.report))


async def _follow_turn(process: Process, now: datetime) -> None:
    """Publish what is scheduled by now, and erase what is final."""
    await publish_due(process.runtime, now=now)
    await take_erasure_round(process.runtime, now=now)


async def _keep_taking_in(process: Process) -> None:
    """Work off what shops and other systems sent."""
    faults = RepeatedFaultLog("worker.intake_failed")
    registry = SourceRegistry(process.store)
    await keep_working(process.runtime, registry, clock=process.clock, on_error=faults.report)


async def _keep_doing_jobs(process: Process) -> None:
    """Do to many members what operators asked for."""
    faults = RepeatedFaultLog("worker.jobs_failed")
    await keep_running(process.runtime, clock=process.programme_clock, on_error=faults.report)


async def _keep_counting(process: Process) -> None:
    """Fold what was committed into figures."""
    faults = RepeatedFaultLog("worker.figures_failed")
    await keep_projecting(
        process.runtime,
        clock=process.clock,
        programme_clock=process.programme_clock,
        on_error=faults.report,
    )
