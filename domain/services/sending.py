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
from domain.services.hooks import webhook_of
from domain.services.house import House
from domain.services.messages import balance_of, collapse_id, language, words_of
from domain.services.senders import (
    NO_SENDERS,
    SILENT,
    Address,
    MailMessage,
    PushMessage,
    Senders,
    SmsMessage,
    Verdict,
    WebhookMessage,
)
from domain.store.ledger.members import StoredMember
from domain.store.messages import inbox, outbox, push_addresses
from domain.store.messages.inbox import Mailbox
from domain.store.messages.outbox import Delivery, OutboxRow
from domain.store.messages.push_addresses import PushAddress

M = TypeVar("M")
Sendable = PushMessage | MailMessage | SmsMessage | WebhookMessage

AT_ONCE = 50
SIDE_BY_SIDE = 8
SEND_SECONDS = 40.0
EXPIRES = timedelta(days=7)
SILENT_FOR = timedelta(days=60)
RESTS: Mapping[str, timedelta] = {"pause": timedelta(seconds=60), "break": timedelta(minutes=5)}
NEXT_ROUND = Verdict(
    "pause", "next round", timedelta(seconds=1)
)  # begun now, it would outlast the lease, and go out twice
MISMATCH, MISMATCHES = "SENDER_ID_MISMATCH", 3

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- values
@dataclass(slots=True)
class Post:
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
    rests: dict[str, datetime] = field(default_factory=dict)
    reaches: bool = False
    foreign: set[str] = field(default_factory=set)

    def sender(self, channel: str) -> object | None:
        """Return who sends a channel's messages; each hook is a channel, `webhook:NAME`."""
        kind, _, hook = channel.partition(":")
        if kind == "webhook":
            hooks = self.senders.hooks
            return hooks if hooks is not None and hook in hooks.names else None
        return {"push": self.senders.push, "email": self.senders.mail, "sms": self.senders.sms}[channel]


