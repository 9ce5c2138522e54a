"""The fast path of plain fields answers exactly what the library answers: values, order, nulls and errors."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TypeGuard, cast

import pytest
import strawberry
from graphql import ExecutionResult, parse
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.graphql.engine.fast_fields import FastExecutor, fast_executor, find_fast_fields
from api.graphql.engine.permissions import MEMBER, PUBLIC, RootPermission, install_permissions
from api.graphql.engine.scalars import SCALARS, Long, WalletCode

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


class Word(str):
    """Text of another class."""


@strawberry.enum
class Hue(Enum):
    RED = "red"
    BLUE = strawberry.enum_value("blue", name="AZURE")


class OtherHue(Enum):
    RED = "red"


@strawberry.type
class Leaf:
    text: str

    @strawberry.field
    def made(self) -> str:
        return f"made of {self.text}"

    @strawberry.field
    def label(self, info: strawberry.Info) -> str:
        return f"{info.field_name} of {self.text}"


class OtherLeaf(Leaf):
    """A leaf of another class."""


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
    hue: Hue
    leaf: Leaf
    leaves: list[Leaf]
    maybe_leaf: Leaf | None = None
    maybe_leaves: list[Leaf | None] | None = None
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

    @strawberry.field
    def longer(self, by: int = 1) -> str:
        return self.text * (1 + by)

    @strawberry.field
    def failing(self) -> str | None:
        raise ValueError(f"no {self.text}")

    @strawberry.field
    def torn(self) -> list[Leaf]:
        return [Leaf(text="1"), self.leaf]


def row(**fields: object) -> Row:
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
        "hue": Hue.BLUE,
        "leaf": Leaf(text="l"),
        "leaves": [Leaf(text="1"), Leaf(text="2")],
    }
    return Row(**{**values, **fields})  # type: ignore[arg-type]


@strawberry.type
class Query:
    @strawberry.field
    def row(self) -> Row | None:
        return row()

    sample: Row | None = None


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))._schema
ALL = "id text whole real truth at day wallet total words hue maybe maybeAt __typename"
TREE = "leaf { text } leaves { text __typename } maybeLeaf { text } maybeLeaves { text }"


def run(executor: type[Executor[Any]], text: str, root: object = None) -> ExecutionResult:
    built = executor.build(
        SCHEMA,
        parse(text),
        root_value=root,
        is_awaitable=cast("Callable[[object], TypeGuard[Awaitable[object]]]", optimized_is_awaitable),
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
    """Run a query by the fast path and by the library; the answers must be equal, in the same order."""
    library, lean = (
        run(StrawberryGraphQLCoreExecutionContext, text, root),
        run(fast_executor(SCHEMA, values_at_most=1_000), text, root),
    )
    assert str(lean.formatted) == str(library.formatted)
    return lean


def test_plain_attributes_go_the_short_way_and_others_do_not() -> None:
    short = {name for owner, name in find_fast_fields(SCHEMA) if owner == "Row"}
    assert short == {
        *(
            "__typename",
            "id",
            "text",
            "whole",
            "real",
            "truth",
            "at",
            "day",
            "wallet",
            "total",
            "hue",
            "maybe",
            "maybeAt",
        ),
        *("leaf", "leaves", "maybeLeaf", "maybeLeaves", "made", "again", "failing", "torn"),
    }


def test_a_tree_of_plain_fields_is_read_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    completed: list[str] = []
    complete = StrawberryGraphQLCoreExecutionContext.execute_field

    def noted(
        self: FastExecutor, parent: Any, source: object, details: list[FieldDetails], *more: Any
    ) -> object:
        completed.append(details[0].node.name.value)
        return complete(self, parent, source, details, *more)

    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "execute_field", noted)
    assert run(
        fast_executor(SCHEMA, values_at_most=1_000),
        "{ sample { made leaf { text } leaves { made } } }",
        Query(sample=row()),
    ).data == {
        "sample": {
            "made": "made of t",
            "leaf": {"text": "l"},
            "leaves": [{"made": "made of 1"}, {"made": "made of 2"}],
        }
    }
    assert completed == []
    completed.clear()
    assert run(
        fast_executor(SCHEMA, values_at_most=1_000),
        "{ sample { made leaves { text label } } }",
        Query(sample=row()),
    ).data == {
        "sample": {
            "made": "made of t",
            "leaves": [{"text": "1", "label": "label of 1"}, {"text": "2", "label": "label of 2"}],
        }
    }
    assert completed == ["sample", "leaves", "label", "label"]


@pytest.mark.parametrize(
    "text",
    [
        f"{{ row {{ {ALL} }} }}",
        f"{{ row {{ made {ALL} later again {{ {ALL} }} }} }}",
        f"{{ row {{ {TREE} {ALL} {TREE} }} }}",
        f"{{ row {{ made {TREE} later again {{ {TREE} }} }} }}",
        "{ row { leaves { made text label } leaf { text x: made } longer y: longer(by: 2) } }",
        "{ row { torn { text made } again { made torn { __typename } } } }",
        (
            "{ row { leaf { text } y: leaf { t: text } leaf { u: text ...f } } } fragment f on Leaf {"
            " __typename }"
        ),
        (
            "query ($no: Boolean = false) { row { leaf { text @skip(if: $no) x: text @include(if: $no) }"
            " leaves { text @include(if: $no) } } }"
        ),
        "{ row { x: text later text y: again { later id } id } }",
        "{ row { ...f ... on Row { id } __typename } } fragment f on Row { text whole }",
        "query ($no: Boolean = false) { row { id @include(if: $no) text @skip(if: $no) } }",
        "{ sample { id } }",
    ],
)
def test_both_ways_say_the_same(text: str) -> None:
    result = both(text, Query())
    assert result.errors is None


@pytest.mark.parametrize(
    "overrides",
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
        {"hue": OtherHue.RED},
        {"hue": "red"},
        {"hue": None},
        {"total": 2**63},
        {"total": True},
        {"leaf": None},
        {"leaf": OtherLeaf(text="o")},
        {"leaf": Leaf(text=None)},  # type: ignore[arg-type]
        {"leaf": "l"},
        {"leaves": None},
        {"leaves": ()},
        {"leaves": (Leaf(text="1"),)},
        {"leaves": [Leaf(text="1"), None]},
        {"leaves": [Leaf(text="1"), Leaf(text=None)]},  # type: ignore[arg-type]
        {"leaves": [Leaf(text="1"), OtherLeaf(text="2")]},
        {"leaves": 7},
        {"maybe_leaf": Leaf(text="m")},
        {"maybe_leaf": Leaf(text=None)},  # type: ignore[arg-type]
        {"maybe_leaves": [Leaf(text="1"), None]},
        {"maybe_leaves": [Leaf(text="1"), Leaf(text=None)]},  # type: ignore[arg-type]
        {"maybe": 7},
        {"maybe_at": NOW},
        {"maybe_at": date(2026, 3, 1)},
    ],
)
def test_both_ways_take_the_same_offence(overrides: dict[str, object]) -> None:
    for fields in (
        ALL,
        f"{ALL} later",
        TREE,
        f"{TREE} {ALL} later",
        "leaf { text label } leaves { text made } torn { text } failing",
    ):
        both(f"{{ sample {{ {fields} }} }}", Query(sample=row(**overrides)))


def test_a_guarded_field_never_goes_the_short_way() -> None:
    schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))._schema
    install_permissions(
        schema,
        lambda _context, _name: None,
        roots={"Query": {"row": RootPermission(PUBLIC, PUBLIC)}},
        guarded={("Row", "text"): MEMBER},
    )
    assert ("Row", "text") not in find_fast_fields(schema)
    assert ("Row", "id") in find_fast_fields(schema)
