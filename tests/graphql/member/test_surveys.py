"""A survey as the app sees it: a purchase under the example programme, its question three days later, and one
answer.
"""

from domain.services.ledger.turn import turn
from domain.services.messages import outbox as operator
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import Senders
from tests.loud_runtime import RecordingPushSender
from tests.running_app import Json, RunningApp

INBOX = """{ me { messages(first: 5) { unread edges { node { id messageKind title body readAt
  survey { code kind question lowest highest score answeredAt } } } } } }"""
ANSWERED = """__typename ... on SurveyAnswered { unread question { id readAt survey { score answeredAt } } }
  ... on SurveyAnsweredBefore { message score answeredAt }"""


async def receive_survey(app: RunningApp, token: str, receipt: str = "A") -> Json:
    """Buy, and let three days pass; return the question in the inbox."""
    till = await app.hire(f"rui-{receipt.lower()}")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    bought = {"member": number, "externalId": receipt, "currency": "EUR", "total": 1_000}
    await app.mutate("recordPurchase", {**bought, "idempotencyKey": receipt}, "__typename", token=till)
    app.clock.advance(days=3)
    runtime = app.process.runtime
    await turn(runtime, now=app.clock())
    while (
        await run_round(runtime, DeliveryWorker(Senders(push=RecordingPushSender())), now=app.clock())
    ).due_count:
        pass
    assert await operator.list_queue(runtime, state="parked", first=10) == []
    messages = (await app.do(INBOX, token=token))["me"]["messages"]["edges"]
    question: Json = next(edge["node"] for edge in messages if edge["node"]["survey"] is not None)
    return question


async def test_the_inbox_says_what_is_asked_and_takes_one_answer(app: RunningApp) -> None:
    token = await app.enrol_member()
    question = await receive_survey(app, token)
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
    unread = (await app.do(INBOX, token=token))["me"]["messages"]["unread"]
    input = {"message": question["id"], "score": 9, "idempotencyKey": "a1"}
    answered = await app.mutate("answerSurvey", input, ANSWERED, token=token)
    at = "2026-03-05T10:00:00.000Z"
    assert answered == {
        "__typename": "SurveyAnswered",
        "unread": unread - 1,
        "question": {"id": question["id"], "readAt": at, "survey": {"score": 9, "answeredAt": at}},
    }
    assert await app.mutate("answerSurvey", input, ANSWERED, token=token) == answered
    conflict = await app.mutate("answerSurvey", {**input, "score": 1}, "__typename", token=token)
    assert conflict == {"__typename": "IdempotencyConflict"}
    again = {**input, "score": 1, "idempotencyKey": "a2"}
    assert await app.mutate("answerSurvey", again, ANSWERED, token=token, language="en") == {
        "__typename": "SurveyAnsweredBefore",
        "message": "Esta pergunta já teve resposta. Obrigado.",
        "score": 9,
        "answeredAt": at,
    }


async def test_what_is_no_answer_is_refused_and_leaves_the_question_open(app: RunningApp) -> None:
    token = await app.enrol_member()
    question = await receive_survey(app, token)
    answer = "mutation($input: AnswerSurveyInput!) { answerSurvey(input: $input) { __typename } }"
    input = {"message": question["id"], "score": 9, "idempotencyKey": "a1"}
    other, till = await app.enrol_member("eva@example.com"), await app.hire("eva")
    for change, caller, code, field in (
        ({"score": 11}, token, "BAD_INPUT", "score"),
        ({"score": -1}, token, "BAD_INPUT", "score"),
        ({"message": "nonsense"}, token, "BAD_INPUT", "message"),
        ({"idempotencyKey": ""}, token, "BAD_INPUT", "idempotencyKey"),
        ({}, other, "NOT_FOUND", None),
        ({}, till, "FORBIDDEN", None),
        ({}, None, "UNAUTHENTICATED", None),
    ):
        refused = await app.error(answer, {"input": {**input, **change}}, token=caller)
        assert (refused["code"], refused.get("field")) == (code, field)
    edges = (await app.do(INBOX, token=token))["me"]["messages"]["edges"]
    assert next(edge["node"] for edge in edges if edge["node"]["id"] == question["id"]) == question
