"""Surveys: a rule puts a question into the inbox; its member answers it there, once. The answer is an event.

rule `do: [{survey: CODE}]` -> outbox row -> inbox and push -> `answer_survey` -> survey.answered
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.model import event_names
from domain.model.calendar import milliseconds
from domain.services import input_checks
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput, SurveyAnsweredBefore
from domain.services.idempotency import member_request
from domain.services.keyed_decisions import BoundReply, DecidedEvent, bind_row, decide_new, decide_once
from domain.services.messages import inbox as letters
from domain.services.messages.message_rules import find_survey_spec
from domain.services.runtime import Runtime
from domain.store.messages import inbox
from domain.store.messages.inbox import Letter, Mailbox
from domain.store.requests import Reply


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """The letter with its answer, and how many letters are unread."""

    letter: Letter
    unread_count: int


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


# ---------------------------------------------------------------- writes
async def answer_survey(
    runtime: Runtime, *, member_id: str, letter_id: str, score: int, key: str, now: datetime
) -> SurveyAnswer:
    """Answer a question of the inbox.

    Raises SurveyAnsweredBefore, IdempotencyKeyConflict, InvalidInput, NotFound (another member's too), Busy.
    """
    request = member_request(member_id, "answerSurvey", key, {"message": letter_id, "score": score})
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
            inbox.answer_write(question.letter, score=score, at=now),
            inbox.mailbox_write(question.mailbox, question.mailbox_after),
        ]
        return replace(bind_row(decided), claims=claims)

    async def answer(decided: DecidedEvent[_Question]) -> SurveyAnswer:
        letter, mailbox = decided.subject.letter, decided.subject.mailbox_after
        answered = replace(
            letter,
            score=score,
            answered_at=now,
            read_at=letter.read_at or now,
            is_uncounted=letter.is_uncounted or letter.read_at is None,
        )
        if letter.member != member_id:  # it was asked of a membership that was merged into this one
            mailbox = await inbox.find_mailbox(runtime.store, member_id)
        return SurveyAnswer(answered, mailbox.unread_count)

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
