"""What members wrote beside the scores of surveys: analysts read the words, service also whose they are."""

import re
from datetime import UTC, datetime
from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.engine.ids import encode_id, from_base64url, to_base64url
from api.graphql.engine.paging import After, First, row_count
from api.graphql.engine.shared_types import Info, PageInfo
from api.graphql.member.messages import SurveyKind
from api.graphql.till.till_session import count_look_up, note_shown_members
from domain.services.messages import surveys
from domain.services.messages.surveys import SurveyComment as ReadComment

LONGEST_CODE = 64
CURSOR_NAME = "comment"
_CURSOR = re.compile(rb"comment:([0-9]{1,13}):([0-9]{1,3})")
LEAST, MOST = 0, 10  # the scores of all kinds


@strawberry.type(description="A survey of the programme file.")
class Survey:
    code: str = strawberry.field(description="As the programme file writes it.")
    survey_kind: SurveyKind = strawberry.field(description="What it asks, and so which scores there are.")
    question: str = strawberry.field(description="In the caller's language.")
    lowest: int = strawberry.field(description="The least score that there is.")
    highest: int = strawberry.field(description="The greatest score that there is.")


@strawberry.type(description="An answer with words beside the score.")
class SurveyComment:
    at: datetime = strawberry.field(description="When it was answered.")
    score: int = strawberry.field(description="The score.")
    text: str = strawberry.field(description="What the member wrote: never HTML.")
    customer: strawberry.ID | None = strawberry.field(
        description="The customer's id; null for whoever is not service."
    )
    number: str | None = strawberry.field(
        description="The membership number; null for whoever is not service."
    )


@strawberry.type(description="What members wrote beside their scores, newest first.")
class SurveyComments:
    comments: list[SurveyComment] = strawberry.field(description="Of this page.")
    page_info: PageInfo = strawberry.field(description="Where it stands.")


@strawberry.type
class SurveyCommentQuery:
    @strawberry.field(
        description="Analysts and service: the surveys of the programme, in the order of the file."
    )
    async def surveys(self, info: Info) -> list[Survey]:
        audience = await info.context.loaders.audience()
        return [
            Survey(
                code=spec.code,
                survey_kind=SurveyKind[spec.kind.upper()],
                question=audience.text(spec.question),
                lowest=spec.scores[0],
                highest=spec.scores[-1],
            )
            for spec in info.context.dependencies.runtime.programme.surveys
        ]

    @strawberry.field(
        description=(
            "Analysts and service: what members wrote beside their scores, newest first. Each member of a"
            " page counts as a look-up of the day for who sees whose they are."
        )
    )
    async def survey_comments(
        self,
        info: Info,
        survey: Annotated[str, strawberry.argument(description="The code of a survey.")],
        lowest: Annotated[int, strawberry.argument(description="The least score that is wanted.")] = LEAST,
        highest: Annotated[int, strawberry.argument(description="The greatest that is wanted.")] = MOST,
        first: First = None,
        after: After = None,
    ) -> SurveyComments:
        if not LEAST <= lowest <= highest <= MOST:
            raise BadInput(f"Write scores from {LEAST} to {MOST}, the least first.", field="lowest")
        is_named = info.context.staff().role != "ANALYST"
        if is_named:
            count_look_up(info)
        page = await surveys.list_comments(
            info.context.dependencies.runtime,
            survey=survey[:LONGEST_CODE],
            scores=(lowest, highest),
            first=row_count(first),
            since=_read_cursor(after),
        )
        if is_named:
            await note_shown_members(info, [each.letter.member for each in page.comments])
        return SurveyComments(
            comments=[_comment(each) for each in page.comments],
            page_info=PageInfo(
                has_next_page=page.has_more,
                has_previous_page=after is not None,
                start_cursor=after,
                end_cursor=None if page.end is None else _cursor(*page.end),
            ),
        )


def _comment(each: ReadComment) -> SurveyComment:
    letter = each.letter
    assert letter.answered_at is not None, "it was answered"
    assert letter.score is not None, "it was answered"
    assert letter.comment is not None, "with words"
    return SurveyComment(
        at=letter.answered_at,
        score=letter.score,
        text=letter.comment,
        customer=strawberry.ID(encode_id("Customer", letter.member)),
        number=each.number,
    )


def _cursor(at: datetime, passed: int) -> str:
    """Return a cursor that names no member, as the ids of letters do."""
    return to_base64url(f"{CURSOR_NAME}:{round(at.timestamp() * 1_000)}:{passed}".encode())


def _read_cursor(after: str | None) -> tuple[datetime, int] | None:
    if after is None:
        return None
    match = _CURSOR.fullmatch(from_base64url(after, field="after"))
    if match is None:
        raise BadInput("This is no cursor of this list.", field="after")
    return datetime.fromtimestamp(int(match[1]) / 1_000, UTC), int(match[2])
