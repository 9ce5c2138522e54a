"""A rule's question reaches its member and nobody at night; what they answer, once, is an event like any
other.
"""

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
from tests.houses import join
from tests.services.post import NIGHT, NOON, Pushes, happens, loud, phone, post_of, row, say, states, works

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


async def asked(house: Runtime, *, member: str = "ana") -> str:
    """A member's question in their inbox; returns its id."""
    id = await happens(house, "visited", member)
    await works(house, post_of())
    return id


async def points(house: Runtime) -> int:
    wallet = (await queries.load_member_view(house, member_id="ana", now=NOON)).member.wallets.get("points")
    return 0 if wallet is None else wallet.available


async def test_the_question_reaches_phone_and_inbox_in_the_members_language_and_needs_no_consent(
    database: Database,
) -> None:
    house = await loud(database, ASKING)
    await phone(house)
    await say(house, locale="pt", news=False)
    id, pushes = await happens(house, "visited"), Pushes()
    assert await works(house, post_of(pushes)) == 1
    assert [(one.title, one.body, one.link, dict(one.payload)) for one in pushes.got] == [
        ("Gostou?", "", None, {"kind": "survey", "survey": "happy", "message": id})
    ]
    assert [
        (one.id, one.kind, one.code, one.score)
        for one in (await inbox.list_letters(house, member_id="ana", first=20)).letters
    ] == [(id, "survey", "happy", None)]
    assert ((await row(house, id)).state, await states(house, id)) == ("done", [("push", "sent", "")])
    assert await operator.list_queue(house, state="parked", first=10) == []


async def test_a_question_wakes_nobody(database: Database) -> None:
    house = await loud(database, ASKING)
    await phone(house)
    id, pushes = await happens(house, "visited", at=NIGHT), Pushes()
    assert await works(house, post_of(pushes), now=NIGHT) == 0
    assert (await inbox.find_mailbox(house, member_id="ana")).unread_count == 1
    due, morning = (await row(house, id)).due_at, NIGHT + timedelta(hours=9)
    assert morning <= due < morning + timedelta(minutes=15)
    assert await works(house, post_of(pushes), now=due) == 1


async def test_the_answer_is_an_event_that_rules_may_act_on_and_the_question_is_read_with_it(
    database: Database,
) -> None:
    house = await loud(database, ASKING)
    id = await asked(house)
    answered = await surveys.answer_survey(house, member_id="ana", letter_id=id, score=5, key="k1", now=NOON)
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
    assert await inbox.load_letter(house, letter_id=id, member_id="ana") == answered.letter
    assert await points(house) == 20
    rows = await journal.find_between(house.store, "ana", start=NOON, end=NOON)
    told = [
        (one.event.name, one.event.source, dict(one.event.data))
        for one in rows
        if one.event.name == "survey.answered"
    ]
    assert told == [("survey.answered", "app", {"survey": "happy", "score": 5})]
    assert [one async for one in verify(house.store)] == []


async def test_a_question_read_before_is_counted_as_read_once(database: Database) -> None:
    house = await loud(database, ASKING)
    first, second = await asked(house), await asked(house)
    assert await inbox.mark_read(house, member_id="ana", letter_ids=[first], now=NOON) == 1
    later = NOON + timedelta(minutes=1)
    answered = await surveys.answer_survey(
        house, member_id="ana", letter_id=first, score=1, key="k1", now=later
    )
    assert (answered.letter.read_at, answered.letter.answered_at, answered.unread_count) == (NOON, later, 1)
    assert (
        await surveys.answer_survey(house, member_id="ana", letter_id=second, score=1, key="k2", now=later)
    ).unread_count == 0


async def test_an_answer_stands_and_counts_once(database: Database) -> None:
    house = await loud(database, ASKING)
    id = await asked(house)
    first = await surveys.answer_survey(house, member_id="ana", letter_id=id, score=4, key="k1", now=NOON)
    assert (
        await surveys.answer_survey(
            house, member_id="ana", letter_id=id, score=4, key="k1", now=NOON + timedelta(days=1)
        )
        == first
    )
    with pytest.raises(IdempotencyKeyConflict):
        await surveys.answer_survey(house, member_id="ana", letter_id=id, score=5, key="k1", now=NOON)
    with pytest.raises(SurveyAnsweredBefore) as before:
        await surveys.answer_survey(house, member_id="ana", letter_id=id, score=5, key="k2", now=NOON)
    assert (before.value.score, before.value.answered_at) == (4, NOON)
    assert (await inbox.load_letter(house, letter_id=id, member_id="ana"), await points(house)) == (
        first.letter,
        20,
    )


async def test_of_answers_at_once_one_stands(database: Database) -> None:
    house = await loud(database, ASKING)
    id = await asked(house)
    tries = [
        surveys.answer_survey(house, member_id="ana", letter_id=id, score=4, key=f"k{n}", now=NOON)
        for n in range(4)
    ]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["SurveyAnswer", *["SurveyAnsweredBefore"] * 3]
    assert await points(house) == 20


@pytest.mark.parametrize(
    ("event", "good", "bad"), [("visited", (1, 5), (0, 6, -1)), ("left", (0, 10), (-1, 11))]
)
async def test_there_are_no_scores_beyond_the_kind_of_survey(
    database: Database, event: str, good: tuple[int, ...], bad: tuple[int, ...]
) -> None:
    house = await loud(database, ASKING)
    for score in bad:
        await happens(house, event)
        await works(house, post_of())
        letter = next(
            one
            for one in (await inbox.list_letters(house, member_id="ana", first=20)).letters
            if one.kind == "survey"
        )
        with pytest.raises(InvalidInput) as refusal:
            await surveys.answer_survey(
                house, member_id="ana", letter_id=letter.id, score=score, key="bad", now=NOON
            )
        assert (refusal.value.field, refusal.value.message) == (
            "score",
            f"Write a whole number from {good[0]} to {good[1]}.",
        )
        assert (await inbox.load_letter(house, letter_id=letter.id, member_id="ana")).read_at is None
    letters = [
        one
        for one in (await inbox.list_letters(house, member_id="ana", first=20)).letters
        if one.kind == "survey"
    ]
    for score, letter in zip(good, letters, strict=False):
        answered = await surveys.answer_survey(
            house, member_id="ana", letter_id=letter.id, score=score, key=letter.id, now=NOON
        )
        assert answered.letter.score == score


async def test_nobody_answers_for_another_and_a_message_of_the_same_code_asks_nothing(
    database: Database,
) -> None:
    house = await loud(database, ASKING)
    await join(house, "rui", at=NOON)
    id = await asked(house)
    seq = (await queries.load_member_view(house, member_id="ana", now=NOON)).member.seq
    for letter in (id, "nothing:1:0"):
        with pytest.raises(NotFound):
            await surveys.answer_survey(house, member_id="rui", letter_id=letter, score=4, key="k1", now=NOON)
    await happens(house, "left")
    await works(house, post_of())
    message = next(
        one
        for one in (await inbox.list_letters(house, member_id="ana", first=20)).letters
        if one.kind == "message"
    )
    assert message.code == "happy"
    with pytest.raises(InvalidInput) as refusal:
        await surveys.answer_survey(house, member_id="ana", letter_id=message.id, score=4, key="k2", now=NOON)
    assert refusal.value.field == "message"
    assert (await inbox.load_letter(house, letter_id=id, member_id="ana")).score is None
    assert (
        (await queries.load_member_view(house, member_id="ana", now=NOON)).member.seq,
        await points(house),
    ) == (
        seq + 1,
        0,
    )
