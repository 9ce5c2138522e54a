"""What a member says of themselves: name, birthday, language and zone. It has a version of its own; the
ledger is not touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

from domain.model.ledger.decision import Decision
from domain.model.programme import Programme
from domain.model.values import evolve
from domain.services import fields
from domain.services.desk import Desk
from domain.services.errors import InvalidInput
from domain.services.house import member_of
from domain.store.commit import next_due_after
from domain.store.document_store import Write
from domain.store.ledger import members
from domain.store.ledger.members import Details, ProfileChange, StoredMember
from domain.store.ledger.programmes import PublishedProgramme


class Keep(Enum):
    """What a field is that was left out: as it was."""

    KEEP = "keep"


KEEP = Keep.KEEP


@dataclass(frozen=True, slots=True)
class ProfileUpdate:
    """The fields that change; None clears one: no birthday, the programme's first language, its own zone."""

    name: str | Keep | None = KEEP
    birthday: date | Keep | None = KEEP
    locale: str | Keep | None = KEEP
    timezone: str | Keep | None = KEEP


# ---------------------------------------------------------------- rules
def updated(details: Details, change: ProfileUpdate, programme: Programme, *, now: datetime) -> Details:
    """Return details with a change applied. Raises InvalidInput."""
    if change.name is None:
        raise InvalidInput("name", "A name cannot be taken away.")
    if change.name is not KEEP:
        details = replace(details, name=fields.name(change.name))
    if change.birthday is not KEEP:
        day = change.birthday
        details = replace(
            details, birthday=fields.birthday(day, zone=programme.zone, now=now) if day else None
        )
    if change.locale is not KEEP:
        details = replace(
            details, locale=fields.locale(change.locale or programme.programme.locales[0], programme)
        )
    if change.timezone is not KEEP:
        details = replace(details, timezone=fields.timezone(change.timezone or programme.programme.timezone))
    return details


# ---------------------------------------------------------------- writes
async def update(desk: Desk, *, member: str, change: ProfileUpdate, now: datetime) -> None:
    """Change a member's profile; what is as it was is not written. Raises InvalidInput and NotFound."""

    async def attempt() -> None:
        kept = await member_of(desk.house, member)
        published = desk.house.programmes.current()
        details = updated(kept.details, change, published.programme, now=now)
        if details == kept.details:
            return
        await desk.store.transact([_write(kept, details, published)])

    await desk.store.run_rounds(attempt, queue=member)


def _write(kept: StoredMember, details: Details, published: PublishedProgramme) -> Write:
    change = ProfileChange(kept.profile_version, details)
    if details.birthday == kept.details.birthday:
        return members.profile_write(kept.member.id, change)
    # A birthday is one of the days on which time brings something.
    due = next_due_after(published, Decision(kept.member, evolve(kept.member, profile=details.profile)))
    return members.birthday_write(kept.member.id, change, version=kept.member.seq, next_due=due)
