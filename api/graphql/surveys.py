"""Answering a survey's question, which lies in the inbox."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.basics import Info, Problem
from api.graphql.descriptions import KEY
from api.graphql.errors import NotFound
from api.graphql.ids import decode_as
from api.graphql.messages import Message, message_of
from api.graphql.problems import IdempotencyConflict, refusals, told_by
from api.graphql.reader import Reader
from api.texts import say
from domain.services import errors, surveys


@strawberry.input(description="The answer to a question of the member's own inbox.")
class AnswerSurveyInput:
    message: strawberry.ID = strawberry.field(
        description="The message's global id, as the inbox and the push name it."
    )
    score: int = strawberry.field(description="From `survey.lowest` to `survey.highest`.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(description="The answer is kept, and the message read.")
class SurveyAnswered:
    question: Message = strawberry.field(description="The message, its `survey` answered.")
    unread: int = strawberry.field(description="How many messages are unread still.")


@strawberry.type(description="The question was answered before; that answer stands.")
class SurveyAnsweredBefore(Problem):
    score: int = strawberry.field(description="What it was answered with.")
    answered_at: datetime = strawberry.field(description="When.")


AnswerSurveyResult = Annotated[
    SurveyAnswered | SurveyAnsweredBefore | IdempotencyConflict,
    strawberry.union("AnswerSurveyResult", description="Kept, or why not."),
]


@strawberry.type
class SurveyMutation:
    @strawberry.mutation(
        description="Answers a survey, once; what the programme gives for it is the member's."
    )
    @refusals
    async def answer_survey(self, info: Info, input: AnswerSurveyInput) -> AnswerSurveyResult:
        loaders, member = info.context.loaders, info.context.member().member_id
        letter = decode_as("Message", input.message, field="message")
        try:
            done = await surveys.answer(
                info.context.services.house,
                member_id=member,
                letter_id=letter,
                score=input.score,
                key=input.idempotency_key,
                now=loaders.now,
            )
        except errors.NotFound:
            raise NotFound from None
        return SurveyAnswered(
            question=message_of(await loaders.reader(), await loaders.seen(member), done.letter),
            unread=done.unread,
        )


@told_by(errors.SurveyAnsweredBefore)
def _before(_info: Info, reader: Reader, refusal: errors.SurveyAnsweredBefore) -> SurveyAnsweredBefore:
    message = say("problem.SurveyAnsweredBefore", reader.locale)
    return SurveyAnsweredBefore(message=message, score=refusal.score, answered_at=refusal.answered_at)
