"""Words beside the score of a survey: kept with the answer alone, read at the console, theirs to have, gone with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.store.connect import Database
from domain.store.prepare import COLLECTIONS
from tests.command_log import CommandLog
from tests.graphql.member.test_surveys import receive_survey
from tests.journeys.erased_person import dump
from tests.running_app import Json, RunningApp, open_running_app

WORDS = "Balcão gentil,\nmas a fila <b>longa</b>"
READ = """query($survey: String!, $low: Int, $high: Int, $after: String) {
  surveyComments(survey: $survey, lowest: $low, highest: $high, first: 2, after: $after) {
    comments { at score text customer number } pageInfo { hasNextPage endCursor } } }"""
ANSWERED = "__typename ... on SurveyAnswered { question { survey { score comment } } }"


async def answer(app: RunningApp, token: str, score: int, comment: str | None, receipt: str = "A") -> Json:
    """Have a question come, and answer it."""
    question = await receive_survey(app, token, receipt)
    input = {"message": question["id"], "score": score, "comment": comment, "idempotencyKey": receipt}
    return await app.mutate("answerSurvey", input, ANSWERED, token=token)


async def read(app: RunningApp, token: str, **more: Any) -> Json:
    page: Json = (await app.do(READ, {"survey": "satisfaction", "low": 0, "high": 10, **more}, token=token))[
        "surveyComments"
    ]
    return page


async def test_words_lie_with_the_answer_alone_and_come_with_the_members_data(
    app: RunningApp, capfd: pytest.CaptureFixture[str]
) -> None:
    token = await app.enrol_member()
    answered = await answer(app, token, 6, f"  {WORDS}\r\n ")
    assert answered["question"]["survey"] == {"score": 6, "comment": WORDS}
    rows = (await dump(app)).splitlines()
    assert {row.partition(" ")[0] for row in rows if "Balc" in row} == {"inbox"}
    assert len(COLLECTIONS) > 40
    path = (await app.do("mutation { exportMyData { path } }", token=token))["exportMyData"]["path"]
    headers = {"authorization": f"Bearer {app.fresh_token(token)}"}
    file: Any = (await app.client.get(path, headers=headers)).json()
    assert [each["comment"] for each in file["messages"] if each["score"] is not None] == [WORDS]
    assert "Balc" not in "".join(capfd.readouterr())


async def test_the_same_key_with_other_words_is_another_request(app: RunningApp) -> None:
    token = await app.enrol_member()
    question = await receive_survey(app, token)
    input = {"message": question["id"], "score": 9, "idempotencyKey": "a"}
    # Nothing to be seen is no comment, and the same as none.
    first = await app.mutate("answerSurvey", {**input, "comment": " \u200b"}, ANSWERED, token=token)
    assert first["question"]["survey"] == {"score": 9, "comment": None}
    assert await app.mutate("answerSurvey", input, ANSWERED, token=token) == first
    other = await app.mutate("answerSurvey", {**input, "comment": "more"}, "__typename", token=token)
    assert other == {"__typename": "IdempotencyConflict"}


async def test_words_that_are_too_many_or_none_of_a_persons_are_refused(app: RunningApp) -> None:
    token = await app.enrol_member()
    question = await receive_survey(app, token)
    query = "mutation($i: AnswerSurveyInput!) { answerSurvey(input: $i) { __typename } }"
    for comment in ("a" * 501, "bell \x07", "turned \u202e around"):
        input = {"message": question["id"], "score": 9, "comment": comment, "idempotencyKey": "a"}
        fault = await app.error(query, {"i": input}, token=token)
        assert (fault["code"], fault["field"]) == ("BAD_INPUT", "comment")
    input = {"message": question["id"], "score": 9, "comment": "a" * 500, "idempotencyKey": "a"}
    assert (await app.mutate("answerSurvey", input, "__typename", token=token))[
        "__typename"
    ] == "SurveyAnswered"


async def test_the_console_reads_them_newest_first_by_score_and_only_service_whose_they_are(
    app: RunningApp,
) -> None:
    tokens = [await app.enrol_member(f"m{place}@example.com") for place in range(5)]
    for place, (token, score) in enumerate(zip(tokens, (0, 9, 9, 5, 10), strict=True)):
        comment = f"words {place}" if place != 3 else None
        await answer(app, token, score, comment, f"r{place}")
    numbers = [(await app.do("{ me { number } }", token=token))["me"]["number"] for token in tokens]
    sara, ada = await app.hire("sara", "SERVICE"), await app.hire("ada", "ANALYST")
    surveys = "{ surveys { code surveyKind question lowest highest } }"
    for token in (sara, ada):
        assert (await app.do(surveys, token=token, language="en"))["surveys"] == [
            {
                "code": "satisfaction",
                "surveyKind": "NPS",
                "question": "Would you recommend NumisCollect?",
                "lowest": 0,
                "highest": 10,
            }
        ]
    first = await read(app, sara)
    assert [(each["score"], each["text"], each["number"]) for each in first["comments"]] == [
        (10, "words 4", numbers[4]),
        (9, "words 2", numbers[2]),
    ]
    second = await read(app, sara, after=first["pageInfo"]["endCursor"])
    assert [each["text"] for each in second["comments"]] == ["words 1", "words 0"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert [each["text"] for each in (await read(app, sara, low=0, high=6))["comments"]] == ["words 0"]
    # An analyst reads what was said, and by nobody.
    for_analyst = (await read(app, ada))["comments"]
    assert [(each["text"], each["number"], each["customer"]) for each in for_analyst] == [
        ("words 4", None, None),
        ("words 2", None, None),
    ]
    cashier = await app.hire("rita")
    strangers: tuple[tuple[str | None, str], ...] = (
        (cashier, "FORBIDDEN"),
        (tokens[0], "FORBIDDEN"),
        (None, "UNAUTHENTICATED"),
    )
    for stranger, code in strangers:
        assert (await app.error(READ, {"survey": "satisfaction"}, token=stranger))["code"] == code
    for wrong in ({"low": 7, "high": 6}, {"low": -1}, {"high": 11}, {"after": "x"}):
        assert (await app.error(READ, {"survey": "satisfaction", **wrong}, token=sara))["code"] == "BAD_INPUT"


async def test_of_many_at_one_instant_each_page_has_its_own(app: RunningApp) -> None:
    tokens = [await app.enrol_member(f"m{place}@example.com") for place in range(5)]
    for place, token in enumerate(tokens):
        await receive_survey(app, token, f"r{place}")
    sara = await app.hire("sara", "SERVICE")
    at = app.clock()
    changes = {"score": 4, "answered_at": at, "comment": "at once", "read_at": at}
    await app.process.store["inbox"].update_many({"_id": {"$gt": ""}, "kind": "survey"}, {"$set": changes})
    count, numbers = 0, set[str]()
    after: str | None = None
    while True:
        page = await read(app, sara, after=after)
        count += len(page["comments"])
        numbers |= {each["number"] for each in page["comments"]}
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert (count, len(numbers)) == (5, 5)


async def test_each_member_of_a_page_is_a_look_up_for_who_sees_whose_they_are(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path, shift_look_ups=3) as app:
        tokens = [await app.enrol_member(f"m{place}@example.com") for place in range(3)]
        for place, token in enumerate(tokens):
            await answer(app, token, 9, f"words {place}", f"r{place}")
        sara, ada = await app.hire("sara", "SERVICE"), await app.hire("ada", "ANALYST")
        await read(app, ada)
        assert await app.count("look_ups") == 0
        first = await read(app, sara)
        assert await app.count("look_ups") == 2
        await read(app, sara, after=first["pageInfo"]["endCursor"])
        rows = [row async for row in app.process.store["look_ups"].find({"by": "ID"})]
        assert len({row["member"] for row in rows}) == len(rows) == 3
        fault = await app.error(READ, {"survey": "satisfaction", "low": 0, "high": 10}, token=sara)
        assert fault == {"code": "FORBIDDEN", "reason": "SHIFT_LIMIT"}
        await read(app, sara, low=0, high=1)  # nobody is shown
