"""Challenges: a member takes one up, and from then on it counts. Taken up again, it stays as it is."""

from __future__ import annotations

from datetime import datetime

from domain.model import event_names
from domain.services.decisions import load_member
from domain.services.errors import NotFound
from domain.services.idempotency import member_request
from domain.services.keyed_decisions import DecidedEvent, answer_nothing, decide_new, decide_once
from domain.services.runtime import Runtime


# ---------------------------------------------------------------- writes
async def accept(runtime: Runtime, *, member_id: str, badge: str, key: str, now: datetime) -> None:
    """Take a challenge up; nothing comes of doing it again.

    Raises ChallengeNotOpen, IdempotencyKeyConflict, InvalidInput, NotFound (no challenge of this code), Busy.
    """
    request = member_request(member_id, "acceptChallenge", key, {"badge": badge})
    if not any(spec.code == badge and spec.accept for spec in runtime.programme.badges):
        raise NotFound(badge)

    async def decide() -> DecidedEvent[None]:
        return await decide_new(
            runtime,
            await load_member(runtime, member_id),
            id=f"challenge:{member_id}:{badge}",
            name=event_names.CHALLENGE_ACCEPTED,
            event_data={"badge": badge},
            subject=None,
            now=now,
        )

    await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        answer=answer_nothing,
        answer_again=answer_nothing,
        answer_already=answer_nothing,
    )
