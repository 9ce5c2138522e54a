"""The inbox: every message, also one that no push could deliver. Its text is rendered in the reader's
language when it is read.
"""

from datetime import datetime
from enum import Enum
from functools import partial

import strawberry

from api.errors import BadInput, NotFound
from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import CURSOR, EDGES, PAGE_INFO
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import decode_id_as, encode_id
from api.graphql.engine.merged_lists import ListPart, read_parts
from api.graphql.engine.paging import NumberedRow, connection, read_window
from api.graphql.engine.shared_types import Info, Node, PageInfo
from domain.model.messages.rendering import Recipient
from domain.model.programme import SurveySpec
from domain.services import errors
from domain.services.ledger.queries import MemberView
from domain.services.messages import inbox
from domain.services.messages.inbox import MAX_MARKED
from domain.services.messages.message_rules import absolute_link, find_survey_spec, render_letter
from domain.store.messages.inbox import Letter

LIST_NAME = "message"


@enum_of_words(SurveySpec.model_fields["kind"].annotation, description="What a survey asks.")
class SurveyKind(Enum):
    NPS = strawberry.enum_value("NPS", description="How likely one is to recommend us, 0 to 10.")
    CSAT = strawberry.enum_value("CSAT", description="How content one is, 1 to 5.")


@strawberry.type(description="A question that `answerSurvey` answers, once.")
class MessageSurvey:
    code: str = strawberry.field(description="Its code in the programme file.")
    kind: SurveyKind = strawberry.field(description="What it asks, and so which scores there are.")
    question: str = strawberry.field(description="In the member's language of now.")
    lowest: int = strawberry.field(description="The least score that there is.")
    highest: int = strawberry.field(description="The greatest score that there is.")
    score: int | None = strawberry.field(
        description="What it was answered with; null where it is not answered."
    )
    answered_at: datetime | None = strawberry.field(description="When it was answered; null where it is not.")
    comment: str | None = strawberry.field(
        description="What the member wrote beside the score; null where they wrote nothing."
    )


@strawberry.type(description="The inbox: every notification, also where no push could be delivered.")
class Message(Node):
    message_kind: str = strawberry.field(
        description="The message's code in the programme file; `survey` for a question, which `survey` says."
    )
    title: str = strawberry.field(description="In the member's language of now.")
    body: str = strawberry.field(description="In the member's language of now.")
    sent_at: datetime = strawberry.field(description="When it was put into the inbox.")
    read_at: datetime | None = strawberry.field(
        description="When it was marked read; null where it is unread."
    )
    link: str | None = strawberry.field(
        description="Where a tap leads, a deep link of the app; null where nowhere."
    )
    survey: MessageSurvey | None = strawberry.field(description="What it asks; null where it asks nothing.")


@strawberry.type(description="A message in its list.")
class MessageEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: Message = strawberry.field(description="The message.")


@strawberry.type(description="A window of the inbox.")
class MessageConnection:
    edges: list[MessageEdge] = strawberry.field(description=EDGES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)
    unread: int = strawberry.field(description="How many of the whole inbox are unread.")
    member: strawberry.Private[str]

    @strawberry.field(description="How many messages the whole inbox has.")
    async def total_count(self, info: Info) -> int:
        loaders, runtime = info.context.loaders, info.context.dependencies.runtime
        merged = (await loaders.member_view(self.member)).merged
        return (await loaders.mailbox(self.member)).letter_count + await inbox.count_letters(runtime, merged)


@strawberry.input(description="Messages that the member has read.")
class MarkMessagesReadInput:
    ids: list[strawberry.ID] = strawberry.field(
        description="At most 100 global ids; those read before stay read."
    )
    clicked: bool = strawberry.field(
        default=False,
        description=(
            "Whether the member tapped them, in the inbox or as a push, to go where they lead. Each is"
            " counted once, beside those that were read. Then `ids` may hold those that pushes carry as"
            " `tap`, of messages that are in no inbox."
        ),
    )


@strawberry.type(description="They are marked.")
class MessagesRead:
    unread: int = strawberry.field(description="How many are unread still.")


