"""A member's profile: name, birthday, language and time zone. It has its own version, apart from the
ledger's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from enum import Enum

from domain.model.programme import Programme
from domain.model.values import dataclass
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput
from domain.services.people import birthdays, field_checks, profile_changes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.people.details import Details


class KeepMarker(Enum):
    """The value of a field that the caller left out: it stays as it is."""

    KEEP = "keep"


KEEP = KeepMarker.KEEP


@dataclass(frozen=True, slots=True)
class ProfileUpdate:
    """The fields that change. None clears one: no birthday, the programme's first language, its time zone."""

    name: str | KeepMarker | None = KEEP
    birthday: date | KeepMarker | None = KEEP
    locale: str | KeepMarker | None = KEEP
    timezone: str | KeepMarker | None = KEEP


# ---------------------------------------------------------------- rules
def with_update(details: Details, change: ProfileUpdate, programme: Programme, *, now: datetime) -> Details:
    """Return details with a change applied. Raises InvalidInput."""
    if change.name is None:
        raise InvalidInput("name", "A name cannot be taken away.")
    if change.name is not KEEP:
        details = replace(details, name=field_checks.check_name(change.name))
    if change.birthday is not KEEP:
        details = birthdays.with_first_birthday(details, change.birthday, programme, now=now)
    if change.locale is not KEEP:
        details = replace(
            details,
            locale=field_checks.check_locale(change.locale or programme.programme.locales[0], programme),
        )
    if change.timezone is not KEEP:
        details = replace(
            details, timezone=field_checks.check_timezone(change.timezone or programme.programme.timezone)
        )
    return details


# ---------------------------------------------------------------- writes
async def update_profile(
    identity: IdentityRuntime, *, member: str, change: ProfileUpdate, now: datetime
) -> None:
    """Change a member's profile. Where nothing changes, nothing is written. Raises InvalidInput, NotFound."""

    async def attempt() -> None:
        stored_member = await load_member(identity, member)
        published = identity.programmes.current()
        details = with_update(stored_member.details, change, published.programme, now=now)
        if details == stored_member.details:
            return
        await identity.store.transact(
            [
                birthdays.profile_write(stored_member, details, published),
                *profile_changes.told_writes(identity, stored_member, details, now=now),
            ]
        )

    await identity.store.run_rounds(attempt, queue=member)
