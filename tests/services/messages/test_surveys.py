"""A rule's question reaches its member, never at night; their one answer is an event like any other."""

import asyncio
from datetime import timedelta

import pytest

from domain.services.errors import IdempotencyKeyConflict, InvalidInput, NotFound, SurveyAnsweredBefore
from domain.services.ledger import queries
from domain.services.ledger.verification import verify
from domain.services.messages import inbox, surveys
from domain.services.messages import outbox as operator
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import journal
from tests.loud_runtime import (
    NIGHT,
    NOON,
    RecordingPushSender,
    change_details,
    deliver_all_due,
    delivery_states,
    load_outbox_row,
    new_delivery_worker,
    open_loud_runtime,
    record_event,
    register_phone,
)
from tests.small_runtime import join

ASKING = """
programme: {code: asking, name: Asking, currency: EUR, timezone: Europe/Lisbon, locales: [en, pt], quiet_hours: "21:00-08:00"}
wallets: [{code: points, kind: points, name: Points}]
consents: [{purpose: marketing, title: News, wording: "Yes, news"}]
events:
  - {name: visited, title: Visited, data: {}}
  - {name: left, title: Left, data: {}}
rules:
  - {code: ask, on: visited, do: [{survey: happy}]}
  - {code: ask-more, on: left, do: [{survey: friends}]}
  - {code: thanks, title: For your answer, on: survey.answered, when: event.data.score >= 4, do: [{award: {wallet: points, fixed: 20}}]}
  - {code: farewell, on: left, do: [{message: happy}]}
messages:
  - {code: happy, channels: [inbox], title: A message, body: of the same code}
surveys:
  - {code: happy, kind: csat, question: {en: Are you content?, pt: Gostou?}}
  - {code: friends, question: {en: Would you recommend us?, pt: Recomendaria?}}
"""


async def receive_survey(runtime: Runtime, *, member: str = "ana") -> str:
    """A member's question in their inbox; returns its id."""
    id = await record_event(runtime, "visited", member)
    await deliver_all_due(runtime, new_delivery_worker())
    return id


async def points(runtime: Runtime) -> int:
    wallet = (await queries.load_member_view(runtime, member_id="ana", now=NOON)).member.wallets.get("points")
    return 0 if wallet is None else wallet.available


async def test_the_question_reaches_phone_and_inbox_in_the_members_language_and_needs_no_consent(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database, ASKING)
    await register_phone(runtime)
    await change_details(runtime, locale="pt", news=False)
    id, pushes = await record_event(runtime, "visited"), RecordingPushSender()
    assert await deliver_all_due(runtime, new_delivery_worker(pushes)) == 1
    assert [(one.title, one.body, one.link, dict(one.payload)) for one in pushes.sent] == [
        ("Gostou?", "", None, {"kind": "survey", "survey": "happy", "message": id})
    ]
    assert [
        (one.id, one.kind, one.code, one.score)
        for one in (await inbox.list_letters(runtime, member_id="ana", first=20)).letters
    ] == [(id, "survey", "happy", None)]
    assert ((await load_outbox_row(runtime, id)).state, await delivery_states(runtime, id)) == (
        "done",
        [("push", "sent", "")],
    )
    assert await operator.list_queue(runtime, state="parked", first=10) == []


async def test_a_question_wakes_nobody(database: Database) -> None:
    runtime = await open_loud_runtime(database, ASKING)
    await register_phone(runtime)
    id, pushes = await record_event(runtime, "visited", at=NIGHT), RecordingPushSender()
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=NIGHT) == 0
    assert (await inbox.find_mailbox(runtime, member_id="ana")).unread_count == 1
    due, morning = (await load_outbox_row(runtime, id)).due_at, NIGHT + timedelta(hours=9)
    assert morning <= due < morning + timedelta(minutes=15)
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=due) == 1


async def test_the_answer_is_an_event_that_rules_may_act_on_and_the_question_is_read_with_it(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database, ASKING)
    id = await receive_survey(runtime)
    answered = await surveys.answer_survey(
        runtime, member_id="ana", letter_id=id, score=5, key="k1", now=NOON
    )
    assert (
        answered.letter.score,
        answered.letter.answered_at,
        answered.letter.read_at,
        answered.unread_count,
    ) == (
        5,
        NOON,
        NOON,
        0,
    )
    assert await inbox.load_letter(runtime, letter_id=id, member_id="ana") == answered.letter
    assert await points(runtime) == 20
    rows = await journal.find_between(runtime.store, "ana", start=NOON, end=NOON)
    answers = [
        (one.event.name, one.event.source, dict(one.event.data))
        for one in rows
        if one.event.name == "survey.answered"
    ]
    assert answers == [("survey.answered", "app", {"survey": "happy", "score": 5})]
    assert [one async for one in verify(runtime.store)] == []


