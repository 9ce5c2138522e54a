"""A message tried on one member before it is sent: in every language, marked as a test, counted nowhere.

It goes the way of a message that is sent once, by the same channels, consents and quiet hours: what is tried
is what others will get. Each language is a message of its own, whose text stands in a job that has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from domain.model.programme import MessageSpec
from domain.model.programme.field_types import LocalizedText
from domain.model.programme.messages import SERVICE_PURPOSE
from domain.model.values import dataclass
from domain.services.errors import NotAllowed, NotFound
from domain.services.idempotency import KeyBinding, run_once
from domain.services.ledger.till import Till
from domain.services.messages.message_rules import quiet_until
from domain.services.runtime import Runtime
from domain.services.segments.once_messages import channels_to, members_with_device, skip_reason
from domain.services.segments.walking import Skip
from domain.store import audit
from domain.store.audit import ApprovalNeeded
from domain.store.document_store import Write
from domain.store.ledger import members
from domain.store.ledger.members import StoredMember
from domain.store.messages import outbox_writes
from domain.store.messages.once_texts import new_trial_id, spec_document
from domain.store.operations import member_jobs
from domain.store.operations.member_jobs import MemberJob
from domain.store.requests import Reply

MOST_TRIALS = 20  # of one employee in a day


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class MessageTrial:
    """What became of a trial: by which channels and in which languages it goes, or why not (`skipped`).
    Until `waits_until` only the inbox has it.
    """

    channels: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    waits_until: datetime | None = None
    skipped: Skip = None


# ---------------------------------------------------------------- pure rules
def marked_spec(spec: MessageSpec, locale: str, mark: str) -> MessageSpec:
    """Return a message in one language alone, whose title begins with a mark."""
    return spec.model_copy(
        update={
            "title": LocalizedText({locale: f"{mark} {spec.title.for_locale(locale)}"}, locale),
            "body": LocalizedText({locale: spec.body.for_locale(locale)}, locale),
        }
    )


def trial_skip_reason(
    spec: MessageSpec, stored_member: StoredMember, *, has_device: bool, runtime: Runtime
) -> Skip:
    """Return why nothing is sent. What takes no consent is tried only on who agreed to messages of some kind:
    it would reach anybody, and a second person has not approved it yet.
    """
    agreed = stored_member.details.profile.consents
    if spec.purpose == SERVICE_PURPOSE and stored_member.status == "active" and not agreed:
        return "no_consent"
    return skip_reason(spec, stored_member, has_device=has_device, on=runtime.channels)


# ---------------------------------------------------------------- the trial
async def send_trial(
    runtime: Runtime,
    *,
    till: Till,
    member: str,
    spec: MessageSpec,
    marks: Mapping[str, str],
    key: str,
    now: datetime,
) -> MessageTrial:
    """Send a message to one member in every language of the programme, each with its mark.

    Raises NotAllowed (also beyond 20 a day), NotFound, IdempotencyKeyConflict, InvalidInput, Busy.
    """
    till.require_operator()
    request = till.request_key("sendTestMessage", key, {"member": member, "message": spec_document(spec)})

    async def act(binding: KeyBinding) -> MessageTrial:
        stored_member = await members.find(runtime.store, member)
        if stored_member is None:
            raise NotFound("member")
        has_device = bool(await members_with_device(runtime, spec, [stored_member], now=now))
        skip = trial_skip_reason(spec, stored_member, has_device=has_device, runtime=runtime)
        if skip is not None:
            return MessageTrial(skipped=skip)
        channels = channels_to(spec, stored_member, has_device=has_device, on=runtime.channels)
        waits = None
        if set(channels) - {"inbox"}:
            waits = quiet_until(runtime.programme, spec, stored_member, key=key, now=now)
        trial = MessageTrial(channels, tuple(runtime.programme.programme.locales), waits)
        texts = [marked_spec(spec, locale, marks[locale]) for locale in trial.locales]
        writes = _promise_writes(runtime, till, stored_member, texts, now=now)
        reply = {"channels": list(channels), "locales": list(trial.locales), "waits_until": waits}
        try:
            await runtime.store.transact([*writes, *_count_writes(till), binding.write_for(reply)])
        except ApprovalNeeded:
            raise NotAllowed("SHIFT_LIMIT") from None
        return trial

    async def answer_again(reply: Reply) -> MessageTrial:
        channels, locales = cast(list[str], reply["channels"]), cast(list[str], reply["locales"])
        return MessageTrial(tuple(channels), tuple(locales), cast("datetime | None", reply["waits_until"]))

    return await run_once(
        runtime, request=request, queue=f"jobs:{till.staff}", now=now, act=act, answer_again=answer_again
    )


def _promise_writes(
    runtime: Runtime, till: Till, stored_member: StoredMember, texts: list[MessageSpec], *, now: datetime
) -> list[Write]:
    version = runtime.programmes.current().number
    member, seq = stored_member.member.id, stored_member.member.seq
    writes = list[Write]()
    for place, text in enumerate(texts):
        job = _ended_job(till, text, now=now)
        writes += [
            member_jobs.ended_write(job),
            outbox_writes.once_write(member, job.id, seq=seq + place, programme_version=version, now=now),
        ]
    return [*writes, *till.act_writes("MESSAGE_TRIED", now=now, member=member, amount=len(texts))]


def _count_writes(till: Till) -> list[Write]:
    if till.day is None:
        return []
    id = f"{audit.shift_id(till.staff, till.day)}:tried"
    return [
        audit.count_shift_write(
            id, {"reached": 1}, room={"reached": MOST_TRIALS - 1}, fault=ApprovalNeeded(id)
        )
    ]


def _ended_job(till: Till, text: MessageSpec, *, now: datetime) -> MemberJob:
    return MemberJob(
        id=new_trial_id(),
        kind="message",
        staff=till.staff,
        store=till.store,
        segment=None,
        members=None,
        terms={"message": spec_document(text), "is_trial": True},
        reason="",
        size=1,
        at=now,
        begins_at=now,
        state="DONE",
        looked=1,
        done=1,
        ended_at=now,
    )
