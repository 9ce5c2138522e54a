"""A message sent to one member as a test: in each language, marked, counted nowhere, and bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.services.figures.message_counts import count_messages
from domain.services.segments.trials import MOST_TRIALS
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from tests.command_log import CommandLog
from tests.graphql.console.segment_club import NEWS, buyer, count, deliver, open_club, staffed, work
from tests.graphql.console.test_messages_once import letters
from tests.running_app import Json, RunningApp

SENT = """__typename ... on TestMessageSent { locales channels waitsUntil }
  ... on TestMessageNotSent { skip } ... on NotAllowed { reason }"""


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_club(database, command_log, tmp_path) as running:
        yield running


def trial(member: str, key: str = "k", **message: object) -> Json:
    return {"member": member, "message": {**NEWS, **message}, "idempotencyKey": key}


async def send(app: RunningApp, token: str, terms: Json) -> Json:
    answer: Json = await app.mutate("sendTestMessage", terms, SENT, token=token)
    return answer


async def test_it_comes_in_each_language_marked_and_stands_in_no_figure(app: RunningApp) -> None:
    ana = await buyer(app, "ana")
    olga, _ = await staffed(app)
    body = [
        {"locale": "en", "text": "{member.name}: {member.balance}"},
        {"locale": "pt", "text": "{member.name} tem {member.balance}"},
    ]
    sent = await send(app, olga, trial("ANA@example.com", bodies=body))
    expected = {"__typename": "TestMessageSent", "locales": ["en", "pt"], "channels": ["inbox"]}
    assert sent == {**expected, "waitsUntil": None}
    assert await send(app, olga, trial("ANA@example.com", bodies=body)) == sent, "the key acts once"
    await work(app)
    assert await deliver(app) == 2
    assert [title for title, _ in await letters(app, ana)] == ["[Teste] Saldos", "[Test] Sale"]
    ids = "{ me { messages(first: 2) { edges { node { id } } } } }"
    edges = (await app.do(ids, token=ana))["me"]["messages"]["edges"]
    read = {"ids": [each["node"]["id"] for each in edges], "clicked": True}
    await app.mutate("markMessagesRead", read, "unread", token=ana)
    await count(app)
    days = [each async for each in app.process.store["figures_days"].find({})]
    assert days
    assert not any("messages" in str(each) for each in days), "neither sent nor opened nor clicked"
    assert await count_messages(app.process.runtime, LeaseHolder(app.clock)) == 0, (
        "nothing waits to be counted"
    )
    jobs = await app.do("{ memberJobs(kind: MESSAGE) { job } }", token=olga)
    assert jobs["memberJobs"] == [], "it is none of the messages that were sent"
    trail = (await app.do("{ auditTrail { actionKind amount } }", token=olga))["auditTrail"]
    assert [each for each in trail if each["actionKind"] == "MESSAGE_TRIED"] == [
        {"actionKind": "MESSAGE_TRIED", "amount": 2}
    ]


async def test_figures_are_written_in_the_language_of_the_text_whoever_reads_it(app: RunningApp) -> None:
    ana = await buyer(app, "ana")
    olga, _ = await staffed(app)
    bodies = [{"locale": locale, "text": "{programme.name}"} for locale in ("en", "pt")]
    await send(app, olga, trial("ana@example.com", bodies=bodies))
    await deliver(app)
    for language in ("en", "pt"):
        assert await letters(app, ana, language) == [("[Teste] Saldos", "Clube"), ("[Test] Sale", "Club")]


async def test_consent_deletion_and_strangers_bound_it_as_when_it_is_sent(app: RunningApp) -> None:
    bruno = await buyer(app, "bruno", agrees=False)
    ana = await buyer(app, "ana")
    olga, _ = await staffed(app)
    not_sent = {"__typename": "TestMessageNotSent", "skip": "no_consent"}
    assert await send(app, olga, trial("bruno@example.com")) == not_sent
    service = trial("bruno@example.com", purpose="service")
    assert await send(app, olga, service) == not_sent, "what takes no consent goes to who agreed to something"
    by_mail = trial("ana@example.com", channels=["email"])
    assert (await send(app, olga, by_mail))["skip"] == "no_channel"
    mutation = "mutation($i: SendTestMessageInput!) { sendTestMessage(input: $i) { __typename } }"
    stranger = await app.error(mutation, {"i": trial("nobody@example.com")}, token=olga)
    assert stranger["code"] == "NOT_FOUND"
    wrong = await app.error(mutation, {"i": trial("ana@example.com", titles=[])}, token=olga)
    assert (wrong["code"], wrong["field"]) == ("BAD_INPUT", "title.en")
    assert await app.count("outbox") == 0
    carla = await app.hire("carla")
    assert (await app.error(mutation, {"i": trial("ana@example.com")}, token=carla))["code"] == "FORBIDDEN"
    assert await letters(app, ana) == await letters(app, bruno) == []


async def test_an_employee_sends_twenty_a_day_and_at_night_mail_waits_for_the_morning(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    settings = {"smtp_host": "127.0.0.1", "mail_from": "club@example.com", "base_url": "https://club.example"}
    async with open_club(database, command_log, tmp_path, is_new=True, **settings) as app:
        await buyer(app, "ana")
        olga, rita = await staffed(app)
        for place in range(MOST_TRIALS):
            if place % 10 == 9:
                app.clock.advance(seconds=61)
            sent = await send(app, olga, trial("ana@example.com", key=f"k{place}"))
            assert sent["__typename"] == "TestMessageSent"
        refused = await send(app, olga, trial("ana@example.com", key="more"))
        assert (refused["__typename"], refused["reason"]) == ("NotAllowed", "SHIFT_LIMIT")
        assert (await send(app, olga, trial("ana@example.com", key="k0")))["channels"] == ["inbox", "email"]
        assert (await send(app, rita, trial("ana@example.com")))["waitsUntil"] is None
        evening = app.clock().replace(hour=22, minute=30)
        app.clock.advance(seconds=(evening - app.clock()).total_seconds())
        late = await send(app, rita, trial("ana@example.com", key="late"))
        assert late["waitsUntil"] >= f"{evening + timedelta(days=1):%Y-%m-%dT07:00:00}", "Lisbon's morning"


async def test_an_erasure_takes_what_was_tried_on_the_member(app: RunningApp) -> None:
    ana = await buyer(app, "ana")
    olga, rita = await staffed(app)
    await send(app, olga, trial("ana@example.com"))
    assert await deliver(app) == 2
    assert len(await letters(app, ana)) == 2
    await send(app, olga, trial("ana@example.com", key="waits"))
    number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
    erasure = {"member": number, "reason": "she asked by letter"}
    erased = await app.mutate("eraseMember", erasure, "__typename", token=rita)
    assert erased["__typename"] == "MemberErased"
    assert [await app.count(name) for name in ("outbox", "inbox")] == [0, 0]
    assert await deliver(app) == 0
