"""Sending: what the worker's round has ready goes to the senders, channel by channel, and each verdict is
noted on its delivery.

Nothing here touches the outbox: the round writes down what became of its rows. A sender that rests (a quota,
credentials that do not work) is asked nothing until its time is over; that costs no attempt. Each hook is a
sender of its own: one that is silent rests too, so that it holds up no other, and what it refuses for good is
parked, since an operator must hear of it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog

from domain.model.calendar import milliseconds
from domain.model.messages import backoff
from domain.model.programme import MessageSpec, Programme
from domain.model.programme.messages import SERVICE_PURPOSE
from domain.services.messages.message_rules import collapse_key, main_balance, message_locale, render_message
from domain.services.messages.webhooks import webhook_message
from domain.services.runtime import Runtime
from domain.services.senders import (
    NO_ANSWER_REASONS,
    NO_SENDERS,
    DeviceAddress,
    MailMessage,
    PushMessage,
    Senders,
    SendResult,
    SmsMessage,
    WebhookMessage,
)
from domain.store.ledger.members import StoredMember
from domain.store.messages import inbox, outbox, push_addresses
from domain.store.messages.inbox import Mailbox
from domain.store.messages.outbox import Delivery, OutboxRow
from domain.store.messages.push_addresses import PushAddress

ResultT = TypeVar("ResultT")
Sendable = PushMessage | MailMessage | SmsMessage | WebhookMessage

MAX_BATCH = 50
MAX_CONCURRENT = 8
SEND_SECONDS = 40.0
EXPIRES_AFTER = timedelta(days=7)
UNSEEN_LIMIT = timedelta(days=60)
REST_DURATIONS: Mapping[str, timedelta] = {"pause": timedelta(seconds=60), "break": timedelta(minutes=5)}
LEFT_FOR_NEXT_ROUND = SendResult(
    "pause", "next round", timedelta(seconds=1)
)  # begun now, it would outlast the lease, and go out twice
SENDER_MISMATCH, MAX_SENDER_MISMATCHES = "SENDER_ID_MISMATCH", 3

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- values
@dataclass(slots=True)
class DeliveryWorker:
    """One a worker: who sends, how long a lease lasts, and which channels rest until when.

    `public_id` is how the API names a letter, `api_id` how anything of a kind; `unsubscribe` the link by
    which a member takes back their consent to a purpose. `lane` is whom it delivers to. `reaches` tells
    whether a push has arrived, `foreign` holds the devices that were another project's before one did.
    """

    senders: Senders = NO_SENDERS
    lease: timedelta = outbox.CLAIM_LEASE
    public_id: Callable[[str], str] = str
    api_id: Callable[[str, str], str] = "{}:{}".format
    unsubscribe: Callable[[str, str], str] = "{}/{}".format
    lane: outbox.Lane = "people"
    resting_until: dict[str, datetime] = field(default_factory=dict)
    has_reached_device: bool = False
    mismatched_devices: set[str] = field(default_factory=set)

    def sender(self, channel: str) -> object | None:
        """Return who sends a channel's messages; each hook is a channel, `webhook:NAME`."""
        kind, _, hook = channel.partition(":")
        if kind == "webhook":
            hooks = self.senders.webhooks
            return hooks if hooks is not None and hook in hooks.names else None
        return {"push": self.senders.push, "email": self.senders.mail, "sms": self.senders.sms}[channel]


@dataclass(slots=True)
class DeliveryJob:
    """A claimed row with all that sending it needs, a webhook's without `spec`; its deliveries change as
    verdicts come.
    """

    row: OutboxRow
    spec: MessageSpec | None
    programme: Programme
    stored_member: StoredMember
    deliveries: list[Delivery]
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _OutgoingMessage:
    """One message for a sender, and the delivery of its job that it is."""

    job: DeliveryJob
    delivery_index: int
    message: Sendable


# ---------------------------------------------------------------- rules
def finish_delivery(delivery: Delivery, state: outbox.DeliveryState, reason: str) -> Delivery:
    return replace(delivery, state=state, reason=reason) if delivery.state == "pending" else delivery


