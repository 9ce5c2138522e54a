"""GraphQL over HTTP: media types, statuses, methods, headers, and bodies that are refused with a sentence."""

import gzip
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ExceptionHandler

from api.http.graphql import preferred_media_type
from api.http.headers import OuterMiddleware, answer_unhandled_error
from api.rates import RateLimits
from tests.http.small_server import SmallServer

JSON = {"content-type": "application/json"}
MODERN = {"accept": "application/graphql-response+json"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(SmallServer().app()), base_url="http://selo"
    ) as made:
        yield made


def code(answer: httpx.Response) -> str:
    body = answer.json()
    assert set(body) == {"errors"}
    return str(body["errors"][0]["extensions"]["code"])


async def test_a_query_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/graphql",
        json={
            "query": "query Q($n: String!) { hello(name: $n) }",
            "variables": {"n": "Ana"},
            "operationName": "Q",
        },
    )
    assert (answer.status_code, answer.json()) == (200, {"data": {"hello": "hello Ana"}})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
        ("application/json;q=0.9, application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json;q=0.5, application/json", "application/json"),
        ("application/json, application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json, */*;q=0.1", "application/graphql-response+json"),
        ("application/graphql-response+json;q=0, */*", "application/json"),
        ("APPLICATION/JSON; q=1.0", "application/json"),
        ("text/html", None),
        ("application/json;q=0", None),
        ("application/json;q=many", None),
    ],
)
def test_the_media_type_that_is_liked_best_is_taken(accept: str | None, media: str | None) -> None:
    assert preferred_media_type(accept) == media


async def test_neither_media_type_is_406(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{ hello }"}, headers={"accept": "text/plain"})
    assert (answer.status_code, code(answer)) == (406, "BAD_INPUT")


@pytest.mark.parametrize(
    ("query", "modern", "error"),
    [
        ("{ hello", 400, "BAD_INPUT"),
        ("{ nope }", 400, "BAD_INPUT"),
        ("query ($n: Int!) { count(of: $n) }", 400, "BAD_INPUT"),
        ("subscription { breaks }", 400, "BAD_INPUT"),
        ("{" + "hello " * 1000 + "}", 400, "QUERY_TOO_COSTLY"),
    ],
)
async def test_statuses_speak_to_those_who_accept_them(
    client: httpx.AsyncClient, query: str, modern: int, error: str
) -> None:
    spoken = await client.post("/graphql", json={"query": query}, headers=MODERN)
    silent = await client.post("/graphql", json={"query": query})
    assert (spoken.status_code, code(spoken), silent.status_code, code(silent)) == (modern, error, 200, error)


async def test_an_error_of_a_field_leaves_the_status_at_200(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{ broken hello }"}, headers=MODERN)
    assert (answer.status_code, answer.json()["data"]) == (200, {"broken": None, "hello": "hello world"})


async def test_the_request_id_of_an_error_is_the_answers_header(client: httpx.AsyncClient) -> None:
    first, second = [await client.post("/graphql", json={"query": "{ broken }"}) for _ in range(2)]
    assert first.json()["errors"][0]["extensions"] == {
        "code": "INTERNAL",
        "requestId": first.headers["x-request-id"],
    }
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


# --- methods
# ---------------------------------------------------------------------------------------------------------


async def test_get_runs_a_query(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/graphql",
        params={"query": "query ($n: Int!) { count(of: $n) }", "variables": '{"n": 3}', "operationName": ""},
    )
    assert (answer.status_code, answer.json()) == (200, {"data": {"count": 3}})


async def test_get_runs_no_mutation(client: httpx.AsyncClient) -> None:
    for headers in ({}, MODERN):
        answer = await client.get(
            "/graphql", params={"query": 'mutation { spend(key: "k") }'}, headers=headers
        )
        assert (answer.status_code, answer.headers["allow"], code(answer)) == (405, "POST", "BAD_INPUT")


async def test_get_of_one_of_several_operations_is_judged_by_the_one_that_runs(
    client: httpx.AsyncClient,
) -> None:
    text = 'query a { hello } mutation b { spend(key: "k") }'
    statuses = [
        (await client.get("/graphql", params={"query": text, "operationName": name})).status_code
        for name in ("a", "b")
    ]
    assert statuses == [200, 405]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "query=%7Bhello%7D&query=%7Bhello%7D",
        "query=%ff",
        "query=%7Bhello%7D&variables=x",
        "variables=%7B%7D",
    ],
)
async def test_a_url_that_cannot_be_read_is_400(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/graphql?{query}")
    assert (answer.status_code, code(answer)) == (400, "BAD_INPUT")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_405(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/graphql")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


# --- bodies
# ----------------------------------------------------------------------------------------------------------

NUMBER = "1" * 5000

BODIES = {
    "nothing": b"",
    "null": b"null",
    "true": b"true",
    "7": b"7",
    "text": b'"x"',
    "a list": b"[]",
    "a batch": b'[{"query":"{ hello }"},{"query":"{ hello }"}]',
    "half": b'{"query": "{ hello',
    "bad UTF-8": b'{"query": "{ hello }\xff"}',
    "UTF-16": '{"query": "{ hello }"}'.encode("utf-16"),
    "a lone surrogate": b'{"query": "\\ud800"}',
    "NaN": b'{"query": "{ hello }", "variables": {"a": NaN}}',
    "infinity": b'{"query": "{ hello }", "variables": {"a": -Infinity}}',
    "1e999": b'{"query": "{ hello }", "variables": {"a": 1e999}}',
    "5,000 digits": f'{{"query": "{{ hello }}", "variables": {{"a": {NUMBER}}}}}'.encode(),
    "nesting of 100,000": b'{"query": "{ hello }", "variables": {"a": '
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}}",
    "nesting of 33": b'{"query": "{ hello }", "variables": {"a": ' + b"[" * 31 + b"]" * 31 + b"}}",
    "no query": b'{"variables": {}}',
    "query null": b'{"query": null}',
    "query a list": b'{"query": ["{ hello }"]}',
    "variables a list": b'{"query": "{ hello }", "variables": []}',
    "variables a text": b'{"query": "{ hello }", "variables": "{}"}',
    "operationName 7": b'{"query": "{ hello }", "operationName": 7}',
    "extensions a text": b'{"query": "{ hello }", "extensions": "x"}',
    "extensions an empty list": b'{"query": "{ hello }", "extensions": []}',
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_is_no_request_is_400(client: httpx.AsyncClient, name: str) -> None:
    for headers in (JSON, JSON | MODERN):
        answer = await client.post("/graphql", content=BODIES[name], headers=headers)
        assert (answer.status_code, code(answer)) == (400, "BAD_INPUT")


async def test_nesting_of_32_is_read(client: httpx.AsyncClient) -> None:
    body = b'{"query": "{ hello }", "variables": {"a": ' + b"[" * 30 + b"]" * 30 + b"}}"
    assert (await client.post("/graphql", content=body, headers=JSON)).json() == {
        "data": {"hello": "hello world"}
    }


async def test_a_body_of_256_kb_is_read_and_one_byte_more_is_413(client: httpx.AsyncClient) -> None:
    body = orjson.dumps({"query": "{ hello }", "pad": ""})
    full = body[:-2] + b"x" * (256 * 1024 - len(body)) + b'"}'
    assert len(full) == 256 * 1024
    assert (await client.post("/graphql", content=full, headers=JSON)).status_code == 200
    answer = await client.post("/graphql", content=full[:-2] + b'x"}', headers=JSON)
    assert (answer.status_code, code(answer), answer.headers["connection"]) == (413, "BAD_INPUT", "close")


async def test_a_body_without_a_length_is_counted_while_it_streams(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 64 * 1024
            yield b" " * 64 * 1024

    answer = await client.post("/graphql", content=endless(), headers=JSON)
    assert (answer.status_code, sent) == (413, 320 * 1024)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "gzip, identity"])
