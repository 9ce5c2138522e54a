"""What a member may agree to, and what each of them answered."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.ids import encode_id
from domain.store.people.consent_answers import ConsentAnswer


@strawberry.type(
    description="A purpose that members may agree to: its messages go only to members who agreed."
)
class ConsentPurpose:
    purpose: str = strawberry.field(description="Its code in the programme file.")
    title: str = strawberry.field(description="In the reader's language.")
    wording: str = strawberry.field(description="The words to agree to, in the reader's language.")
    wording_version: int = strawberry.field(description="Send it with the answer.")


@strawberry.type(description="The member's answer to one purpose.")
class Consent:
    id: strawberry.ID = strawberry.field(description="Global id.")
    purpose: str = strawberry.field(description="Its code in the programme file.")
    granted: bool = strawberry.field(
        description="Whether they agreed; false also where it was never answered."
    )
    at: datetime | None = strawberry.field(description="When it was answered; null where it never was.")
    wording: str = strawberry.field(
        description=(
            "The wording that was answered, in the language of that time; today's wording where it never was."
        )
    )
    wording_version: int = strawberry.field(description="The version of those words.")
    source: str = strawberry.field(
        description="Where it was answered: `enrolment`, `app` or `unsubscribe`; empty where it never was."
    )


def consent_purposes(audience: Audience) -> list[ConsentPurpose]:
    """Return each purpose that the programme asks for, in today's wording."""
    return [
        ConsentPurpose(
            purpose=spec.purpose,
            title=audience.text(spec.title),
            wording=audience.text(spec.wording),
            wording_version=spec.wordingVersion,
        )
        for spec in audience.programme.consents
    ]


def consents_of(audience: Audience, member: str, answers: Iterable[ConsentAnswer]) -> list[Consent]:
    """Return a member's answer to each purpose. A purpose that was never answered is not granted, in today's
    wording.
    """
    answers_by_purpose = {one.purpose: one for one in answers}
    unanswered = [
        Consent(
            id=_id(member, spec.purpose),
            purpose=spec.purpose,
            granted=False,
            at=None,
            wording=audience.text(spec.wording),
            wording_version=spec.wordingVersion,
            source="",
        )
        for spec in audience.programme.consents
        if spec.purpose not in answers_by_purpose
    ]
    return [*(_consent_of(member, one) for one in answers_by_purpose.values()), *unanswered]


def _consent_of(member: str, answer: ConsentAnswer) -> Consent:
    return Consent(
        id=_id(member, answer.purpose),
        purpose=answer.purpose,
        granted=answer.granted,
        at=answer.at,
        wording=answer.wording,
        wording_version=answer.wording_version,
        source=answer.source,
    )


def _id(member: str, purpose: str) -> strawberry.ID:
    return strawberry.ID(encode_id("Consent", f"{member}:{purpose}"))
