"""The short way of plain leaves says what the library's own way says: values, order, nulls and errors."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, TypeGuard, cast

import pytest
import strawberry
from graphql import ExecutionResult, parse
from graphql.execution import Executor
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.graphql.leaves import lean_executor, plain_leaves
from api.graphql.permissions import MEMBER, PUBLIC, Entry, guard
from api.graphql.scalars import SCALARS, Long, WalletCode

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


class Word(str):
    """Text of another class."""


@strawberry.type
class Row:
    id: strawberry.ID
    text: str
    whole: int
    real: float
    truth: bool
    at: datetime
    day: date
    wallet: WalletCode
    total: Long
    words: list[str]
    maybe: str | None = None
    maybe_at: datetime | None = None

    @strawberry.field
    def made(self) -> str:
        return f"made of {self.text}"

    @strawberry.field
    async def later(self) -> str:
        await asyncio.sleep(0)
        return "later"

    @strawberry.field
    def again(self) -> "Row":
        return row()


def row(**given: object) -> Row:
    values: dict[str, object] = {
        "id": "r1",
        "text": "t",
        "whole": 7,
        "real": 0.5,
        "truth": True,
        "at": NOW,
        "day": date(2026, 3, 1),
        "wallet": "points",
        "total": 2**40,
        "words": ["a"],
    }
    return Row(**{**values, **given})  # type: ignore[arg-type]


@strawberry.type
class Query:
    @strawberry.field
    def row(self) -> Row | None:
        return row()

    given: Row | None = None


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))._schema
ALL = "id text whole real truth at day wallet total words maybe maybeAt"


def run(executor: type[Executor[Any]], text: str, root: object = None) -> ExecutionResult:
    built = executor.build(
        SCHEMA, parse(text), root_value=root, is_awaitable=cast("Callable[[object], TypeGuard[Awaitable[object]]]", optimized_is_awaitable)
    )
    assert isinstance(built, Executor)
    result = built.execute_operation()
    if isinstance(result, ExecutionResult):
        return result

    async def awaited() -> object:
        return await result  # type: ignore[misc]

    done = asyncio.run(awaited())
    assert isinstance(done, ExecutionResult)
    return done


def both(text: str, root: object = None) -> ExecutionResult:
    """Run it either way; what they say must be equal to the last word and in the same order."""
    library, lean = run(StrawberryGraphQLCoreExecutionContext, text, root), run(lean_executor(SCHEMA), text, root)
    assert str(lean.formatted) == str(library.formatted)
    return lean


def test_plain_attributes_go_the_short_way_and_others_do_not() -> None:
    short = {name for owner, name in plain_leaves(SCHEMA) if owner == "Row"}
    assert short == {"id", "text", "whole", "real", "truth", "at", "day", "wallet", "maybe", "maybeAt"}


@pytest.mark.parametrize(
    "text",
    [
        f"{{ row {{ {ALL} }} }}",
        f"{{ row {{ made {ALL} later again {{ {ALL} }} }} }}",
        "{ row { x: text later text y: again { later id } id } }",
        "{ row { ...f ... on Row { id } __typename } } fragment f on Row { text whole }",
        "query ($no: Boolean = false) { row { id @include(if: $no) text @skip(if: $no) } }",
        "{ given { id } }",
    ],
)
def test_both_ways_say_the_same(text: str) -> None:
    result = both(text, Query())
    assert result.errors is None


@pytest.mark.parametrize(
    "given",
    [
        {"text": None},
        {"text": 7},
        {"text": Word("w")},
        {"whole": 2**31},
        {"whole": -(2**31)},
        {"whole": True},
        {"whole": 1.5},
        {"whole": "7"},
        {"real": float("nan")},
        {"real": float("inf")},
        {"real": 3},
        {"truth": 1},
        {"truth": None},
        {"at": "2026"},
        {"day": NOW},
        {"id": 7},
        {"maybe": 7},
        {"maybe_at": NOW},
        {"maybe_at": date(2026, 3, 1)},
    ],
)
def test_both_ways_take_the_same_offence(given: dict[str, object]) -> None:
    for fields in (ALL, f"{ALL} later"):
        both(f"{{ given {{ {fields} }} }}", Query(given=row(**given)))


def test_a_guarded_field_never_goes_the_short_way() -> None:
    schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))._schema
    guard(schema, lambda _context, _name: None, roots={"Query": {"row": Entry(PUBLIC, PUBLIC)}}, guarded={("Row", "text"): MEMBER})
    assert ("Row", "text") not in plain_leaves(schema)
    assert ("Row", "id") in plain_leaves(schema)
