"""A survey as the app meets it: a purchase under the example programme, three days later its question, and
one answer.
"""

from domain.services.ledger.turn import turn
from domain.services.messages import outbox as operator
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import Senders
from tests.doors import Doors, Json
from tests.services.post import Pushes

INBOX = """{ me { messages(first: 5) { unread edges { node { id messageKind title body readAt
  survey { code kind question lowest highest score answeredAt } } } } } }"""
ANSWERED = """__typename ... on SurveyAnswered { unread question { id readAt survey { score answeredAt } } }
  ... on SurveyAnsweredBefore { message score answeredAt }"""


async def asked(doors: Doors, token: str) -> Json:
    """Buy, and let three days pass; return the question in the inbox."""
    till = await doors.hire("rui")
    number = (await doors.do("{ me { number } }", token=token))["me"]["number"]
    bought = {"member": number, "externalId": "A", "currency": "EUR", "total": 1_000, "idempotencyKey": "k"}
    await doors.mutate("recordPurchase", bought, "__typename", token=till)
    doors.clock.pass_(days=3)
    house = doors.process.house
    await turn(house, now=doors.clock())
    while (await run_round(house, DeliveryWorker(Senders(push=Pushes())), now=doors.clock())).due_count:
        pass
    assert await operator.list_queue(house, state="parked", first=10) == []
    found = (await doors.do(INBOX, token=token))["me"]["messages"]["edges"]
    question: Json = next(edge["node"] for edge in found if edge["node"]["survey"] is not None)
    return question


async def test_the_inbox_says_what_is_asked_and_takes_one_answer(doors: Doors) -> None:
    token = await doors.member()
    question = await asked(doors, token)
    said = [question[name] for name in ("messageKind", "title", "body", "readAt")]
    assert said == ["survey", "Recomendaria a NumisCollect?", "", None]
    assert question["survey"] == {
        "code": "satisfaction",
        "kind": "NPS",
        "question": "Recomendaria a NumisCollect?",
        "lowest": 0,
        "highest": 10,
        "score": None,
        "answeredAt": None,
    }
    unread = (await doors.do(INBOX, token=token))["me"]["messages"]["unread"]
    given = {"message": question["id"], "score": 9, "idempotencyKey": "a1"}
    answered = await doors.mutate("answerSurvey", given, ANSWERED, token=token)
    at = "2026-03-05T10:00:00.000Z"
    assert answered == {
        "__typename": "SurveyAnswered",
        "unread": unread - 1,
        "question": {"id": question["id"], "readAt": at, "survey": {"score": 9, "answeredAt": at}},
    }
    assert await doors.mutate("answerSurvey", given, ANSWERED, token=token) == answered
    conflict = await doors.mutate("answerSurvey", {**given, "score": 1}, "__typename", token=token)
    assert conflict == {"__typename": "IdempotencyConflict"}
    again = {**given, "score": 1, "idempotencyKey": "a2"}
    assert await doors.mutate("answerSurvey", again, ANSWERED, token=token, language="en") == {
        "__typename": "SurveyAnsweredBefore",
        "message": "Esta pergunta já teve resposta. Obrigado.",
        "score": 9,
        "answeredAt": at,
    }


async def test_what_is_no_answer_is_refused_and_leaves_the_question_open(doors: Doors) -> None:
    token = await doors.member()
    question = await asked(doors, token)
    answer = "mutation($input: AnswerSurveyInput!) { answerSurvey(input: $input) { __typename } }"
    given = {"message": question["id"], "score": 9, "idempotencyKey": "a1"}
    other, till = await doors.member("eva@example.com"), await doors.hire("eva")
    for change, caller, code, field in (
        ({"score": 11}, token, "BAD_INPUT", "score"),
        ({"score": -1}, token, "BAD_INPUT", "score"),
        ({"message": "nonsense"}, token, "BAD_INPUT", "message"),
        ({"idempotencyKey": ""}, token, "BAD_INPUT", "idempotencyKey"),
        ({}, other, "NOT_FOUND", None),
        ({}, till, "FORBIDDEN", None),
        ({}, None, "UNAUTHENTICATED", None),
    ):
        refused = await doors.error(answer, {"input": {**given, **change}}, token=caller)
        assert (refused["code"], refused.get("field")) == (code, field)
    edges = (await doors.do(INBOX, token=token))["me"]["messages"]["edges"]
    assert next(edge["node"] for edge in edges if edge["node"]["id"] == question["id"]) == question
