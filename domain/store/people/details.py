"""A member's details, as their document stores them under `profile`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from typing import Any

from domain.model.ledger.events import NO_ATTRIBUTES, Profile
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.people.consent_answers import ConsentAnswer, consent_rows, read_consents


@dataclass(frozen=True, slots=True)
class Details:
    """What a member says of themselves; `consents` holds the latest answer to each purpose. A birthday that
    was corrected is not celebrated before `celebrated_from`. `muted` are channels that they want no messages
    of a purpose by (`PURPOSE:CHANNEL`), `declined` challenges that they do not want to be offered.
    """

    name: str
    email: str | None = None
    phone: str | None = None
    birthday: date | None = None
    celebrated_from: date | None = None
    locale: str = ""
    timezone: str = ""
    terms: str | None = None
    consents: tuple[ConsentAnswer, ...] = ()
    attributes: Mapping[str, str | int | bool] = field(default_factory=lambda: NO_ATTRIBUTES)
    muted: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()

    @property
    def profile(self) -> Profile:
        """Return the part that deciding needs."""
        granted = frozenset(one.purpose for one in self.consents if one.granted)
        return Profile(
            self.name,
            self.locale,
            self.timezone,
            self.birthday,
            granted,
            self.attributes,
            self.celebrated_from,
        )


def read_details(row: Raw) -> Details:
    """Return the details of a stored profile."""
    birthday, celebrated_from = row.get("birthday"), row.get("celebrated_from")
    return Details(
        name=row["name"],
        email=row.get("email"),
        phone=row.get("phone"),
        birthday=date.fromisoformat(birthday) if birthday else None,
        celebrated_from=date.fromisoformat(celebrated_from) if celebrated_from else None,
        locale=row["locale"],
        timezone=row["timezone"],
        terms=row.get("terms"),
        consents=read_consents(row["consents"]),
        attributes=dict(row.get("attributes", ())),
        muted=frozenset(row.get("muted", ())),
        declined=frozenset(row.get("declined", ())),
    )


def details_document(details: Details) -> dict[str, Any]:
    """Return details as a member's document stores them."""
    document: dict[str, Any] = {
        "name": details.name,
        "email": details.email,
        "phone": details.phone,
        "birthday": details.birthday.isoformat() if details.birthday else None,
        "locale": details.locale,
        "timezone": details.timezone,
        "terms": details.terms,
        "consents": consent_rows(details.consents),
    }
    if details.attributes:
        document["attributes"] = dict(details.attributes)
    if details.muted:
        document["muted"] = sorted(details.muted)
    if details.declined:
        document["declined"] = sorted(details.declined)
    if details.celebrated_from:
        document["celebrated_from"] = details.celebrated_from.isoformat()
    return document
