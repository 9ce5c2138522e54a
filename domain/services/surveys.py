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
from domain.services import given
from domain.services import inbox as letters
from domain.services.errors import InvalidInput, SurveyAnsweredBefore
from domain.services.house import Binding, House, committed, decided, member_of, moment, once
from domain.services.messages import survey_of
from domain.store.messages import inbox
from domain.store.messages.inbox import Letter
from domain.store.requests import Reply, member_scope, request_key


@dataclass(frozen=True, slots=True)
class Answered:
    """The question with its answer, and how many letters nobody has read."""

    letter: Letter
    unread: int


# ---------------------------------------------------------------- writes
async def answer(
    house: House, *, member_id: str, letter_id: str, score: int, key: str, now: datetime
) -> Answered:
    """Answer a question of the inbox. Raises SurveyAnsweredBefore, Conflicting; InvalidInput, NotFound
    (somebody else's too), Busy.
    """
    given.identifier(key, field="idempotencyKey")
    now = milliseconds(now)
    asked = {"message": letter_id, "score": score}
    request = request_key(
        scope=member_scope(member_id), key=key, operation="answerSurvey", request_input=asked
    )

    async def act(binding: Binding) -> Answered:
        letter = await letters.letter(house, letter_id=letter_id, member_id=member_id)
        spec = (
            survey_of(house.programmes.loaded_or_current(letter.version), letter.code)
            if letter.kind == "survey"
            else None
        )
        if spec is None:
            raise InvalidInput("message", "This message asks nothing: `survey` of one that does says what.")
        given.score(score, among=spec.scores, field="score")
        if letter.score is not None and letter.answered_at is not None:
            raise SurveyAnsweredBefore(letter.score, letter.answered_at)
        published, kept = house.programmes.current(), await member_of(house, member_id)
        data: dict[str, Json] = {"survey": letter.code, "score": score}
        event = Event(f"survey:{letter_id}", event_names.SURVEY_ANSWERED, moment(kept, now=now), "app", data)
        decision = await decided(house, published, kept, event, now=now)
        claims, box = (
            [inbox.answer_write(letter, score=score, at=now)],
            await inbox.find_mailbox(house.store, member_id),
        )
        if letter.read_at is None:
            after = replace(box, unread_count=max(0, box.unread_count - 1))
            claims.append(inbox.mailbox_write(box, after))
            box = after
        await committed(
            house, published, decision, now=now, request=binding.to({"seq": decision.row.seq}), claims=claims
        )
        return Answered(
            replace(letter, score=score, answered_at=now, read_at=letter.read_at or now), box.unread_count
        )

    async def again(_: Reply) -> Answered:
        letter = await letters.letter(house, letter_id=letter_id, member_id=member_id)
        return Answered(letter, (await inbox.find_mailbox(house.store, member_id)).unread_count)

    return await once(house, request=request, queue=member_id, now=now, act=act, again=again)
