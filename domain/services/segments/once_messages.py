"""A message sent once to a segment: written, tried, and promised to each member in bounded batches.

    try -> how many it reaches, by which channels, and who is left out
    send -> a few members at once; beyond what one may alone a colleague approves it first
    take_batch -> a row of the outbox a member, whose id is the member's and the message's: never twice

From there on it goes as every message does: consent is checked again when it is sent, the inbox has it at
once, and what could wake a person waits for the end of their quiet hours. Stopping it ends the job, and drops
the rows that wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Literal, get_args

from domain.model.message_format import MessageMalformed, parse_text, placeholders
from domain.model.messages.rendering import MessageSubject, Recipient, Rendered, render
from domain.model.programme import MessageSpec, Programme, safe_address
from domain.model.programme.addresses import lacks_scheme
from domain.model.programme.field_types import LocalizedText
from domain.model.programme.messages import SERVICE_PURPOSE
from domain.model.programme.vocabulary import COMMON_PLACEHOLDERS
from domain.model.values import dataclass
from domain.services.errors import InvalidInput
from domain.services.input_checks import check_text
from domain.services.messages.message_rules import is_consented, undeliverable_reason
from domain.services.messages.push_results import UNSEEN_LIMIT
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.services.segments.walking import JobFailed, Skip, count_members, next_batch
from domain.store.ledger.members import StoredMember
from domain.store.ledger.segments import segment_members
from domain.store.messages import outbox_writes, push_addresses
from domain.store.messages.once_texts import read_spec
from domain.store.messages.outbox_writes import ONCE_EVENT
from domain.store.operations.member_jobs import JobProgress, MemberJob

OnceChannel = Literal["inbox", "push", "email", "sms"]
CHANNELS: tuple[OnceChannel, ...] = get_args(OnceChannel)
LONGEST_TITLE = 100
LONGEST_BODY = 1_000
MOST_LOOKED = 2_000  # of a larger segment the count is an estimate from so many, by random ids
SENT_WITHIN = timedelta(days=7)
MOST_AHEAD = timedelta(days=365)
EXAMPLE = Recipient("Ana Silva", "4821 0093 77", "")
EXAMPLE_BALANCE = 1_250


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class OnceText:
    """A message as an operator wrote it: texts by locale, in all locales of the programme."""

    channels: Sequence[str]
    purpose: str
    title: Mapping[str, str]
    body: Mapping[str, str]
    link: str | None = None


@dataclass(frozen=True, slots=True)
class MessageReach:
    """Whom a message would reach: of `size` members it was looked at `looked`; the other figures are of
    all of them, estimated where not all were looked at. `previews` are the texts as an
    example member reads them.
    """

    size: int
    looked: int
    reached: int
    by_channel: Mapping[str, int]
    skipped: Mapping[str, int]
    previews: Mapping[str, Rendered] = field(default_factory=dict)

    @property
    def is_estimate(self) -> bool:
        """Tell whether not all members were looked at."""
        return self.looked < self.size


# ---------------------------------------------------------------- pure rules
def check_message(programme: Programme, text: OnceText) -> MessageSpec:
    """Return a message that can be sent. Raises InvalidInput, naming the field."""
    if not text.channels or not set(text.channels) <= set(CHANNELS):
        raise InvalidInput("channels", f"Name some of {', '.join(CHANNELS)}.")
    purposes = {spec.purpose for spec in programme.consents} | {SERVICE_PURPOSE}
    if text.purpose not in purposes:
        raise InvalidInput("purpose", f"Name one of {', '.join(sorted(purposes))}.")
    for name, texts, longest in (("title", text.title, LONGEST_TITLE), ("body", text.body, LONGEST_BODY)):
        for locale in programme.programme.locales:
            _check_text(texts.get(locale, ""), field=f"{name}.{locale}", longest=longest)
        if extra := sorted(set(texts) - set(programme.programme.locales)):
            raise InvalidInput(f"{name}.{extra[0]}", "The programme has no such language: leave it out.")
    if text.link is not None and (safe_address(text.link, "link") is None or lacks_scheme(text.link)):
        raise InvalidInput("link", "Write a path such as /rewards, or an address that begins with https://.")
    default = programme.programme.locales[0]
    return MessageSpec.model_construct(
        code="once",
        channels=tuple(channel for channel in CHANNELS if channel in text.channels),
        purpose=text.purpose,
        title=LocalizedText(dict(text.title), default),
        body=LocalizedText(dict(text.body), default),
        link=text.link,
        quiet=True,
    )


def _check_text(text: str, *, field: str, longest: int) -> None:
    check_text(text.replace("\n", " "), field=field, max_length=longest)
    try:
        names = {placeholder.name for placeholder in placeholders(parse_text(text))}
    except MessageMalformed as fault:
        raise InvalidInput(field, f"{fault}. Write placeholders as {{member.name}}.") from None
    if unknown := sorted(names - COMMON_PLACEHOLDERS):
        known = ", ".join(f"{{{name}}}" for name in sorted(COMMON_PLACEHOLDERS))
        raise InvalidInput(field, f"{{{unknown[0]}}} cannot be filled here: use {known}.")


def previews_of(programme: Programme, spec: MessageSpec) -> dict[str, Rendered]:
    """Return a message as an example member reads it, by locale."""
    subject = MessageSubject(ONCE_EVENT, {}, EXAMPLE_BALANCE)
    return {
        locale: render(programme, spec, subject, Recipient(EXAMPLE.name, EXAMPLE.number, locale))
        for locale in programme.programme.locales
    }


def channels_off(channels: Sequence[str], on: Collection[str]) -> tuple[str, ...]:
    """Return those of a message's channels that have no sender: they reach nobody. `on` are those that have
    one, as `Senders.channels` names them.
    """
    has = {
        "inbox": True,
        "push": bool({"push", "web_push"} & set(on)),
        "email": "email" in on,
        "sms": "sms" in on,
    }
    return tuple(channel for channel in channels if not has[channel])


def channels_to(
    spec: MessageSpec, stored_member: StoredMember, *, has_device: bool, on: Collection[str]
) -> tuple[str, ...]:
    """Return the channels by which a message reaches a member who agreed to its purpose, of those that have a
    sender (`on`).
    """
    details = stored_member.details
    has = {
        "inbox": True,
        "push": has_device and is_consented(spec, stored_member, "push"),
        "email": details.email is not None and is_consented(spec, stored_member, "email"),
        "sms": details.phone is not None and is_consented(spec, stored_member, "sms"),
    }
    off = channels_off(spec.channels, on)
    return tuple(channel for channel in spec.channels if has[channel] and channel not in off)


def skip_reason(
    spec: MessageSpec, stored_member: StoredMember, *, has_device: bool, on: Collection[str]
) -> Skip:
    """Return why a member is left out; None where the message reaches them."""
    reason = undeliverable_reason(spec, stored_member)
    if reason is not None:
        return reason
    if stored_member.erase_at is not None:
        return "being_deleted"
    return None if channels_to(spec, stored_member, has_device=has_device, on=on) else "no_channel"


# ---------------------------------------------------------------- reads
async def try_message(runtime: Runtime, *, segment: str, spec: MessageSpec, now: datetime) -> MessageReach:
    """Return whom a message would reach now; nothing is written. Raises InvalidInput."""
    require_segment(runtime.programme, segment)
    size = await count_members(runtime.store, segment)
    page = await segment_members.find_page(runtime.store, segment, after="", first=MOST_LOOKED, size=size)
    with_device = await members_with_device(runtime, spec, page, now=now)
    skipped, by_channel = Counter[str](), Counter[str](dict.fromkeys(spec.channels, 0))
    for each in page:
        has_device = each.member.id in with_device
        if (reason := skip_reason(spec, each, has_device=has_device, on=runtime.channels)) is not None:
            skipped[reason] += 1
        else:
            by_channel.update(channels_to(spec, each, has_device=has_device, on=runtime.channels))
    looked = len(page)
    size = max(size, looked) if looked == MOST_LOOKED else looked

    def of_all(count: int) -> int:
        return round(count * size / looked) if looked else 0

    reached = of_all(looked - skipped.total())
    return MessageReach(
        size,
        looked,
        reached,
        {channel: of_all(count) for channel, count in by_channel.items()},
        {reason: of_all(count) for reason, count in sorted(skipped.items())},
        previews_of(runtime.programme, spec),
    )


def require_segment(programme: Programme, segment: str) -> None:
    """Raise InvalidInput for a segment that the programme does not have."""
    if segment not in {spec.code for spec in programme.segments}:
        raise InvalidInput("segment", "The programme has no such segment: name the code of one.")


async def members_with_device(
    runtime: Runtime, spec: MessageSpec, page: Sequence[StoredMember], *, now: datetime
) -> Collection[str]:
    """Return the members whom a push finds, by a sender that there is; asked for where it goes by push."""
    if "push" not in spec.channels or not page:
        return ()
    addresses = await push_addresses.find_by_members(runtime.store, [each.member.id for each in page])
    return {
        member
        for member, devices in addresses.items()
        if any(
            device.seen_at > now - UNSEEN_LIMIT
            and ("web_push" if device.kind == "SUBSCRIPTION" else "push") in runtime.channels
            for device in devices
        )
    }


# ---------------------------------------------------------------- the job
async def take_batch(identity: IdentityRuntime, job: MemberJob, now: datetime) -> JobProgress:
    """Promise the message to the next members of its segment. Raises JobFailed a week after it began."""
    if now > job.begins_at + SENT_WITHIN:
        raise JobFailed("a week has passed since it was to begin: what was promised is sent, nothing more")
    spec = read_spec(job.id, job.terms["message"])
    batch = await next_batch(identity, job)
    with_device = await members_with_device(identity, spec, batch.members, now=now)
    twice = await _told_before_a_merge(identity, job, batch.members)
    room = job.terms["most"] - job.done if job.terms.get("most") is not None else len(batch.members)
    skips, seqs = list[Skip](), dict[str, int]()
    for each in batch.members:
        has_device = each.member.id in with_device
        skip = skip_reason(spec, each, has_device=has_device, on=identity.channels)
        if skip is None and each.member.id in twice:
            skip = "told_before"
        if skip is None and len(seqs) >= room:
            skip = "beyond_bound"
        skips.append(skip)
        if skip is None:
            seqs[each.member.id] = each.member.seq
    await outbox_writes.promise_once(
        identity.store,
        job.id,
        seqs,
        programme_version=identity.programmes.current().number,
        now=now,
    )
    return batch.progress(skips)


async def _told_before_a_merge(runtime: Runtime, job: MemberJob, batch: Sequence[StoredMember]) -> set[str]:
    """Return the members to whom a membership that was merged into theirs has brought the message."""
    merged = {id: each.member.id for each in batch for id in each.merged}
    if not merged:
        return set()
    promised = await outbox_writes.find_once_promised(runtime.store, merged, job.id)
    return {owner for id, owner in merged.items() if id in promised}
