"""Tags put on a member, or taken away, by hand: what rules and segments read of them afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decision import AlreadySo
from domain.services import input_checks
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput
from domain.services.keyed_decisions import BoundReply, DecidedEvent, answer_nothing, decide_new, decide_once
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime

MOST_AT_ONCE = 20
# As the programme file writes codes.
_CODE = re.compile("[a-z0-9][a-z0-9_-]{0,63}")


async def change(
    runtime: Runtime,
    *,
    till: Till,
    member_id: str,
    add: Sequence[str],
    remove: Sequence[str],
    reason: str,
    key: str,
    now: datetime,
) -> None:
    """Put tags on a member and take others away; what is so already stays. Raises NotAllowed,
    IdempotencyKeyConflict, InvalidInput, NotFound, Busy.
    """
    till.require_manager()
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    check_change(add, remove)
    request_input = {"member": member_id, "add": list(add), "remove": list(remove), "reason": reason}
    request = till.request_key("changeTags", key, request_input)

    async def decide() -> DecidedEvent[None]:
        stored_member = await load_member(runtime, member_id)
        till.require_other_member(stored_member)
        tags = stored_member.member.tags
        if tags.issuperset(add) and tags.isdisjoint(remove):
            raise AlreadySo("the member has these tags already")
        return await decide_new(
            runtime,
            stored_member,
            id=f"tags:{member_id}:{stored_member.member.seq + 1}",
            name=event_names.TAGGED,
            event_data={"add": [*add], "remove": [*remove]},
            source=till.source,
            subject=None,
            now=now,
        )

    def bind(decided: DecidedEvent[None]) -> BoundReply:
        subject = " ".join([*(f"+{tag}" for tag in add), *(f"-{tag}" for tag in remove)])
        writes = till.audit_writes(decided.decision, "TAGS_CHANGED", now=now, subject=subject, reason=reason)
        return BoundReply({"seq": decided.row.seq}, writes)

    await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer_nothing,
        answer_again=answer_nothing,
        answer_already=answer_nothing,
    )


def check_change(add: Sequence[str], remove: Sequence[str]) -> None:
    """Check tags to put on and to take away. Raises InvalidInput."""
    _check(add, field="add")
    _check(remove, field="remove")
    if not (add or remove) or set(add) & set(remove):
        raise InvalidInput("add", "Name tags to put on or to take away, none of them in both.")


def _check(tags: Sequence[str], *, field: str) -> None:
    if len(tags) > MOST_AT_ONCE or not all(_CODE.fullmatch(tag) for tag in tags):
        raise InvalidInput(
            field, f"At most {MOST_AT_ONCE} tags, each of 1 to 64 letters a-z, digits, dashes or underscores."
        )
