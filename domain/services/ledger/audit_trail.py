"""Reads of the audit trail: staff see their own shift, a manager sees their store, an operator sees all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.model.values import dataclass
from domain.services.errors import InvalidInput, NotAllowed
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store import audit, look_ups
from domain.store.audit import AuditAct
from domain.store.audit_actions import Action
from domain.store.people import staff

MAX_SHIFT = timedelta(hours=24)
MAX_WINDOW = timedelta(days=31)
MAX_LOOK_UP_WINDOW = timedelta(days=1)
SHOWN_LOOK_UPS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which acts are meant: of an employee, by username, or another actor as the trail names it; of some
    kinds; about a member; those that come after the act with this id in the list.
    """

    actor: str | None = None
    actions: tuple[Action, ...] = ()
    member_id: str | None = None
    after: str | None = None


EVERY_ACT = TrailFilter()


async def find_shift_acts(
    runtime: Runtime, *, till: Till, first: int, after: str | None = None, now: datetime
) -> list[AuditAct]:
    """Return the acts of the caller's shift, newest first; with `after` those that come after that act.

    Raises InvalidInput where the shift has no such act.
    """
    acts = await audit.find_by_shift(runtime.store, till.session, since=now - MAX_SHIFT)
    if after is None:
        return acts[:first]
    start = next((place + 1 for place, act in enumerate(acts) if act.id == after), None)
    if start is None:
        raise InvalidInput("after", "This shift has no such act: send the id of one of its acts.")
    return acts[start : start + first]


async def find_store_acts(
    runtime: Runtime,
    *,
    till: Till,
    store: str | None,
    since: datetime,
    until: datetime,
    first: int,
    wanted: TrailFilter = EVERY_ACT,
    is_of_look_ups: bool = False,
) -> list[AuditAct]:
    """Return the acts in a store, or the look-ups of members, newest first; for an operator without a store,
    those in all stores.

    Raises NotAllowed for a cashier and for another store, InvalidInput for a window of more than 31 days, or
    of more than a day of look-ups, and for an act that is not there to go on after.
    """
    till.require_manager()
    store_code = store if till.role == "OPERATOR" else store or till.store
    if till.role != "OPERATOR" and store_code != till.store:
        raise NotAllowed("OTHER_STORE")
    if not timedelta(0) < until - since <= MAX_WINDOW:
        raise InvalidInput("until", "Ask for a time after `since`, at most 31 days later.")
    if is_of_look_ups and until - since > MAX_LOOK_UP_WINDOW:
        raise InvalidInput("until", "Ask for a time after `since`, at most a day later.")
    actor = None if wanted.actor is None else await _actor_of(runtime, wanted.actor)
    if is_of_look_ups:
        acts = await look_ups.find_look_ups(
            runtime.store, since=since, until=until, store_code=store_code, member=wanted.member_id
        )
        return [act for act in acts if actor is None or act.actor == actor][:first]
    after = None if wanted.after is None else await audit.find_act(runtime.store, wanted.after)
    if wanted.after is not None and after is None:
        raise InvalidInput("after", "There is no such act: send the id of one of this list.")
    return await audit.find_page(
        runtime.store,
        since=since,
        until=until,
        store_code=store_code,
        member=wanted.member_id,
        actor=actor,
        actions=wanted.actions,
        after=after,
        first=first,
    )


async def _actor_of(runtime: Runtime, name: str) -> str:
    employee = await staff.find_by_username(runtime.store, name.strip().lower())
    return name if employee is None else employee.id


async def find_member_acts(runtime: Runtime, *, member_id: str, first: int) -> list[AuditAct]:
    """Return what was last done for a member beside their purchases and vouchers, newest first."""
    return (await audit.find_beside_ledger(runtime.store, member_id))[:first]


async def find_member_look_ups(
    runtime: Runtime, *, member_id: str, first: int, now: datetime
) -> list[AuditAct]:
    """Return who looked a member up in the last 90 days, newest first."""
    acts = await look_ups.find_look_ups(
        runtime.store, since=now - SHOWN_LOOK_UPS, until=now, member=member_id
    )
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
