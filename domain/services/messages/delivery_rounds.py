"""The delivery round of a worker: it claims what is due in the outbox, fans it out, and sends it.

    claim (lease) -> fan out: inbox, deliveries -> quiet hours -> one delivery a device -> results written

A round costs a few commands for all its rows. Rows of one member are taken in their order, and none while
another worker has an earlier one. Where a worker is killed, its rows come up again when its lease ends; only
what was in flight is sent twice. An error of one row parks that row, and the rest goes on. No answer of a
sender ends a round.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence, Set
from dataclasses import replace
from datetime import datetime

import structlog

from domain.model.calendar import milliseconds
from domain.model.event_names import LEAVING_EVENTS
from domain.model.programme import MessageSpec, Programme
from domain.model.values import dataclass
from domain.services.concurrency import gather_limited
from domain.services.messages.channel_sending import send_jobs
from domain.services.messages.delivery_jobs import (
    EXPIRES_AFTER,
    MAX_BATCH,
    MAX_CONCURRENT,
    DeliveryJob,
    DeliveryWorker,
    finish_delivery,
    sender_channel,
)
from domain.services.messages.inbox_posting import post_to_inboxes
from domain.services.messages.message_rules import find_message_spec as message_of
from domain.services.messages.message_rules import (
    first_deliveries,
    is_consented,
    is_muted,
    quiet_until,
    undeliverable_reason,
)
from domain.services.messages.row_choice import choose_rows, split_by_turn
from domain.services.runtime import Runtime
from domain.store.counters import DELIVERIES
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger import members
from domain.store.ledger.members import StoredMember
from domain.store.messages import outbox
from domain.store.messages.outbox import Delivery, OutboxRow, OutboxState, Settlement

POLL_SECONDS = 1.0
MAX_WAIT_SECONDS = 1.0
MAX_ROUNDS = 4
FINISH_SECONDS = 5.0

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class DeliveryRound:
    """What a round did: rows found due, rows that this worker claimed, and messages that were sent."""

    due_count: int = 0
    claimed_count: int = 0
    sent_count: int = 0


# ---------------------------------------------------------------- the round
async def run_round(runtime: Runtime, worker: DeliveryWorker, *, now: datetime) -> DeliveryRound:
    """Claim up to 50 due rows and bring each as far as it goes. Raises Unreachable where the database is
    away.
    """
    now = milliseconds(now)
    due_rows = await outbox.find_due(runtime.store, now=now, first=2 * MAX_BATCH, lane=worker.lane)
    for unreadable_row in due_rows.unreadable:
        log.error("deliveries.row_unreadable", row=unreadable_row.id, fault=unreadable_row.fault)
        await outbox.set_aside(runtime.store, unreadable_row)
    rows = choose_rows(due_rows.rows)
    lease = secrets.token_hex(8)
    claimed_ids = (
        await outbox.claim(
            runtime.store, [row.id for row in rows], lease=lease, now=now, lease_duration=worker.lease
        )
        if rows
        else set[str]()
    )
    rows, given_back = split_by_turn(rows, claimed_ids)
    if given_back:
        await outbox.release(runtime.store, given_back, lease=lease, now=now)
    due_count = len(due_rows.rows) - len(given_back)
    if not rows:
        return DeliveryRound(due_count)
    members_by_id = await members.find_many(runtime.store, sorted({row.member for row in rows}))
    rows = await _readdressed(runtime, rows, members_by_id)
    await _load_versions(runtime, rows)
    stopped = await _load_once(runtime, rows)
    started = await gather_limited(
        [
            _guard_row(row, _start_job(runtime, worker, row, members_by_id.get(row.member), stopped))
            for row in rows
        ],
        limit=MAX_CONCURRENT,
    )
    in_inbox = await _post_jobs(runtime, [one for one in started if one is not None], now)
    jobs = [one for one in in_inbox if isinstance(one, DeliveryJob)]
    scheduled = await gather_limited(
        [_guard_row(job.row, _schedule(runtime, job, jobs, now)) for job in jobs], limit=MAX_CONCURRENT
    )
    jobs = [one for one in scheduled if isinstance(one, DeliveryJob)]
    sent_count = await send_jobs(runtime, worker, jobs, now)
    settlements = [one for one in (*in_inbox, *scheduled) if isinstance(one, Settlement)]
    await _settle(runtime, [*settlements, *map(_settlement_of, jobs)], lease, now)
    return DeliveryRound(due_count, len(rows), sent_count)


async def _readdressed(
    runtime: Runtime, rows: Sequence[OutboxRow], members_by_id: dict[str, StoredMember]
) -> list[OutboxRow]:
    """Return rows of merged memberships as those of the ones that took them over, whom this adds."""
    open_by_merged = dict[str, str]()
    for id, merged in list(members_by_id.items()):
        if merged.status == "merged" and (open_member := await members.find_open(runtime.store, id)):
            open_by_merged[id] = open_member.member.id
            members_by_id[open_member.member.id] = open_member
    return [replace(row, member=open_by_merged.get(row.member, row.member)) for row in rows]


async def _load_once(runtime: Runtime, rows: Iterable[OutboxRow]) -> set[str]:
    """Have the texts of messages that are sent once; return those that somebody has stopped."""
    codes = {row.code for row in rows if row.kind == "once"}
    return await runtime.once_texts.load(runtime.store, codes, anew=True) if codes else set()


def _spec_of(runtime: Runtime, programme: Programme, row: OutboxRow) -> MessageSpec | None:
    if row.kind == "once":
        return runtime.once_texts.find(row.code)
    return message_of(programme, row.kind, row.code, row.variant)


async def _load_versions(runtime: Runtime, rows: Iterable[OutboxRow]) -> None:
    for version in {row.version for row in rows}:
        try:
            await runtime.programmes.load_versions([version])
        except KeyError:  # the version is gone: the current one is used
            log.warning("deliveries.version_gone", version=version)


# ---------------------------------------------------------------- fanning out
async def _guard_row(
    row: OutboxRow, step: Awaitable[DeliveryJob | Settlement]
) -> DeliveryJob | Settlement | None:
    """Run a step of a claimed row. An error ends this row alone."""
    try:
        return await step
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends this row alone
        return _settlement_for_error(error, row)


def _settlement_for_error(error: Exception, row: OutboxRow) -> Settlement | None:
    """Return a parked settlement for an error; None for a database error: the row comes up again after the
    lease.
    """
    if isinstance(error, (Busy, StoreFault, DatabaseError)):
        return None
    log.error("deliveries.row_failed", row=row.id, code=row.code, exc_info=error)
    return Settlement(row.id, "parked", f"fault: {type(error).__name__}")


async def _start_job(
    runtime: Runtime,
    worker: DeliveryWorker,
    row: OutboxRow,
    stored_member: StoredMember | None,
    stopped: Set[str],
) -> DeliveryJob | Settlement:
    """Return the job of a claimed row, or its settlement where it has nothing to send."""
    stored_member = stored_member or await members.find(runtime.store, row.member)
    return (
        _start_webhook(runtime, worker, row, stored_member)
        if row.kind == "webhook"
        else _start_message(runtime, worker, row, stored_member, stopped)
    )


def _start_message(
    runtime: Runtime,
    worker: DeliveryWorker,
    row: OutboxRow,
    stored_member: StoredMember | None,
    stopped: Set[str],
) -> DeliveryJob | Settlement:
    programme = runtime.programmes.loaded_or_current(row.version)
    spec = _spec_of(runtime, programme, row)
    reason = "stopped" if row.code in stopped else undeliverable_reason(spec, stored_member)
    if reason is not None or spec is None or stored_member is None:
        dropped_deliveries = [finish_delivery(one, "dropped", reason or "") for one in row.deliveries or ()]
        was_sent = any(one.state == "sent" for one in dropped_deliveries)
        return Settlement(row.id, "done" if was_sent else "dropped", reason or "", dropped_deliveries)
    deliveries = row.deliveries if row.deliveries is not None else first_deliveries(spec)
    return DeliveryJob(
        row,
        spec,
        programme,
        stored_member,
        [_skip_barred(worker, spec, stored_member, delivery) for delivery in deliveries],
    )


def _start_webhook(
    runtime: Runtime, worker: DeliveryWorker, row: OutboxRow, stored_member: StoredMember | None
) -> DeliveryJob | Settlement:
    """Return the job of a webhook. It is never too old: the other system has no other way to know. That a
    member has left is told of one who has.
    """
    if stored_member is None or (stored_member.status != "active" and row.event not in LEAVING_EVENTS):
        return Settlement(row.id, "dropped", "member_gone")
    deliveries = row.deliveries if row.deliveries is not None else (Delivery("webhook", row.code),)
    if any(worker.sender(sender_channel(one)) is None for one in deliveries):
        log.error("deliveries.hook_unknown", row=row.id, hook=row.code)
        return Settlement(row.id, "parked", f'SELO_WEBHOOKS names no "{row.code}"')
    return DeliveryJob(
        row, None, runtime.programmes.loaded_or_current(row.version), stored_member, list(deliveries)
    )


def _skip_barred(
    worker: DeliveryWorker, spec: MessageSpec, stored_member: StoredMember, delivery: Delivery
) -> Delivery:
    """Return a delivery as skipped where its sender is not configured, the membership is being deleted, or
    the member did not agree to its channel, or does not want it.
    """
    if delivery.state != "pending":
        return delivery
    if worker.sender(delivery.channel) is None:
        return finish_delivery(delivery, "skipped", f"{delivery.channel}_off")
    if stored_member.erase_at is not None:
        return finish_delivery(delivery, "skipped", "being_deleted")
    if not is_consented(spec, stored_member, delivery.channel):
        return finish_delivery(delivery, "skipped", "no_consent")
    if is_muted(spec, stored_member, delivery.channel):
        return finish_delivery(delivery, "skipped", "muted")
    return delivery


async def _post_jobs(
    runtime: Runtime, started: Sequence[DeliveryJob | Settlement], now: datetime
) -> list[DeliveryJob | Settlement]:
    """Post messages to inboxes. What came too soon, or could not be posted, is settled here."""
    jobs = [one for one in started if isinstance(one, DeliveryJob)]
    results = await post_to_inboxes(runtime, [job for job in jobs if _needs_posting(job)], now=now)
    jobs_or_settlements: list[DeliveryJob | Settlement | None] = [
        one for one in started if isinstance(one, Settlement)
    ]
    for job in jobs:
        match results.get(job.row.id):
            case "too_soon":
                jobs_or_settlements.append(Settlement(job.row.id, "dropped", "once", ()))
            case Exception() as error:
                jobs_or_settlements.append(_settlement_for_error(error, job.row))
            case _:
                jobs_or_settlements.append(job)
    return [one for one in jobs_or_settlements if one is not None]


def _needs_posting(job: DeliveryJob) -> bool:
    """Tell whether a message goes to the inbox, or is limited in time, and was not posted yet."""
    return (
        job.spec is not None
        and job.row.deliveries is None
        and ("inbox" in job.spec.channels or job.spec.once is not None)
    )


async def _schedule(
    runtime: Runtime, job: DeliveryJob, jobs_together: Sequence[DeliveryJob], now: datetime
) -> DeliveryJob:
    """Drop the deliveries that are too late, or set when they may go."""
    if job.spec is None:
        return job
    if job.row.superseded_by or await _is_superseded(runtime, job, jobs_together):
        job.deliveries = [finish_delivery(one, "dropped", "collapsed") for one in job.deliveries]
    elif now >= job.row.promised_at + EXPIRES_AFTER:
        job.deliveries = [finish_delivery(one, "dropped", "expired") for one in job.deliveries]
    elif any(one.state == "pending" for one in job.deliveries):
        job.due_at = quiet_until(job.programme, job.spec, job.stored_member, key=job.row.id, now=now)
    return job


async def _is_superseded(runtime: Runtime, job: DeliveryJob, jobs_together: Sequence[DeliveryJob]) -> bool:
    """Tell whether a later message of the round replaces this one, and mark the earlier ones that it
    replaces.
    """
    row, collapse = job.row, job.spec.collapse if job.spec is not None else None
    if collapse is None or row.deliveries is not None:
        return False
    for other in await outbox.find_pending(runtime.store, row.member):
        spec = message_of(runtime.programmes.loaded_or_current(other.version), other.kind, other.code)
        if other.kind != row.kind or spec is None or spec.collapse != collapse:
            continue
        if (other.seq, other.index) > (row.seq, row.index):
            # Of a row outside this round it is not known yet whether it will be sent.
            if any(one.row.id == other.id for one in jobs_together):
                return True
        elif other.id != row.id and other.superseded_by is None:
            await outbox.supersede(runtime.store, other.id, by=row.id)
    return False


# ---------------------------------------------------------------- writing it down
def _settlement_of(job: DeliveryJob) -> Settlement:
    """Return the settlement of a job: it waits, is done, or is parked after its last attempt failed."""
    pending_reasons, failed_reasons = (
        [one.reason for one in job.deliveries if one.state == state] for state in ("pending", "failed")
    )
    state: OutboxState = "pending" if pending_reasons else "parked" if failed_reasons else "done"
    reason = next(iter([*pending_reasons, *failed_reasons]), "")
    if state == "parked":
        log.error("deliveries.parked", row=job.row.id, code=job.row.code, why=reason)
    return Settlement(job.row.id, state, reason, job.deliveries, job.due_at)


async def _settle(runtime: Runtime, settlements: Sequence[Settlement], lease: str, now: datetime) -> None:
    if settlements:
        try:
            await outbox.settle(runtime.store, settlements, lease=lease, now=now)
            for settlement in settlements:
                DELIVERIES.labels(settlement.state).inc()
        except DatabaseError:
            log.warning("deliveries.not_noted", rows=len(settlements))  # they come up again after the lease


# ---------------------------------------------------------------- until cancelled
async def keep_delivering(
    runtime: Runtime,
    worker: DeliveryWorker,
    *,
    clock: Callable[[], datetime],
    woken: asyncio.Event,
    on_error: Callable[[Exception], None],
) -> None:
    """Deliver what is due, every second and whenever woken, until cancelled.

    A round that waits for a slow sender runs beside the next, a few at most, so that no inbox waits for a
    phone. Running rounds are finished at the end.
    """
    running = set[asyncio.Task[DeliveryRound]]()

    def on_done(task: asyncio.Task[DeliveryRound]) -> None:
        running.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            on_error(error)

    try:
        while True:
            woken.clear()
            round_task = asyncio.create_task(run_round(runtime, worker, now=clock()))
            running.add(round_task)
            round_task.add_done_callback(on_done)
            await asyncio.wait({round_task}, timeout=MAX_WAIT_SECONDS)
            while len(running) >= MAX_ROUNDS:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            if not _is_behind(round_task):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await woken.wait()
    except asyncio.CancelledError:
        if running:
            await asyncio.wait(running, timeout=FINISH_SECONDS)
        for task in running:
            task.cancel()
        raise


def _is_behind(round_task: asyncio.Task[DeliveryRound]) -> bool:
    """Tell whether a round left due rows, so that the next begins at once."""
    return (
        round_task.done()
        and not round_task.exception()
        and round_task.result().due_count > round_task.result().claimed_count
    )