@strawberry.type
class MessageMutation:
    @strawberry.mutation(
        description=(
            "Doing it again changes nothing. The member's other phones are told the new number by a push that"
            " shows nothing: its data are `kind: badge` and `unread`."
        )
    )
    async def mark_messages_read(self, info: Info, input: MarkMessagesReadInput) -> MessagesRead:
        if len(input.ids) > MAX_MARKED:
            raise BadInput(f"At most {MAX_MARKED} ids at once.", field="ids")
        ids = [decode_id_as("Message", id, field="ids") for id in input.ids]
        caller, now, dependencies = info.context.member(), info.context.loaders.now, info.context.dependencies
        member = caller.member_id
        try:
            marked = await inbox.mark_read(
                dependencies.runtime,
                member_id=member,
                letter_ids=ids,
                is_clicked=input.clicked,
                now=now,
            )
        except errors.NotFound:
            raise NotFound from None
        if marked.unread_count != marked.before:
            dependencies.badge_counts.tell_later(
                dependencies.runtime.store,
                dependencies.senders,
                member=member,
                installation=caller.device_id,
                unread=marked.unread_count,
                now=info.context.loaders.world_now,
            )
        return MessagesRead(unread=marked.unread_count)


# ---------------------------------------------------------------- rendering


def message_id(letter_id: str) -> str:
    """Return the global id of a letter. The push that announces the letter carries the same id."""
    return encode_id("Message", letter_id)


def message_of(audience: Audience, member_view: MemberView, letter: Letter) -> Message:
    """Return a letter as its member reads it."""
    recipient = Recipient(member_view.details.name, member_view.member.number, audience.locale)
    programme = audience.programme_of_version(letter.version)
    words = render_letter(programme, letter, recipient)
    survey = find_survey_spec(programme, letter.code) if letter.kind == "survey" else None
    return Message(
        id=strawberry.ID(message_id(letter.id)),
        message_kind="survey" if letter.kind == "survey" else letter.code,
        title=words.title,
        body=words.body,
        sent_at=letter.sent_at,
        read_at=letter.read_at,
        link=absolute_link(words.link, audience.links_url),
        survey=None if survey is None else _message_survey(survey, words.title, letter),
    )


def _message_survey(survey: SurveySpec, question: str, letter: Letter) -> MessageSurvey:
    return MessageSurvey(
        code=survey.code,
        kind=SurveyKind[survey.kind.upper()],
        question=question,
        lowest=survey.scores[0],
        highest=survey.scores[-1],
        score=letter.score,
        answered_at=letter.answered_at,
        comment=letter.comment,
    )


async def message_history(
    info: Info, member: str, *, first: int | None, after: str | None, unread: bool | None = None
) -> MessageConnection:
    """Return a window of the inbox, newest first; of those that are unread, or read, where that is said."""
    window = read_window(first, after, list_name=LIST_NAME)
    loaders, runtime = info.context.loaders, info.context.dependencies.runtime
    mailbox = await loaders.mailbox(member)
    audience, member_view = await loaders.audience(), await loaders.member_view(member)

    async def read(owner: str, size: int, before: int | None) -> ListPart[Message]:
        if owner != member:
            page = await inbox.list_merged_letters(runtime, member_id=owner, first=size, before=before)
        else:
            page = await inbox.list_letters(
                runtime, member_id=member, mailbox=mailbox, first=size, before=before, is_unread=unread
            )
        rows = [NumberedRow(one.number, message_of(audience, member_view, one)) for one in page.letters]
        return ListPart(rows, page.has_more, page.read_down_to)

    part = await (
        read(member, window.size, window.after)  # of merged memberships none is unread
        if unread
        else read_parts(info, member, window, read=read, goes_on=True)
    )
    return connection(
        part.rows,
        window,
        list_name=LIST_NAME,
        edge=MessageEdge,
        page_info=PageInfo,
        make=partial(MessageConnection, unread=mailbox.unread_count, member=member),
        has_more=part.has_more,
        read_down_to=part.read_down_to,
    )


async def current_message(info: Info, member: str, letter_id: str) -> Message:
    """Return one letter of a member. Raises NotFound."""
    try:
        letter = await inbox.load_letter(
            info.context.dependencies.runtime, letter_id=letter_id, member_id=member
        )
    except errors.NotFound:
        raise NotFound from None
    return message_of(
        await info.context.loaders.audience(), await info.context.loaders.member_view(member), letter
    )
