"""A message sent once to a segment: written in every language, tried, and sent, now or at an instant."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.console.segments.member_jobs import MemberJobStarted, job_started
from api.graphql.console.staff_proposals import StaffProposed, proposed_by_caller
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import looked_up_contact, till_of
from api.texts import say
from domain.services.segments import once_messages, sending, trials
from domain.services.segments.alone import MOST_ALONE
from domain.services.segments.once_messages import OnceText, check_message
from domain.store.operations.staff_proposals import StaffProposal

MOST_LOCALES = 20
SEGMENT = "The code of a segment."


@strawberry.input(description="A text in one of the programme's languages.")
class TextInLocaleInput:
    locale: str = strawberry.field(description="The language.")
    text: str = strawberry.field(
        description="May hold {member.name}, {member.number}, {member.balance} and {programme.name}."
    )


@strawberry.input(description="A message, in every language of the programme.")
class OnceMessageInput:
    channels: list[str] = strawberry.field(description="inbox, push, email, sms; at least one.")
    purpose: str = strawberry.field(
        description="The consent that it takes. `service`, which takes none, always needs a second person."
    )
    titles: list[TextInLocaleInput] = strawberry.field(description="1 to 100 characters in each language.")
    bodies: list[TextInLocaleInput] = strawberry.field(description="1 to 1,000 characters in each language.")
    link: str | None = strawberry.field(
        default=None, description="What it opens: a path such as /rewards, or an https address."
    )


@strawberry.input(description="A message to be tried.")
class TryMessageInput:
    segment: str = strawberry.field(description=SEGMENT)
    message: OnceMessageInput = strawberry.field(description="What is written.")


@strawberry.input(description="A message to be sent once.")
class SendMessageInput:
    segment: str = strawberry.field(description=SEGMENT)
    message: OnceMessageInput = strawberry.field(description="What is written.")
    send_at: datetime | None = strawberry.field(
        default=None, description="When it begins, within a year; now, without."
    )
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="A message to be sent to one member as a test.")
class SendTestMessageInput:
    member: str = strawberry.field(
        description="A membership number, an e-mail address or a phone number; typically one's own."
    )
    message: OnceMessageInput = strawberry.field(description="What is written.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="A message is on its way to one member, once in each language.")
class TestMessageSent:
    locales: list[str] = strawberry.field(description="The languages in which it comes, each by itself.")
    channels: list[str] = strawberry.field(description="By which channels.")
    waits_until: datetime | None = strawberry.field(
        description="When the member's quiet hours end: until then only the inbox has it. Null for at once."
    )


@strawberry.type(description="A message does not reach the member, and why; nothing was sent.")
class TestMessageNotSent:
    skip: str = strawberry.field(description="The reason as `MemberJobSkip` names it.")


@strawberry.type(description="How many members a message reaches by a channel, or does not for a reason.")
class ReachCount:
    name: str = strawberry.field(description="The channel, or the reason as `MemberJobSkip` names it.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="A message as an example member reads it.")
class MessagePreview:
    locale: str = strawberry.field(description="The language.")
    title: str = strawberry.field(description="With its placeholders filled.")
    body: str = strawberry.field(description="With its placeholders filled.")


@strawberry.type(description="Whom a message would reach now; nothing was written.")
class MessageTried:
    members: int = strawberry.field(description="How many the segment has.")
    reached: int = strawberry.field(description="How many of them it reaches by one channel at least.")
    channels: list[ReachCount] = strawberry.field(description="How many by each channel.")
    skipped: list[ReachCount] = strawberry.field(description="How many not, by reason.")
    is_estimate: bool = strawberry.field(
        description="Whether the counts are estimated from 2,000 members, of a larger segment."
    )
    takes_second_person: bool = strawberry.field(description="Whether a colleague has to approve it.")
    most_alone: int = strawberry.field(description="How many members one operator reaches alone in a day.")
    previews: list[MessagePreview] = strawberry.field(description="In every language.")
    channels_off: list[str] = strawberry.field(
        description="Those of its channels for which this server has no sender: they reach nobody."
    )


TryMessageResult = Annotated[
    MessageTried | NotAllowed,
    strawberry.union("TryMessageResult", description="Whom it would reach, or why nobody tried."),
]
SendTestMessageResult = Annotated[
    TestMessageSent | TestMessageNotSent | NotAllowed | IdempotencyConflict,
    strawberry.union("SendTestMessageResult", description="It is on its way, or why not."),
]
SendMessageResult = Annotated[
    MemberJobStarted | StaffProposed | NotAllowed | IdempotencyConflict,
    strawberry.union("SendMessageResult", description="It is sent, waits for a colleague, or why not."),
]


@strawberry.type
class OnceMessageMutation:
    @strawberry.mutation(
        description="Operators: whom a message to a segment would reach, and how it reads; nothing is sent."
    )
    @refusals_as_problems
    async def try_message(self, info: Info, input: TryMessageInput) -> TryMessageResult:
        runtime = info.context.dependencies.runtime
        till_of(info).require_operator()
        spec = check_message(runtime.programme, _text(input.message))
        reach = await once_messages.try_message(
            runtime, segment=input.segment, spec=spec, now=info.context.loaders.now
        )
        return MessageTried(
            members=reach.size,
            reached=reach.reached,
            channels=_counts(reach.by_channel),
            skipped=_counts(reach.skipped),
            is_estimate=reach.is_estimate,
            takes_second_person=sending.takes_second_person(spec, reach),
            most_alone=MOST_ALONE,
            previews=[
                MessagePreview(locale=locale, title=each.title, body=each.body)
                for locale, each in reach.previews.items()
            ],
            channels_off=list(once_messages.channels_off(spec.channels, runtime.channels)),
        )

    @strawberry.mutation(
        description=(
            "Operators: sends a message once to the members of a segment who agreed to its purpose, outside"
            " their quiet hours; nobody gets it twice. To more members than one person may reach in a day, a"
            " colleague approves it first."
        )
    )
    @refusals_as_problems
    async def send_message(self, info: Info, input: SendMessageInput) -> SendMessageResult:
        loaders = info.context.loaders
        sent = await sending.send(
            info.context.dependencies.runtime,
            till=till_of(info),
            segment=input.segment,
            text=_text(input.message),
            begins_at=input.send_at,
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
            world_now=loaders.world_now,
        )
        if isinstance(sent, StaffProposal):
            return await proposed_by_caller(info, sent)
        return await job_started(info, sent)

    @strawberry.mutation(
        description=(
            "Operators: sends a message to one member in every language of the programme, to see how it"
            " reads. Each begins with `[Test]`, stands in no figure, and takes the same consent, channels and"
            " quiet hours as when it is sent. At most 20 a day."
        )
    )
    @refusals_as_problems
    async def send_test_message(self, info: Info, input: SendTestMessageInput) -> SendTestMessageResult:
        runtime, loaders = info.context.dependencies.runtime, info.context.loaders
        till = till_of(info)
        till.require_operator()
        spec = check_message(runtime.programme, _text(input.message))
        trial = await trials.send_trial(
            runtime,
            till=till,
            member=await looked_up_contact(info, input.member),
            spec=spec,
            marks={locale: say("message.trial", locale) for locale in runtime.programme.programme.locales},
            key=input.idempotency_key,
            now=loaders.now,
        )
        if trial.skipped is not None:
            return TestMessageNotSent(skip=trial.skipped)
        return TestMessageSent(
            locales=list(trial.locales), channels=list(trial.channels), waits_until=trial.waits_until
        )


def _text(message: OnceMessageInput) -> OnceText:
    return OnceText(
        channels=message.channels,
        purpose=message.purpose,
        title=_by_locale(message.titles, field="titles"),
        body=_by_locale(message.bodies, field="bodies"),
        link=message.link,
    )


def _by_locale(texts: Sequence[TextInLocaleInput], *, field: str) -> dict[str, str]:
    by_locale = {each.locale: each.text for each in texts[:MOST_LOCALES]}
    if len(by_locale) != len(texts):
        raise BadInput("Write one text for each language.", field=field)
    return by_locale


def _counts(counts: Mapping[str, int]) -> list[ReachCount]:
    return [ReachCount(name=name, count=count) for name, count in counts.items()]
