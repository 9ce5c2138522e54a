"""Staff look members up: each look-up leaves a row in a trail and counts against the employee's day.

Nobody needs a reason to look up, and a till must find a customer at once. So what keeps an employee from
reading the members one by one is a limit a day, whichever sessions and tills they use, and that it is seen.
The row is written before anything is answered, also where nobody is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    await note_all(runtime, till=till, members=[member], by=by, now=now)


async def note_all(
    runtime: Runtime, *, till: Till, members: Sequence[str | None], by: LookUpKey, now: datetime
) -> None:
    """Write a look-up of each member that is shown: all of them, or none. Raises as `note` does."""

    async def attempt() -> None:
        rows = [_row_write(till, member, by, now) for member in members]
        await runtime.store.transact([*rows, *count_writes(till, len(members))])

    try:
        await runtime.store.run_rounds(attempt, queue=f"look-ups:{till.staff}")
    except ShiftLimitReached:
        raise NotAllowed("SHIFT_LIMIT") from None


def look_up_writes(till: Till, *, member: str | None, by: LookUpKey, now: datetime) -> list[Write]:
    """Return the writes of a look-up into the trail, and of its count into the employee's day; they raise
    ShiftLimitReached beyond the limit.
    """
    return [_row_write(till, member, by, now), *count_writes(till, 1)]


def _row_write(till: Till, member: str | None, by: LookUpKey, now: datetime) -> Write:
    return look_ups.look_up_write(
        at=now,
        actor=till.staff,
        store=till.store,
        session=till.session,
        request=till.request,
        member=member,
        by=by,
    )


def count_writes(till: Till, count: int) -> list[Write]:
    """Return the write that counts look-ups into the day. Raises ShiftLimitReached for more than a day's."""
    if till.day is None or count == 0:
        return []
    room: Mapping[ShiftCounter, int] = {"look_ups": till.limits.look_ups - count}
    if room["look_ups"] < 0:  # the first act of a day meets no bound in the database
        raise ShiftLimitReached("look_ups")
    return [
        audit.count_shift_write(look_ups.counter_id(till.staff, till.day), {"look_ups": count}, room=room)
    ]


async def note_bad_scan(runtime: Runtime, *, till: Till) -> None:
    """Count a code that nobody knows into the employee's day. Raises Busy."""

    async def attempt() -> None:
        if writes := till.bad_scan_writes():
            await runtime.store.transact(writes)

    await runtime.store.run_rounds(attempt, queue=f"look-ups:{till.staff}")


def key_of(contact: str) -> LookUpKey:
    """Return by what kind of text an employee looks up."""
    if classify(contact).kind is CodeKind.NUMBER:
        return "NUMBER"
    return "EMAIL" if "@" in contact else "PHONE"