@dataclass(slots=True)
class Job:
    """A claimed row with all that sending it needs, a webhook's without `spec`; its deliveries change as
    verdicts come.
    """

    row: OutboxRow
    spec: MessageSpec | None
    programme: Programme
    kept: StoredMember
    deliveries: list[Delivery]
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One message for a sender, and the delivery of its job that it is."""

    job: Job
    at: int
    message: Sendable


# ---------------------------------------------------------------- rules
def over(one: Delivery, state: outbox.DeliveryState, reason: str) -> Delivery:
    return replace(one, state=state, reason=reason) if one.state == "pending" else one


def channel_of(one: Delivery) -> str:
    """Return who sends a delivery, as `Post.sender` knows them."""
    return f"webhook:{one.to}" if one.channel == "webhook" else one.channel


async def side_by_side(works: Sequence[Awaitable[M]]) -> list[M]:
    slots = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(work: Awaitable[M]) -> M:
        async with slots:
            return await work

    return await asyncio.gather(*map(one, works))


# ---------------------------------------------------------------- sending
async def send(house: House, post: Post, jobs: Sequence[Job], now: datetime) -> int:
    """Send what may go now, channel by channel, and note each verdict on its delivery; return how many the
    outside has.
    """
    going = [job for job in jobs if job.due is None and any(one.state == "pending" for one in job.deliveries)]
    reached = await _reached(house, going, now)
    wanted = sorted({job.row.member for job in going if reached.get(job.row.member)})
    boxes = await inbox.find_mailboxes(house.store, wanted) if wanted else {}
    for member in wanted:
        if member not in boxes:
            log.error(
                "deliveries.mailbox_unreadable", member=member
            )  # their push counts nothing, and nobody waits
    parcels: dict[str, list[_Parcel]] = {}
    for job in going:
        _part_by_device(job, reached.get(job.row.member, ()))
        for at, one in enumerate(job.deliveries):
            if one.state != "pending":
                continue
            try:
                message = _message(post, job, one, reached, boxes, now)
            except Exception as fault:
                log.error("deliveries.row_failed", row=job.row.id, code=job.row.code, exc_info=fault)
                job.deliveries[at] = over(one, "failed", f"fault: {type(fault).__name__}")
                continue
            if message is None:
                job.deliveries[at] = over(one, "skipped", "no_address")
            else:
                parcels.setdefault(channel_of(one), []).append(_Parcel(job, at, message))
    done = await asyncio.gather(
        *(_send_channel(house, post, channel, some, now) for channel, some in parcels.items())
    )
    return sum(done)


async def _reached(house: House, jobs: Sequence[Job], now: datetime) -> Mapping[str, Sequence[PushAddress]]:
    wanted = {
        job.row.member
        for job in jobs
        if any(one.channel == "push" and one.state == "pending" for one in job.deliveries)
    }
    if not wanted:
        return {}
    found = await push_addresses.find_by_members(house.store, sorted(wanted))
    return {member: [one for one in some if one.seen_at > now - SILENT_FOR] for member, some in found.items()}


def _part_by_device(job: Job, reached: Sequence[PushAddress]) -> None:
    """Put one delivery a device in the place of the one for all."""
    for at, one in enumerate(job.deliveries):
        if one.channel == "push" and not one.to and one.state == "pending":
            parted = [replace(one, to=device.device) for device in reached] or [
                over(one, "skipped", "no_device")
            ]
            job.deliveries[at : at + 1] = parted
            return


def _message(
    post: Post,
    job: Job,
    one: Delivery,
    reached: Mapping[str, Sequence[PushAddress]],
    boxes: Mapping[str, Mailbox],
    now: datetime,
) -> Sendable | None:
    """Return what a sender is given; None where the address is gone."""
    row, details, spec = job.row, job.kept.details, job.spec
    if spec is None:
        return webhook_of(row, api_id=post.api_id)
    words = words_of(job.programme, spec, row, job.kept, balance=balance_of(job.programme, job.kept, now=now))
    if one.channel == "email":
        if not details.email:
            return None
        purpose = spec.purpose
        unsubscribe = None if purpose == SERVICE_PURPOSE else post.unsubscribe(row.member, purpose)
        locale = language(job.programme, details)
        return MailMessage(row.id, details.email, locale, words.title, words.body, words.link, unsubscribe)
    if one.channel == "sms":
        return (
            SmsMessage(row.id, details.phone, f"{words.title}\n{words.body}".strip())
            if details.phone
            else None
        )
    device = next((each for each in reached.get(row.member, ()) if each.device == one.to), None)
    if device is None:
        return None
    data = {"kind": "survey", "survey": row.code} if row.kind == "survey" else {"kind": row.code}
    if "inbox" in spec.channels:
        data["message"] = post.public_id(row.id)
    box = boxes.get(row.member)
    return PushMessage(
        id=f"{row.id}/{one.to}",
        address=Address(device.device, device.kind, device.token),
        title=words.title,
        body=words.body,
        collapse=collapse_id(spec, row),
        link=words.link,
        badge=box.unread_count if box is not None else None,
        expires_at=row.promised_at + EXPIRES,
        data=data,
    )


async def _send_channel(
    house: House, post: Post, channel: str, parcels: Sequence[_Parcel], now: datetime
) -> int:
    sent, clock = 0, asyncio.get_running_loop().time
    until = clock() + post.lease.total_seconds() / 3  # a sender may take the rest
    for start in range(0, len(parcels), AT_ONCE):
        chunk = parcels[start : start + AT_ONCE]
        in_time = not start or clock() < until
        verdicts = await _verdicts(post, channel, chunk, now) if in_time else [NEXT_ROUND] * len(chunk)
        if channel == "push":
            await _prune(house, chunk, verdicts)
        for parcel, verdict in zip(chunk, verdicts, strict=True):
            _note(parcel, verdict, now)
            sent += verdict.ruling == "sent"
    return sent


async def _verdicts(post: Post, channel: str, chunk: Sequence[_Parcel], now: datetime) -> list[Verdict]:
    """Return what a sender says of each; a sender that fails as a whole, or does not come back, is tried
    again later.
    """
    rests = post.rests.get(channel, now)
    if rests > now:
        return [Verdict("pause", "resting", rests - now)] * len(chunk)
    sender: Any = post.sender(channel)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            verdicts = list(await sender.send([parcel.message for parcel in chunk], now=now))
        if len(verdicts) != len(chunk):
            raise ValueError("not one verdict a message")
    except Exception as fault:  # noqa: BLE001 - whatever it is, the messages are tried again
        log.warning("deliveries.sender_failed", channel=channel, fault=type(fault).__name__)
        return [Verdict("retry", type(fault).__name__)] * len(chunk)
    if channel == "push":
        verdicts = _doubted(post, chunk, verdicts)
    if channel.startswith("webhook:") and all(verdict.reason in SILENT for verdict in verdicts):
        post.rests[channel] = now + RESTS["pause"]
    for verdict in verdicts:
        if verdict.ruling in RESTS:
            until = now + (verdict.after or RESTS[verdict.ruling])
            post.rests[channel] = max(until, post.rests.get(channel, until))
    why = {verdict.ruling: verdict.reason for verdict in verdicts if verdict.ruling in RESTS}
    if "break" in why:
        log.error(
            "deliveries.sender_refused",
            channel=channel,
            why=why["break"],
            until=post.rests[channel].isoformat(),
        )
    elif "pause" in why:
        log.warning(
            "deliveries.sender_rests",
            channel=channel,
            why=why["pause"],
            until=post.rests[channel].isoformat(),
        )
    return verdicts


def _doubted(post: Post, chunk: Sequence[_Parcel], verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return verdicts that forget no device for credentials of ours that are another project's.

    Where somebody was reached, a device of another sender is that: forgotten. Before, it is kept and tried
    again, and at the third in a row, or where three together are all that there were, it is our credentials:
    the sender rests and an operator is told.
    """
    foreign = [verdict.ruling == "drop_device" and verdict.reason == MISMATCH for verdict in verdicts]
    if any(verdict.ruling == "sent" for verdict in verdicts):
        post.reaches, post.foreign = True, set()
        return list(verdicts)
    devices = {
        parcel.job.deliveries[parcel.at].to
        for parcel, is_foreign in zip(chunk, foreign, strict=True)
        if is_foreign
    }
    if post.reaches and not (all(foreign) and len(devices) >= MISMATCHES):
        return list(verdicts)
    post.foreign |= devices
    instead = Verdict("break" if len(post.foreign) >= MISMATCHES else "retry", MISMATCH)
    return [instead if is_foreign else verdict for verdict, is_foreign in zip(verdicts, foreign, strict=True)]


