"""A member enters a code: it counts once, and gives what the programme's rules say.

With 10 wrong codes in a day of the programme's zone a member has to wait for the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from domain.model.calendar import local_day
from domain.model.event_names import CODE_ENTERED
from domain.model.ledger.deciding.code_entry import code_data
from domain.model.ledger.deciding.earning import instant_of
from domain.model.ledger.decision import CodeRefused
from domain.services import code_claims
from domain.services.code_claims import CodeClaim, EnteredCode
from domain.services.decisions import event_instant, load_member
from domain.services.idempotency import member_request, recall_reply
from domain.services.keyed_decisions import (
    BoundReply,
    DecidedEvent,
    bind_row,
    decide_new,
    decide_once,
    load_bound_row,
)
from domain.services.runtime import Runtime
from domain.store.people import code_tries
from domain.store.requests import Reply


async def enter_code(
    runtime: Runtime,
    *,
    member_id: str,
    code: str,
    all_secrets: Sequence[bytes],
    key: str,
    now: datetime,
) -> EnteredCode:
    """Enter a code as a member typed it.

    Raises CodeRefused, IdempotencyKeyConflict, InvalidInput, NotFound, Busy.
    """
    digests = code_claims.read_digests(code, all_secrets, field="code")
    # The oldest secret's digest: a secret put in front of it does not make the input another.
    request = member_request(member_id, "enterCode", key, {"code": digests[-1]})
    if (reply := await recall_reply(runtime, request, now=now)) is not None:
        return await _entered_by_key(runtime, member_id, reply)
    tries = code_tries.tries_id(member_id, local_day(now, runtime.programme.zone))
    tries_left = await take_try(runtime, tries, digests[0], now=now)
    give_back = code_tries.give_back_write(tries, digests[0])

    def bind(decided: DecidedEvent[CodeClaim]) -> BoundReply:
        claims = decided.subject.writes(member=member_id, now=now)
        return replace(bind_row(decided), claims=(*claims, give_back))

    async def answer(decided: DecidedEvent[CodeClaim]) -> EnteredCode:
        return EnteredCode(member_id, decided.row, decided.issued)

    try:
        return await decide_once(
            runtime,
            request=request,
            queue=member_id,
            now=now,
            decide=lambda: _decide_entry(runtime, member_id, digests, all_secrets, now=now),
            bind=bind,
            answer=answer,
            answer_again=lambda reply: _entered_by_key(runtime, member_id, reply),
            lock=await _lock_of(runtime, digests, all_secrets),
        )
    except CodeRefused as refusal:
        if refusal.reason in ("ENTERED_BEFORE", "FROZEN"):  # these tell nothing of a code
            await runtime.store.run_rounds(
                lambda: runtime.store.transact([give_back]), queue=f"code tries:{tries}"
            )
            tries_left += 1
        raise CodeRefused(refusal.reason, tries_left=tries_left) from None


async def _decide_entry(
    runtime: Runtime, member_id: str, digests: Sequence[str], all_secrets: Sequence[bytes], *, now: datetime
) -> DecidedEvent[CodeClaim]:
    stored_member = await load_member(runtime, member_id)
    at = event_instant(stored_member, now=now)
    claim = await code_claims.claim_code(runtime, digests, all_secrets, member=stored_member.member, at=at)
    return await decide_new(
        runtime,
        stored_member,
        id=_event_id(member_id, claim),
        name=CODE_ENTERED,
        event_data=code_data(claim.spec),
        subject=claim,
        now=now,
    )


async def take_try(runtime: Runtime, id: str, digest: str, *, now: datetime) -> int:
    """Take the place of a try before the code is looked at; return how many are left beside it. Raises
    CodeRefused.
    """

    async def attempt() -> int:
        before = await code_tries.find(runtime.store, id)
        if digest in before:
            return code_tries.TRIES_A_DAY - len(before)
        if len(before) >= code_tries.TRIES_A_DAY:
            raise CodeRefused("TOO_MANY_TRIES", tries_left=0, retry_after=_until_next_day(runtime, now))
        await runtime.store.transact([code_tries.take_write(id, before, digest, now=now)])
        return code_tries.TRIES_A_DAY - len(before) - 1

    return await runtime.store.run_rounds(attempt, queue=f"code tries:{id}")


def _event_id(member_id: str, claim: CodeClaim) -> str:
    if claim.single_use is not None:
        return f"code:{claim.single_use.id}"
    return f"code:{member_id}:{claim.spec.name}"


async def _lock_of(
    runtime: Runtime, digests: Sequence[str], all_secrets: Sequence[bytes]
) -> AbstractAsyncContextManager[object] | None:
    """Return the lock by which this process's writers queue for a code with a limit."""
    spec, _ = await code_claims.find_spec(runtime, digests, all_secrets)
    return runtime.store.lock_for(f"code:{spec.name}") if spec is not None and spec.limit else None


def _until_next_day(runtime: Runtime, now: datetime) -> int:
    """Return how many seconds are left of the programme's day."""
    zone = runtime.programme.zone
    tomorrow = instant_of(local_day(now, zone) + timedelta(days=1), zone)
    return max(1, int((tomorrow - now).total_seconds()))


async def _entered_by_key(runtime: Runtime, member_id: str, reply: Reply) -> EnteredCode:
    return await code_claims.load_entered(runtime, member_id, await load_bound_row(runtime, member_id, reply))
