"""Surveys: a rule puts a question into the inbox; its member answers it there, once. The answer is an event.

rule `do: [{survey: CODE}]` -> outbox row -> inbox and push -> `answer_survey` -> survey.answered

Words beside the score lie with the letter alone: no event, journal row or figure has them, and they go with
the member.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.model import event_names
from domain.model.calendar import milliseconds
from domain.model.values import dataclass
from domain.model.visible_text import has_visible, trimmed
from domain.services import input_checks
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput, SurveyAnsweredBefore
from domain.services.idempotency import member_request
from domain.services.keyed_decisions import BoundReply, DecidedEvent, bind_row, decide_new, decide_once
from domain.services.messages import inbox as letters
from domain.services.messages.message_rules import find_survey_spec
from domain.services.runtime import Runtime
from domain.store.ledger import members
from domain.store.messages import inbox, survey_comments
from domain.store.messages.inbox import Letter, Mailbox
from domain.store.requests import Reply

LONGEST_COMMENT = 500


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """The letter with its answer, and how many letters are unread."""

    letter: Letter
    unread_count: int


@dataclass(frozen=True, slots=True)
class SurveyComment:
    """An answer with words beside it, and the membership number of who wrote them."""

    letter: Letter
    number: str


@dataclass(frozen=True, slots=True)
class CommentPage:
    """Answers with words, newest first, and whether there are older ones. `end` is when the last one was
    answered, and how many of that instant are shown by now.
    """

    comments: tuple[SurveyComment, ...]
    has_more: bool
    end: tuple[datetime, int] | None


@dataclass(frozen=True, slots=True)
class _Question:
    """A survey's letter before its answer, and the mailbox that it lies in."""

    letter: Letter
    mailbox: Mailbox

    @property
    def mailbox_after(self) -> Mailbox:
        """Return the mailbox after the answer, which also marks the letter as read."""
        return self.mailbox.with_changed([self.letter])


# ---------------------------------------------------------------- reads
async def _load_unanswered(runtime: Runtime, letter_id: str, member_id: str, score: int) -> Letter:
    """Return the letter of a question. Raises InvalidInput, NotFound, SurveyAnsweredBefore."""
    letter = await letters.load_stored_letter(runtime, letter_id=letter_id, member_id=member_id)
    spec = (
        find_survey_spec(runtime.programmes.loaded_or_current(letter.version), letter.code)
        if letter.kind == "survey"
        else None
    )
    if spec is None:
        raise InvalidInput("message", "This message asks nothing: `survey` of one that does says what.")
    input_checks.check_score(score, allowed_scores=spec.scores, field="score")
    if letter.score is not None and letter.answered_at is not None:
        raise SurveyAnsweredBefore(letter.score, letter.answered_at)
    return letter


async def list_comments(
    runtime: Runtime,
    *,
    survey: str,
    scores: tuple[int, int],
    first: int,
    since: tuple[datetime, int] | None = None,
) -> CommentPage:
    """Return what members wrote beside their scores from one to another, newest first, after the `end` of the
    page before.
    """
    letters = await survey_comments.find(runtime.store, survey, scores=scores, since=since, first=first + 1)
    page = letters[:first]
    writers = await members.find_many(runtime.store, list({letter.member for letter in page}))
    comments = tuple(
        SurveyComment(letter, writers[letter.member].member.number if letter.member in writers else "")
        for letter in page
    )
    return CommentPage(comments, len(letters) > first, _end_of(page, since))


def _end_of(page: Sequence[Letter], since: tuple[datetime, int] | None) -> tuple[datetime, int] | None:
    if not page or (at := page[-1].answered_at) is None:
        return since
    passed = since[1] if since is not None and since[0] == at else 0
    return at, passed + sum(letter.answered_at == at for letter in page)


# ---------------------------------------------------------------- pure rules
def check_comment(text: str | None) -> str | None:
    """Return what a member wrote beside a score, without spaces at its ends; None where that is nothing.
    Raises InvalidInput.
    """
    if text is None or not has_visible(text[: 4 * LONGEST_COMMENT]):
        return None
    comment = trimmed(text.replace("\r\n", "\n"), line_ends=True)
    if len(comment) > LONGEST_COMMENT:
        raise InvalidInput("comment", f"Write at most {LONGEST_COMMENT} characters.")
    # Lines may be ended: people write so.
    input_checks.check_text(comment.replace("\n", " "), field="comment", max_length=LONGEST_COMMENT)
    return comment


def _answered(letter: Letter, score: int, words: str | None, *, now: datetime) -> Letter:
    """Return a question as it stands once it is answered."""
    return replace(
        letter,
        score=score,
        comment=words,
        answered_at=now,
        read_at=letter.read_at or now,
        is_uncounted=letter.is_uncounted or letter.read_at is None,
    )


# ---------------------------------------------------------------- writes
async def answer_survey(
    runtime: Runtime,
    *,
    member_id: str,
    letter_id: str,
    score: int,
    key: str,
    now: datetime,
    comment: str | None = None,
) -> SurveyAnswer:
    """Answer a question of the inbox, with words beside the score where there are some.

    Raises SurveyAnsweredBefore, IdempotencyKeyConflict, InvalidInput, NotFound (another member's too), Busy.
    """
    words = check_comment(comment)
    said = {} if words is None else {"comment": words}
    request = member_request(member_id, "answerSurvey", key, {"message": letter_id, "score": score, **said})
    now = milliseconds(now)

    async def decide() -> DecidedEvent[_Question]:
        letter = await _load_unanswered(runtime, letter_id, member_id, score)
        stored_member = await load_member(runtime, member_id)
        return await decide_new(
            runtime,
            stored_member,
            id=f"survey:{letter_id}",
            name=event_names.SURVEY_ANSWERED,
            event_data={"survey": letter.code, "score": score},
            subject=_Question(letter, await inbox.find_mailbox(runtime.store, letter.member)),
            now=now,
        )

    def bind(decided: DecidedEvent[_Question]) -> BoundReply:
        question = decided.subject
        claims = [
            inbox.answer_write(question.letter, score=score, comment=words, at=now),
            inbox.mailbox_write(question.mailbox, question.mailbox_after),
        ]
        return replace(bind_row(decided), claims=claims)

    async def answer(decided: DecidedEvent[_Question]) -> SurveyAnswer:
        letter, mailbox = decided.subject.letter, decided.subject.mailbox_after
        if letter.member != member_id:  # it was asked of a membership that was merged into this one
            mailbox = await inbox.find_mailbox(runtime.store, member_id)
        return SurveyAnswer(_answered(letter, score, words, now=now), mailbox.unread_count)

    async def answer_again(_: Reply) -> SurveyAnswer:
        letter = await letters.load_letter(runtime, letter_id=letter_id, member_id=member_id)
        return SurveyAnswer(letter, (await inbox.find_mailbox(runtime.store, member_id)).unread_count)

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer,
        answer_again=answer_again,
    )