async def test_content_encodings_are_refused(client: httpx.AsyncClient, encoding: str) -> None:
    body = gzip.compress(b'{"query": "{ hello }"}')
    answer = await client.post("/graphql", content=body, headers=JSON | {"content-encoding": encoding})
    assert (answer.status_code, code(answer)) == (415, "BAD_INPUT")


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/json; charset=latin-1",
        "application/json; boundary=x",
    ],
)
async def test_a_post_takes_json_only(client: httpx.AsyncClient, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    answer = await client.post("/graphql", content=b'{"query": "{ hello }"}', headers=headers)
    assert (answer.status_code, code(answer)) == (415, "BAD_INPUT")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
    ],
)
async def test_json_in_utf_8_is_taken(client: httpx.AsyncClient, content_type: str) -> None:
    answer = await client.post(
        "/graphql", content=b'{"query": "{ hello }"}', headers={"content-type": content_type}
    )
    assert answer.json() == {"data": {"hello": "hello world"}}


# --- headers
# ---------------------------------------------------------------------------------------------------------


async def test_every_answer_carries_the_security_headers_and_no_name(client: httpx.AsyncClient) -> None:
    for answer in (
        await client.post("/graphql", json={"query": "{ hello }"}),
        await client.get("/nowhere"),
        await client.delete("/graphql"),
    ):
        assert (
            answer.headers["content-security-policy"]
            == "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("handlers", [{}, {Exception: answer_unhandled_error}])
async def test_what_nobody_caught_is_500_with_the_request_id_and_nothing_else(
    handlers: dict[type[Exception], ExceptionHandler],
) -> None:
    async def breaks(_request: Request) -> Response:
        raise RuntimeError("cannot reach mongodb://user:secret@database")

    inner = (
        Starlette(routes=[Route("/", breaks)], exception_handlers=handlers)
        if handlers
        else Router([Route("/", breaks)])
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(OuterMiddleware(inner)), base_url="http://selo"
    ) as client:
        answer = await client.get("/")
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"] == {
        "code": "INTERNAL",
        "requestId": answer.headers["x-request-id"],
    }
    assert "secret" not in answer.text


async def test_retry_after_is_a_header_too() -> None:
    app = SmallServer(rates=RateLimits(anonymous_requests_per_minute=1)).app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://selo") as client:
        await client.post("/graphql", json={"query": "{ hello }"})
        refused = await client.post("/graphql", json={"query": "{ hello }"}, headers=MODERN)
    assert (refused.status_code, code(refused)) == (429, "RATE_LIMITED")
    assert (
        refused.headers["retry-after"] == str(refused.json()["errors"][0]["extensions"]["retryAfter"]) == "60"
    )
