"""A member erased: their ledger ends by one decision, the rest goes collection by collection.

    log outside the database -> one transaction: ERASE entries, profile and contacts gone, status erased
                             -> sessions end -> each place of `personal_data` -> again ten minutes later

The memberships that were merged into it go before it in the same way, each by a decision of its own, once
what waited to move from there has moved: then nothing can come from them to a ledger that has ended.
Every step may run again, and the member's document says which is next (`erasures`). So whoever dies at any
point leaves an erasure that the next turn goes on with. What is under way at that moment, such as a letter
being posted, is met by the second sweep.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import structlog

from domain.model.calendar import milliseconds
from domain.model.event_names import ERASED
from domain.model.ledger.decision import Decision
from domain.model.ledger.events import Event
from domain.model.people.sign_in import contact_hash
from domain.model.values import dataclass
from domain.services.decisions import commit_decision, decide_event, event_instant, load_member
from domain.services.errors import NotFound
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.ledger import turn
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.service_actor import ServiceActor
from domain.services.people.sessions import end_all
from domain.store import personal_data
from domain.store.audit import MEMBER_ACTOR, AuditAct, act_id, act_write, find_act
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger import erasures, members
from domain.store.ledger.erasures import DueErasure
from domain.store.ledger.members import StoredMember

MAX_BATCH = 100
MAX_MERGES_MEANWHILE = 5

# Who wanted it: the member, service, the programme's term of retention, or the restoring of a backup.
ErasureCause = Literal["member", "service", "retention", "restored"]
StepResult = Literal["erased", "swept", "left", "failed"]

log = structlog.get_logger(__name__)


class _MergedMeanwhile(Exception):
    """Another membership was merged into the one that is erased."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class ErasureActor:
    """Who erases, as the audit trail names them, and why; a reason is not to name the person."""

    cause: ErasureCause
    actor: str
    reason: str | None = None
    store: str | None = None
    session: str | None = None
    request: str | None = None


@dataclass(frozen=True, slots=True)
class ErasedLedger:
    """What an erasure ended: the entries that wrote balances off, and the vouchers that were open."""

    entry_count: int
    voucher_count: int


@dataclass(frozen=True, slots=True)
class ErasureRound:
    """What a round did: members erased or swept, those that were busy, and those that failed."""

    erased_count: int = 0
    swept_count: int = 0
    left_count: int = 0
    failed_count: int = 0


# ---------------------------------------------------------------- writes
async def erase(
    identity: IdentityRuntime, member: str, *, by: ErasureActor, now: datetime, is_noted: bool = False
) -> ErasedLedger | None:
    """Erase a member at once, with the memberships that were merged into theirs; None where they were erased
    before, of whom what is left is swept. One that `is_noted` stands in the log already.

    Raises NotFound where there never was such a member, Busy, and OSError where the log cannot be written.
    """
    closed = list[ErasedLedger]()
    for _ in range(MAX_MERGES_MEANWHILE):
        stored_member = await members.find(identity.store, member)
        if stored_member is None:
            raise NotFound(member)
        merged = stored_member.merged
        for each in () if is_noted else (member, *merged):
            await identity.erasure_log.note(each, at=now)
        try:
            closed += await _end_merged(identity, merged, by, now=now)
            erased = await _end_ledger(identity, member, by, now=now, merged=merged)
            break
        except _MergedMeanwhile:
            continue
    else:
        raise Busy
    for each in (*merged, member):
        await sweep(identity, each, now=now)
    if erased is None:
        return None
    log.info("erasure.done", member=member, cause=by.cause)
    return ErasedLedger(
        erased.entry_count + sum(each.entry_count for each in closed),
        erased.voucher_count + sum(each.voucher_count for each in closed),
    )


async def _end_ledger(
    identity: IdentityRuntime, member: str, by: ErasureActor, *, now: datetime, merged: tuple[str, ...]
) -> ErasedLedger | None:
    """Take the step that makes one membership erased; None where it is. Raises _MergedMeanwhile where more
    was merged into it than what has ended: the commit is guarded by the profile, which a merge changes.
    """

    async def attempt() -> ErasedLedger | None:
        stored_member = await members.find(identity.store, member)
        if stored_member is None or stored_member.status == "erased":
            return None
        if not set(stored_member.merged) <= set(merged):
            raise _MergedMeanwhile
        decision = await _decide(identity, stored_member, by, now=now)
        await _commit(identity, stored_member, decision, by, now=now)
        return ErasedLedger(len(decision.row.entries), len(decision.row.vouchers))

    return await identity.store.run_rounds(attempt, queue=member)