def sender_channel(delivery: Delivery) -> str:
    """Return who sends a delivery, as `Post.sender` knows them."""
    return f"webhook:{delivery.to}" if delivery.channel == "webhook" else delivery.channel


async def gather_limited(awaitables: Sequence[Awaitable[ResultT]]) -> list[ResultT]:
    slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def run_in_slot(awaitable: Awaitable[ResultT]) -> ResultT:
        async with slots:
            return await awaitable

    return await asyncio.gather(*map(run_in_slot, awaitables))


# ---------------------------------------------------------------- sending
async def send_jobs(
    runtime: Runtime, post: DeliveryWorker, jobs: Sequence[DeliveryJob], now: datetime
) -> int:
    """Send what may go now, channel by channel, and note each verdict on its delivery; return how many the
    outside has.
    """
    sendable_jobs = [
        job for job in jobs if job.due_at is None and any(one.state == "pending" for one in job.deliveries)
    ]
    addresses_by_member = await _push_addresses(runtime, sendable_jobs, now)
    members = sorted({job.row.member for job in sendable_jobs if addresses_by_member.get(job.row.member)})
    mailboxes = await inbox.find_mailboxes(runtime.store, members) if members else {}
    for member in members:
        if member not in mailboxes:
            log.error(
                "deliveries.mailbox_unreadable", member=member
            )  # their push counts nothing, and nobody waits
    messages_by_channel: dict[str, list[_OutgoingMessage]] = {}
    for job in sendable_jobs:
        _split_by_device(job, addresses_by_member.get(job.row.member, ()))
        for index, delivery in enumerate(job.deliveries):
            if delivery.state != "pending":
                continue
            try:
                message = _build_message(post, job, delivery, addresses_by_member, mailboxes, now)
            except Exception as error:
                log.error("deliveries.row_failed", row=job.row.id, code=job.row.code, exc_info=error)
                job.deliveries[index] = finish_delivery(delivery, "failed", f"fault: {type(error).__name__}")
                continue
            if message is None:
                job.deliveries[index] = finish_delivery(delivery, "skipped", "no_address")
            else:
                messages_by_channel.setdefault(sender_channel(delivery), []).append(
                    _OutgoingMessage(job, index, message)
                )
    sent_counts = await asyncio.gather(
        *(_send_channel(runtime, post, channel, some, now) for channel, some in messages_by_channel.items())
    )
    return sum(sent_counts)


async def _push_addresses(
    runtime: Runtime, jobs: Sequence[DeliveryJob], now: datetime
) -> Mapping[str, Sequence[PushAddress]]:
    members = {
        job.row.member
        for job in jobs
        if any(one.channel == "push" and one.state == "pending" for one in job.deliveries)
    }
    if not members:
        return {}
    addresses_by_member = await push_addresses.find_by_members(runtime.store, sorted(members))
    return {
        member: [one for one in some if one.seen_at > now - UNSEEN_LIMIT]
        for member, some in addresses_by_member.items()
    }


def _split_by_device(job: DeliveryJob, addresses: Sequence[PushAddress]) -> None:
    """Put one delivery a device in the place of the one for all."""
    for index, delivery in enumerate(job.deliveries):
        if delivery.channel == "push" and not delivery.to and delivery.state == "pending":
            device_deliveries = [replace(delivery, to=device.device) for device in addresses] or [
                finish_delivery(delivery, "skipped", "no_device")
            ]
            job.deliveries[index : index + 1] = device_deliveries
            return


