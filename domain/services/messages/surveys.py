"""Surveys: a rule's question lies in the inbox, and its member answers it there, once; the answer is an event
like any other.

rule `do: [{survey: CODE}]` -> a row of the outbox -> inbox and push (`messages`, `deliveries`) -> `answer` ->
survey.answered
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.model import event_names
from domain.model.calendar import milliseconds
from domain.model.ledger.events import Event, Json
from domain.services import input_checks
from domain.services.decisions import commit_decision, decide_event, event_instant, load_member
from domain.services.errors import InvalidInput, SurveyAnsweredBefore
from domain.services.idempotency import KeyBinding, run_once
from domain.services.messages import inbox as letters
from domain.services.messages.message_rules import find_survey_spec
from domain.services.runtime import Runtime
from domain.store.messages import inbox
from domain.store.messages.inbox import Letter
from domain.store.requests import Reply, member_scope, request_key


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """The question with its answer, and how many letters nobody has read."""

    letter: Letter
    unread_count: int


# ---------------------------------------------------------------- writes
async def answer_survey(
    runtime: Runtime, *, member_id: str, letter_id: str, score: int, key: str, now: datetime
) -> SurveyAnswer:
    """Answer a question of the inbox. Raises SurveyAnsweredBefore, Conflicting; InvalidInput, NotFound
    (somebody else's too), Busy.
    """
    input_checks.check_identifier(key, field="idempotencyKey")
    now = milliseconds(now)
    request_input = {"message": letter_id, "score": score}
    request = request_key(
        scope=member_scope(member_id), key=key, operation="answerSurvey", request_input=request_input
    )

    async def act(key_binding: KeyBinding) -> SurveyAnswer:
        letter = await letters.load_letter(runtime, letter_id=letter_id, member_id=member_id)
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
        published, stored_member = runtime.programmes.current(), await load_member(runtime, member_id)
        event_data: dict[str, Json] = {"survey": letter.code, "score": score}
        event = Event(
            f"survey:{letter_id}",
            event_names.SURVEY_ANSWERED,
            event_instant(stored_member, now=now),
            "app",
            event_data,
        )
        decision = await decide_event(runtime, published, stored_member, event, now=now)
        claims, mailbox = (
            [inbox.answer_write(letter, score=score, at=now)],
            await inbox.find_mailbox(runtime.store, member_id),
        )
        if letter.read_at is None:
            mailbox_after = replace(mailbox, unread_count=max(0, mailbox.unread_count - 1))
            claims.append(inbox.mailbox_write(mailbox, mailbox_after))
            mailbox = mailbox_after
        await commit_decision(
            runtime,
            published,
            decision,
            now=now,
            request=key_binding.write_for({"seq": decision.row.seq}),
            claims=claims,
        )
        return SurveyAnswer(
            replace(letter, score=score, answered_at=now, read_at=letter.read_at or now), mailbox.unread_count
        )

    async def again(_: Reply) -> SurveyAnswer:
        letter = await letters.load_letter(runtime, letter_id=letter_id, member_id=member_id)
        return SurveyAnswer(letter, (await inbox.find_mailbox(runtime.store, member_id)).unread_count)

    return await run_once(runtime, request=request, queue=member_id, now=now, act=act, answer_again=again)
