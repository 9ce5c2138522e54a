"""Publishing with four eyes: an operator proposes a version, another approves it, at once or for an instant.

Every version may be worth a million, so none is published at the console by one person. A proposal names the
version that it was made from: once another was published, it cannot be, and nobody's work is lost unseen. An
approved one is published when its instant has come, by the worker. Where there are not two operators,
publishing is for the shell.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import datetime, timedelta

from domain.model.ledger.decision import Refusal
from domain.model.programme.drafts.draft_check import DraftFault
from domain.model.programme.faults import ProgrammeInvalid
from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.errors import InvalidInput, NotAllowed, NotFound
from domain.services.four_eyes.second_person import require_second_person
from domain.services.idempotency import KeyBinding, run_once
from domain.services.ledger.till import Till
from domain.services.publishing.drafts import DraftProcesses
from domain.services.publishing.versions import is_for_shell
from domain.services.runtime import Runtime
from domain.store import audit
from domain.store.audit_actions import Action
from domain.store.document_store import Write
from domain.store.ledger.programmes import (
    PUBLISH_QUEUE,
    VersionOvertaken,
    VersionUnchanged,
    next_version,
)
from domain.store.publishing import programme_proposals
from domain.store.publishing.programme_proposals import (
    PROPOSED_FOR,
    SHOWN_FOR,
    ProgrammeProposal,
    ProposalEnded,
)
from domain.store.requests import Reply

MOST_SHOWN = 50
MOST_DUE_AT_ONCE = 10
LATEST_AFTER = timedelta(days=400)
SCHEDULER = "worker"


# ---------------------------------------------------------------- errors
class ProgrammeFaulty(Refusal):
    """The draft has faults, and is not published."""

    def __init__(self, faults: tuple[DraftFault, ...]) -> None:
        super().__init__("the programme has faults")
        self.faults = faults


class ProgrammeOvertaken(Refusal):
    """Another version was published since the one that the draft was made from; `current` rules."""

    def __init__(self, current: int) -> None:
        super().__init__(f"version {current} was published meanwhile")
        self.current = current


class ProgrammeUnchanged(Refusal):
    """The draft says what the version that rules says."""

    def __init__(self) -> None:
        super().__init__("the version that rules says the same")


class _NotWaiting(Refusal):
    """The proposal is not open: where this very approval has ended it, that is answered again."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Draft:
    """A version to propose: what it is for, the version that it was made from, and when it is published, in
    the programme's time; None for the moment of its approval.
    """

    text: str
    note: str
    base: int
    publish_at: datetime | None = None

    def check(self, *, now: datetime) -> None:
        """Check all but the text. Raises InvalidInput."""
        input_checks.check_text(self.note, field="note", max_length=input_checks.MAX_REASON_LENGTH)
        if self.publish_at is not None and not now < self.publish_at <= now + LATEST_AFTER:
            raise InvalidInput("publishAt", "an instant to come, within 400 days")


# ---------------------------------------------------------------- reads
async def list_shown(runtime: Runtime, *, now: datetime) -> list[ProgrammeProposal]:
    """Return the proposals that wait, are scheduled or were dropped lately, at most fifty, newest first."""
    return await programme_proposals.find_shown(runtime.store, now=now, first=MOST_SHOWN)


async def find(runtime: Runtime, proposal_id: str, *, now: datetime) -> ProgrammeProposal:
    """Return a proposal. Raises NotFound."""
    proposal = await programme_proposals.find(runtime.store, proposal_id, now=now)
    if proposal is None:
        raise NotFound("proposal")
    return proposal


# ---------------------------------------------------------------- writes
async def propose(
    runtime: Runtime,
    drafts: DraftProcesses,
    *,
    till: Till,
    draft: Draft,
    key: str,
    now: datetime,
    world_now: datetime,
) -> ProgrammeProposal:
    """Propose a version.

    Raises ProgrammeFaulty, ProgrammeOvertaken, ProgrammeUnchanged, NotAllowed, IdempotencyKeyConflict,
    InvalidInput, TakesTooLong, Busy.
    """
    till.require_operator()
    draft.check(now=now)
    if await is_for_shell(runtime.store):
        raise NotAllowed("FOUR_EYES")
    check = await drafts.check(draft.text, now=now)
    request = till.request_key("proposeProgramme", key, asdict(draft))

    async def act(key_binding: KeyBinding) -> ProgrammeProposal:
        if check.digest is None:
            raise ProgrammeFaulty(check.faults)
        await runtime.programmes.refresh()
        current = runtime.programmes.current()
        if draft.base != current.number:
            raise ProgrammeOvertaken(current.number)
        if check.digest == current.digest:
            raise ProgrammeUnchanged
        proposal = ProgrammeProposal(
            secrets.token_hex(16),
            draft.text,
            check.digest,
            draft.note,
            draft.base,
            draft.publish_at,
            till.staff,
            till.store,
            world_now,
            world_now + PROPOSED_FOR,
        )
        await runtime.store.transact(
            [
                programme_proposals.propose_write(proposal),
                *_act_writes(till, proposal, "PROGRAMME_PROPOSED", reason=draft.note, now=world_now),
                key_binding.write_for({"proposal": proposal.id}),
            ]
        )
        return proposal

    async def answer_again(reply: Reply) -> ProgrammeProposal:
        return await find(runtime, str(reply["proposal"]), now=world_now)

    return await run_once(
        runtime, request=request, queue=PUBLISH_QUEUE, now=world_now, act=act, answer_again=answer_again
    )


