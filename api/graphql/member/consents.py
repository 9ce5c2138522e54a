"""What members are asked: whether they agree to a purpose, and what the programme would know of them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import Enum

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import encode_id
from api.graphql.engine.shared_types import Info
from domain.model.programme import AttributeSpec, AttributeValue, write_value
from domain.model.programme import ConsentChannel as ConsentWord
from domain.services.attributes import AttributeAnswer
from domain.store.people.consent_answers import ConsentAnswer


@enum_of_words(ConsentWord, description="What messages of a purpose go by, where members answer by channel.")
class ConsentChannel(Enum):
    PUSH = strawberry.enum_value("PUSH", description="To their phone.")
    EMAIL = strawberry.enum_value("EMAIL", description="By e-mail.")
    SMS = strawberry.enum_value("SMS", description="By text message.")


@strawberry.type(
    description="A purpose that members may agree to: its messages go only to members who agreed."
)
class ConsentPurpose:
    purpose: str = strawberry.field(description="Its code in the programme file.")
    title: str = strawberry.field(description="In the reader's language.")
    wording: str = strawberry.field(description="The words to agree to, in the reader's language.")
    wording_version: int = strawberry.field(description="Send it with the answer.")
    channels: list[ConsentChannel] = strawberry.field(
        description="Members agree to each of them apart; empty where one answer counts for all."
    )


@strawberry.type(description="An answer that a member gave at some time.")
class ConsentAnswered:
    granted: bool = strawberry.field(description="Whether they agreed.")
    at: datetime = strawberry.field(description="When.")
    wording: str = strawberry.field(description="The wording that was shown, in the language of that time.")
    wording_version: int = strawberry.field(description="The version of those words.")
    source: str = strawberry.field(description="Where: `enrolment`, `app` or `unsubscribe`.")
    channels: list[ConsentChannel] = strawberry.field(
        description="Those agreed to; empty where it was one answer for all, or refused."
    )


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
    channels: list[ConsentChannel] = strawberry.field(
        description="Those agreed to; empty where it is one answer for all, or not granted."
    )
    member_id: strawberry.Private[str]
    answers: strawberry.Private[tuple[ConsentAnswer, ...]]

    @strawberry.field(
        description="Every answer to this purpose, the newest first: this one, and the latest 200 before."
    )
    async def history(self, info: Info) -> list[ConsentAnswered]:
        answers = await info.context.loaders.consent_answers(self.member_id, self.answers)
        return [_answered(answer) for answer in answers if answer.purpose == self.purpose]


def consent_purposes(audience: Audience) -> list[ConsentPurpose]:
    """Return each purpose that the programme asks for, in today's wording."""
    return [
        ConsentPurpose(
            purpose=spec.purpose,
            title=audience.text(spec.title),
            wording=audience.text(spec.wording),
            wording_version=spec.wordingVersion,
            channels=_channels(spec.channels),
        )
        for spec in audience.programme.consents
    ]


def consents_of(audience: Audience, member: str, answers: Iterable[ConsentAnswer]) -> list[Consent]:
    """Return a member's answer to each purpose. A purpose that was never answered is not granted, in today's
    wording.
    """
    newest = tuple(answers)
    answers_by_purpose = {answer.purpose: answer for answer in newest}
    unanswered = [
        Consent(
            id=_id(member, spec.purpose),
            purpose=spec.purpose,
            granted=False,
            at=None,
            wording=audience.text(spec.wording),
            wording_version=spec.wordingVersion,
            source="",
            channels=[],
            member_id=member,
            answers=newest,
        )
        for spec in audience.programme.consents
        if spec.purpose not in answers_by_purpose
    ]
    return [*(_consent_of(member, answer, newest) for answer in answers_by_purpose.values()), *unanswered]


def _consent_of(member: str, answer: ConsentAnswer, newest: tuple[ConsentAnswer, ...]) -> Consent:
    return Consent(
        id=_id(member, answer.purpose),
        purpose=answer.purpose,
        granted=answer.granted,
        at=answer.at,
        wording=answer.wording,
        wording_version=answer.wording_version,
        source=answer.source,
        channels=_channels(answer.channels or ()),
        member_id=member,
        answers=newest,
    )


