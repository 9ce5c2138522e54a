"""A reward given to a member for nothing, such as after a complaint: a voucher, with a reason.

What it is worth counts with corrections in the day of whoever gives it. Beyond what one may alone it takes
a second person, as those do. A reward without a price has no worth that anybody could know: it always does.
"""

from __future__ import annotations

from datetime import datetime

from domain.model import event_names
from domain.model.programme import Programme, RewardSpec
from domain.services import input_checks
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput, NotAllowed
from domain.services.keyed_decisions import (
    BoundReply,
    DecidedEvent,
    SubjectT,
    decide_new,
    decide_once,
    load_bound_row,
)
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.document_store import Write
from domain.store.ledger.members import StoredMember
from domain.store.requests import Reply


def reward_of(programme: Programme, code: str) -> RewardSpec:
    """Return a reward of the programme. Raises InvalidInput."""
    spec = next((each for each in programme.rewards if each.code == code), None)
    if spec is None:
        raise InvalidInput("reward", "The programme has no such reward.")
    return spec


def worth_of(spec: RewardSpec) -> int | None:
    """Return what a reward is worth, in units of its price or minor units, whichever is more; None where
    nobody knows.
    """
    amount = spec.value.amount if spec.value is not None else None
    costs = [spec.cost, *(variant.cost for variant in spec.variants)]
    worths = [amount, *(cost.amount for cost in costs if cost is not None)]
    return max([worth for worth in worths if worth is not None], default=None)


async def give(
    runtime: Runtime, *, till: Till, member_id: str, reward: str, reason: str, key: str, now: datetime
) -> str:
    """Give a reward to a member; return its voucher. What is worth more than one may give alone in a day is
    NotAllowed, reason FOUR_EYES.

    Raises RewardLocked, NotAllowed, IdempotencyKeyConflict, InvalidInput, NotFound, Busy.
    """
    till.require_manager()
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    worth = worth_of(reward_of(runtime.programme, reward))
    if worth is None:
        raise NotAllowed("FOUR_EYES")
    request_input = {"member": member_id, "reward": reward, "reason": reason}
    request = till.request_key("giveReward", key, request_input)

    async def decide() -> DecidedEvent[None]:
        stored_member = await load_member(runtime, member_id)
        till.require_other_member(stored_member)
        return await decide_gift(
            runtime, stored_member, reward=reward, source=till.source, subject=None, now=now
        )

    def bind(decided: DecidedEvent[None]) -> BoundReply:
        writes = gift_audit_writes(till, decided, reward=reward, reason=reason, now=now)
        return BoundReply(gift_reply(decided), [*writes, *till.alone_write(worth)])

    async def answer_again(reply: Reply) -> str:
        row = await load_bound_row(runtime, str(reply["member"]), reply)
        return row.vouchers[0].id

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer_gift,
        answer_again=answer_again,
    )


async def decide_gift(
    runtime: Runtime,
    stored_member: StoredMember,
    *,
    reward: str,
    source: str,
    subject: SubjectT,
    now: datetime,
) -> DecidedEvent[SubjectT]:
    """Decide a gift. Raises RewardLocked where none is left, or the member holds too many vouchers."""
    return await decide_new(
        runtime,
        stored_member,
        id=f"gift:{stored_member.member.id}:{stored_member.member.seq + 1}",
        name=event_names.GIVEN,
        event_data={"reward": reward},
        source=source,
        subject=subject,
        now=now,
    )


def gift_reply(decided: DecidedEvent[SubjectT]) -> Reply:
    """Return the reply of a gift."""
    return {"member": decided.stored_member.member.id, "seq": decided.row.seq}


def gift_audit_writes(
    till: Till, decided: DecidedEvent[SubjectT], *, reward: str, reason: str, now: datetime
) -> list[Write]:
    """Return the writes of a gift into the audit trail."""
    return till.audit_writes(
        decided.decision,
        "REWARD_GIVEN",
        now=now,
        subject=reward,
        voucher=decided.row.vouchers[0].id,
        reason=reason,
    )


async def answer_gift(decided: DecidedEvent[SubjectT]) -> str:
    """Return the voucher of a gift."""
    return decided.row.vouchers[0].id
