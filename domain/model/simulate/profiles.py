"""What lines of an events file say of a member: the profile of an enrolment, and consents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import cast

from domain.model.event_names import ENROLLED, IMPORTED, PURCHASED
from domain.model.ledger.events import Event, Json, Profile
from domain.model.ledger.member import Member
from domain.model.programme import Programme
from domain.model.simulate import attribute_lines
from domain.model.simulate.inputs import InputLine, read_instant


def read_profile(line: InputLine, programme: Programme) -> Profile:
    """Read the profile of a new member. Raises InputMalformed."""
    header = programme.programme
    profile = Profile(
        name=line.get("name", str) or "",
        locale=line.get("locale", str) or header.locales[0],
        timezone=line.get("timezone", str) or header.timezone,
        birthday=_read_birthday(line),
        consents=frozenset(read_consents(line)),
    )
    if "attributes" in line.data:
        profile = replace(profile, attributes=attribute_lines.read_attributes(line, programme))
    return profile


def is_history(line: InputLine) -> bool:
    """Tell whether a line is of a purchase of before the member was imported. Raises InputMalformed."""
    return line.name == PURCHASED and line.get("history", bool) is True


def check_beginning(line: InputLine, *, has_begun: bool) -> None:
    """Raise InputMalformed where a line begins a membership that there is, or does not begin one that there
    is not: ahead of an import there may be purchases of before it.
    """
    begins, history = line.name in (ENROLLED, IMPORTED), is_history(line)
    if begins and has_begun:
        raise line.malformed(f"member {line.member!r} is enrolled already")
    if history and has_begun:
        raise line.malformed(
            "data.history is of purchases before member.imported; write this line ahead of it"
        )
    if not begins and not history and not has_begun:
        raise line.malformed(f"member {line.member!r} was never enrolled; begin with a member.enrolled line")


def read_import(line: InputLine, programme: Programme, *, id: str) -> Event:
    """Read a member who is brought along. Raises InputMalformed."""
    import_data: dict[str, Json] = {
        "joined": read_instant(line.number, line.require("joined", str)).isoformat()
    }
    rows = line.get("balances", cast(type[list[Json]], list)) or []
    for row in rows:
        if not isinstance(row, dict):
            raise line.malformed("data.balances holds what is no map; write {wallet, amount, expires}")
        balance = replace(line, data=row)
        balance.require_code("wallet", (spec.code for spec in programme.wallets))
        balance.whole_number("amount", least=1)
        balance.get("expires", str)
    import_data["balances"] = rows
    if line.get("tier", str) is not None and programme.tiers is not None:
        tier = line.require_code("tier", (rung.code for rung in programme.tiers.ladder))
        until = line.get("tierUntil", str)
        end = None if until is None else read_instant(line.number, until).isoformat()
        import_data |= {"tier": tier, "tierUntil": end}
    profile = read_profile(line, programme)
    return Event(id, line.name, line.at, line.source, import_data, profile=profile)


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
