"""What operators mistype at the console is BAD_INPUT with the field's own name, and days at the calendar's ends are days."""

from __future__ import annotations

import pytest

from tests.graphql.console.test_operations import employee_input, operators
from tests.running_app import Json, RunningApp

SYSTEM: Json = {
    "name": "shop",
    "source": "web",
    "store": "lisboa",
    "keyKind": "LIVE",
    "scopes": ["purchases:write"],
    "reason": "a shop",
    "idempotencyKey": "k",
}
MISTYPED: list[tuple[str, Json, str]] = [
    ("addEmployee", {**employee_input("nora", "CASHIER"), "stores": ["nowhere"]}, "stores"),
    ("addEmployee", {**employee_input("nora", "SERVICE"), "stores": ["lisboa"]}, "stores"),
    ("addEmployee", {**employee_input("nora", "CASHIER"), "memberNumber": "0000000000"}, "memberNumber"),
    ("moveEmployee", {"username": "rita", "stores": ["nowhere"], "reason": "moves"}, "stores"),
    ("addSystem", {**SYSTEM, "addresses": ["everywhere"]}, "addresses"),
    ("addSystem", {**SYSTEM, "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
    ("retryOutbox", {"ids": [str(each) for each in range(201)]}, "ids"),
    ("retryOutbox", {"ids": []}, "ids"),
    ("retryIntake", {"ids": []}, "ids"),
]


@pytest.mark.parametrize(("mutation", "input", "field"), MISTYPED)
async def test_a_fault_names_the_field_of_the_input(
    app: RunningApp, mutation: str, input: Json, field: str
) -> None:
    olga, _ = await operators(app)
    kind = {"retryOutbox": "Retry", "retryIntake": "Retry"}.get(mutation, mutation[0].upper() + mutation[1:])
    query = f"mutation($i: {kind}Input!) {{ {mutation}(input: $i) {{ __typename }} }}"
    error = await app.error(query, {"i": input}, token=olga)
    assert (error["code"], error["field"].split(".")[-1]) == ("BAD_INPUT", field)


async def test_an_hour_that_no_key_is_kept_is_refused_by_name(app: RunningApp) -> None:
    olga, rita = await operators(app)
    proposed = "... on StaffProposed { proposal { proposal } }"
    asked = (await app.mutate("addSystem", SYSTEM, proposed, token=olga))["proposal"]
    await app.mutate("approveProposal", asked, "__typename", token=rita)
    rotate = {"name": "shop", "keepHours": 5, "reason": "leaked", "idempotencyKey": "r"}
    query = "mutation($i: RotateSystemKeyInput!) { rotateSystemKey(input: $i) { __typename } }"
    assert (await app.error(query, {"i": rotate}, token=olga))["field"].endswith("keepHours")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_first_and_the_last_day_there_are_break_nothing(app: RunningApp, day: str) -> None:
    olga, _ = await operators(app)
    shifts = "query($d: LocalDate!) { shifts(since: $d, until: $d) { day } }"
    assert (await app.do(shifts, {"d": day}, token=olga))["shifts"] == []
    for query in (
        "query($d: LocalDate!) { figures(to: $d) { days { receipts } } }",
        "query($d: LocalDate!) { figures(from: $d, to: $d) { days { receipts } } }",
    ):
        answer = await app.ask(query, {"d": day}, token=olga)
        codes = [each["extensions"]["code"] for each in answer.get("errors", ())]
        assert codes == ["BAD_INPUT"]


EXTREMES = [
    ("mutation($i: StartBacktestInput!) { startBacktest(input: $i) { __typename } }", "i.since", "day"),
    (
        "mutation($i: ProposeProgrammeInput!) { proposeProgramme(input: $i) { __typename } }",
        "i.publishAt",
        "at",
    ),
    ("mutation($i: AddSystemInput!) { addSystem(input: $i) { __typename } }", "i.expiresAt", "at"),
    (
        'query($u: DateTime, $t: String!) { programmeTrial(text: $t, story: "", until: $u) { fault } }',
        "u",
        "at",
    ),
    ("query($u: DateTime) { auditTrail(until: $u) { id } }", "u", "at"),
    ("query($u: DateTime) { auditTrail(since: $u) { id } }", "u", "at"),
]


@pytest.mark.parametrize(("query", "place", "kind"), EXTREMES)
async def test_instants_at_the_calendars_ends_are_answered_or_refused(
    app: RunningApp, query: str, place: str, kind: str
) -> None:
    olga, _ = await operators(app)
    text = (await app.do("{ programmeText(version: 1) }", token=olga))["programmeText"]
    draft = {"text": text, "note": "n", "baseVersion": 1, "idempotencyKey": "d"}
    inputs = {"startBacktest": {"text": text}, "proposeProgramme": draft, "addSystem": SYSTEM}
    for value in {
        "day": ("0001-01-01", "9999-12-31"),
        "at": ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"),
    }[kind]:
        variables: Json = {"u": value, "t": text}
        if place != "u":
            name = query.split("{ ")[1].split("(")[0]
            variables = {"i": {**inputs[name], place.removeprefix("i."): value}}
        elif "$t" not in query:
            variables = {"u": value}
        answer = await app.ask(query, variables, token=olga)
        assert "INTERNAL" not in str(answer.get("errors")), (value, answer)
        if "programmeTrial" in query:
            assert "longer than a try" not in str(answer), (value, answer)
