"""Bombs: each is answered in under a second with the limit that it exceeds, or with what is wrong with it."""

import asyncio
import time

import pytest

from api.caller import MemberCaller
from api.graphql.engine.execution import Engine, GraphQLRequest, GraphQLResponse
from api.graphql.engine.limits import DocumentLimits
from api.rates import RateLimits
from tests.graphql.engine.small_schema import make_context, make_engine

PLENTY = RateLimits(anonymous_requests_per_minute=10**6, member_points_per_minute=10**6)


def spreading(levels: int, on: str, end: str, first: str) -> str:
    chain = " ".join(f"fragment f{n} on {on} {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels - 1))
    return f"{first} {chain} fragment f{levels - 1} on {on} {{ {end} }}"


BOMBS = {
    "fragments doubling": (spreading(50, "Query", "hello", "{ ...f0 }"), "QUERY_TOO_COSTLY", "cost"),
    "the 737 bytes of the design": (spreading(20, "Query", "hello", "{ ...f0 }"), "QUERY_TOO_COSTLY", "cost"),
    "51 fragments": (spreading(51, "Query", "hello", "{ ...f0 }"), "QUERY_TOO_COSTLY", "fragments"),
    "200 aliases": ("{" + " ".join(f"a{n}: hello" for n in range(200)) + "}", "QUERY_TOO_COSTLY", "aliases"),
    "aliases of introspection": (
        "{" + " ".join(f"a{n}: __typename" for n in range(200)) + "}",
        "QUERY_TOO_COSTLY",
        "aliases",
    ),
    "one field a thousand times": ("{" + "hello " * 990 + "}", "QUERY_TOO_COSTLY", "repeats"),
    "lists in lists": (
        "{ members { friends { friends { friends { friends { friends { id } } } } } } }",
        "QUERY_TOO_COSTLY",
        "cost",
    ),
    "a list of 300 deep": (
        "{ members " + "{ friends " * 100 + "{ id }" + "}" * 101,
        "QUERY_TOO_COSTLY",
        "depth",
    ),
    "braces beyond the parser's stack": ("{ members" * 240 + "}" * 240, "QUERY_TOO_COSTLY", "depth"),
    "brackets beyond the parser's stack": (
        "{ count(of: " + "[" * 480 + "]" * 480 + ") }",
        "QUERY_TOO_COSTLY",
        "depth",
    ),
    "inline fragments": ("{" + "...{" * 150 + "hello" + "}" * 151, "QUERY_TOO_COSTLY", "depth"),
    "tokens": ("{" + "hello " * 1000 + "}", "QUERY_TOO_COSTLY", "tokens"),
    "comments": ("#\n" * 1500 + "{ hello }", "QUERY_TOO_COSTLY", "tokens"),
    "characters": ("{ hello }" + " " * 20_000, "QUERY_TOO_COSTLY", "characters"),
    "directives": ("{ hello " + "@skip(if: true)" * 60 + "}", "QUERY_TOO_COSTLY", "directives"),
    "introspection twice": (
        "{ a: __schema { types { name } } b: __schema { types { name } } }",
        "QUERY_TOO_COSTLY",
        "introspections",
    ),
    "introspection in depth": (
        "{ __schema { types" + " { fields { type" * 5 + " { name }" + "} }" * 5 + "} }",
        "BAD_INPUT",
        None,
    ),
    "a ring": ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "BAD_INPUT", None),
    "a number of 5,000 digits": ("{ count(of: " + "1" * 5000 + ") }", "BAD_INPUT", None),
    "a float of 5,000 digits": ("{ count(of: 1." + "1" * 5000 + ") }", "BAD_INPUT", None),
    "unknown fields": ("{" + " ".join(f"nope{n}" for n in range(400)) + "}", "BAD_INPUT", None),
}


async def answer(engine: Engine, text: str, variables: dict[str, object] | None = None) -> GraphQLResponse:
    return await engine.run(
        GraphQLRequest(text, variables or {}), make_context(MemberCaller("m1", "s1")), asyncio.Event().wait
    )


@pytest.fixture(scope="module")
def engine() -> Engine:
    return make_engine(rates=PLENTY)


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_refused_in_under_a_second(engine: Engine, name: str) -> None:
    text, code, limit = BOMBS[name]
    began = time.perf_counter()
    refused = await answer(engine, text)
    took = time.perf_counter() - began
    errors = refused.body["errors"]
    assert isinstance(errors, list)
    assert (refused.status, len(errors) <= 5, "data" in refused.body) == (400, True, False)
    assert {each["extensions"]["code"] for each in errors} == {code}
    assert errors[0]["extensions"].get("limit") == limit
    assert len(str(errors)) < 3_000
    assert took < 1


async def test_the_refusal_names_limit_maximum_and_value(engine: Engine) -> None:
    refused = await answer(engine, "{" + " ".join(f"a{n}: hello" for n in range(16)) + "}")
    assert refused.body == {
        "errors": [
            {
                "message": "The query is over a limit: aliases is 16, at most 15.",
                "extensions": {"code": "QUERY_TOO_COSTLY", "limit": "aliases", "maximum": 15, "value": 16},
            }
        ]
    }


async def test_an_answer_that_grows_beyond_its_values_is_cut_off() -> None:
    engine = make_engine(rates=PLENTY, limits=DocumentLimits(values=100))
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id name friends { id } } }"
    whole = await answer(engine, text, {"ids": ["7"] * 20})
    assert "errors" not in whole.body
    refused = await answer(engine, text, {"ids": ["7"] * 40})
    errors = refused.body["errors"]
    assert isinstance(errors, list)
    assert (refused.body["data"], len(errors)) == (None, 1)
    assert errors[0]["extensions"] == {
        "code": "QUERY_TOO_COSTLY",
        "limit": "values",
        "maximum": 100,
        "value": 101,
    }


async def test_a_kept_document_is_judged_by_each_requests_variables(engine: Engine) -> None:
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { friends { friends { friends { id } } } } }"
    document_count = len(engine.documents)
    assert (await answer(engine, text, {"ids": ["1"]})).status == 200
    assert len(engine.documents) == document_count + 1
    refused = await answer(engine, text, {"ids": [str(n) for n in range(70)]})
    assert refused.body["errors"][0]["extensions"]["limit"] == "cost"  # type: ignore[index]
    assert len(engine.documents) == document_count + 1


async def test_what_is_refused_is_not_kept(engine: Engine) -> None:
    document_count = len(engine.documents)
    for text in ("{ nope }", "{ hello", "{" + "hello " * 1000 + "}"):
        await answer(engine, text)
    assert len(engine.documents) == document_count


async def test_at_most_five_errors_are_told(engine: Engine) -> None:
    faults = (await answer(engine, "{" + " ".join(f"nope{n}" for n in range(50)) + "}")).body["errors"]
    lines = (
        await answer(
            engine,
            "query ($i: EchoInput!) { echo(input: $i) { day } }",
            {"i": {"lines": [{"amount": "x"} for _ in range(10_000)]}},
        )
    ).body["errors"]
    fields = (await answer(engine, "{ " + " ".join(f"b{n}: broken" for n in range(9)) + " }")).body["errors"]
    assert [len(faults), len(lines), len(fields)] == [5, 5, 5]  # type: ignore[arg-type]
