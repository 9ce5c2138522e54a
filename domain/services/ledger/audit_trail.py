"""Reads of the audit trail: staff see their own shift, a manager sees their store, an operator sees all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.services.errors import InvalidInput, NotAllowed
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store import audit, look_ups
from domain.store.audit import AuditAct

MAX_SHIFT = timedelta(hours=24)
MAX_WINDOW = timedelta(days=31)
MAX_LOOK_UP_WINDOW = timedelta(days=1)


async def find_shift_acts(runtime: Runtime, *, till: Till, first: int, now: datetime) -> list[AuditAct]:
    """Return the acts of the caller's shift, newest first."""
    return (await audit.find_by_shift(runtime.store, till.session, since=now - MAX_SHIFT))[:first]


async def find_store_acts(
    runtime: Runtime,
    *,
    till: Till,
    store: str | None,
    since: datetime,
    until: datetime,
    first: int,
    is_of_look_ups: bool = False,
) -> list[AuditAct]:
    """Return the acts in a store, or the look-ups of members, newest first; for an operator without a store,
    those in all stores.

    Raises NotAllowed for a cashier and for another store, InvalidInput for a window of more than 31 days, or
    of more than a day of look-ups.
    """
    till.require_manager()
    store_code = store if till.role == "OPERATOR" else store or till.store
    if till.role != "OPERATOR" and store_code != till.store:
        raise NotAllowed("OTHER_STORE")
    if not timedelta(0) < until - since <= MAX_WINDOW:
        raise InvalidInput("until", "Ask for a time after `since`, at most 31 days later.")
    if not is_of_look_ups:
        return (await audit.find_between(runtime.store, since=since, until=until, store_code=store_code))[
            :first
        ]
    if until - since > MAX_LOOK_UP_WINDOW:
        raise InvalidInput("until", "Ask for a time after `since`, at most a day later.")
    acts = await look_ups.find_look_ups(runtime.store, since=since, until=until, store_code=store_code)
    return acts[:first]


async def find_correction_reasons(
    runtime: Runtime, *, rows: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], str]:
    """Return what managers wrote as the reasons of corrections, by member and row: one command. Their members
    read it; the reasons of other acts are for staff.
    """
    row_by_act = {audit.act_id(member, seq): (member, seq) for member, seq in rows}
    reasons = await audit.find_reasons(runtime.store, list(row_by_act), action="ADJUSTMENT")
    return {row_by_act[act]: reason for act, reason in reasons.items()}
