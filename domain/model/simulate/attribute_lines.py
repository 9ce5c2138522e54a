"""What the lines of an events file say of a member's attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

from domain.model.ledger.events import Event, Json
from domain.model.ledger.member import Member
from domain.model.programme import AttributeMalformed, AttributeValue, Programme
from domain.model.programme.faults import suggestion
from domain.model.simulate.inputs import InputLine

_MAP: Final = cast(type[dict[str, Json]], dict)


def read_attributes(line: InputLine, programme: Programme) -> dict[str, AttributeValue]:
    """Read what a line says of a member's attributes; null takes one away. Raises InputMalformed."""
    values = line.require("attributes", _MAP)
    known = {spec.name: spec for spec in programme.attributes}
    attributes = dict[str, AttributeValue]()
    for name, value in values.items():
        if name not in known:
            remedy = suggestion(name, known, "declare it under attributes")
            raise line.malformed(f"data.attributes: there is no attribute {name}; {remedy}")
        if value is not None:
            try:
                attributes[name] = known[name].check(value)
            except AttributeMalformed as error:
                raise line.malformed(f"data.attributes.{name} is {value!r}. {error}") from None
    return attributes


def changed_attributes(line: InputLine, member: Member, programme: Programme, *, id: str) -> Event:
    """Return the event of a member whose attributes change. Raises InputMalformed."""
    attributes = {**member.profile.attributes, **read_attributes(line, programme)}
    names = line.require("attributes", _MAP)
    profile = replace(
        member.profile,
        attributes={name: value for name, value in attributes.items() if names.get(name, value) is not None},
    )
    event_data: dict[str, Json] = {"attributes": [*sorted(names)]}
    return Event(id, line.name, line.at, line.source, event_data, profile=profile)