def _answered(answer: ConsentAnswer) -> ConsentAnswered:
    return ConsentAnswered(
        granted=answer.granted,
        at=answer.at,
        wording=answer.wording,
        wording_version=answer.wording_version,
        source=answer.source,
        channels=_channels(answer.channels or ()),
    )


def _channels(channels: Iterable[str]) -> list[ConsentChannel]:
    return [ConsentChannel[channel.upper()] for channel in channels]


def agreed_channels(channels: Iterable[ConsentChannel] | None) -> tuple[str, ...] | None:
    """Return the channels of an input as the domain takes them."""
    return None if channels is None else tuple(channel.name.lower() for channel in channels)


def _id(member: str, purpose: str) -> strawberry.ID:
    return strawberry.ID(encode_id("Consent", f"{member}:{purpose}"))


# ---------------------------------------------------------------- attributes


@strawberry.enum(description="What an attribute's value is.")
class AttributeKind(Enum):
    STRING = strawberry.enum_value("string", description="A text of 1 to 200 characters.")
    INT = strawberry.enum_value("int", description="A whole number.")
    BOOL = strawberry.enum_value("bool", description="`true` or `false`.")
    DATE = strawberry.enum_value("date", description="A day, such as `2026-05-17`.")
    CHOICE = strawberry.enum_value("choice", description="The code of one of its choices.")


@strawberry.enum(description="Who sets an attribute.")
class AttributeSetter(Enum):
    MEMBER = strawberry.enum_value("member", description="The member, by setAttributes.")
    STAFF = strawberry.enum_value("staff", description="Employees, by setCustomerAttributes.")
    SYSTEM = strawberry.enum_value("system", description="Operators, on behalf of other systems.")


@strawberry.type(description="One of the values that an attribute may have.")
class AttributeChoice:
    code: str = strawberry.field(description="What `value` is where it is chosen.")
    title: str = strawberry.field(description="In the reader's language.")


@strawberry.type(description="Something that the programme knows of a member, or would like to know.")
class MemberAttribute:
    name: str = strawberry.field(description="Its name in the programme file.")
    title: str = strawberry.field(description="In the reader's language.")
    attribute_kind: AttributeKind = strawberry.field(description="What its value is.")
    by: AttributeSetter = strawberry.field(description="Who sets it.")
    choices: list[AttributeChoice] = strawberry.field(description="Empty where its kind is none of choices.")
    value: str | None = strawberry.field(description="As its kind is written; null where it is not known.")


@strawberry.input(description="What an attribute is to be.")
class AttributeInput:
    name: str = strawberry.field(description="Its name in the programme file.")
    value: str | None = strawberry.field(description="As its kind is written; null takes it away.")


def attributes_of(
    audience: Audience,
    values: Mapping[str, AttributeValue],
    setters: Collection[str] = ("member", "staff", "system"),
) -> list[MemberAttribute]:
    """Return each attribute that somebody of `setters` sets, in the file's order, with the member's value."""
    return [
        _attribute_of(audience, spec, spec.known(values.get(spec.name)))
        for spec in audience.programme.attributes
        if spec.by in setters
    ]


def answers_of(attributes: Collection[AttributeInput]) -> list[AttributeAnswer]:
    """Return the input as the domain takes it."""
    return [AttributeAnswer(attribute.name, attribute.value) for attribute in attributes]


def _attribute_of(audience: Audience, spec: AttributeSpec, value: AttributeValue | None) -> MemberAttribute:
    return MemberAttribute(
        name=spec.name,
        title=audience.text(spec.title),
        attribute_kind=AttributeKind(spec.kind),
        by=AttributeSetter(spec.by),
        choices=[
            AttributeChoice(code=choice.code, title=audience.text(choice.title)) for choice in spec.choices
        ],
        value=None if value is None else write_value(value),
    )
