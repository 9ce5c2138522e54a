"""A message sent once to a segment: whom it reaches, four eyes, never twice, stopped, resumed, seen with its fates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from domain.store.connect import Database
from domain.store.messages import outbox_writes
from domain.store.messages.outbox import OutboxKind
from domain.store.operations import member_jobs
from tests.command_log import CommandLog
from tests.graphql.console.segment_club import (
    NEWS,
    STARTED,
    buyer,
    count,
    deliver,
    multiply,
    newest,
    open_club,
    staffed,
    work,
)
from tests.graphql.console.test_operations import approve
from tests.running_app import ROOT, Json, RunningApp

TRIED = """__typename ... on MessageTried { members reached isEstimate takesSecondPerson
  channels { name count } channelsOff skipped { name count } previews { locale title body } }"""
SEND: Json = {"segment": "buyers", "message": NEWS, "reason": "spring sale", "idempotencyKey": "k"}
STOPPED = "... on MemberJobStarted { job { jobState } }"
LETTERS = "{ me { messages(first: 10) { edges { node { title body kind: messageKind } } unread } } }"


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_club(database, command_log, tmp_path) as running:
        yield running


async def letters(app: RunningApp, token: str, language: str = "en") -> list[tuple[str, str]]:
    answer = await app.do(LETTERS, token=token, language=language)
    return [(each["node"]["title"], each["node"]["body"]) for each in answer["me"]["messages"]["edges"]]


async def test_it_reaches_once_those_who_agreed_in_their_language_and_its_fates_are_seen(
    app: RunningApp,
) -> None:
    ana, bruno = await buyer(app, "ana"), await buyer(app, "bruno", agrees=False)
    olga, _ = await staffed(app)
    tried = await app.mutate("tryMessage", {"segment": "buyers", "message": NEWS}, TRIED, token=olga)
    assert tried == {
        "__typename": "MessageTried",
        "members": 2,
        "reached": 1,
        "isEstimate": False,
        "takesSecondPerson": False,
        "channels": [{"name": "inbox", "count": 1}, {"name": "email", "count": 0}],
        "channelsOff": ["email"],
        "skipped": [{"name": "no_consent", "count": 1}],
        "previews": [
            {"locale": "en", "title": "Sale", "body": "Ana Silva, everything is half price."},
            {"locale": "pt", "title": "Saldos", "body": "Ana Silva, tudo a metade do preço."},
        ],
    }
    sent = await app.mutate("sendMessage", SEND, STARTED, token=olga)
    assert sent["job"]["jobState"] == "WAITING"
    again = await app.mutate("sendMessage", SEND, STARTED, token=olga)
    assert again["job"]["job"] == sent["job"]["job"], "the key acts once"
    await work(app)
    await work(app)
    assert await deliver(app) == 1
    assert await letters(app, ana) == [("Saldos", "Ana, tudo a metade do preço.")]
    assert await letters(app, bruno) == []
    ids = "{ me { messages(first: 1) { edges { node { id } } } } }"
    [edge] = (await app.do(ids, token=ana))["me"]["messages"]["edges"]
    await app.mutate("markMessagesRead", {"ids": [edge["node"]["id"]]}, "unread", token=ana)
    await count(app)
    fields = (
        "jobState done skipped { reason count } message { titles { text } channelsOff"
        " fates { sent opened dropped } }"
    )
    assert await newest(app, olga, "MESSAGE", fields) == {
        "jobState": "DONE",
        "done": 1,
        "skipped": [{"reason": "no_consent", "count": 1}],
        "message": {
            "titles": [{"text": "Sale"}, {"text": "Saldos"}],
            "channelsOff": ["email"],
            "fates": {"sent": 1, "opened": 1, "dropped": 0},
        },
    }
    exported = await app.do("mutation { exportMyData { path } }", token=ana)
    path = exported["exportMyData"]["path"]
    file = await app.client.get(path, headers={"authorization": f"Bearer {app.fresh_token(ana)}"})
    assert "Ana, tudo a metade do preço." in file.text
    trail = (await app.do("{ auditTrail { actionKind amount reason } }", token=olga))["auditTrail"]
    assert {"actionKind": "MESSAGE_SENT", "amount": 1, "reason": "spring sale"} in trail


async def test_a_channel_without_a_sender_reaches_nobody(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    by_mail: Json = {"segment": "buyers", "message": {**NEWS, "channels": ["email", "sms"]}}
    async with open_club(database, command_log, tmp_path) as app:
        await buyer(app, "ana")
        olga, _ = await staffed(app)
        tried = await app.mutate("tryMessage", by_mail, TRIED, token=olga)
        assert (tried["reached"], tried["channelsOff"]) == (0, ["email", "sms"])
        assert tried["skipped"] == [{"name": "no_channel", "count": 1}]
        send = "mutation($i: SendMessageInput!) { sendMessage(input: $i) { __typename } }"
        refused = await app.error(send, {"i": {**SEND, **by_mail}}, token=olga)
        assert (refused["code"], refused["field"]) == ("BAD_INPUT", "segment")
    settings = {"smtp_host": "127.0.0.1", "mail_from": "club@example.com", "base_url": "https://club.example"}
    async with open_club(database, command_log, tmp_path, is_new=False, **settings) as app:
        tried = await app.mutate("tryMessage", by_mail, TRIED, token=olga)
        assert (tried["reached"], tried["channelsOff"]) == (1, ["sms"])
        assert tried["channels"] == [{"name": "email", "count": 1}, {"name": "sms", "count": 0}]


async def test_a_job_killed_in_the_middle_goes_on_and_tells_nobody_twice(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await buyer(app, "ana")
    olga, _ = await staffed(app)
    await multiply(app, 69)
    await app.mutate("sendMessage", SEND, STARTED, token=olga)
    note, batches = member_jobs.note_progress, 0

    async def die(*arguments: object, **named: object) -> object:
        nonlocal batches
        batches += 1
        if batches == 2:  # its rows are promised, and nothing of that is noted
            raise KeyboardInterrupt
        return await note(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(member_jobs, "note_progress", die)
    with pytest.raises(KeyboardInterrupt):
        await work(app)
    monkeypatch.undo()
    assert await app.count("outbox") == 70
    await work(app)
    assert (await newest(app, olga, "MESSAGE", "jobState looked"))["looked"] == 50, (
        "the dead one's lease holds"
    )
    app.clock.advance(seconds=181)
    await work(app)
    assert await newest(app, olga, "MESSAGE", "jobState looked done") == {
        "jobState": "DONE",
        "looked": 70,
        "done": 70,
    }
    assert await app.count("outbox") == 70
    assert await deliver(app) == 70
    assert await app.count("inbox") == 70


async def test_more_than_one_may_reach_in_a_day_takes_a_colleague_however_it_is_split(
    app: RunningApp,
) -> None:
    await buyer(app, "ana")
    olga, rita = await staffed(app)
    await multiply(app, 59)
    first = await app.mutate("sendMessage", SEND, STARTED, token=olga)
    assert first["__typename"] == "MemberJobStarted"
    second = await app.mutate("sendMessage", {**SEND, "idempotencyKey": "k2"}, STARTED, token=olga)
    assert (second["proposal"]["proposalKind"], second["proposal"]["subject"]) == ("MESSAGE_SENT", "buyers")
    shown = ["segment: buyers", "reached: 60", "title (en): Sale"]
    assert set(shown) <= set(second["proposal"]["terms"])
    await work(app)
    assert await app.count("outbox") == 60
    proposal = second["proposal"]["proposal"]
    assert (await approve(app, olga, proposal))["reason"] == "FOUR_EYES"
    assert (await approve(app, rita, proposal))["proposalKind"] == "MESSAGE_SENT"
    assert (
        await app.error(
            "mutation($i: ApproveProposalInput!) { approveProposal(input: $i) { __typename } }",
            {"i": {"proposal": proposal}},
            token=rita,
        )
    )["code"] == "NOT_FOUND"
    await work(app)
    assert await app.count("outbox") == 120
    service = {**SEND, "message": {**NEWS, "purpose": "service"}, "idempotencyKey": "k3"}
    assert (await app.mutate("sendMessage", service, STARTED, token=rita))["__typename"] == "StaffProposed"


async def test_a_segment_that_grew_since_is_not_reached_beyond_the_bound(app: RunningApp) -> None:
    await buyer(app, "ana")
    olga, _ = await staffed(app)
    await app.mutate("sendMessage", SEND, STARTED, token=olga)
    await multiply(app, 149)
    await work(app)
    ended = await newest(app, olga, "MESSAGE", "jobState looked done skipped { reason count }")
    assert ended == {
        "jobState": "DONE",
        "looked": 150,
        "done": 100,
        "skipped": [{"reason": "beyond_bound", "count": 50}],
    }
    assert await app.count("outbox") == 100


async def test_whom_a_merged_membership_brought_it_gets_it_no_second_time(app: RunningApp) -> None:
    await buyer(app, "ana")
    olga, _ = await staffed(app)
    job = (await app.mutate("sendMessage", SEND, STARTED, token=olga))["job"]["job"]
    other = "0" * 32
    await outbox_writes.promise_once(app.process.store, job, {other: 1}, programme_version=1, now=app.clock())
    await app.process.store["members"].update_one(
        {"ledger.segments": "buyers"}, {"$set": {"merged": [other]}}
    )
    await work(app)
    fields = "jobState done skipped { reason count }"
    assert await newest(app, olga, "MESSAGE", fields) == {
        "jobState": "DONE",
        "done": 0,
        "skipped": [{"reason": "told_before", "count": 1}],
    }


async def test_a_stopped_message_promises_no_more_and_what_waits_is_dropped(app: RunningApp) -> None:
    ana = await buyer(app, "ana")
    olga, _ = await staffed(app)
    later = app.clock() + timedelta(days=2)
    at = f"{later:%Y-%m-%dT%H:%M:%S}.000Z"
    await app.mutate("sendMessage", {**SEND, "sendAt": at}, STARTED, token=olga)
    await work(app)
    assert await newest(app, olga, "MESSAGE", "jobState done") == {"jobState": "WAITING", "done": 0}
    job = (await newest(app, olga, "MESSAGE", "job"))["job"]
    app.clock.now = later
    await work(app)
    assert await app.count("outbox") == 1
    stopped = await app.mutate("stopJob", {"job": job, "reason": "a wrong price"}, STOPPED, token=olga)
    assert stopped["job"]["jobState"] == "STOPPED"
    await deliver(app)
    assert await letters(app, ana) == []
    fate = (await app.do("{ outboxRows(state: DROPPED) { error } }", token=olga))["outboxRows"]
    assert fate == [{"error": "stopped"}]
    trail = (await app.do("{ auditTrail { actionKind reason } }", token=olga))["auditTrail"]
    assert {"actionKind": "JOB_STOPPED", "reason": "a wrong price"} in trail


def test_the_console_has_a_word_for_each_kind_of_promise() -> None:
    for language in ("en", "pt", "pl"):
        words = (ROOT / "api" / "web" / "console" / "words" / f"{language}.js").read_text(encoding="utf-8")
        missing = [kind for kind in get_args(OutboxKind) if f'"fate.kind.{kind}"' not in words]
        assert (language, missing) == (language, [])


FAULTS: list[tuple[Json, str]] = [
    ({"segment": "nobody"}, "segment"),
    ({"message": {**NEWS, "channels": ["pigeon"]}}, "channels"),
    ({"message": {**NEWS, "purpose": "gossip"}}, "purpose"),
    ({"message": {**NEWS, "titles": NEWS["titles"][:1]}}, "title.pt"),
    ({"message": {**NEWS, "titles": [*NEWS["titles"], NEWS["titles"][0]]}}, "titles"),
    (
        {"message": {**NEWS, "bodies": [{"locale": "en", "text": "{points.amount}"}, *NEWS["bodies"][1:]]}},
        "body.en",
    ),
    ({"message": {**NEWS, "link": "javascript:alert(1)"}}, "link"),
    ({"message": {**NEWS, "link": "www.shop.example/rewards"}}, "link"),
    ({"sendAt": "2020-01-01T00:00:00.000Z"}, "sendAt"),
    ({"reason": " "}, "reason"),
]


async def test_what_cannot_be_sent_names_its_field_and_sends_nothing(app: RunningApp) -> None:
    await buyer(app, "ana")
    olga, _ = await staffed(app)
    query = "mutation($i: SendMessageInput!) { sendMessage(input: $i) { __typename } }"
    for change, field in FAULTS:
        error = await app.error(query, {"i": {**SEND, **change}}, token=olga)
        assert (error["code"], error["field"]) == ("BAD_INPUT", field)
    for name, role in (("sara", "SERVICE"), ("anna", "ANALYST"), ("mario", "MANAGER")):
        token = await app.hire(name, role)  # type: ignore[arg-type]
        assert (await app.error(query, {"i": SEND}, token=token))["code"] == "FORBIDDEN"
    assert await app.count("member_jobs") == 0


async def test_its_title_stands_where_its_job_was_named(app: RunningApp) -> None:
    ana = await buyer(app, "ana")
    olga, rita = await staffed(app)
    job = (await app.mutate("sendMessage", SEND, STARTED, token=olga))["job"]["job"]
    await work(app)
    query = "query($s: QueueState!) { outboxRows(state: $s) { title description } }"
    [row] = (await app.do(query, {"s": "PENDING"}, token=olga))["outboxRows"]
    assert row == {"title": "Sale · Buyers", "description": f"once {job}"}
    await deliver(app)
    number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
    fates = "query($m: String!) { memberRecord(member: $m) { messageFates { fateKind code title } } }"
    for language, title in (("en", "Sale · Buyers"), ("pt", "Saldos · Compradores")):
        record = await app.do(fates, {"m": number}, token=olga, language=language)
        assert record["memberRecord"]["messageFates"] == [{"fateKind": "once", "code": job, "title": title}]
    stop = {"job": job, "reason": "a wrong price"}
    await app.mutate("stopJob", stop, STOPPED, token=olga)
    change = {
        "segment": "buyers",
        "add": ["fair"],
        "remove": ["old"],
        "reason": "fair",
        "idempotencyKey": "t",
    }
    await app.mutate("changeTagsOfMany", change, STARTED, token=olga)
    file = {"of": "SEGMENT", "segment": "buyers", "withContacts": True, "reason": "print"}
    await app.mutate("startFile", {**file, "idempotencyKey": "f"}, "__typename", token=olga)
    await app.do('{ segmentMembers(segment: "buyers") { members { number } } }', token=olga)
    service = {**SEND, "message": {**NEWS, "purpose": "service"}, "idempotencyKey": "s"}
    asked_for = await app.mutate("sendMessage", service, STARTED, token=olga)
    assert asked_for["__typename"] == "StaffProposed"
    proposals = (await app.do("{ staffProposals { subject subjectTitle } }", token=rita))["staffProposals"]
    assert proposals == [{"subject": "buyers", "subjectTitle": "Buyers"}]
    trail = await app.do("{ auditTrail { actionKind subjectTitle } }", token=olga, language="pt")
    titles = {each["actionKind"]: each["subjectTitle"] for each in trail["auditTrail"]}
    expected = {
        "MESSAGE_SENT": "Saldos · Compradores",
        "JOB_STOPPED": "Saldos · Compradores",
        "TAGS_OF_MANY": "Compradores · +fair \N{MINUS SIGN}old",
        "FILE_STARTED": "Sócios de um segmento · Compradores · com contactos",
        "SEGMENT_READ": "Compradores",
        "PROPOSED": "Compradores",
    }
    assert {kind: titles[kind] for kind in expected} == expected
