"""The employee at a till, and the member they serve, whom a visit, a membership number or a customer's id
names.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from api.caller import ClientCaller, StaffCaller, TillCaller
from api.errors import BadInput, Forbidden, NotFound, ScopeMissing
from api.graphql.engine.ids import decode_id_as
from api.graphql.engine.shared_types import Info
from api.tokens import TokenExpired, TokenRefused
from domain.model.intake.order_state import MemberHints
from domain.model.people.codes import CodeKind, classify
from domain.services.errors import ExpiredCode, MalformedCode, NotAllowed, UnknownCode
from domain.services.input_checks import MAX_ID_LENGTH
from domain.services.intake import customer_binding, hints
from domain.services.ledger import queries
from domain.services.ledger.look_up import look_ups
from domain.services.ledger.till import Presence, ShiftLimits, Till
from domain.services.people.service_actor import ServiceActor
from domain.store.look_ups import LookUpKey

# A scan without a network counts this long after it was made, for earning only.
MAX_SCAN_AGE = timedelta(hours=24)
CUSTOMER = "customer:"


def till_of(info: Info, member: str | None = None) -> Till:
    """Return the calling employee, or system, with their store; `member` is how they name a member."""
    staff = info.context.at_till()
    return Till(
        staff=staff.staff_id,
        role=staff.role,
        store=staff.store,
        own_members=staff.own_members,
        source=staff.source,
        session=staff.session_id,
        day=info.context.loaders.now.astimezone(info.context.dependencies.runtime.programme.zone).date(),
        request=info.context.request_id,
        limits=_limits_of(staff) or info.context.dependencies.shift_limits,
        has_visit=member is None or _is_visit(member),
    )


def _is_visit(member: str) -> bool:
    return member.count(".") == 2


def _limits_of(caller: TillCaller) -> ShiftLimits | None:
    """Return the limits of a system's day; None for an employee, whose limits are the settings'."""
    return None if isinstance(caller, StaffCaller) else ShiftLimits.of_client(caller.bounds)


def service_actor(info: Info) -> ServiceActor:
    """Return the calling employee as whoever acts for a member in service."""
    till = till_of(info)
    return ServiceActor(till.staff, till.role, till.store, till.session, till.request, till.own_members)


@asynccontextmanager
async def guard_scans(info: Info) -> AsyncIterator[None]:
    """Keep a till from guessing codes: after too many unknown codes it is locked for a minute. What could
    never be a code does not count. Raises RateLimited.
    """
    rates, session_id = info.context.dependencies.rates, info.context.at_till().session_id
    rates.check_scans(session_id)
    try:
        yield
    except MalformedCode:
        raise  # a misreading tries no code
    except UnknownCode:
        rates.count_bad_scan(session_id)
        await look_ups.note_bad_scan(info.context.dependencies.runtime, till=till_of(info))
        raise


def count_look_up(info: Info) -> None:
    """Count a look-up before anything is read. Raises RateLimited."""
    rates, caller = info.context.dependencies.rates, info.context.at_till()
    rates.check_scans(caller.session_id)
    if isinstance(caller, StaffCaller):  # a system has the rate of its key, and the limit of its day
        rates.count_look_up(caller.staff_id)


async def note_look_up(info: Info, member: str | None, by: LookUpKey) -> None:
    """Write a look-up into the trail before it is answered; `member` is None where it found nobody.

    Raises LookUpLimit where the employee has looked up as many as a day allows.
    """
    await note_look_ups(info, [member], by)


async def note_look_ups(info: Info, members: Sequence[str | None], by: LookUpKey) -> None:
    """Write a look-up of each member that is shown, before any is. Raises LookUpLimit."""
    runtime, now = info.context.dependencies.runtime, info.context.loaders.now
    try:
        await look_ups.note_all(runtime, till=till_of(info), members=members, by=by, now=now)
    except NotAllowed:
        raise LookUpLimit from None


async def note_shown_members(info: Info, members: Sequence[str]) -> None:
    """Write a look-up of each member of a list, by id and once each, before any is shown. Raises
    LookUpLimit.
    """
    if members:
        await note_look_ups(info, list(dict.fromkeys(members)), "ID")


async def note_missed_look_up(info: Info, by: LookUpKey) -> None:
    """Write a look-up that found nobody, and count it as a bad scan. Raises LookUpLimit."""
    info.context.dependencies.rates.count_bad_scan(info.context.at_till().session_id)
    await note_look_up(info, None, by)


class LookUpLimit(Forbidden):
    """The employee has looked up as many members as a day allows. Neither queries nor the union of `scan` has
    a place for a Problem of this.
    """

    def __init__(self) -> None:
        super().__init__("You have looked up as many members as a day allows.", reason="SHIFT_LIMIT")


async def served_member(info: Info, member: str, *, occurred_at: datetime | None = None) -> str:
    """Return the member that a till names; a system also names one by e-mail address, phone, or as its own
    customer. Raises UnknownCode, and ExpiredCode for a visit that is over.

    A visit is judged at the time of the act it is used for, if that lies within the last 24 hours.
    """
    if _is_visit(member) and not is_named_by_system(info, member):
        return _visiting_member(info, member, occurred_at)
    code = classify(member)
    if code.kind is CodeKind.NUMBER or is_named_by_system(info, member):
        runtime, source = info.context.dependencies.runtime, info.context.at_till().source
        if member.startswith(CUSTOMER):
            customer = MemberHints(member.removeprefix(CUSTOMER)[:MAX_ID_LENGTH])
            member_id = await hints.find_member(runtime, source, customer)
        else:
            contact = code.text if code.kind is CodeKind.NUMBER else member
            member_id = await queries.find_member_by_contact(runtime, contact=contact)
        if member_id is None:
            raise UnknownCode
        return member_id
    try:
        return decode_id_as("Customer", member)
    except BadInput:
        raise UnknownCode from None


def is_named_by_system(info: Info, member: str) -> bool:
    """Tell whether a system names a member as staff do not: by an e-mail address, a phone number, or the
    number that they have as its customer.
    """
    is_contact = "@" in member or member.startswith("+")
    return isinstance(info.context.caller, ClientCaller) and (is_contact or member.startswith(CUSTOMER))


async def presence_of(info: Info, member: str) -> Presence:
    """Tell whether the member that a till names shows a card now: by a visit that began with one, or as a
    system's customer who was bound by one. Raises ScopeMissing for a system that may take no value.
    """
    caller = info.context.at_till()
    if isinstance(caller, ClientCaller):
        if "redemptions:write" not in caller.scopes:
            raise ScopeMissing("redemptions:write")
        if member.startswith(CUSTOMER):
            runtime, customer = info.context.dependencies.runtime, member.removeprefix(CUSTOMER)
            is_bound = await customer_binding.is_proven(runtime, caller.source, customer[:MAX_ID_LENGTH])
            return "shown" if is_bound else "unproven"
    if not _is_visit(member):
        return "unproven"
    tokens, store = info.context.dependencies.tokens, caller.store
    try:
        return "shown" if tokens.verify_visit(member, store=store).card else "unproven"
    except TokenExpired:
        return "lapsed"
    except TokenRefused:
        return "unproven"


async def served_member_or_not_found(info: Info, member: str) -> str:
    """Return the member that a till names, as no look-up: for an act that leaves a row and counts by itself.
    Raises NotFound where there is none.
    """
    try:
        return await served_member(info, member)
    except (UnknownCode, ExpiredCode):
        raise NotFound from None


def _visiting_member(info: Info, visit: str, occurred_at: datetime | None) -> str:
    now = info.context.loaders.world_now
    judged_at = occurred_at if occurred_at is not None and now - MAX_SCAN_AGE <= occurred_at <= now else now
    try:
        return info.context.dependencies.tokens.verify_visit(
            visit, store=info.context.at_till().store, at=judged_at
        ).subject
    except TokenExpired:
        raise ExpiredCode from None
    except TokenRefused:
        raise UnknownCode from None


def look_up_key(member: str) -> LookUpKey:
    """Return by what service names a member."""
    return "NUMBER" if classify(member).kind is CodeKind.NUMBER else "ID"


def look_up_of(info: Info, member: str) -> LookUpKey | None:
    """Return by what a till looks a member up; None by a visit or an id, which they had before."""
    if is_named_by_system(info, member):
        return "ID" if member.startswith(CUSTOMER) else look_ups.key_of(member)
    return "NUMBER" if classify(member).kind is CodeKind.NUMBER else None


async def looked_up_at_till(info: Info, member: str) -> str:
    """Return the member that a till names. By a number or a contact that is a look-up: what is answered tells
    of them.

    Raises UnknownCode where there is none, which counts as a bad scan, ExpiredCode, LookUpLimit, RateLimited.
    """
    if (by := look_up_of(info, member)) is None:
        return await served_member(info, member)
    count_look_up(info)
    try:
        member_id = await served_member(info, member)
    except UnknownCode:
        await note_missed_look_up(info, by)
        raise
    await note_look_up(info, member_id, by)
    return member_id


async def looked_up_or_not_found(info: Info, member: str) -> str:
    """Return the member that staff name for an act of theirs, as the same look-up. Raises NotFound."""
    try:
        return await looked_up_at_till(info, member)
    except (UnknownCode, ExpiredCode):
        raise NotFound from None


async def looked_up_by_service(info: Info, member: str) -> str:
    """Return the member that service names: what is answered of them counts, and is noted, as a look-up.

    Raises NotFound where there is none, which counts as a bad scan, LookUpLimit, RateLimited.
    """
    count_look_up(info)
    by = look_up_key(member)
    try:
        served = await info.context.loaders.member_view(await served_member_or_not_found(info, member))
    except NotFound:
        await note_missed_look_up(info, by)
        raise
    await note_look_up(info, served.member.id, by)
    return served.member.id


async def looked_up_contact(info: Info, contact: str) -> str:
    """Return the member of a typed membership number, e-mail address or phone number, as the same look-up.

    Raises NotFound where there is none, LookUpLimit, RateLimited.
    """
    count_look_up(info)
    number = classify(contact).kind is CodeKind.NUMBER
    by: LookUpKey = "NUMBER" if number else "EMAIL" if "@" in contact else "PHONE"
    member = await queries.find_member_by_contact(info.context.dependencies.runtime, contact=contact)
    if member is None:
        await note_missed_look_up(info, by)
        raise NotFound
    await note_look_up(info, member, by)
    return member