async def _end_merged(
    identity: IdentityRuntime, merged: tuple[str, ...], by: ErasureActor, *, now: datetime
) -> list[ErasedLedger]:
    """Make the memberships that were merged into a member's erased: their profiles stand in their own
    documents. Those that were erased before are passed over. Raises Busy where what waits to move from them
    cannot yet.
    """
    erased_ledgers = list[ErasedLedger]()
    await turn.fire_waiting_moves(identity, merged, now=now)
    for closed in merged:
        erased = await _end_ledger(identity, closed, by, now=now, merged=merged)
        await turn.fire_waiting_moves(identity, merged, now=now)  # of a refund that came before its end
        if erased is not None:
            erased_ledgers.append(erased)
    return erased_ledgers


async def erase_by_service(
    identity: IdentityRuntime, member: str, *, actor: ServiceActor, reason: str, now: datetime
) -> ErasedLedger | None:
    """Erase a member for a reason that an operator gives. Raises InvalidInput, NotAllowed, and as `erase`."""
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    stored_member = await load_member(identity, member)  # never a closed membership alone
    actor.require_service(stored_member)
    by = ErasureActor("service", actor.staff, reason, actor.store, actor.session, actor.request)
    return await erase(identity, stored_member.member.id, by=by, now=now)


async def sweep(identity: IdentityRuntime, member: str, *, now: datetime) -> None:
    """End the sessions of an erased member, and erase what each collection still holds of them."""
    await end_all(identity, f"member:{member}", reason="deleted", now=now)
    for place in personal_data.PLACES:
        if place.erase is not None:
            await place.erase(identity.store, member)


async def run_round(identity: IdentityRuntime, *, now: datetime) -> ErasureRound:
    """Erase the members whose deletion is final by now, and sweep those who were erased. One that fails does
    not stop the others; it is tried again in the next round.
    """
    now = milliseconds(now)
    counts: dict[StepResult, int] = {"erased": 0, "swept": 0, "left": 0, "failed": 0}
    tried = set[str]()
    while True:
        due_erasures = await erasures.find_due(identity.store, now=now, first=MAX_BATCH + len(tried))
        untried = [due for due in due_erasures if due.member not in tried]
        if not untried:
            return ErasureRound(counts["erased"], counts["swept"], counts["left"], counts["failed"])
        for due in untried:
            tried.add(due.member)
            counts[await _take_step(identity, due, now=now)] += 1


async def _take_step(identity: IdentityRuntime, due: DueErasure, *, now: datetime) -> StepResult:
    try:
        if not due.is_erased:
            await erase(identity, due.member, by=ErasureActor("member", MEMBER_ACTOR), now=now)
            return "erased"
        erased_member = await members.find(identity.store, due.member)
        merged = () if erased_member is None else erased_member.merged
        await _end_merged(identity, merged, await _who_erased(identity, due.member), now=now)
        await sweep(identity, due.member, now=now)
        await erasures.note_swept(identity.store, due, now=now)
    except (Busy, StoreFault, _MergedMeanwhile):
        return "left"
    except DatabaseError:
        raise
    except Exception:
        log.exception("erasure.failed", member=due.member)
        return "failed"
    return "swept"


async def _who_erased(identity: IdentityRuntime, member: str) -> ErasureActor:
    """Return who erased a member, by the audit trail."""
    stored_member = await members.find(identity.store, member)
    seq = 0 if stored_member is None else stored_member.member.seq
    act = await find_act(identity.store, act_id(member, seq))
    if act is None:
        return ErasureActor("member", MEMBER_ACTOR)
    cause = next(each for each in get_args(ErasureCause) if each == act.subject)
    return ErasureActor(cause, act.actor, act.reason, act.store, act.session, act.request)


async def _decide(
    identity: IdentityRuntime, stored_member: StoredMember, by: ErasureActor, *, now: datetime
) -> Decision:
    member = stored_member.member.id
    at = event_instant(stored_member, now=now)
    event = Event(f"{ERASED}:{member}", ERASED, at, "selo", {"cause": by.cause})
    return await decide_event(identity, identity.programmes.current(), stored_member, event, now=now)


async def _commit(
    identity: IdentityRuntime,
    stored_member: StoredMember,
    decision: Decision,
    by: ErasureActor,
    *,
    now: datetime,
) -> None:
    """Commit the end of a ledger, with all that identifies the person by their own document and contacts."""
    store, member = identity.store, stored_member.member.id
    keys = await erasures.find_contact_keys(store, member)
    hashes = [contact_hash(secret, key) for key in keys for secret in identity.all_secrets]
    act = AuditAct(
        id=act_id(member, decision.row.seq),
        at=now,
        actor=by.actor,
        action="MEMBER_ERASED",
        store=by.store,
        session=by.session,
        request=by.request,
        member=member,
        subject=by.cause,
        reason=by.reason,
    )
    await commit_decision(
        identity,
        identity.programmes.current(),
        decision,
        now=now,
        claims=[*await personal_data.contact_writes(store, member, keys, hashes), act_write(act)],
        extra_steps=[store.step_of(erasures.erase_write(stored_member, now=now))],
    )
