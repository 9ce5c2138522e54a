"""Challenges: a member takes one up, and from then on it counts. Taken up again, it stays as it is."""

from __future__ import annotations

from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decision import ChallengeTakenUp
from domain.model.ledger.events import Event
from domain.services import input_checks
from domain.services.decisions import event_instant, load_member
from domain.services.errors import NotFound
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_now, decide_once
from domain.services.runtime import Runtime
from domain.store.requests import Reply, member_scope, request_key


# ---------------------------------------------------------------- writes
async def accept(runtime: Runtime, *, member_id: str, badge: str, key: str, now: datetime) -> None:
    """Take a challenge up; nothing comes of doing it again.

    Raises ChallengeNotOpen, IdempotencyKeyConflict, InvalidInput, NotFound (no challenge of this code), Busy.
    """
    input_checks.check_identifier(key, field="idempotencyKey")
    if not any(spec.code == badge and spec.accept for spec in runtime.programme.badges):
        raise NotFound(badge)
    request = request_key(
        scope=member_scope(member_id), key=key, operation="acceptChallenge", request_input={"badge": badge}
    )

    async def decide() -> DecidedEvent[None]:
        stored_member = await load_member(runtime, member_id)
        event = Event(
            f"challenge:{member_id}:{badge}",
            event_names.CHALLENGE_ACCEPTED,
            event_instant(stored_member, now=now),
            "app",
            {"badge": badge},
        )
        return await decide_now(runtime, stored_member, event, subject=None, now=now)

    def bind(decided: DecidedEvent[None]) -> BoundReply:
        return BoundReply({"seq": decided.row.seq})

    async def answer(_: DecidedEvent[None]) -> None:
        return None

    async def answer_again(_: Reply) -> None:
        return None

    try:
        await decide_once(
            runtime,
            request=request,
            queue=member_id,
            now=now,
            decide=decide,
            bind=bind,
            answer=answer,
            answer_again=answer_again,
        )
    except ChallengeTakenUp:
        return
