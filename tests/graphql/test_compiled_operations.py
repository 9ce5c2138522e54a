"""The operations of our pages and clients go the compiled way and stay on it, and any operation is answered the
same by the compiled way and by the library alone.
"""

import asyncio
import inspect
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import orjson
import pytest
from graphql import OperationType, parse
from graphql.execution.collect_fields import collect_fields
from graphql.language import Visitor, visit
from graphql.language.visitor import REMOVE, VisitorAction

from api.caller import Anonymous, Caller, Origin
from api.graphql.engine.compiling.operations import CompiledDocument, CompilingExecutor, Tally
from api.graphql.engine.compiling.selections import Compiler
from api.graphql.engine.execution import GraphQLRequest
from api.graphql.schema import make_schema
from api.http.graphql import GraphQLEndpoint
from api.http.graphql_setup import make_graphql_routes
from api.pictures.picture_library import PictureLibrary
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.both_ways import Ways
from tests.graphql.generated_operations import Generator
from tests.graphql.member.voucher_acts import member_with_points, redeem
from tests.graphql.page_operations import page_operations
from tests.graphql.test_database_commands import HOME
from tests.running_app import Json, RunningApp, open_running_app

COMPILED = "<compiled operation>"  # the file of what an operation is compiled to
PLENTY: dict[str, Any] = {
    f"{name}_per_minute": 10**6
    for name in ("member_points", "anonymous_requests", "staff_requests", "look_ups", "bad_scans")
}
GENERATED = int(os.environ.get("SELO_STORM_OPERATIONS", "120"))  # scripts/storms/operations asks 2,000
ROOTS = ("programme", "me", "viewer", "node", "nodes", "staff", "findCustomer", "quotePurchase", "purchase")


class _NoVariables(Visitor):
    def enter_variable_definition(self, *_: object) -> VisitorAction:
        return REMOVE


@pytest.mark.parametrize(
    ("file", "text"), [pytest.param(*each, id=each[1][:40]) for each in page_operations()]
)
def test_every_operation_of_our_pages_and_clients_is_compiled(file: str, text: str) -> None:
    schema = make_schema()
    document = visit(parse(text), _NoVariables())
    executor = CompilingExecutor.build(
        schema._schema,
        document,
        converter=schema.schema_converter,
        values_at_most=1,
        tally=Tally(),
        compiled=CompiledDocument.of(document),
    )
    assert isinstance(executor, CompilingExecutor), executor
    root = schema._schema.get_root_type(executor.operation.operation)
    assert root is not None
    grouped = collect_fields(
        schema._schema, executor.fragments, executor.variable_values, root, executor.operation
    ).grouped_field_set
    for details in grouped.values():
        name = details[0].node.name.value
        if name != "__typename":
            Compiler(executor).compile(root.fields[name].type, details)  # raises NotCompiled


