"""The employee at a till, and the member they serve, whom a visit, a membership number or a customer's id
names.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from api.errors import BadInput, Forbidden, NotFound
from api.graphql.engine.ids import decode_id_as
from api.graphql.engine.shared_types import Info
from api.tokens import TokenExpired, TokenRefused
from domain.model.people.codes import CodeKind, classify
from domain.services.errors import ExpiredCode, MalformedCode, NotAllowed, UnknownCode
from domain.services.ledger import look_ups, queries
from domain.services.ledger.till import Presence, Till
from domain.services.people.service_actor import ServiceActor
from domain.store.look_ups import LookUpKey

# A scan without a network counts this long after it was made, for earning only.
MAX_SCAN_AGE = timedelta(hours=24)


def till_of(info: Info) -> Till:
    """Return the calling employee with their store."""
    staff = info.context.staff()
    return Till(
        staff=staff.staff_id,
        role=staff.role,
        store=staff.store,
        own_members=staff.own_members,
        source=staff.source,
        session=staff.session_id,
        day=info.context.loaders.now.astimezone(info.context.dependencies.runtime.programme.zone).date(),
        request=info.context.request_id,
        limits=info.context.dependencies.shift_limits,
    )


def service_actor(info: Info) -> ServiceActor:
    """Return the calling employee as whoever acts for a member in service."""
    till = till_of(info)
    return ServiceActor(till.staff, till.role, till.store, till.session, till.request, till.own_members)


@contextmanager
def guard_scans(info: Info) -> Iterator[None]:
    """Keep a till from guessing codes: after too many unknown codes it is locked for a minute. What could
    never be a code does not count. Raises RateLimited.
    """
    rates, session_id = info.context.dependencies.rates, info.context.staff().session_id
    rates.check_scans(session_id)
    try:
        yield
    except MalformedCode:
        raise  # a misreading tries no code
    except UnknownCode:
        rates.count_bad_scan(session_id)
        raise


def count_look_up(info: Info) -> None:
    """Count a look-up before anything is read. Raises RateLimited."""
    rates, caller = info.context.dependencies.rates, info.context.staff()
    rates.check_scans(caller.session_id)
    rates.count_look_up(caller.staff_id)


async def note_look_up(info: Info, member: str | None, by: LookUpKey) -> None:
    """Write a look-up into the trail before it is answered; `member` is None where it found nobody.

    Raises LookUpLimit where the employee has looked up as many as a day allows.
    """
    dependencies = info.context.dependencies
    try:
        await look_ups.note(
            dependencies.runtime, till=till_of(info), member=member, by=by, now=info.context.loaders.now
        )
    except NotAllowed:
        raise LookUpLimit from None


async def note_missed_look_up(info: Info, by: LookUpKey) -> None:
    """Write a look-up that found nobody, and count it as a bad scan. Raises LookUpLimit."""
    info.context.dependencies.rates.count_bad_scan(info.context.staff().session_id)
    await note_look_up(info, None, by)


class LookUpLimit(Forbidden):
    """The employee has looked up as many members as a day allows. Neither queries nor the union of `scan` has
    a place for a Problem of this.
    """

    def __init__(self) -> None:
        super().__init__("You have looked up as many members as a day allows.", reason="SHIFT_LIMIT")


async def served_member(info: Info, member: str, *, occurred_at: datetime | None = None) -> str:
    """Return the member that a till names. Raises UnknownCode, and ExpiredCode for a visit that is over.

    A visit is judged at the time of the act it is used for, if that lies within the last 24 hours.
    """
    if member.count(".") == 2:
        return _visiting_member(info, member, occurred_at)
    code = classify(member)
    if code.kind is CodeKind.NUMBER:
        member_id = await queries.find_member_by_contact(info.context.dependencies.runtime, contact=code.text)
        if member_id is None:
            raise UnknownCode
        return member_id
    try:
        return decode_id_as("Customer", member)
    except BadInput:
        raise UnknownCode from None


def presence_of(info: Info, member: str) -> Presence:
    """Tell whether the member that a till names shows a card now: a visit that began with one."""
    if member.count(".") != 2:
        return "unproven"
    tokens, store = info.context.dependencies.tokens, info.context.staff().store
    try:
        return "shown" if tokens.verify_visit(member, store=store).card else "unproven"
    except TokenExpired:
        return "lapsed"
    except TokenRefused:
        return "unproven"


async def served_member_or_not_found(info: Info, member: str) -> str:
    """Return the member that a till names. Raises NotFound where there is none."""
    try:
        return await served_member(info, member)
    except (UnknownCode, ExpiredCode):
        raise NotFound from None


def _visiting_member(info: Info, visit: str, occurred_at: datetime | None) -> str:
    now = info.context.loaders.now
    judged_at = occurred_at if occurred_at is not None and now - MAX_SCAN_AGE <= occurred_at <= now else now
    try:
        return info.context.dependencies.tokens.verify_visit(
            visit, store=info.context.staff().store, at=judged_at
        ).subject
    except TokenExpired:
        raise ExpiredCode from None
    except TokenRefused:
        raise UnknownCode from None