def _build_message(
    post: DeliveryWorker,
    job: DeliveryJob,
    delivery: Delivery,
    addresses_by_member: Mapping[str, Sequence[PushAddress]],
    mailboxes: Mapping[str, Mailbox],
    now: datetime,
) -> Sendable | None:
    """Return what a sender is given; None where the address is gone."""
    row, details, spec = job.row, job.stored_member.details, job.spec
    if spec is None:
        return webhook_message(row, api_id=post.api_id)
    rendered = render_message(
        job.programme,
        spec,
        row,
        job.stored_member,
        balance=main_balance(job.programme, job.stored_member, now=now),
    )
    if delivery.channel == "email":
        if not details.email:
            return None
        purpose = spec.purpose
        unsubscribe = None if purpose == SERVICE_PURPOSE else post.unsubscribe(row.member, purpose)
        locale = message_locale(job.programme, details)
        return MailMessage(
            row.id, details.email, locale, rendered.title, rendered.body, rendered.link, unsubscribe
        )
    if delivery.channel == "sms":
        return (
            SmsMessage(row.id, details.phone, f"{rendered.title}\n{rendered.body}".strip())
            if details.phone
            else None
        )
    address = next(
        (each for each in addresses_by_member.get(row.member, ()) if each.device == delivery.to), None
    )
    if address is None:
        return None
    payload = {"kind": "survey", "survey": row.code} if row.kind == "survey" else {"kind": row.code}
    if "inbox" in spec.channels:
        payload["message"] = post.public_id(row.id)
    mailbox = mailboxes.get(row.member)
    return PushMessage(
        id=f"{row.id}/{delivery.to}",
        address=DeviceAddress(address.device, address.kind, address.token),
        title=rendered.title,
        body=rendered.body,
        collapse_key=collapse_key(spec, row),
        link=rendered.link,
        badge=mailbox.unread_count if mailbox is not None else None,
        expires_at=row.promised_at + EXPIRES_AFTER,
        payload=payload,
    )


async def _send_channel(
    runtime: Runtime, post: DeliveryWorker, channel: str, messages: Sequence[_OutgoingMessage], now: datetime
) -> int:
    sent_count, clock = 0, asyncio.get_running_loop().time
    last_start = clock() + post.lease.total_seconds() / 3  # a sender may take the rest
    for start in range(0, len(messages), MAX_BATCH):
        chunk = messages[start : start + MAX_BATCH]
        is_in_time = not start or clock() < last_start
        results = (
            await _send_batch(post, channel, chunk, now) if is_in_time else [LEFT_FOR_NEXT_ROUND] * len(chunk)
        )
        if channel == "push":
            await _forget_dead_addresses(runtime, chunk, results)
        for message, result in zip(chunk, results, strict=True):
            _record_result(message, result, now)
            sent_count += result.status == "sent"
    return sent_count


async def _send_batch(
    post: DeliveryWorker, channel: str, chunk: Sequence[_OutgoingMessage], now: datetime
) -> list[SendResult]:
    """Return what a sender says of each; a sender that fails as a whole, or does not come back, is tried
    again later.
    """
    rests_until = post.resting_until.get(channel, now)
    if rests_until > now:
        return [SendResult("pause", "resting", rests_until - now)] * len(chunk)
    sender: Any = post.sender(channel)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            results = list(await sender.send([parcel.message for parcel in chunk], now=now))
        if len(results) != len(chunk):
            raise ValueError("not one verdict a message")
    except Exception as error:  # noqa: BLE001 - whatever it is, the messages are tried again
        log.warning("deliveries.sender_failed", channel=channel, fault=type(error).__name__)
        return [SendResult("retry", type(error).__name__)] * len(chunk)
    if channel == "push":
        results = _without_false_drops(post, chunk, results)
    if channel.startswith("webhook:") and all(verdict.reason in NO_ANSWER_REASONS for verdict in results):
        post.resting_until[channel] = now + REST_DURATIONS["pause"]
    for result in results:
        if result.status in REST_DURATIONS:
            rests_until_result = now + (result.retry_after or REST_DURATIONS[result.status])
            post.resting_until[channel] = max(
                rests_until_result, post.resting_until.get(channel, rests_until_result)
            )
    reason_by_status = {
        verdict.status: verdict.reason for verdict in results if verdict.status in REST_DURATIONS
    }
    if "break" in reason_by_status:
        log.error(
            "deliveries.sender_refused",
            channel=channel,
            why=reason_by_status["break"],
            until=post.resting_until[channel].isoformat(),
        )
    elif "pause" in reason_by_status:
        log.warning(
            "deliveries.sender_rests",
            channel=channel,
            why=reason_by_status["pause"],
            until=post.resting_until[channel].isoformat(),
        )
    return results


