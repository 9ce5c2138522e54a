"""Whoever names a member by a number or a contact looks them up: no field tells of a member without a trail."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    is_composite_type,
)

from api.graphql.engine.ids import encode_id
from api.graphql.schema import make_schema
from domain.model.people.codes import membership_number
from domain.store.connect import Database
from domain.store.people.sessions import StaffRole
from tests.command_log import CommandLog
from tests.graphql.test_attributes import PROGRAMME, asked
from tests.http.intake.client_story import ALL_SCOPES, add_client
from tests.running_app import Json, RunningApp, open_running_app

NAMES = frozenset({"member", "closing", "into", "contact"})
# A look-up each: who names nobody by it leaves a row, and counts as a bad scan.
LOOK_UPS = frozenset(
    {
        "findCustomer",
        "quotePurchase",
        "memberRecord",
        "auditTrail",
        "setCustomerAttributes",
        "correctBirthday",
        "freezeMember",
        "unfreezeMember",
        "adjustBalance",
        "proposeCorrection",
        "mergeMembers",
        "undoMerge",
        "exportMemberData",
        "eraseMember",
        "deleteCustomer",
        "keepCustomer",
        "proposeContact",
        "addServiceNote",
        "giveReward",
        "changeTags",
        "sendSignInCode",
        "takeNicknameAway",
        "requestRedemptionCode",
        "sendTestMessage",
    }
)
# What leaves a row of its own and counts in the day: value is recorded, held or spent for the member.
ACTS = frozenset(
    {"recordPurchase", "recordEvent", "checkout", "redeemForCustomer", "holdPayment", "bindCustomer"}
)
# The caller's own contact, one that begins a membership, or (the last two) a look-up where it has one.
OWN = frozenset({"requestSignInCode", "signIn", "changeContact", "enrolAtTill", "enrolInPlace"})
SET = """mutation($i: SetCustomerAttributesInput!) { setCustomerAttributes(input: $i) {
    __typename ... on CustomerAttributesSet { customer { number } } } }"""
CHANGE = "mutation($i: UnfreezeMemberInput!) { unfreezeMember(input: $i) { __typename } }"
REQUEST = "mutation($i: RequestRedemptionCodeInput!) { requestRedemptionCode(input: $i) { __typename } }"
TEXT = '[{locale: "pt", text: "a"}, {locale: "en", text: "a"}, {locale: "pl", text: "a"}]'
MESSAGE = f'{{channels: ["inbox"], purpose: "marketing", titles: {TEXT}, bodies: {TEXT}}}'
LIMIT = {"code": "FORBIDDEN", "reason": "SHIFT_LIMIT"}


def named(field: GraphQLField) -> Iterator[str]:
    """Yield by what a field names members, among its arguments and those of its input."""
    for name, argument in field.args.items():
        kind = argument.type.of_type if isinstance(argument.type, GraphQLNonNull) else argument.type
        yield name
        if isinstance(kind, GraphQLInputObjectType):
            yield from kind.fields


def naming_fields(schema: GraphQLSchema) -> dict[str, GraphQLField]:
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    fields = {**schema.query_type.fields, **schema.mutation_type.fields}
    return {name: field for name, field in fields.items() if NAMES & set(named(field))}


def literal(name: str, kind: GraphQLInputType, number: str) -> str:
    """Return a value of a type as a query writes it; what names a member is the number."""
    if name == "message":
        return MESSAGE
    if isinstance(kind, GraphQLNonNull):
        return literal(name, kind.of_type, number)
    if isinstance(kind, GraphQLInputObjectType):
        wanted = {
            key: each.type
            for key, each in kind.fields.items()
            if isinstance(each.type, GraphQLNonNull) or key in NAMES
        }
        return "{%s}" % ", ".join(f"{key}: {literal(key, each, number)}" for key, each in wanted.items())
    if isinstance(kind, GraphQLList):
        return "[]"
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    if name in NAMES:
        return f'"{number}"'
    plain = '"EUR"' if name == "currency" else '"x"'
    return {"Int": "1", "Boolean": "false"}.get(str(kind), plain)


def query_of(schema: GraphQLSchema, name: str, number: str) -> str:
    field = naming_fields(schema)[name]
    given = ", ".join(
        f"{key}: {literal(key, each.type, number)}"
        for key, each in field.args.items()
        if isinstance(each.type, GraphQLNonNull) or key in NAMES
    )
    bare = field.type
    while isinstance(bare, GraphQLNonNull | GraphQLList):
        bare = bare.of_type
    is_mutation = schema.mutation_type is not None and name in schema.mutation_type.fields
    chosen = " { __typename }" if is_composite_type(bare) else ""
    return f"{'mutation' if is_mutation else 'query'} {{ {name}({given}){chosen} }}"


def test_every_field_that_names_a_member_is_known_here() -> None:
    assert set(naming_fields(make_schema()._schema)) == LOOK_UPS | ACTS | OWN


@pytest.mark.parametrize("name", sorted(LOOK_UPS))
async def test_naming_nobody_leaves_a_row_and_counts_as_a_bad_scan(app: RunningApp, name: str) -> None:
    shop, office = await app.hire("boss", "MANAGER"), await app.hire("olga", "OPERATOR", store=None)
    at_till = name in {"quotePurchase", "requestRedemptionCode"}
    query = query_of(make_schema()._schema, name, membership_number(7))
    await app.ask(query, token=shop if at_till else office)
    rows = [row async for row in app.process.store["look_ups"].find({"by": "NUMBER"})]
    assert [row["member"] for row in rows] == [None]


@asynccontextmanager
async def knowing(
    database: Database, command_log: CommandLog, tmp_path: Path, **limits: Any
) -> AsyncIterator[RunningApp]:
    path = tmp_path / "known.yaml"
    path.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=path, **limits) as app:
        yield app


async def number_of(app: RunningApp, email: str) -> str:
    member = await app.enrol_member(email, locale="en", termsVersion="1")
    number: str = (await app.do("{ me { number } }", token=member))["me"]["number"]
    return number


def unchanged(number: str) -> Json:
    return {"i": {"member": number, **asked(shoe=None)}}


def unfrozen(number: str) -> Json:
    return {"i": {"member": number, "reason": "x", "idempotencyKey": number}}


@pytest.mark.parametrize(
    ("role", "query", "input"), [("CASHIER", SET, unchanged), ("MANAGER", CHANGE, unfrozen)]
)
async def test_changing_nothing_of_a_member_is_a_look_up_of_the_day(
    database: Database,
    command_log: CommandLog,
    tmp_path: Path,
    role: StaffRole,
    query: str,
    input: Callable[[str], Json],
) -> None:
    async with knowing(database, command_log, tmp_path, shift_look_ups=2, bad_scans_per_minute=3) as app:
        first, second, third = [await number_of(app, f"{name}@example.com") for name in "abc"]
        token = await app.hire("rui", role)
        for number in (first, second):
            await app.do(query, input(number), token=token)
        assert await app.count("look_ups") == 2
        assert await app.error(query, input(third), token=token) == LIMIT
        guessing = await app.hire("eva", role)
        misses = [await app.error(query, input(membership_number(n)), token=guessing) for n in range(3)]
        assert [each["code"] for each in misses] == ["NOT_FOUND", "NOT_FOUND", "FORBIDDEN"]


async def test_a_contact_that_a_system_names_is_a_look_up(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with knowing(database, command_log, tmp_path) as app:
        await number_of(app, "ana@example.com")
        issued = await add_client(app, scopes=ALL_SCOPES, bounds={"look_ups": 2})
        key = issued.key
        values = {"i": {"member": "ana@example.com", **asked(pet="cat")}}
        reward = {"i": {"member": "ana@example.com", "rewardId": encode_id("Reward", "none")}}
        await app.do(SET, values, token=key)
        await app.ask(REQUEST, reward, token=key)
        assert await app.count("look_ups") == 2
        assert await app.error(SET, values, token=key) == LIMIT
        assert await app.error(REQUEST, reward, token=key) == LIMIT
