"""The dearest document of each type that the limits accept, and of each leaf that computes what it answers, is
answered by a server with much to tell, within the weights, and `/health` is answered all the while.

A leaf without a resolver of its own is an attribute: the document of its type has as many of them as of any.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import httpx
import pytest
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, get_named_type, is_leaf_type
from strawberry.types.base import StrawberryObjectDefinition

from api.graphql.engine.limits import DocumentLimits
from api.graphql.schema import make_schema
from api.senders.tls import client_tls
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.engine.dearest_documents import DearestDocument, dearest_documents, dearest_of_leaves
from tests.graphql.member.voucher_acts import redeem
from tests.running_app import NUMISCOLLECT, ROOT, Json, RunningApp, open_running_app

RULES, PURCHASES, LINES, VOUCHERS = 60, 4, 500, 20
LIMITS = DocumentLimits()
SCHEMA: GraphQLSchema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
PICTURE = "(format: PNG, size: 2048)"
CUSTOMER = '(contact: "ana@example.com")'
ARGUMENTS = (
    {"Voucher.qr": PICTURE, "MemberCard.qr": PICTURE, "Query.findCustomer": CUSTOMER}
    | {
        "Member.reward": '(code: "discount-5")',
        "Member.quote": "(total: 5000)",
    }
    | {
        f"{owner.name}.{name}": "(first: PAGE)"
        for owner in SCHEMA.type_map.values()
        if isinstance(owner, GraphQLObjectType)
        for name, field in owner.fields.items()
        if "first" in field.args
    }
)
SIZES = {"Purchase.lines": LINES, "Purchase.explanation": RULES, "PointEntry.explanation": RULES}
SIZES |= {"Purchase.entries": 1, "Purchase.vouchers": 1}
OF_A_MEMBER = frozenset({"me", "programme"})
OF_A_TILL = frozenset({"findCustomer", "shiftActions", "auditTrail", "staff"})
# Nobody waits so long for anything: a loop that was held up for as long as this would be a fault on any machine.
HELD_UP_SECONDS = 5
POLL_SECONDS = 0.01


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    """A server whose programme has many rules."""
    text = NUMISCOLLECT.read_text(encoding="utf-8")
    rules = "".join(
        f"  - {{code: more-{n}, title: {{pt: More, en: More, pl: More}}, on: purchase.completed,"
        " do: [{award: {wallet: points, fixed: 9}}]}\n"
        for n in range(RULES)
    )
    file = tmp_path / "many-rules.yaml"
    file.write_text(text.replace("\nrules:\n", f"\nrules:\n{rules}", 1), encoding="utf-8")
    async with open_running_app(
        database,
        command_log,
        tmp_path,
        programme=file,
        member_points_per_minute=100_000,
        anonymous_requests_per_minute=1_000_000,
    ) as running:
        yield running


async def test_the_dearest_document_of_each_type_leaves_health_answered(app: RunningApp) -> None:
    member, till = await _member_with_much(app)
    documents = _documents(OF_A_MEMBER)
    at_the_till = _documents(OF_A_TILL)
    computed = _documents_of_leaves(OF_A_MEMBER)
    assert {"Voucher", "RuleOutcome", "PointEntry", "Reward"} <= {each.type_name for each in computed}
    assert {"PurchaseLine", "RuleOutcome", "QrImage", "Store", "Voucher"} <= {
        document.type_name for document in documents
    }
    assert {"ShiftAction", "AuditEntry", "Customer"} <= {document.type_name for document in at_the_till}
    for document in (*documents, *computed):
        await _is_bounded(app, document, member)
    for document in (*at_the_till, *_documents_of_leaves(OF_A_TILL)):
        await _is_bounded(app, document, till)


@cache
def _documents(roots: frozenset[str]) -> tuple[DearestDocument, ...]:
    return tuple(dearest_documents(SCHEMA, roots=roots, arguments=ARGUMENTS, sizes=SIZES))


@cache
def _documents_of_leaves(roots: frozenset[str]) -> tuple[DearestDocument, ...]:
    alone = _computed_leaves()
    return tuple(dearest_of_leaves(SCHEMA, roots=roots, arguments=ARGUMENTS, sizes=SIZES, alone=alone))


@cache
def _computed_leaves() -> frozenset[str]:
    """The leaves that have a resolver of their own, as `Type.field`."""
    schema = make_schema()
    definitions = [schema.get_type_by_name(name) for name in SCHEMA.type_map]
    return frozenset(
        f"{each.name}.{schema.config.name_converter.get_graphql_name(field)}"
        for each in definitions
        if isinstance(each, StrawberryObjectDefinition)
        for field in each.fields
        if field.base_resolver is not None
    )


async def _is_bounded(app: RunningApp, document: DearestDocument, token: str) -> None:
    async with _health_polled(str(app.client.base_url)) as waits:
        body = await app.ask(document.text, token=token)
    assert _error_codes(body) <= {"QUERY_TOO_COSTLY"}, (document, body["errors"])
    assert _count_values(body.get("data")) <= LIMITS.values, document
    assert max(waits) < HELD_UP_SECONDS, document


def test_every_leaf_that_a_member_reads_is_in_a_document() -> None:
    documents = _documents(OF_A_MEMBER)
    for document in documents:
        owner = SCHEMA.type_map[document.type_name]
        assert isinstance(owner, GraphQLObjectType)
        leaves = [name for name, field in owner.fields.items() if is_leaf_type(get_named_type(field.type))]
        assert all(f" {name}" in document.text for name in leaves), document
    pictures = next(one for one in documents if one.type_name == "QrImage")
    assert "vouchers(first: 20)" in pictures.text


async def _member_with_much(app: RunningApp) -> tuple[str, str]:
    """Return the token of a member with long receipts and many vouchers, and that of the till."""
    token = await app.enrol_member()
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    till = await app.hire("rui", "MANAGER")
    lines = [
        {"sku": f"S-{n:06}", "name": f"Coin of {n}", "category": f"cat{n % 40}", "amount": 10 + n}
        for n in range(LINES)
    ]
    for n in range(PURCHASES):
        purchase = {
            "member": number,
            "externalId": f"r{n}",
            "currency": "EUR",
            "total": 900_000,
            "lines": lines,
        }
        await app.mutate("recordPurchase", {**purchase, "idempotencyKey": f"k{n}"}, "__typename", token=till)
        app.clock.advance(days=15)
    for n in range(VOUCHERS):
        assert (await redeem(app, token, key=f"v{n}"))["__typename"] == "RewardRedeemed"
    return token, till


@asynccontextmanager
async def _health_polled(url: str) -> AsyncIterator[list[float]]:
    """Ask `/health` from a thread of its own until the block ends; yields how long each answer took."""
    waits, stop = list[float](), threading.Event()

    def poll() -> None:
        with httpx.Client(base_url=url, timeout=60, verify=client_tls()) as client:
            while not stop.wait(POLL_SECONDS) or not waits:
                began = time.perf_counter()
                assert client.get("/health").status_code == 200
                waits.append(time.perf_counter() - began)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield waits
    finally:
        stop.set()
        await asyncio.to_thread(thread.join)


def _error_codes(body: Json) -> set[str]:
    return {error["extensions"]["code"] for error in body.get("errors", ())}


def _count_values(answer: object) -> int:
    if isinstance(answer, dict):
        return sum(1 + _count_values(value) for value in answer.values())
    return sum(map(_count_values, answer)) if isinstance(answer, list) else 0