def _without_false_drops(
    post: DeliveryWorker, chunk: Sequence[_OutgoingMessage], results: Sequence[SendResult]
) -> list[SendResult]:
    """Return verdicts that forget no device for credentials of ours that are another project's.

    Where somebody was reached, a device of another sender is that: forgotten. Before, it is kept and tried
    again, and at the third in a row, or where three together are all that there were, it is our credentials:
    the sender rests and an operator is told.
    """
    is_mismatch = [
        verdict.status == "drop_device" and verdict.reason == SENDER_MISMATCH for verdict in results
    ]
    if any(verdict.status == "sent" for verdict in results):
        post.has_reached_device, post.mismatched_devices = True, set()
        return list(results)
    devices = {
        parcel.job.deliveries[parcel.delivery_index].to
        for parcel, is_foreign in zip(chunk, is_mismatch, strict=True)
        if is_foreign
    }
    if post.has_reached_device and not (all(is_mismatch) and len(devices) >= MAX_SENDER_MISMATCHES):
        return list(results)
    post.mismatched_devices |= devices
    replacement = SendResult(
        "break" if len(post.mismatched_devices) >= MAX_SENDER_MISMATCHES else "retry", SENDER_MISMATCH
    )
    return [
        replacement if is_foreign else verdict
        for verdict, is_foreign in zip(results, is_mismatch, strict=True)
    ]


async def _forget_dead_addresses(
    runtime: Runtime, chunk: Sequence[_OutgoingMessage], results: Sequence[SendResult]
) -> None:
    """Forget tokens that reach nobody, and count messages that one made impossible."""
    for message, result in zip(chunk, results, strict=True):
        if isinstance(message.message, PushMessage):
            address = message.message.address
            if result.status == "drop_device":
                await push_addresses.forget(runtime.store, address.device, address.value)
            elif result.status == "drop_message" and result.reason == "INVALID_ARGUMENT":
                await push_addresses.blame(runtime.store, address.device, address.value)


def _record_result(message: _OutgoingMessage, result: SendResult, now: datetime) -> None:
    """Note on a delivery what became of it, and on its job when it is due again."""
    job, delivery = message.job, message.job.deliveries[message.delivery_index]
    is_webhook = delivery.channel == "webhook"
    if (
        is_webhook and result.status == "break"
    ):  # tried so often and no more, then parked: only an operator can mend it
        result = SendResult("retry", result.reason, REST_DURATIONS["break"])
    match result.status:
        case "sent":
            job.deliveries[message.delivery_index] = replace(
                delivery, state="sent", reason=result.reason, attempts=delivery.attempts + 1
            )
            return
        case "drop_device" | "drop_message":
            state: outbox.DeliveryState = "failed" if is_webhook else "dropped"
            job.deliveries[message.delivery_index] = replace(
                delivery, state=state, reason=result.reason, attempts=delivery.attempts + 1
            )
            return
        case "pause" | "break":
            jitter = random.random()  # noqa: S311 - jitter, no secret
            wait = (result.retry_after or REST_DURATIONS[result.status]) + timedelta(seconds=5 * jitter)
            job.deliveries[message.delivery_index] = replace(delivery, reason=result.reason)
        case "retry":
            attempts = delivery.attempts + 1
            has_failed = attempts >= backoff.ATTEMPTS
            wait = backoff.pause(attempts, after=result.retry_after, chance=random.random())  # noqa: S311 - jitter, no secret
            job.deliveries[message.delivery_index] = replace(
                delivery, state="failed" if has_failed else "pending", reason=result.reason, attempts=attempts
            )
    due_at = milliseconds(now + wait)
    job.due_at = due_at if job.due_at is None else max(job.due_at, due_at)
