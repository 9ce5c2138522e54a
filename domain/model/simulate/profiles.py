"""What lines of an events file say of a member: the profile of an enrolment, and consents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import cast

from domain.model.ledger.events import Json, Profile
from domain.model.ledger.member import Member
from domain.model.programme import Programme
from domain.model.simulate.inputs import InputLine


def read_profile(line: InputLine, programme: Programme) -> Profile:
    """Read the profile of a new member. Raises InputMalformed."""
    header = programme.programme
    return Profile(
        name=line.get("name", str) or "",
        locale=line.get("locale", str) or header.locales[0],
        timezone=line.get("timezone", str) or header.timezone,
        birthday=_read_birthday(line),
        consents=frozenset(read_consents(line)),
    )


def read_consents(line: InputLine) -> list[str]:
    """Read the purposes that a new member grants, each once, in their order. Raises InputMalformed."""
    consents = line.get("consents", cast(type[list[Json]], list)) or []
    return list(dict.fromkeys(_require_text(line, "consents", purpose) for purpose in consents))


def consented_profile(line: InputLine, member: Member) -> Profile:
    """Return a member's profile after a consent was granted or withdrawn. Raises InputMalformed."""
    purpose, granted = line.require("purpose", str), line.require("granted", bool)
    consents = member.profile.consents
    return replace(member.profile, consents=consents | {purpose} if granted else consents - {purpose})


def _read_birthday(line: InputLine) -> date | None:
    text = line.get("birthday", str)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise line.malformed(f"data.birthday is {text!r}; write YYYY-MM-DD") from None


def _require_text(line: InputLine, name: str, value: Json) -> str:
    if not isinstance(value, str):
        raise line.malformed(f"data.{name} holds {value!r}; write texts")
    return value
