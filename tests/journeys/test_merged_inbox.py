"""The inbox of a membership that was merged into another one: read after the member's own, answered there,
and erased with it. What was on its way when they were merged comes to the one that stays.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.erasure.erasing import ErasureActor, erase
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import Senders
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.till.test_merging import buy, merge, number_of
from tests.loud_runtime import RecordingPushSender
from tests.running_app import Json, RunningApp, open_running_app

PROGRAMME = """
programme: {code: club, name: {pt: Clube, en: Club}, currency: EUR, timezone: Europe/Lisbon, locales: [en, pt], terms: {version: "2026-01", url: /terms}}
wallets: [{code: points, name: {pt: Pontos, en: Points}}]
rules:
  - {code: base, title: {pt: Compras, en: Purchases}, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}, {message: thanks}, {survey: nice}]}
  - {code: back, title: {pt: Devolvido, en: Returned}, on: purchase.refunded, do: [{message: sorry}]}
surveys: [{code: nice, question: {pt: "Gostou?", en: "Nice?"}, kind: csat}]
messages:
  - {code: thanks, channels: [inbox, push], purpose: service, title: {pt: Obrigado, en: Thanks}, body: {pt: "Olá {member.name}", en: "Hello {member.name}"}}
  - {code: sorry, channels: [inbox], purpose: service, title: {pt: Pena, en: Sorry}, body: {pt: Devolvido, en: Returned}}
"""
PUSH = "cAMq1-zzQ0Wb8vXyPushes"
LIST = """query($first: Int, $after: String, $unread: Boolean) { me { messages(first: $first, after: $after, unread: $unread) {
  unread totalCount pageInfo { hasNextPage endCursor } edges { node { id messageKind body readAt survey { score } } } } } }"""
NODE = "query($id: ID!) { node(id: $id) { ... on Message { messageKind readAt survey { score } } } }"


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "club.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as running:
        yield running


async def deliver(app: RunningApp) -> list[tuple[str, str]]:
    """Deliver what waits; return the messages that were pushed, and to which device."""
    sender = RecordingPushSender()
    worker = DeliveryWorker(Senders(push=sender))
    while (await run_round(app.process.runtime, worker, now=app.clock())).due_count:
        pass
    return [(message.title, message.address.value) for message in sender.sent]


async def inbox_of(app: RunningApp, token: str, **input: object) -> Json:
    answer: Json = (await app.do(LIST, {"first": 20, **input}, token=token))["me"]["messages"]
    return answer


async def test_letters_of_the_closed_membership_are_read_answered_and_erased_with_the_others(
    app: RunningApp,
) -> None:
    ana, bob = await app.enrol_member(), await app.enrol_member("bob@example.com", name="Bob")
    maria = await app.hire("maria", "MANAGER")
    device = {"installationId": "phone-1", "platform": "ANDROID", "token": PUSH, "tokenKind": "FID"}
    await app.mutate("registerDevice", device, "__typename", token=ana)
    old, number = await number_of(app, ana), await number_of(app, bob)
    await buy(app, maria, old, "A-1")
    assert await deliver(app) == [("Obrigado", PUSH), ("Gostou?", PUSH)]
    await buy(app, maria, old, "A-2")
    app.clock.advance(minutes=1)
    merged_at = app.clock()
    await merge(app, maria, old, number)
    app.clock.advance(minutes=1)

    # What waited, and what a receipt of the closed membership brings later, comes to the one that stays.
    assert await deliver(app) == [("Obrigado", PUSH), ("Gostou?", PUSH)]
    refund = {"externalId": "A-1", "reason": "broken", "idempotencyKey": "r"}
    await app.mutate("refundPurchase", refund, "__typename", token=maria)
    await deliver(app)
    page = await inbox_of(app, bob)
    kinds = [edge["node"]["messageKind"] for edge in page["edges"]]
    assert kinds == ["sorry", "survey", "thanks", "survey", "thanks"]
    assert (page["unread"], page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, 5, False)
    assert {edge["node"]["body"] for edge in page["edges"]} == {"Devolvido", "", "Olá Bob"}
    read_at = merged_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert [edge["node"]["readAt"] for edge in page["edges"]] == [None] * 3 + [read_at] * 2
    one_by_one, after = list[Json](), None
    for _ in range(6):
        window = await inbox_of(app, bob, first=1, after=after)
        one_by_one += window["edges"]
        after = window["pageInfo"]["endCursor"]
        if not window["pageInfo"]["hasNextPage"]:
            break
    assert [edge["node"]["id"] for edge in one_by_one] == [edge["node"]["id"] for edge in page["edges"]]
    assert len((await inbox_of(app, bob, unread=True))["edges"]) == 3
    assert len((await inbox_of(app, bob, unread=False))["edges"]) == 2

    question, thanks = (edge["node"]["id"] for edge in page["edges"][3:])
    assert (await app.do(NODE, {"id": thanks}, token=bob))["node"]["readAt"] == read_at
    read = await app.mutate("markMessagesRead", {"ids": [thanks]}, "unread", token=bob)
    assert read == {"unread": 3}
    answer = {"message": question, "score": 5, "idempotencyKey": "s"}
    answered = await app.mutate("answerSurvey", answer, "__typename", token=bob)
    assert answered["__typename"] == "SurveyAnswered"
    assert (await app.do(NODE, {"id": question}, token=bob))["node"]["survey"] == {"score": 5}
    eva = await app.enrol_member("eva@example.com")
    assert (await app.error(NODE, {"id": thanks}, token=eva))["code"] == "NOT_FOUND"

    contact = await app.process.store["contacts"].find_one({"_id": f"number:{old}"})
    assert contact is not None
    by = ErasureActor("service", "cli:root", "asked by letter")
    await erase(app.process.runtime, contact["member"], by=by, now=app.clock())
    assert [await app.count(name) for name in ("inbox", "mailboxes")] == [0, 0]
