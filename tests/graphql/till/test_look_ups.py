"""Looking members up at the till: every look-up leaves a trail and is limited, and nobody is told more than
that there is nobody.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.graphql.engine.ids import encode_id
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app

FIND = "query($c: String!) { findCustomer(contact: $c) { id name } }"
TRAIL = "{ auditTrail(lookUps: true) { actor actionKind store { code } member subject requestId } }"
SCAN = "mutation($i: ScanInput!) { scan(input: $i) { __typename } }"
QUOTE = 'query($n: String!) { quotePurchase(input: {member: $n, currency: "EUR", total: 1000}) { customer { name } } }'
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"


@pytest.fixture
async def tight(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    """An application with low limits of look-ups."""
    async with open_running_app(
        database, command_log, tmp_path, shift_look_ups=5, look_ups_per_minute=8, bad_scans_per_minute=3
    ) as running:
        yield running


async def trail(app: RunningApp) -> list[Json]:
    """Return the look-ups of the first store as its manager reads them, the first of them first."""
    manager = await app.hire("chefe", "MANAGER")
    rows: list[Json] = (await app.do(TRAIL, token=manager))["auditTrail"]
    return rows[::-1]


async def test_every_look_up_leaves_a_row_without_any_contact(app: RunningApp) -> None:
    member, till = await app.enrol_member(), await app.hire("rui")
    number = (await app.do("{ me { number } }", token=member))["me"]["number"]
    unknown = "bea@example.com"
    customer = (await app.do(FIND, {"c": "ANA@example.com"}, token=till))["findCustomer"]
    app.clock.advance(seconds=1)
    assert (await app.do(FIND, {"c": unknown}, token=till))["findCustomer"] is None
    app.clock.advance(seconds=1)
    assert (await app.do(FIND, {"c": "+351912345678"}, token=till))["findCustomer"] is None
    app.clock.advance(seconds=1)
    await app.do(FIND, {"c": number}, token=till)
    app.clock.advance(seconds=1)
    await app.do(SCAN, {"i": {"code": number, "idempotencyKey": "a"}}, token=till)
    app.clock.advance(seconds=1)
    await app.do(QUOTE, {"n": number}, token=till)
    app.clock.advance(seconds=1)
    assert (await app.do(NODES, {"ids": [customer["id"]]}, token=till))["nodes"] == [{"id": customer["id"]}]
    rows = await trail(app)
    assert [(row["subject"], row["member"]) for row in rows] == [
        ("EMAIL", customer["id"]),
        ("EMAIL", None),
        ("PHONE", None),
        ("NUMBER", customer["id"]),
        ("NUMBER", customer["id"]),
        ("NUMBER", customer["id"]),
        ("ID", customer["id"]),
    ]
    assert {(row["actor"], row["actionKind"], row["store"]["code"]) for row in rows} == {
        ("rui", "MEMBER_LOOKED_UP", "lisboa")
    }
    assert all(len(row["requestId"]) == 16 for row in rows)
    stored = [row async for row in app.process.store["look_ups"].find({"_id": {"$gt": ""}})]
    assert len(stored) == 7
    assert not any(text in str(stored) for text in (unknown, "ana@example.com", "912345678", number))
    # What was done in the shift is as short as before.
    assert (await app.do("{ shiftActions { id } }", token=till))["shiftActions"] == []


async def test_a_retried_scan_is_one_look_up(app: RunningApp) -> None:
    member, till = await app.enrol_member(), await app.hire("rui")
    number = (await app.do("{ me { number } }", token=member))["me"]["number"]
    for _ in range(3):
        await app.do(SCAN, {"i": {"code": number, "idempotencyKey": "a"}}, token=till)
    assert await app.count("look_ups") == 1


async def test_a_day_has_a_limit_over_all_sessions(tight: RunningApp) -> None:
    member, till = await tight.enrol_member(), await tight.hire("rui")
    number = (await tight.do("{ me { number } }", token=member))["me"]["number"]
    for _ in range(5):
        await tight.do(FIND, {"c": number}, token=till)
    again = (
        await tight.mutate(
            "staffSignIn",
            {"username": "rui", "password": "a long enough password", "store": "porto"},
            "... on StaffSignedIn { accessToken }",
        )
    )["accessToken"]
    refused = {"code": "FORBIDDEN", "reason": "SHIFT_LIMIT"}
    assert await tight.error(FIND, {"c": number}, token=again) == refused
    assert await tight.error(SCAN, {"i": {"code": number, "idempotencyKey": "a"}}, token=again) == refused
    assert await tight.count("look_ups") == 5
    tight.clock.advance(days=1)
    assert (await tight.do(FIND, {"c": number}, token=again))["findCustomer"]["name"] == "Ana Silva"


async def test_a_minute_has_a_limit_also_for_aliases_and_nodes(tight: RunningApp) -> None:
    till = await tight.hire("rui")
    aliases = " ".join(f'a{n}: findCustomer(contact: "ana@example.com") {{ id }}' for n in range(15))
    errors = (await tight.ask(f"{{ {aliases} }}", token=till))["errors"]
    assert {each["extensions"]["code"] for each in errors} <= {"RATE_LIMITED", "FORBIDDEN"}
    assert await tight.count("look_ups") <= 5
    ids = [encode_id("Customer", f"nobody-{n}") for n in range(100)]
    errors = (await tight.ask(NODES, {"ids": ids}, token=till))["errors"]
    assert {each["extensions"]["code"] for each in errors} == {"RATE_LIMITED"}
    assert await tight.count("look_ups") <= 5


async def test_looking_for_nobody_again_and_again_locks_the_till_for_a_minute(tight: RunningApp) -> None:
    till = await tight.hire("rui")
    for name in ("a", "b", "c"):
        assert (await tight.do(FIND, {"c": f"{name}@example.com"}, token=till))["findCustomer"] is None
    locked = await tight.error(FIND, {"c": "d@example.com"}, token=till)
    assert (locked["code"], locked["retryAfter"] <= 60) == ("RATE_LIMITED", True)
    assert await tight.count("look_ups") == 3


async def test_nobody_is_nobody_however_that_came(app: RunningApp) -> None:
    await app.enrol_member()
    till = await app.hire("rui")
    customer = (await app.do(FIND, {"c": "ana@example.com"}, token=till))["findCustomer"]["id"]
    await app.process.store["members"].update_many({"_id": {"$gt": ""}}, {"$set": {"status": "erased"}})
    for contact in (
        "ana@example.com",
        "nobody@example.com",
        "no contact at all",
        "+351 912 345 678",
        "1234-5678-9",
    ):
        assert (await app.do(FIND, {"c": contact}, token=till))["findCustomer"] is None, contact
    node = "query($id: ID!) { node(id: $id) { id } }"
    answers = [
        await app.ask(node, {"id": id}, token=till) for id in (customer, encode_id("Customer", "nobody"))
    ]
    assert answers[0] == answers[1]
    assert answers[0]["errors"][0]["extensions"] == {"code": "NOT_FOUND"}
    assert await app.count("look_ups") == 8


async def test_cashiers_read_no_trail_of_look_ups_and_a_day_is_the_most(app: RunningApp) -> None:
    assert (await app.error(TRAIL, token=await app.hire("rui")))["code"] == "FORBIDDEN"
    long = '{ auditTrail(lookUps: true, since: "2026-02-27T00:00:00Z") { id } }'
    assert await app.error(long, token=await app.hire("chefe", "MANAGER")) == {
        "code": "BAD_INPUT",
        "field": "until",
    }
