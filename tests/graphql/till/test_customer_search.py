"""Finding a customer by the last digits of a number, or by the beginning of a name."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app

FIND = """query($d: String, $n: String, $f: Int! = 10) { findCustomers(lastDigits: $d, nameBegins: $n, first: $f) {
  id name numberHint contacts } }"""
PEOPLE = (
    ("Ana Conceição", "+351912345678"),
    ("Łukasz Żółć", "+48601235678"),
    ("Ana Maria Silva", "+351961110000"),
    ("Mary-Anne O'Neil", "+447911123456"),
)


@pytest.fixture
async def tight(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_running_app(
        database, command_log, tmp_path, shift_look_ups=5, look_ups_per_minute=8
    ) as running:
        yield running


async def join(app: RunningApp, name: str, phone: str) -> str:
    """Enrol somebody with a phone; return their access token."""
    input = {"name": name, "phone": phone, "termsVersion": "2026-01", "idempotencyKey": phone}
    applied = await app.mutate("enrol", input, "... on Enrolled { challenge enrolmentToken }")
    return await app.sign_in(phone, **applied)


async def everybody(app: RunningApp) -> list[str]:
    return [await join(app, name, phone) for name, phone in PEOPLE]


async def found(app: RunningApp, till: str, **what: object) -> list[Json]:
    matches: list[Json] = (await app.do(FIND, what, token=till))["findCustomers"]
    return matches


async def names(app: RunningApp, till: str, **what: object) -> list[str]:
    return [match["name"] for match in await found(app, till, **what)]


async def test_customers_are_found_by_what_they_remember(app: RunningApp) -> None:
    tokens, till = await everybody(app), await app.hire("rui")
    number = (await app.do("{ me { number } }", token=tokens[0]))["me"]["number"]
    [ana] = await found(app, till, d="912 345 678")
    assert (ana["name"], ana["numberHint"], ana["contacts"]) == (
        "Ana Conceição",
        "•" * (len(number) - 4) + number[-4:],
        ["+351******678"],
    )
    assert await names(app, till, d="5678") == ["Ana Conceição", "Łukasz Żółć"]
    assert await names(app, till, d="5678", n="luka") == ["Łukasz Żółć"]
    assert await names(app, till, d="+48 601 235 678") == ["Łukasz Żółć"]
    assert await names(app, till, d="07911 123456") == ["Mary-Anne O'Neil"]
    assert "Ana Conceição" in await names(app, till, d=number[-5:])
    assert await names(app, till, n="CONCEICAO") == await names(app, till, n="ção con") + ["Ana Conceição"]
    assert await names(app, till, n="zo") == ["Łukasz Żółć"]
    assert await names(app, till, n="an") == ["Ana Conceição", "Ana Maria Silva", "Mary-Anne O'Neil"]
    assert await names(app, till, n="ana sil") == ["Ana Maria Silva"]
    assert await names(app, till, n="an", f=1) != []
    assert await names(app, till, n="conceicaox") == []
    purchase = {
        "member": ana["id"],
        "externalId": "T-1",
        "currency": "EUR",
        "total": 5,
        "idempotencyKey": "k",
    }
    recorded = await app.mutate("recordPurchase", purchase, "__typename", token=till)
    assert recorded["__typename"] == "PurchaseRecorded"


async def test_another_name_and_another_phone_are_found_from_then_on(app: RunningApp) -> None:
    token, till = await join(app, *PEOPLE[0]), await app.hire("rui")
    await app.mutate("updateProfile", {"name": "Berta Rosa"}, "__typename", token=token)
    assert (await names(app, till, n="ana"), await names(app, till, n="ros")) == ([], ["Berta Rosa"])
    change = {"contact": "+351933334444"}
    sent = await app.mutate("changeContact", change, "... on SignInCodeRequested { challenge }", token=token)
    code = {"code": app.code_sender.codes["+351933334444"], **sent}
    await app.mutate("changeContact", {**change, **code}, "__typename", token=token)
    assert (await names(app, till, d="5678"), await names(app, till, d="4444")) == ([], ["Berta Rosa"])


async def test_each_customer_shown_is_a_look_up_and_a_day_has_a_limit(tight: RunningApp) -> None:
    await everybody(tight)
    till = await tight.hire("rui")
    assert len(await found(tight, till, n="an")) == 3
    assert await found(tight, till, n="zz") == []
    rows = [row async for row in tight.process.store["look_ups"].find({"_id": {"$gt": ""}})]
    assert sorted((row["by"], row["member"] is None) for row in rows) == [("NAME", False)] * 3 + [
        ("NAME", True)
    ]
    assert "Ana" not in str(rows)
    assert await tight.error(FIND, {"n": "an"}, token=till) == {"code": "FORBIDDEN", "reason": "SHIFT_LIMIT"}
    assert await tight.count("look_ups") == 4
    for _ in range(5):
        await tight.ask(FIND, {"n": "zz"}, token=till)
    assert (await tight.error(FIND, {"n": "zz"}, token=till))["code"] == "RATE_LIMITED"


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ({"d": "123"}, "lastDigits"),
        ({"d": "abcd"}, "lastDigits"),
        ({"n": "a"}, "nameBegins"),
        ({"n": "..."}, "nameBegins"),
        ({"n": "a" * 101}, "nameBegins"),
        ({}, "nameBegins"),
        ({"n": "an", "f": 21}, "first"),
    ],
)
async def test_what_finds_everybody_is_refused(app: RunningApp, what: Json, field: str) -> None:
    refused = await app.error(FIND, what, token=await app.hire("rui"))
    assert refused == {"code": "BAD_INPUT", "field": field}
    assert await app.count("look_ups") == 0


async def test_members_and_strangers_find_nobody(app: RunningApp) -> None:
    token = await join(app, *PEOPLE[0])
    assert (await app.error(FIND, {"n": "an"}, token=token))["code"] == "FORBIDDEN"
    assert (await app.error(FIND, {"n": "an"}))["code"] == "UNAUTHENTICATED"


async def test_a_search_reads_what_it_shows(app: RunningApp) -> None:
    await everybody(app)
    till = await app.hire("rui")
    with app.command_log.counting() as counted:
        await names(app, till, n="an", f=3)
    finds = [command for command in counted.commands if command.name == "find"]
    assert [(str(command), command.body["limit"]) for command in finds] == [("find(members)", 3)]
    assert finds[0].body["filter"] == {"search": "n:an", "status": "active"}
