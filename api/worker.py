"""What runs without being asked: the turn, which writes down what time brought and fires what the agenda
holds, and the post, which delivers what the outbox holds.

Inside `selo serve` by default, or alone as `selo worker`. Any number of processes may run it: each item of
the agenda acts once, each message is claimed by one worker, and what a dead one left comes up again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from api.graphql.engine.ids import encode_id
from api.graphql.member.messages import message_id
from api.http.unsubscribe import unsubscribe_link
from api.process import Process
from domain.services.ledger.turn import keep_turning
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import keep_delivering
from domain.services.senders import Senders
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger.programmes import NothingPublished
from domain.store.messages.outbox import Lane

REPEAT_LOG_SECONDS = 60.0

log = structlog.get_logger(__name__)


class RepeatedFaultLog:
    """Says what fails again and again: at once where it is new, then once a minute with how often it was left
    unsaid.

    A database that is away fails several rounds each second, and whoever reads the log wants to read
    something else, too.
    """

    def __init__(self, event: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._event, self._clock = event, clock
        self._logged_name, self._next_log_at, self._suppressed_count = "", 0.0, 0

    def report(self, fault: Exception) -> None:
        """Take a fault; where it is not the database's, its place is said too."""
        if isinstance(fault, NothingPublished):
            return  # whoever started has said so
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
    """Tell of each channel whether somebody is configured to send it."""
    return {
        "push": senders.push is not None,
        "email": senders.mail is not None,
        "sms": senders.sms is not None,
    }


def webhook_names(process: Process) -> tuple[frozenset[str], frozenset[str]]:
    """Return the hooks that the programme which rules names, and those of them that are not configured: what
    is for them is parked.
    """
    try:
        named = process.programmes.current().programme.webhooks
    except NothingPublished:
        named = frozenset()
    hooks = process.senders.webhooks
    return named, named - hooks.names if hooks is not None else named


def make_delivery_worker(process: Process, lane: Lane = "people") -> DeliveryWorker:
    """Return what delivering in a lane needs of a process: its senders, and how its API names letters and
    links.
    """
    unsubscribe = partial(unsubscribe_link, process)
    return DeliveryWorker(
        process.senders, public_id=message_id, api_id=encode_id, unsubscribe=unsubscribe, lane=lane
    )


async def run_worker(process: Process) -> None:
    """Take the turn every so often and deliver what is due, until cancelled."""
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
                clock=process.clock,
                woken=runtime.activity_hub.agenda_ready,
                on_error=turn_faults.report,
            )
        )
        tasks.create_task(
            keep_delivering(
                runtime,
                people_worker,
                clock=process.clock,
                woken=runtime.activity_hub.outbox_ready,
                on_error=round_faults.report,
            )
        )
        # A round of its own: no other system, however slow, keeps people waiting. It looks every second;
        # nothing wakes it.
        tasks.create_task(
            keep_delivering(
                runtime,
                systems_worker,
                clock=process.clock,
                woken=asyncio.Event(),
                on_error=round_faults.report,
            )
        )