async def test_a_question_read_before_is_counted_as_read_once(database: Database) -> None:
    runtime = await open_loud_runtime(database, ASKING)
    first, second = await receive_survey(runtime), await receive_survey(runtime)
    assert (await inbox.mark_read(runtime, member_id="ana", letter_ids=[first], now=NOON)).unread_count == 1
    later = NOON + timedelta(minutes=1)
    answered = await surveys.answer_survey(
        runtime, member_id="ana", letter_id=first, score=1, key="k1", now=later
    )
    assert (answered.letter.read_at, answered.letter.answered_at, answered.unread_count) == (NOON, later, 1)
    assert (
        await surveys.answer_survey(runtime, member_id="ana", letter_id=second, score=1, key="k2", now=later)
    ).unread_count == 0


async def test_an_answer_stands_and_counts_once(database: Database) -> None:
    runtime = await open_loud_runtime(database, ASKING)
    id = await receive_survey(runtime)
    first = await surveys.answer_survey(runtime, member_id="ana", letter_id=id, score=4, key="k1", now=NOON)
    assert (
        await surveys.answer_survey(
            runtime, member_id="ana", letter_id=id, score=4, key="k1", now=NOON + timedelta(days=1)
        )
        == first
    )
    with pytest.raises(IdempotencyKeyConflict):
        await surveys.answer_survey(runtime, member_id="ana", letter_id=id, score=5, key="k1", now=NOON)
    with pytest.raises(SurveyAnsweredBefore) as before:
        await surveys.answer_survey(runtime, member_id="ana", letter_id=id, score=5, key="k2", now=NOON)
    assert (before.value.score, before.value.answered_at) == (4, NOON)
    assert (await inbox.load_letter(runtime, letter_id=id, member_id="ana"), await points(runtime)) == (
        first.letter,
        20,
    )


async def test_of_answers_at_once_one_stands(database: Database) -> None:
    runtime = await open_loud_runtime(database, ASKING)
    id = await receive_survey(runtime)
    tries = [
        surveys.answer_survey(runtime, member_id="ana", letter_id=id, score=4, key=f"k{n}", now=NOON)
        for n in range(4)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["SurveyAnswer", *["SurveyAnsweredBefore"] * 3]
    assert await points(runtime) == 20


@pytest.mark.parametrize(
    ("event", "good", "bad"), [("visited", (1, 5), (0, 6, -1)), ("left", (0, 10), (-1, 11))]
)
async def test_there_are_no_scores_beyond_the_kind_of_survey(
    database: Database, event: str, good: tuple[int, ...], bad: tuple[int, ...]
) -> None:
    runtime = await open_loud_runtime(database, ASKING)
    for score in bad:
        await record_event(runtime, event)
        await deliver_all_due(runtime, new_delivery_worker())
        letter = next(
            one
            for one in (await inbox.list_letters(runtime, member_id="ana", first=20)).letters
            if one.kind == "survey"
        )
        with pytest.raises(InvalidInput) as refusal:
            await surveys.answer_survey(
                runtime, member_id="ana", letter_id=letter.id, score=score, key="bad", now=NOON
            )
        assert (refusal.value.field, refusal.value.message) == (
            "score",
            f"Write a whole number from {good[0]} to {good[1]}.",
        )
        assert (await inbox.load_letter(runtime, letter_id=letter.id, member_id="ana")).read_at is None
    letters = [
        one
        for one in (await inbox.list_letters(runtime, member_id="ana", first=20)).letters
        if one.kind == "survey"
    ]
    for score, letter in zip(good, letters, strict=False):
        answered = await surveys.answer_survey(
            runtime, member_id="ana", letter_id=letter.id, score=score, key=letter.id, now=NOON
        )
        assert answered.letter.score == score


async def test_nobody_answers_for_another_and_a_message_of_the_same_code_asks_nothing(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database, ASKING)
    await join(runtime, "rui", at=NOON)
    id = await receive_survey(runtime)
    seq = (await queries.load_member_view(runtime, member_id="ana", now=NOON)).member.seq
    for letter in (id, "nothing:1:0"):
        with pytest.raises(NotFound):
            await surveys.answer_survey(
                runtime, member_id="rui", letter_id=letter, score=4, key="k1", now=NOON
            )
    await record_event(runtime, "left")
    await deliver_all_due(runtime, new_delivery_worker())
    message = next(
        one
        for one in (await inbox.list_letters(runtime, member_id="ana", first=20)).letters
        if one.kind == "message"
    )
    assert message.code == "happy"
    with pytest.raises(InvalidInput) as refusal:
        await surveys.answer_survey(
            runtime, member_id="ana", letter_id=message.id, score=4, key="k2", now=NOON
        )
    assert refusal.value.field == "message"
    assert (await inbox.load_letter(runtime, letter_id=id, member_id="ana")).score is None
    assert (
        (await queries.load_member_view(runtime, member_id="ana", now=NOON)).member.seq,
        await points(runtime),
    ) == (
        seq + 1,
        0,
    )
