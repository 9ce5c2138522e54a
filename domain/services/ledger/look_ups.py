"""Staff look members up: each look-up leaves a row in a trail and counts against the employee's day.

Nobody needs a reason to look up, and a till must find a customer at once. So what keeps an employee from
reading the members one by one is a limit a day, whichever sessions and tills they use, and that it is seen.
The row is written before anything is answered, also where nobody is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.model.people.codes import CodeKind, classify
from domain.services.errors import NotAllowed
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store import audit, look_ups
from domain.store.audit import ShiftCounter, ShiftLimitReached
from domain.store.document_store import Write
from domain.store.look_ups import LookUpKey


async def note(runtime: Runtime, *, till: Till, member: str | None, by: LookUpKey, now: datetime) -> None:
    """Write a look-up into the trail. Raises NotAllowed beyond the day's limit, Busy."""

    async def attempt() -> None:
        await runtime.store.transact(look_up_writes(till, member=member, by=by, now=now))

    try:
        await runtime.store.run_rounds(attempt, queue=f"look-ups:{till.staff}")
    except ShiftLimitReached:
        raise NotAllowed("SHIFT_LIMIT") from None


def look_up_writes(till: Till, *, member: str | None, by: LookUpKey, now: datetime) -> list[Write]:
    """Return the writes of a look-up into the trail, and of its count into the employee's day; they raise
    ShiftLimitReached beyond the limit.
    """
    row = look_ups.look_up_write(
        at=now,
        actor=till.staff,
        store=till.store,
        session=till.session,
        request=till.request,
        member=member,
        by=by,
    )
    if till.day is None:
        return [row]
    room: Mapping[ShiftCounter, int] = {"look_ups": till.limits.look_ups - 1}
    return [
        row,
        audit.count_shift_write(look_ups.counter_id(till.staff, till.day), {"look_ups": 1}, room=room),
    ]


def key_of(contact: str) -> LookUpKey:
    """Return by what kind of text an employee looks up."""
    if classify(contact).kind is CodeKind.NUMBER:
        return "NUMBER"
    return "EMAIL" if "@" in contact else "PHONE"
