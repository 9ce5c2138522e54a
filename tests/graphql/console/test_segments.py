"""Segments at the console: their sizes and members, tags of many by hand, and files to take along."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.erasure import erasing
from domain.services.ledger import code_batches, queries
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.console.segment_club import (
    STARTED,
    buyer,
    count,
    multiply,
    newest,
    open_club,
    staffed,
    work,
)
from tests.graphql.console.test_operations import approve, operators
from tests.running_app import Json, RunningApp

PAGE = """query($a: String, $s: String!) { segmentMembers(segment: $s, first: 20, after: $a) {
  segmentName members { number name tier tierName tags } pageInfo { hasNextPage endCursor } } }"""
TRIED = "__typename ... on TagsTried { members changed unknownNumbers takesSecondPerson }"
TAG: Json = {"add": ["vip"], "remove": [], "reason": "the fair in Porto", "idempotencyKey": "k"}
FILED = "... on MemberJobStarted { job { job } }"
FILE = "jobState done error file { rowsOf withContacts path expiresAt }"


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_club(database, command_log, tmp_path) as running:
        yield running


async def fetch(app: RunningApp, path: str, token: str | None) -> tuple[int, str]:
    headers = {} if token is None else {"authorization": f"Bearer {app.fresh_token(token)}"}
    answer = await app.client.get(path, headers=headers)
    return answer.status_code, answer.text


async def erase(app: RunningApp, token: str) -> None:
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    member = await queries.find_member_by_contact(app.process.runtime, contact=number)
    assert member is not None
    await erasing.erase(
        app.process.runtime, member, by=erasing.ErasureActor("service", "cli"), now=app.clock()
    )


async def test_a_segments_members_come_in_pages_without_contacts_and_each_page_is_noted(
    app: RunningApp,
) -> None:
    await buyer(app, "ana")
    olga, _ = await staffed(app)
    await multiply(app, 44)
    listed = (await app.do("{ segments { code name rule members } }", token=olga, language="pt"))["segments"]
    assert listed == [
        {"code": "buyers", "name": "Compradores", "rule": "member.purchases.count > 0", "members": 45},
        {"code": "vips", "name": "VIPs", "rule": "'vip' in member.tags", "members": 0},
    ]
    numbers, after, pages = list[str](), None, 0
    while pages == 0 or after is not None:
        page = (await app.do(PAGE, {"s": "buyers", "a": after}, token=olga))["segmentMembers"]
        numbers += [each["number"] for each in page["members"]]
        after, pages = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None, pages + 1
    assert (len(numbers), len(set(numbers)), pages) == (45, 45, 3)
    trail = (await app.do("{ auditTrail { actionKind subject amount } }", token=olga))["auditTrail"]
    read = [row["amount"] for row in trail if row["actionKind"] == "SEGMENT_READ"]
    assert sorted(read) == [5, 20, 20]
    for variables, field in (({"s": "nobody"}, "segment"), ({"s": "buyers", "a": "YWJj"}, "after")):
        assert (await app.error(PAGE, variables, token=olga))["field"] == field
    sara = await app.hire("sara", "SERVICE")
    for query in ("{ segments { code } }", "{ memberJobs(kind: FILE) { job } }"):
        assert (await app.error(query, token=sara))["code"] == "FORBIDDEN"


async def test_a_list_is_tagged_by_hand_once_tried_and_each_member_has_it_in_the_trail(
    app: RunningApp,
) -> None:
    ana, bruno = await buyer(app, "ana"), await buyer(app, "bruno")
    olga, _ = await staffed(app)
    numbers = [(await app.do("{ me { number } }", token=each))["me"]["number"] for each in (ana, bruno)]
    trial = {"numbers": [*numbers, "0000000001"], "add": ["vip"], "remove": []}
    assert await app.mutate("tryTags", trial, TRIED, token=olga) == {
        "__typename": "TagsTried",
        "members": 2,
        "changed": 2,
        "unknownNumbers": ["0000000001"],
        "takesSecondPerson": False,
    }
    query = "mutation($i: ChangeTagsOfManyInput!) { changeTagsOfMany(input: $i) { __typename } }"
    faults: list[tuple[Json, str]] = [
        ({"numbers": trial["numbers"]}, "numbers[2]"),
        ({"numbers": numbers, "segment": "buyers"}, "segment"),
        ({"numbers": numbers, "add": ["V I P"]}, "add"),
        ({"numbers": []}, "numbers"),
    ]
    for change, field in faults:
        assert (await app.error(query, {"i": {**TAG, **change}}, token=olga))["field"] == field
    assert await app.count("member_jobs") == 0
    await app.mutate("changeTagsOfMany", {**TAG, "numbers": numbers}, STARTED, token=olga)
    await work(app)
    done = await newest(app, olga, "TAGS", "jobState done tagsAdded skipped { reason }")
    assert done == {"jobState": "DONE", "done": 2, "tagsAdded": ["vip"], "skipped": []}
    for token in (ana, bruno):
        balance = (await app.do("{ me { wallets { pending available } } }", token=token))["me"]["wallets"][0]
        assert balance["pending"] + balance["available"] == 60, "10 of the purchase, 50 of the segment"
    trail = (await app.do("{ auditTrail { actionKind subject reason } }", token=olga))["auditTrail"]
    changed = {"actionKind": "TAGS_CHANGED", "subject": "+vip", "reason": "the fair in Porto"}
    assert trail.count(changed) == 2


async def test_a_large_segment_is_tagged_by_two_people_and_never_their_own_memberships(
    app: RunningApp,
) -> None:
    await buyer(app, "ana")
    olga, rita = await staffed(app)
    await multiply(app, 104)
    asked = await app.mutate("changeTagsOfMany", {**TAG, "segment": "buyers"}, STARTED, token=olga)
    assert asked["proposal"]["proposalKind"] == "TAGS_OF_MANY"
    assert {"segment: buyers", "add: vip"} <= set(asked["proposal"]["terms"])
    proposal = asked["proposal"]["proposal"]
    assert (await approve(app, olga, proposal))["reason"] == "FOUR_EYES"
    await approve(app, rita, proposal)
    staff = [
        row["_id"] async for row in app.process.store["staff"].find({"username": {"$in": ["olga", "rita"]}})
    ]
    rows = [
        row["_id"] async for row in app.process.store["members"].find({"ledger.segments": "buyers"}).limit(2)
    ]
    for member, employee in zip(rows, staff, strict=True):
        await app.process.store["members"].update_one({"_id": member}, {"$set": {"employees": [employee]}})
    # Only the first is a member with a journal; of the copies it is enough that nobody's own is touched.
    await work(app)
    job = await newest(app, olga, "TAGS", "jobState looked skipped { reason count }")
    assert {"reason": "own_membership", "count": 2} in job["skipped"]
    for member in rows:
        stored = await app.process.store["members"].find_one({"_id": member})
        assert (stored or {})["ledger"].get("tags", []) == []


async def test_a_file_is_fetched_by_whoever_asked_for_a_day_with_contacts_read_at_that_moment(
    app: RunningApp,
) -> None:
    ana, bruno = await buyer(app, "ana"), await buyer(app, "bruno")
    olga, rita = await staffed(app)
    ask = {
        "of": "SEGMENT",
        "segment": "buyers",
        "withContacts": True,
        "reason": "a letter",
        "idempotencyKey": "f",
    }
    await app.mutate("startFile", ask, FILED, token=olga)
    waiting = await newest(app, olga, "FILE", FILE)
    assert (waiting["jobState"], waiting["file"]["path"]) == ("WAITING", None)
    await work(app)
    job = await newest(app, olga, "FILE", FILE)
    assert (job["jobState"], job["done"]) == ("DONE", 2)
    path = job["file"]["path"]
    parts = str([row async for row in app.process.store["file_parts"].find({})])
    assert "ana@" not in parts
    assert (await newest(app, rita, "FILE", FILE))["file"]["path"] is None
    for token, status in ((rita, 404), (ana, 401), (None, 401)):
        assert (await fetch(app, path, token))[0] == status
    status, text = await fetch(app, path, olga)
    assert status == 200
    head, *lines = text.splitlines()
    assert head.startswith("member,status,")
    assert len(lines) == 2
    assert sum("ana@example.com" in line for line in lines) == 1
    await erase(app, bruno)
    assert "bruno@" not in (await fetch(app, path, olga))[1]
    app.clock.advance(hours=24)
    assert (await fetch(app, path, olga))[0] == 404
    trail = (await app.do("{ auditTrail { actionKind subject reason } }", token=olga))["auditTrail"]
    kinds = [row["actionKind"] for row in trail if row["reason"] == "a letter"]
    assert (kinds.count("FILE_STARTED"), kinds.count("FILE_FETCHED")) == (1, 2)


async def test_days_of_entries_are_written_day_by_day_within_bounds(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await buyer(app, "ana")
    await buyer(app, "bruno", receipt="=SUM(A1)")
    olga, _ = await staffed(app)
    ask = {"of": "PURCHASES", "reason": "books", "idempotencyKey": "p"}
    days = {"firstDay": "2026-03-01", "lastDay": "2026-03-03"}
    query = "mutation($i: StartFileInput!) { startFile(input: $i) { __typename } }"
    faults: list[tuple[Json, str]] = [
        ({}, "firstDay"),
        ({"firstDay": "2026-03-03", "lastDay": "2026-03-01"}, "firstDay"),
        ({"firstDay": "2025-03-01", "lastDay": "2026-03-03"}, "firstDay"),
        ({"firstDay": "9999-12-31", "lastDay": "9999-12-31"}, "lastDay"),
        ({**days, "withContacts": True}, "withContacts"),
        ({**days, "segment": "buyers"}, "segment"),
        ({**days, "reason": ""}, "reason"),
    ]
    for change, field in faults:
        assert (await app.error(query, {"i": {**ask, **change}}, token=olga))["field"] == field
    await app.mutate("startFile", {**ask, **days}, FILED, token=olga)
    await work(app)
    job = await newest(app, olga, "FILE", FILE)
    assert (job["jobState"], job["done"], job["file"]["rowsOf"]) == ("DONE", 2, "purchases")
    text = (await fetch(app, job["file"]["path"], olga))[1]
    assert "'=SUM(A1)" in text, "no spreadsheet takes a receipt's number for a formula"
    monkeypatch.setattr("domain.services.segments.files.MOST_ROWS", 1)
    app.clock.advance(seconds=1)
    await app.mutate("startFile", {**ask, **days, "idempotencyKey": "q"}, FILED, token=olga)
    await work(app)
    failed = await newest(app, olga, "FILE", FILE)
    assert (failed["jobState"], failed["file"]["path"]) == ("FAILED", None)
    assert failed["error"].startswith("more than 1 rows")
    monkeypatch.setattr("domain.services.segments.files.MOST_A_DAY", 2)
    assert (await app.error(query, {"i": {**ask, **days, "idempotencyKey": "r"}}, token=olga))[
        "code"
    ] == "RATE_LIMITED"
    await count(app)


async def test_an_analyst_reads_how_often_codes_were_entered_and_how_many_are_left(app: RunningApp) -> None:
    ana = await app.enrol_member()
    await app.mutate("enterCode", {"code": "SPRING", "idempotencyKey": "c"}, "__typename", token=ana)
    runtime = app.process.runtime
    made = code_batches.make_codes(
        runtime, secret=runtime.secret, batch="packs", count=3, actor="cli", now=app.clock()
    )
    [first, *_] = [code async for chunk in made for code in chunk]
    await app.mutate("enterCode", {"code": first, "idempotencyKey": "d"}, "__typename", token=ana)
    anna = await app.hire("anna", "ANALYST")
    query = "{ codeUses { name title isBatch made entered most left } }"
    uses = (await app.do(query, token=anna, language="pt"))["codeUses"]
    assert [tuple(each.values()) for each in uses] == [
        ("SPRING", "Primavera", False, None, 1, 10, 9),
        ("packs", "Pacotes", True, 3, 1, None, 2),
        ("FREE", "Livre", False, None, 0, None, None),
    ]
    sara = await app.hire("sara", "SERVICE")
    assert (await app.error(query, token=sara))["code"] == "FORBIDDEN"


async def test_nobody_knows_a_size_until_figures_have_counted_somebody(app: RunningApp) -> None:
    query = "{ segments { code members isCounted } }"
    olga, _ = await operators(app)
    unknown = {"members": 0, "isCounted": False}
    answer = (await app.do(query, token=olga))["segments"]
    assert answer == [{"code": "buyers", **unknown}, {"code": "vips", **unknown}]
    await buyer(app, "ana")
    await count(app)
    answer = (await app.do(query, token=olga))["segments"]
    assert [each["isCounted"] for each in answer] == [True, True]
    assert [each["members"] for each in answer] == [1, 0]
