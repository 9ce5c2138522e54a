"""An employee who is asked for again with the same key, as after a lost answer, and another one with that key."""

import pytest

from tests.graphql.console.test_four_eyes import session_of
from tests.graphql.console.test_operations import employee_input, operators
from tests.running_app import PASSWORD, Json, RunningApp

ADDED = """__typename ... on EmployeeAdded { setupKey employee { username role } }
    ... on StaffProposed { proposal { proposal } } ... on Problem { message }"""
RENEWED = "__typename ... on EmployeeChanged { setupKey }"


async def add(app: RunningApp, token: str, input: Json) -> Json:
    return await app.mutate("addEmployee", input, ADDED, token=token)


async def sign_in(app: RunningApp, username: str, setup_key: str) -> None:
    """Use a set-up key at the first sign-in."""
    input: Json = {"username": username, "password": PASSWORD, "store": None}
    code = await app.first_code(input, setup_key)
    input |= {"setupKey": setup_key, "secondFactor": code}
    assert (await app.mutate("staffSignIn", input, "__typename"))["__typename"] == "StaffSignedIn"


async def test_a_lost_answer_is_given_again_with_the_key_while_it_works(app: RunningApp) -> None:
    olga, _ = await operators(app)
    sara = employee_input("sara", "SERVICE")
    first = await add(app, olga, sara)
    assert first["setupKey"]
    assert await add(app, olga, sara) == first
    stored = list[str]()
    for name in ("requests", "staff", "audit"):
        stored += [str(row) async for row in app.process.store[name].find({"_id": {"$gt": ""}})]
    assert not [row for row in stored if first["setupKey"] in row or PASSWORD in row]
    await sign_in(app, "sara", first["setupKey"])
    assert await add(app, olga, sara) == {**first, "setupKey": None}
    acts = app.process.store["audit"].find({"action": "STAFF_ADDED", "reason": sara["reason"]})
    assert len([row async for row in acts]) == 1


async def test_a_set_up_key_that_was_replaced_or_has_lapsed_is_not_given_again(app: RunningApp) -> None:
    olga, _ = await operators(app)
    sara, mia = employee_input("sara", "SERVICE"), employee_input("mia", "ANALYST")
    first = await add(app, olga, sara)
    reset = {"username": "sara", "reason": "lost", "idempotencyKey": "r"}
    renewed = await app.mutate("resetSecondFactor", reset, RENEWED, token=olga)
    assert renewed["setupKey"] not in {None, first["setupKey"]}
    assert (await add(app, olga, sara))["setupKey"] is None
    assert (await add(app, olga, mia))["setupKey"]
    app.clock.advance(days=8)
    again = await session_of(app, "olga")
    assert await add(app, again, mia) == {
        "__typename": "EmployeeAdded",
        "setupKey": None,
        "employee": {"username": "mia", "role": "ANALYST"},
    }


@pytest.mark.parametrize("role", ["CASHIER", "MANAGER", "OPERATOR"])
async def test_another_input_with_the_same_key_is_a_conflict(app: RunningApp, role: str) -> None:
    olga, _ = await operators(app)
    nora = employee_input("nora", role, stores=["lisboa"])
    first = await add(app, olga, nora)
    assert await add(app, olga, nora) == first
    changes: list[Json] = [
        {"stores": []},
        {"password": "quite another long one"},
        {"email": "nora@example.com"},
        {"phone": "+351912345678"},
        {"name": "Nora B"},
        {"reason": "another"},
        {"role": "SERVICE", "stores": []},
    ]
    for change in changes:
        assert (await add(app, olga, {**nora, **change}))["__typename"] == "IdempotencyConflict", change
    refused = await app.error(
        "mutation($i: AddEmployeeInput!) { addEmployee(input: $i) { __typename } }",
        {"i": {**nora, "idempotencyKey": "other", **({} if role != "OPERATOR" else {"username": "olga"})}},
        token=olga,
    )
    assert refused == {"code": "BAD_INPUT", "field": "username"}
