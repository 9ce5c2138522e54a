"""What a member may agree to, and what each of them answered."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from api.graphql.ids import encode
from api.graphql.reader import Reader
from domain.store.sign_in_codes import GivenConsent


@strawberry.type(
    description="What members may agree to, or not: messages of a purpose go only to those who do."
)
class ConsentPurpose:
    purpose: str = strawberry.field(description="Its code in the programme file.")
    title: str = strawberry.field(description="In the reader's language.")
    wording: str = strawberry.field(description="The words to agree to, in the reader's language.")
    wording_version: int = strawberry.field(description="Give it back with the answer.")


@strawberry.type(description="The member's answer to one purpose.")
class Consent:
    id: strawberry.ID = strawberry.field(description="Global id.")
    purpose: str = strawberry.field(description="Its code in the programme file.")
    granted: bool = strawberry.field(description="False also where it was never answered.")
    at: datetime | None = strawberry.field(description="When it was answered; null where it never was.")
    wording: str = strawberry.field(
        description="The words that were answered, in the language of then; today's where it never was."
    )
    wording_version: int = strawberry.field(description="The version of those words.")
    source: str = strawberry.field(
        description="Where it was answered: `enrolment`, `app` or `unsubscribe`; empty where it never was."
    )


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
    """Return a member's answer to each purpose, as it was given; a purpose never answered is not granted, in
    today's wording.
    """
    answers = {one.purpose: one for one in given}
    asked = [
        Consent(
            id=_id(member, spec.purpose),
            purpose=spec.purpose,
            granted=False,
            at=None,
            wording=reader.text(spec.wording),
            wording_version=spec.wordingVersion,
            source="",
        )
        for spec in reader.programme.consents
        if spec.purpose not in answers
    ]
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