async def approve(
    runtime: Runtime, *, till: Till, proposal_id: str, now: datetime, world_now: datetime
) -> int | datetime:
    """Approve what a colleague proposed: return the number of the version that was published, or the instant
    at which it will be.

    Raises ProgrammeFaulty, ProgrammeOvertaken, ProgrammeUnchanged, NotAllowed, SecondPersonNeeded, NotFound,
    Busy.
    """
    till.require_operator()
    key, request_input = f"{proposal_id}:{till.staff}", {"proposal": proposal_id}

    async def act(key_binding: KeyBinding) -> int | datetime:
        proposal = await programme_proposals.find(runtime.store, proposal_id, now=world_now)
        if proposal is None or proposal.state != "WAITING":
            raise _NotWaiting("no such proposal waits")
        await require_second_person(
            runtime.store,
            asker=proposal.staff,
            asked_at=proposal.at,
            approver=till.staff,
            now=world_now,
        )
        approved = _act_writes(till, proposal, "PROGRAMME_APPROVED", reason=None, now=world_now)
        at = proposal.publish_at
        if at is not None and at > now:
            await _expect_base(runtime, proposal)
            scheduled = programme_proposals.schedule_write(
                proposal, approved_by=till.staff, until=max(at, world_now) + SHOWN_FOR
            )
            await runtime.store.transact(
                [scheduled, *approved, key_binding.write_for({"at": at.isoformat()})]
            )
            return at
        number = proposal.base + 1
        binding = key_binding.write_for({"version": number})
        writes = [programme_proposals.end_write(proposal), *approved, binding]
        return await _publish(runtime, proposal, approved_by=till.staff, now=now, writes=writes)

    async def answer_again(reply: Reply) -> int | datetime:
        if "version" in reply:
            return int(str(reply["version"]))
        return datetime.fromisoformat(str(reply["at"]))

    try:
        result = await run_once(
            runtime,
            request=till.request_key("approveProgramme", key, request_input),
            queue=PUBLISH_QUEUE,
            now=world_now,
            act=act,
            answer_again=answer_again,
        )
    except (_NotWaiting, ProposalEnded):
        raise NotFound("proposal") from None
    await runtime.programmes.refresh()
    return result


async def decline(runtime: Runtime, *, till: Till, proposal_id: str, reason: str, now: datetime) -> None:
    """End a proposal without a version, also one that is scheduled: any operator may; `now` is the world's.

    Raises NotAllowed, InvalidInput, NotFound.
    """
    till.require_operator()
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)

    async def attempt() -> None:
        proposal = await find(runtime, proposal_id, now=now)
        declined = _act_writes(till, proposal, "PROGRAMME_DECLINED", reason=reason, now=now)
        await runtime.store.transact([programme_proposals.end_write(proposal), *declined])

    try:
        await runtime.store.run_rounds(attempt, queue=PUBLISH_QUEUE)
    except ProposalEnded:
        raise NotFound("proposal") from None


async def publish_due(runtime: Runtime, *, now: datetime) -> int:
    """Publish the approved versions whose instant has come, and drop those that cannot be published any more;
    return how many were published. `now` is the programme's time.
    """
    published_count = 0
    for proposal in await programme_proposals.find_due(runtime.store, now=now, first=MOST_DUE_AT_ONCE):
        published_count += await _publish_scheduled(runtime, proposal, now=now)
    return published_count


async def _publish_scheduled(runtime: Runtime, proposal: ProgrammeProposal, *, now: datetime) -> bool:
    async def attempt() -> bool:
        ended = programme_proposals.end_write(proposal)
        try:
            await _publish(runtime, proposal, approved_by=proposal.approved_by, now=now, writes=[ended])
        except (ProgrammeFaulty, ProgrammeOvertaken, ProgrammeUnchanged) as refusal:
            dropped = audit.simple_act_write(
                "PROGRAMME_DROPPED",
                actor=SCHEDULER,
                now=now,
                subject=_subject(proposal),
                reason=str(refusal),
            )
            drop = programme_proposals.drop_write(proposal, until=now + SHOWN_FOR)
            await runtime.store.transact([drop, dropped])
            return False
        return True

    try:
        is_published = await runtime.store.run_rounds(attempt, queue=PUBLISH_QUEUE)
    except ProposalEnded:  # another worker was first, or an operator declined it
        return False
    await runtime.programmes.refresh()
    return is_published


async def _publish(
    runtime: Runtime,
    proposal: ProgrammeProposal,
    *,
    approved_by: str | None,
    now: datetime,
    writes: list[Write],
) -> int:
    try:
        version = await next_version(proposal.text, note=proposal.note)
        return await runtime.programmes.publish_once(
            version,
            now=now,
            by=proposal.staff,
            base=proposal.base,
            approved_by=approved_by,
            writes=writes,
        )
    except ProgrammeInvalid as invalid:
        raise ProgrammeFaulty(
            tuple(DraftFault(each.line, 1, each.path, each.message, each.remedy) for each in invalid.faults)
        ) from None
    except VersionOvertaken as overtaken:
        raise ProgrammeOvertaken(overtaken.current) from None
    except VersionUnchanged:
        raise ProgrammeUnchanged from None


async def _expect_base(runtime: Runtime, proposal: ProgrammeProposal) -> None:
    await runtime.programmes.refresh()
    current = runtime.programmes.current().number
    if proposal.base != current:
        raise ProgrammeOvertaken(current)


def _act_writes(
    till: Till, proposal: ProgrammeProposal, action: Action, *, reason: str | None, now: datetime
) -> list[Write]:
    return till.act_writes(action, now=now, subject=_subject(proposal), reason=reason)


def _subject(proposal: ProgrammeProposal) -> str:
    return f"version {proposal.base + 1}"
