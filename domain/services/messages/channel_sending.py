"""Sending: a round's messages go to their senders, channel by channel; each delivery notes its result.

Nothing here writes the outbox: the round does. A sender that rests (for a quota, or for credentials that do
not work) gets nothing until its rest is over; that costs no attempt. Each webhook is a sender of its own. One
that does not answer rests too, so that it delays no other. What a webhook refuses for good is parked, so that
an operator sees it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from domain.model.calendar import milliseconds
from domain.model.messages import backoff
from domain.services.messages import push_results
from domain.services.messages.delivery_jobs import (
    MAX_BATCH,
    WEB_PUSH,
    DeliveryJob,
    DeliveryWorker,
    finish_delivery,
)
from domain.services.messages.outgoing_messages import (
    OutgoingMessage,
    build_message,
    find_push_addresses,
    message_channel,
    split_by_device,
)
from domain.services.messages.push_results import SENDER_MISMATCH
from domain.services.messages.traced_sending import send_traced
from domain.services.runtime import Runtime
from domain.services.senders import NO_ANSWER_REASONS, PushMessage, SendResult, SendStatus
from domain.store.counters import SENDS
from domain.store.messages import inbox, outbox

SEND_SECONDS = 40.0
REST_DURATIONS: Mapping[str, timedelta] = {"pause": timedelta(seconds=60), "break": timedelta(minutes=5)}
# A batch that began now could outlast the lease, and be sent twice.
LEFT_FOR_NEXT_ROUND = SendResult("pause", "next round", timedelta(seconds=1))
MAX_SENDER_MISMATCHES = 3

log = structlog.get_logger(__name__)


async def send_jobs(
    runtime: Runtime, worker: DeliveryWorker, jobs: Sequence[DeliveryJob], now: datetime
) -> int:
    """Send what may go now, and note each result on its delivery; return how many messages were sent."""
    sendable_jobs = [
        job for job in jobs if job.due_at is None and any(one.state == "pending" for one in job.deliveries)
    ]
    addresses_by_member = await find_push_addresses(runtime, sendable_jobs, now)
    members = sorted({job.row.member for job in sendable_jobs if addresses_by_member.get(job.row.member)})
    mailboxes = await inbox.find_mailboxes(runtime.store, members) if members else {}
    for member in members:
        if member not in mailboxes:
            # The push goes out without an unread count.
            log.error("deliveries.mailbox_unreadable", member=member)
    messages_by_channel: dict[str, list[OutgoingMessage]] = {}
    for job in sendable_jobs:
        split_by_device(job, addresses_by_member.get(job.row.member, ()))
        for index, delivery in enumerate(job.deliveries):
            if delivery.state != "pending":
                continue
            try:
                message = build_message(worker, job, delivery, addresses_by_member, mailboxes, now)
            except Exception as error:
                log.error("deliveries.row_failed", row=job.row.id, code=job.row.code, exc_info=error)
                job.deliveries[index] = finish_delivery(delivery, "failed", f"fault: {type(error).__name__}")
                continue
            channel = message_channel(delivery, message)
            if message is None:
                job.deliveries[index] = finish_delivery(delivery, "skipped", "no_address")
            elif isinstance(message, PushMessage) and worker.senders.push_to(message.address.kind) is None:
                job.deliveries[index] = finish_delivery(delivery, "skipped", "push_off")
            else:
                messages_by_channel.setdefault(channel, []).append(OutgoingMessage(job, index, message))
    sent_counts = await asyncio.gather(
        *(_send_channel(runtime, worker, channel, some, now) for channel, some in messages_by_channel.items())
    )
    return sum(sent_counts)


async def _send_channel(
    runtime: Runtime, worker: DeliveryWorker, channel: str, messages: Sequence[OutgoingMessage], now: datetime
) -> int:
    sent_count, clock = 0, asyncio.get_running_loop().time
    last_start = clock() + worker.lease.total_seconds() / 3  # a sender may take two thirds
    for start in range(0, len(messages), MAX_BATCH):
        batch = messages[start : start + MAX_BATCH]
        is_in_time = not start or clock() < last_start
        results = (
            await _send_batch(worker, channel, batch, now)
            if is_in_time
            else [LEFT_FOR_NEXT_ROUND] * len(batch)
        )
        if channel in ("push", WEB_PUSH):
            await _forget_dead_addresses(runtime, batch, results, now)
        for message, result in zip(batch, results, strict=True):
            _record_result(message, result, now)
            sent_count += result.status == "sent"
    return sent_count


async def _send_batch(
    worker: DeliveryWorker, channel: str, batch: Sequence[OutgoingMessage], now: datetime
) -> list[SendResult]:
    """Return the result of each message. Where the sender fails as a whole, all are tried again later."""
    kind = channel.partition(":")[0]  # a webhook's name is the operator's own
    rests_until = worker.resting_until.get(channel, now)
    if rests_until > now:
        SENDS.labels(kind, "pause").inc(len(batch))
        return [SendResult("pause", "resting", rests_until - now)] * len(batch)
    sender: Any = worker.sender(channel)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            results = list(await send_traced(sender, batch, now=now))
        if len(results) != len(batch):
            raise ValueError("not one result a message")
    except Exception as error:  # noqa: BLE001 - whatever it is, the messages are tried again
        log.warning("deliveries.sender_failed", channel=channel, fault=type(error).__name__)
        SENDS.labels(kind, "retry").inc(len(batch))
        return [SendResult("retry", type(error).__name__)] * len(batch)
    for result in results:
        SENDS.labels(kind, result.status).inc()
    if channel == "push":
        results = _without_false_drops(worker, batch, results)
    if channel.startswith("webhook:") and all(result.reason in NO_ANSWER_REASONS for result in results):
        worker.resting_until[channel] = now + REST_DURATIONS["pause"]
    for result in results:
        if result.status in REST_DURATIONS:
            rests_until_result = now + (result.retry_after or REST_DURATIONS[result.status])
            worker.resting_until[channel] = max(
                rests_until_result, worker.resting_until.get(channel, rests_until_result)
            )
    _log_rests(worker, channel, results)
    return results


def _log_rests(worker: DeliveryWorker, channel: str, results: Sequence[SendResult]) -> None:
    """Log that a sender rests: a warning for a quota, an error for credentials that do not work."""
    reasons = {result.status: result.reason for result in results if result.status in REST_DURATIONS}
    if "break" in reasons:
        until = worker.resting_until[channel].isoformat()
        log.error("deliveries.sender_refused", channel=channel, why=reasons["break"], until=until)
    elif "pause" in reasons:
        until = worker.resting_until[channel].isoformat()
        log.warning("deliveries.sender_rests", channel=channel, why=reasons["pause"], until=until)


def _without_false_drops(
    worker: DeliveryWorker, batch: Sequence[OutgoingMessage], results: Sequence[SendResult]
) -> list[SendResult]:
    """Return results that drop no device because our credentials are another project's.

    Once a push has arrived, a device that answers SENDER_ID_MISMATCH belongs to another sender and is
    dropped. Before, it is kept and tried again. At the third such device, or where a batch of three or more
    is all of them, our credentials are at fault: the sender rests and an operator is told.
    """
    is_mismatch = [result.status == "drop_device" and result.reason == SENDER_MISMATCH for result in results]
    if any(result.status == "sent" for result in results):
        worker.has_reached_device, worker.mismatched_devices = True, set()
        return list(results)
    pairs = list(zip(batch, results, is_mismatch, strict=True))
    devices = {message.delivery.to for message, _, mismatched in pairs if mismatched}
    if worker.has_reached_device and not (all(is_mismatch) and len(devices) >= MAX_SENDER_MISMATCHES):
        return list(results)
    worker.mismatched_devices |= devices
    status: SendStatus = "break" if len(worker.mismatched_devices) >= MAX_SENDER_MISMATCHES else "retry"
    return [SendResult(status, SENDER_MISMATCH) if mismatched else result for _, result, mismatched in pairs]


async def _forget_dead_addresses(
    runtime: Runtime, batch: Sequence[OutgoingMessage], results: Sequence[SendResult], now: datetime
) -> None:
    for message, result in zip(batch, results, strict=True):
        if isinstance(message.message, PushMessage):
            await push_results.note_result(runtime.store, message.message.address, result, now=now)


def _record_result(message: OutgoingMessage, result: SendResult, now: datetime) -> None:
    """Note the result on the delivery, and on its job when the row is due again."""
    job, delivery = message.job, message.delivery
    is_webhook = delivery.channel == "webhook"
    if is_webhook and result.status == "break":
        # It counts as an attempt, so that it ends parked: only an operator can mend it.
        result = SendResult("retry", result.reason, REST_DURATIONS["break"])
    attempts = delivery.attempts + 1
    match result.status:
        case "sent":
            message.update(replace(delivery, state="sent", reason=result.reason, attempts=attempts))
            return
        case "drop_device" | "drop_message":
            state: outbox.DeliveryState = "failed" if is_webhook else "dropped"
            message.update(replace(delivery, state=state, reason=result.reason, attempts=attempts))
            return
        case "pause" | "break":
            jitter = random.random()  # noqa: S311 - jitter, no secret
            wait = (result.retry_after or REST_DURATIONS[result.status]) + timedelta(seconds=5 * jitter)
            message.update(replace(delivery, reason=result.reason))
        case "retry":
            state = "failed" if attempts >= backoff.ATTEMPTS else "pending"
            wait = backoff.pause(attempts, after=result.retry_after, chance=random.random())  # noqa: S311 - jitter, no secret
            message.update(replace(delivery, state=state, reason=result.reason, attempts=attempts))
    due_at = milliseconds(now + wait)
    job.due_at = due_at if job.due_at is None else max(job.due_at, due_at)
