"""What a member may agree to, and what each of them answered."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from api.graphql.ids import encode
from api.graphql.reader import Reader
from domain.store.sign_in_codes import GivenConsent


@strawberry.type
class ConsentPurpose:
    purpose: str
    title: str
    wording: str
    wording_version: int


@strawberry.type
class Consent:
    id: strawberry.ID
    purpose: str
    granted: bool
    at: datetime | None
    wording: str
    wording_version: int
    source: str


def purposes(reader: Reader) -> list[ConsentPurpose]:
    """Return each purpose that the programme asks for, in today's wording."""
    return [
        ConsentPurpose(
            purpose=spec.purpose,
            title=reader.text(spec.title),
            wording=reader.text(spec.wording),
            wording_version=spec.wordingVersion,
        )
        for spec in reader.programme.consents
    ]


def consents_of(reader: Reader, member: str, given: Iterable[GivenConsent]) -> list[Consent]:
    """Return a member's answer to each purpose, as it was given; a purpose never answered is not granted, in today's wording."""
    answers = {one.purpose: one for one in given}
    asked = [Consent(
            id=_id(member, spec.purpose),
            purpose=spec.purpose,
            granted=False,
            at=None,
            wording=reader.text(spec.wording),
            wording_version=spec.wordingVersion,
            source="",
        ) for spec in reader.programme.consents if spec.purpose not in answers]
    return [*(_answered(member, one) for one in answers.values()), *asked]


def _answered(member: str, one: GivenConsent) -> Consent:
    return Consent(
        id=_id(member, one.purpose),
        purpose=one.purpose,
        granted=one.granted,
        at=one.at,
        wording=one.wording,
        wording_version=one.wording_version,
        source=one.source,
    )


def _id(member: str, purpose: str) -> strawberry.ID:
    return strawberry.ID(encode("Consent", f"{member}:{purpose}"))