@pytest.fixture
async def shop(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    """A server that counts no rates."""
    async with open_running_app(database, command_log, tmp_path, **PLENTY) as running:
        yield running


async def _member_with_a_life(app: RunningApp) -> tuple[str, str, Json]:
    """A member who bought, redeemed and was refunded; return both tokens, and the values of arguments."""
    token, till = await member_with_points(app), await app.hire("rui")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    for at in range(5):
        lines = [{"sku": "a", "category": "stamps", "amount": 1_500}, {"sku": "b", "amount": 400}]
        bought = {"member": number, "externalId": f"R{at}", "currency": "EUR", "total": 30_000 + at}
        await app.mutate(
            "recordPurchase", {**bought, "lines": lines, "idempotencyKey": f"k{at}"}, "__typename", token=till
        )
    refund = {"externalId": "R1", "amount": 700, "reason": "odd", "idempotencyKey": "back"}
    await app.mutate("refundPurchase", refund, "__typename", token=till)
    await redeem(app, token)
    ids = await app.do(
        "{ me { id pointHistory { edges { cursor node { id } } } vouchers { edges { node { id } } } purchases"
        " { edges { node { id } } } rewards { edges { node { reward { id } } } } } }",
        token=token,
    )
    me = ids["me"]
    lists = [me["pointHistory"], me["vouchers"], me["purchases"]]
    nodes = [edge["node"]["id"] for each in lists for edge in each["edges"][:3]]
    nodes += [me["id"], me["rewards"]["edges"][0]["node"]["reward"]["id"], "junk", "UmV3YXJkOm5vbmU"]
    quote = {"member": number, "currency": "EUR", "total": 4_990}
    return (
        token,
        till,
        {
            "id": nodes,
            "ids": nodes,
            "after": [me["pointHistory"]["edges"][2]["cursor"], None, "junk"],
            "first": [1, 2, 5, 20, 100, None, 0, 101],
            "size": [64, 256, 1],
            "wallet": ["points", "cashback", "none"],
            "WalletCode": ["points", "none"],
            "contact": [number, "nobody@example.com", "?"],
            "externalId": ["R0", "R1", "none"],
            "store": ["lisboa", "porto", None],
            "source": ["till", None],
            "QuoteInput": [quote, {**quote, "total": -1}, {**quote, "currency": "USD"}],
        },
    )


class Sides:
    """One endpoint in process, asked both ways."""

    def __init__(self, app: RunningApp) -> None:
        pictures = PictureLibrary(None, base_url="")
        routes = make_graphql_routes(app.process, address="", explorer=False, pictures=pictures)
        endpoint = routes[0].endpoint  # type: ignore[attr-defined]
        assert isinstance(endpoint, GraphQLEndpoint)
        self.endpoint, self.engine = endpoint, endpoint.engine

    def caller(self, token: str | None) -> Caller:
        return Anonymous() if token is None else self.endpoint.callers.of_token(token)

    async def answer(
        self, text: str, variables: Mapping[str, object], caller: Caller, *, compiling: bool
    ) -> bytes:
        self.engine.is_compiling = compiling
        context = self.endpoint._make_context(Origin("request", "127.0.0.1", "en"), caller)
        request = GraphQLRequest(text, dict(variables))
        answer = await self.engine.run(request, context, asyncio.Event().wait)
        return orjson.dumps([answer.body, answer.status, answer.may_be_compressed, answer.is_public])


async def ask_generated(app: RunningApp, seeds: range) -> Counter[str]:
    """Ask the operations of seeds both ways; return how many were answered without and with errors."""
    token, till, values = await _member_with_a_life(app)
    sides, outcomes = Sides(app), Counter[str]()
    callers = [sides.caller(each) for each in (token, token, till, None)]
    for seed in seeds:
        random = Random(seed)
        operation = Generator(sides.engine.schema, random, values, ROOTS).operation()
        caller = random.choice(callers)
        answers = [
            await sides.answer(operation.text, operation.variables, caller, compiling=each)
            for each in (True, False)
        ]
        assert answers[0] == answers[1], f"seed {seed}: {operation}\n{answers[0]!r}\n{answers[1]!r}"
        body = orjson.loads(answers[0])[0]
        outcomes["errors" if "errors" in body else "data"] += 1
        outcomes["not run"] += "data" not in body
    outcomes.update(compiled=sides.engine.tally.compiled, given_up=sides.engine.tally.given_up)
    assert sides.engine.tally.not_compiled == 0
    return outcomes


async def test_generated_operations_are_answered_the_same_both_ways(shop: RunningApp) -> None:
    outcomes = await ask_generated(shop, range(GENERATED))
    assert outcomes["not run"] < GENERATED // 3, outcomes
    assert outcomes["compiled"] > GENERATED // 3, outcomes
    assert outcomes["errors"] > GENERATED // 20, outcomes


async def test_the_screens_of_our_pages_stay_on_the_compiled_way(shop: RunningApp, ways: Ways) -> None:
    token, till, _ = await _member_with_a_life(shop)
    ways.compared = 0
    for file, text in page_operations():
        definition = parse(text).definitions[0]
        if (
            not file.startswith("api/web/phone")
            or getattr(definition, "operation", None) != OperationType.QUERY
        ):
            continue
        if "$id" not in text:
            await shop.do(text, token=token)
    assert ways.compared >= 7
    assert await _answered_at_the_till(shop, till)
    assert ways.given_up == []


async def _answered_at_the_till(app: RunningApp, till: str) -> Any:
    operations = {text.partition("(")[0]: text for file, text in page_operations() if "till" in file}
    found = await app.do(operations["query TillPurchase"], {"externalId": "R0"}, token=till)
    bought = {"member": "nobody", "externalId": "R9", "currency": "EUR", "total": 1, "idempotencyKey": "k9"}
    refused = await app.do(operations["mutation TillRecord"], {"input": bought}, token=till)
    assert refused["recordPurchase"]["__typename"] == "UnknownCode"
    return found["purchase"]


class Made:
    """Counts the tasks, the first steps and resumptions of coroutines, the functions called and the objects
    initialised in Python while a block runs.
    """

    def __init__(self) -> None:
        self.tasks, self.steps, self.calls, self.objects = list[str](), 0, 0, 0

    def __enter__(self) -> "Made":
        asyncio.get_running_loop().set_task_factory(self._make_task)
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        asyncio.get_running_loop().set_task_factory(None)

    def _make_task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
        if "/pymongo/" not in coroutine.cr_code.co_filename:  # the driver reads and writes in tasks
            self.tasks.append(coroutine.__qualname__)
        return asyncio.Task(coroutine, loop=loop, **more)

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        if event != "call":
            return
        file = frame.f_code.co_filename
        in_api = "/api/" in file or "/graphql/" in file or file == COMPILED
        self.steps += in_api and bool(frame.f_code.co_flags & inspect.CO_COROUTINE)
        self.calls += in_api
        self.objects += frame.f_code.co_name == "__init__" and "/pymongo/" not in file


@pytest.mark.parametrize(("rows", "calls", "objects"), [(1, 300, 160), (20, 520, 260)])
async def test_the_home_screen_makes_no_task_and_no_coroutine_a_row(
    shop: RunningApp, rows: int, calls: int, objects: int
) -> None:
    token, _, _ = await _member_with_a_life(shop)
    await shop.process.runtime.stock.poll()  # as the application does each second beside its requests
    sides = Sides(shop)
    caller, home = sides.caller(token), HOME.replace("first: 20", f"first: {rows}")
    await sides.answer(home, {}, caller, compiling=True)
    with Made() as made:  # not counting() commands: what Python makes
        answer = await sides.answer(home, {}, caller, compiling=True)
    assert len(orjson.loads(answer)[0]["data"]["me"]["rewards"]["edges"]) == min(rows, 6)
    # On a busy machine it lasts so long that the client is watched.
    assert set(made.tasks) <= {"Event.wait"}
    assert made.steps <= 90, made.steps  # 79, as many for one row as for twenty
    assert made.calls <= calls, made.calls  # 284 and 493
    assert made.objects <= objects, made.objects  # 149 and 246, the member's own parts among them