async def _prune(house: House, chunk: Sequence[_Parcel], verdicts: Sequence[Verdict]) -> None:
    """Forget tokens that reach nobody, and count messages that one made impossible."""
    for parcel, verdict in zip(chunk, verdicts, strict=True):
        if isinstance(parcel.message, PushMessage):
            address = parcel.message.address
            if verdict.ruling == "drop_device":
                await push_addresses.forget(house.store, address.device, address.value)
            elif verdict.ruling == "drop_message" and verdict.reason == "INVALID_ARGUMENT":
                await push_addresses.blame(house.store, address.device, address.value)


def _note(parcel: _Parcel, verdict: Verdict, now: datetime) -> None:
    """Note on a delivery what became of it, and on its job when it is due again."""
    job, one = parcel.job, parcel.job.deliveries[parcel.at]
    to_system = one.channel == "webhook"
    if (
        to_system and verdict.ruling == "break"
    ):  # tried so often and no more, then parked: only an operator can mend it
        verdict = Verdict("retry", verdict.reason, RESTS["break"])
    match verdict.ruling:
        case "sent":
            job.deliveries[parcel.at] = replace(
                one, state="sent", reason=verdict.reason, attempts=one.attempts + 1
            )
            return
        case "drop_device" | "drop_message":
            state: outbox.DeliveryState = "failed" if to_system else "dropped"
            job.deliveries[parcel.at] = replace(
                one, state=state, reason=verdict.reason, attempts=one.attempts + 1
            )
            return
        case "pause" | "break":
            chance = random.random()  # noqa: S311 - jitter, no secret
            wait = (verdict.after or RESTS[verdict.ruling]) + timedelta(seconds=5 * chance)
            job.deliveries[parcel.at] = replace(one, reason=verdict.reason)
        case "retry":
            attempts = one.attempts + 1
            failed = attempts >= backoff.ATTEMPTS
            wait = backoff.pause(attempts, after=verdict.after, chance=random.random())  # noqa: S311 - jitter, no secret
            job.deliveries[parcel.at] = replace(
                one, state="failed" if failed else "pending", reason=verdict.reason, attempts=attempts
            )
    due = milliseconds(now + wait)
    job.due = due if job.due is None else max(job.due, due)
