"""Answering the question of a survey, which is a message of the inbox."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.errors import NotFound
from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.ids import decode_id_as
from api.graphql.engine.problems import IdempotencyConflict, refusals_as_problems, renders
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.member.messages import Message, message_of
from api.texts import say
from domain.services import errors
from domain.services.messages import surveys


@strawberry.input(description="The answer to a question of the member's own inbox.")
class AnswerSurveyInput:
    message: strawberry.ID = strawberry.field(
        description="The message's global id, as the inbox and the push name it."
    )
    score: int = strawberry.field(description="From `survey.lowest` to `survey.highest`.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    comment: str | None = strawberry.field(
        default=None, description="What the member adds in their own words, up to 500 characters."
    )


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
    strawberry.union("AnswerSurveyResult", description="The answer is stored, or why not."),
]


@strawberry.type
class SurveyMutation:
    @strawberry.mutation(
        description="Answers a survey, once; the member gets what the programme gives for it."
    )
    @refusals_as_problems
    async def answer_survey(self, info: Info, input: AnswerSurveyInput) -> AnswerSurveyResult:
        loaders, member = info.context.loaders, info.context.member().member_id
        letter_id = decode_id_as("Message", input.message, field="message")
        try:
            result = await surveys.answer_survey(
                info.context.dependencies.runtime,
                member_id=member,
                letter_id=letter_id,
                score=input.score,
                comment=input.comment,
                key=input.idempotency_key,
                now=loaders.now,
            )
        except errors.NotFound:
            raise NotFound from None
        return SurveyAnswered(
            question=message_of(await loaders.audience(), await loaders.member_view(member), result.letter),
            unread=result.unread_count,
        )


@renders(errors.SurveyAnsweredBefore)
def _answered_before(
    _info: Info, audience: Audience, refusal: errors.SurveyAnsweredBefore
) -> SurveyAnsweredBefore:
    message = say("problem.SurveyAnsweredBefore", audience.locale)
    return SurveyAnsweredBefore(message=message, score=refusal.score, answered_at=refusal.answered_at)
