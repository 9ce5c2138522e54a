"""The compiled way answers exactly what the library answers: values, order, nulls and errors."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from enum import Enum
from typing import TypeGuard, cast

import pytest
import strawberry
from graphql import ExecutionResult, parse
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig

from api.graphql.engine.compiling.operations import CompiledDocument, CompilingExecutor, Tally
from api.graphql.engine.permissions import with_permissions
from api.graphql.engine.permitted.caller_kinds import PUBLIC, STAFF, RootPermission
from api.graphql.engine.scalars import SCALARS, Long, WalletCode
from tests.graphql.engine.small_schema import make_context

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
class Nest:
    text: str
    inner: "Nest | None" = None
    inners: "list[Nest] | None" = None


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
    def secret(self) -> str | None:
        return "for staff"

    @strawberry.field
    def deep_secret(self) -> str:
        return "for staff"

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


@pytest.fixture(autouse=True)
def ways() -> None:
    """Both ways are compared here: no fixture shall complete the compiled way by the library."""


@strawberry.type
class Query:
    @strawberry.field
    def row(self) -> Row | None:
        return row()

    sample: Row | None = None
    nest: Nest | None = None


STRAWBERRY = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))
SCHEMA = with_permissions(
    STRAWBERRY._schema,
    lambda _context, _name: None,
    roots={"Query": {name: RootPermission(PUBLIC, PUBLIC) for name in ("row", "sample", "nest")}},
    guarded={("Row", "secret"): STAFF, ("Row", "deepSecret"): STAFF},
)
ALL = "id text whole real truth at day wallet total words hue maybe maybeAt __typename"
TREE = "leaf { text } leaves { text __typename } maybeLeaf { text } maybeLeaves { text }"


def run(
    text: str,
    root: object = None,
    *,
    compiling: bool,
    tally: Tally | None = None,
    variables: dict[str, object] | None = None,
) -> ExecutionResult:
    document = parse(text)
    built = CompilingExecutor.build(
        SCHEMA,
        document,
        root_value=root,
        raw_variable_values=variables,
        context_value=make_context(),
        is_awaitable=cast("Callable[[object], TypeGuard[Awaitable[object]]]", optimized_is_awaitable),
        converter=STRAWBERRY.schema_converter,
        values_at_most=1_000,
        tally=tally or Tally(),
        compiled=CompiledDocument.of(document) if compiling else None,
    )
    assert isinstance(built, CompilingExecutor)

    async def executed() -> object:
        result = built.execute_operation()
        return result if isinstance(result, ExecutionResult) else await cast("Awaitable[object]", result)

    done = asyncio.run(executed())
    assert isinstance(done, ExecutionResult)
    return done


def both(
    text: str,
    root: object = None,
    *,
    tally: Tally | None = None,
    variables: dict[str, object] | None = None,
) -> ExecutionResult:
    """Run a query both ways; the answers must be equal, in the same order."""
    library = run(text, root, compiling=False, variables=variables)
    compiled = run(text, root, compiling=True, tally=tally, variables=variables)
    assert str(compiled.formatted) == str(library.formatted)
    return compiled


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
    tally = Tally()
    result = both(text, Query(), tally=tally)
    assert result.errors is None
    assert tally == Tally(compiled=tally.compiled)
    assert tally.compiled > 0


def test_what_the_library_answers_itself_is_left_to_it() -> None:
    tally = Tally()
    text = '{ row { id } __schema { types { name } } __type(name: "Row") { fields { name type { name } } } }'
    assert both(text, Query(), tally=tally).errors is None
    assert (tally.compiled, tally.given_up, tally.not_compiled > 0) == (1, 0, True)


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


@pytest.mark.parametrize(
    "text",
    [
        "{ row { id leaf { text @include(if: $on) } } }",
        "{ row { id maybeLeaf { text @include(if: $on) } again { id again { leaf { text @skip(if: $on) } } } } }",
    ],
)
def test_a_directive_that_is_given_null_fails_where_the_library_says(text: str) -> None:
    assert both(f"query ($on: Boolean = true) {text}", Query(), variables={"on": None}).errors
    assert both(f"query ($on: Boolean = true) {text}", Query(), variables={}).errors is None


def test_what_is_hidden_from_a_caller_is_null_only_where_it_may_be() -> None:
    tally = Tally()
    assert both("{ sample { secret } }", Query(sample=row()), tally=tally).data == {
        "sample": {"secret": None}
    }
    assert (tally.compiled, tally.given_up) == (1, 0)
    assert both("{ sample { deepSecret } }", Query(sample=row())).data == {"sample": None}


@pytest.mark.parametrize("name", ["inner", "inners"])
@pytest.mark.parametrize("depth", [1, 11, 12, 13, 40])
def test_what_nests_deeper_than_python_does_is_compiled(name: str, depth: int) -> None:
    tally, leaf, selected = Tally(), Nest(text="leaf"), "text"
    for at in range(depth):
        leaf = Nest(text=str(at), inner=leaf, inners=[leaf])
        selected = f"text {name} {{ {selected} }}"
    assert both(f"{{ nest {{ {selected} }} }}", Query(nest=leaf), tally=tally).errors is None
    assert tally == Tally(compiled=1)
    leaf.text = None  # type: ignore[assignment]
    assert both(f"{{ nest {{ {selected} }} }}", Query(nest=leaf)).errors


def test_what_gave_the_compiled_way_up_is_counted_once() -> None:
    root = Query(sample=row(leaves=[*(Leaf(text=str(n)) for n in range(700)), OtherLeaf(text="o")]))
    both("{ sample { leaves { text } } }", root)
    both("{ sample { later leaves { text } again { id } } }", root)


def test_the_values_of_an_answer_are_counted_both_ways() -> None:
    root = Query(sample=row(leaves=[Leaf(text=str(n)) for n in range(999)]))
    over = [run("{ sample { leaves { text made } } }", root, compiling=each) for each in (True, False)]
    assert [(each.data, str(each.errors)) for each in over] == [
        (None, "[GraphQLError('The query is over a limit: values is 1002, at most 1000.')]")
    ] * 2
