"""Every error carries a code; an unexpected one says INTERNAL and the request id, and the logs hold no text
of the client's.
"""

import asyncio

import pytest
from structlog.testing import capture_logs

from api.errors import Json
from api.graphql.engine.execution import GraphQLRequest
from tests.graphql.engine.small_schema import make_context, make_engine

SECRET = "mongodb://user:secret@database"


async def errors(text: str, variables: dict[str, object] | None = None, **engine: bool) -> list[Json]:
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    answer = await make_engine(**engine).run(GraphQLRequest(text, variables or {}), make_context(), never)  # type: ignore[arg-type]
    listed = answer.body["errors"]
    assert isinstance(listed, list)
    return listed


async def test_an_unforeseen_error_tells_its_request_id_and_nothing_else() -> None:
    with capture_logs() as logs:
        assert await errors("query Mine { broken }") == [
            {
                "message": "Something went wrong on our side. Request 0123456789abcdef.",
                "extensions": {"code": "INTERNAL", "requestId": "0123456789abcdef"},
                "path": ["broken"],
            }
        ]
    (line,) = logs
    assert (line["event"], line["error_code"], line["operation"], line["request_id"]) == (
        "graphql.internal",
        "INTERNAL",
        "Mine",
        "0123456789abcdef",
    )
    assert line["error"] == "RuntimeError"
    assert line["frames"][-1].endswith("broken")
    assert SECRET not in str(logs)


async def test_null_where_none_may_be_is_our_fault_not_the_clients() -> None:
    assert [each["extensions"] for each in await errors("{ nullInNonNull }")] == [
        {"code": "INTERNAL", "requestId": "0123456789abcdef"}
    ]


@pytest.mark.parametrize(
    ("field", "extensions"),
    [
        ("missing", {"code": "NOT_FOUND"}),
        ("off", {"code": "NOT_AVAILABLE"}),
        ("wrong", {"code": "BAD_INPUT", "field": "first"}),
        ("me { id }", {"code": "UNAUTHENTICATED"}),
    ],
)
async def test_what_a_resolver_says_reaches_the_client_with_its_code(field: str, extensions: Json) -> None:
    assert [each["extensions"] for each in await errors(f"{{ {field} }}")] == [extensions]


async def test_a_mutation_says_when_to_come_back() -> None:
    assert [each["extensions"] for each in await errors("mutation { busy }")] == [
        {"code": "BUSY", "retryAfter": 3}
    ]


@pytest.mark.parametrize(
    ("echo_input", "field"),
    [
        ({"at": "2026-03-01T10:00:00"}, "at"),
        ({"day": "2026-02-30"}, "day"),
        ({"total": 1.5}, "total"),
        ({"data": [1]}, "data"),
        ({"wallet": ""}, "wallet"),
        ({"lines": [{"amount": 1}, {"amount": "x"}]}, "lines[1].amount"),
        ({"lines": [{}]}, "lines[0].amount"),
        ({"nope": 1}, "nope"),
    ],
)
async def test_an_input_that_does_not_fit_is_named(echo_input: Json, field: str) -> None:
    (error,) = await errors("query ($i: EchoInput!) { echo(input: $i) { at } }", {"i": echo_input})
    assert error["extensions"] == {"code": "BAD_INPUT", "field": field}


@pytest.mark.parametrize(
    "text",
    [
        "{ hello",
        "{ nope }",
        "{ hello(nope: 1) }",
        '{ count(of: "x") }',
        "query ($n: Int!) { count(of: $n) }",
        "",
        "scalar X",
    ],
)
async def test_faults_of_the_document_and_of_variables_are_bad_input(text: str) -> None:
    assert {each["extensions"]["code"] for each in await errors(text)} == {"BAD_INPUT"}  # type: ignore[index]


async def test_a_null_variable_for_an_argument_with_a_default_is_the_clients() -> None:
    (error,) = await errors("query ($n: String) { hello(name: $n) }", {"n": None})
    assert error["extensions"] == {"code": "BAD_INPUT"}


async def test_a_faulty_documents_places_are_told() -> None:
    (error,) = await errors("{\n  hello\n  nope\n}")
    assert error["locations"] == [{"line": 3, "column": 3}]


async def test_no_suggestions_and_no_schema_where_introspection_is_off() -> None:
    (typo,) = await errors("{ helo }", introspection=False)
    (introspected,) = await errors(
        "{ ...f } fragment f on Query { __schema { types { name } } }", introspection=False
    )
    assert "hello" not in str(typo)
    assert introspected["message"] == "Introspection is turned off here."
    assert "Did you mean" in str(await errors("{ helo }"))


async def test_what_the_client_wrote_is_told_back_in_short_only() -> None:
    (error,) = await errors("query ($n: Int!) { count(of: $n) }", {"n": "x" * 10_000})
    assert len(str(error["message"])) <= 401
