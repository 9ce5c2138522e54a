"""A member's birthday: given once by the member, corrected by service with a reason. Its event comes at most
once in 360 days, however often it is corrected.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from domain.model.calendar import local_day, occurrence
from domain.model.ledger.decision import Decision
from domain.model.programme import Programme
from domain.model.values import evolve
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.people import field_checks, profile_changes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.service_actor import ServiceActor
from domain.store.commit import next_due_after
from domain.store.document_store import Write
from domain.store.ledger import members
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.people.details import Details

CELEBRATION_GAP = timedelta(days=360)


# ---------------------------------------------------------------- rules
def with_first_birthday(
    details: Details, day: date | None, programme: Programme, *, now: datetime
) -> Details:
    """Return details with the birthday that a member gives. Raises InvalidInput where there is another."""
    if day == details.birthday:
        return details
    if details.birthday is not None:
        raise InvalidInput("birthday", "It is given once. Ask staff to correct it.")
    return replace(details, birthday=field_checks.check_birthday(day, programme, now=now) if day else None)


def with_corrected_birthday(
    details: Details, day: date | None, programme: Programme, *, joined_at: datetime, now: datetime
) -> Details:
    """Return details with another birthday, which is not celebrated within 360 days of the last one. Raises
    InvalidInput.
    """
    checked_day = field_checks.check_birthday(day, programme, now=now) if day else None
    today, joined_on = local_day(now, programme.zone), local_day(joined_at, programme.zone)
    celebrated_from = details.celebrated_from
    if details.birthday is not None:
        this_year = occurrence(details.birthday, today.year)
        last = this_year if this_year <= today else occurrence(details.birthday, today.year - 1)
        if last >= (celebrated_from or joined_on):
            celebrated_from = last + CELEBRATION_GAP
    return replace(details, birthday=checked_day, celebrated_from=celebrated_from)


# ---------------------------------------------------------------- writes
async def correct_birthday(
    identity: IdentityRuntime,
    *,
    actor: ServiceActor,
    member: str,
    birthday: date | None,
    reason: str,
    now: datetime,
) -> None:
    """Correct a member's birthday; None for one that is not known.

    Raises InvalidInput, NotAllowed and NotFound.
    """
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)

    async def attempt() -> None:
        stored_member = await load_member(identity, member)
        actor.require_service(stored_member)
        joined_at = stored_member.member.joined_at
        assert joined_at is not None, "a membership has begun where there is a member"
        published = identity.programmes.current()
        details = with_corrected_birthday(
            stored_member.details, birthday, published.programme, joined_at=joined_at, now=now
        )
        if details.birthday == stored_member.details.birthday:
            return
        await identity.store.transact(
            [
                profile_write(stored_member, details, published),
                *profile_changes.told_writes(identity, stored_member, details, now=now),
                actor.act_write(
                    "BIRTHDAY_CORRECTED", member=member, subject="birthday", reason=reason, now=now
                ),
            ]
        )

    await identity.store.run_rounds(attempt, queue=member)


def profile_write(stored_member: StoredMember, details: Details, published: PublishedProgramme) -> Write:
    """Return the update of a profile, and of when its member is next due where the birthday is another."""
    change = ProfileChange(stored_member.profile_version, details)
    if details.birthday == stored_member.details.birthday:
        return members.profile_write(stored_member.member.id, change)
    # A birthday changes when the member is next due.
    next_due = next_due_after(
        published, Decision(stored_member.member, evolve(stored_member.member, profile=details.profile))
    )
    return members.birthday_write(
        stored_member.member.id, change, version=stored_member.member.seq, next_due=next_due
    )
