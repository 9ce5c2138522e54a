"""Apollo's automatic persisted queries, over real HTTP: a document is sent once, and then its hash alone."""

import json
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from api.graphql.engine.document_cache import DocumentCache, PersistedQuery
from api.graphql.engine.limits import DocumentLimits
from tests.graphql.engine.small_schema import make_engine
from tests.http.small_server import SmallServer, serve_app

HELLO = "query Hello($n: String) { hello(name: $n) }"
NOT_FOUND = {
    "errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]
}
NOT_SUPPORTED = {
    "errors": [
        {"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}
    ]
}
MODERN = {"accept": "application/graphql-response+json"}


@pytest.fixture
def small() -> SmallServer:
    return SmallServer()


@pytest.fixture
def client(small: SmallServer) -> Iterator[httpx.Client]:
    with serve_app(small.app()) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as opened_client:
        yield opened_client


def hashed(text: str, *, version: object = 1) -> dict[str, object]:
    return {"persistedQuery": {"version": version, "sha256Hash": sha256(text.encode()).hexdigest()}}


def test_a_document_is_sent_once_and_then_its_hash_alone(client: httpx.Client) -> None:
    by_hash = {"extensions": hashed(HELLO), "variables": {"n": "Ana"}}
    first = client.post("/graphql", json=by_hash)
    assert (first.status_code, first.json(), first.headers["cache-control"]) == (200, NOT_FOUND, "no-store")
    assert client.post("/graphql", json=by_hash, headers=MODERN).status_code == 200
    answer = {"data": {"hello": "hello Ana"}}
    assert client.post("/graphql", json={**by_hash, "query": HELLO}).json() == answer
    for body in (by_hash, {**by_hash, "query": None}, {**by_hash, "query": "", "operationName": ""}):
        assert client.post("/graphql", json=body).json() == answer
    by_get = {name: json.dumps(value) for name, value in by_hash.items()}
    assert client.get("/graphql", params=by_get).json() == answer


def test_a_hash_in_capitals_is_the_same(client: httpx.Client) -> None:
    sha = sha256(HELLO.encode()).hexdigest().upper()
    extensions = {
        "persistedQuery": {"version": 1, "sha256Hash": sha, "miss": True},
        "clientLibrary": {"name": "x"},
    }
    assert "data" in client.post("/graphql", json={"query": HELLO, "extensions": extensions}).json()
    assert "data" in client.post("/graphql", json={"extensions": hashed(HELLO)}).json()


@pytest.mark.parametrize(
    "persisted",
    [
        {"version": 2, "sha256Hash": "a" * 64},
        {"version": 1, "sha256Hash": "products-list"},
        {"version": 1, "sha256Hash": None},
        {"version": True, "sha256Hash": 7},
        {"sha256Hash": "a" * 64},
        {},
    ],
)
def test_another_kind_of_hash_is_not_supported_and_the_whole_document_is_read(
    client: httpx.Client, persisted: dict[str, object]
) -> None:
    body = {"extensions": {"persistedQuery": persisted}}
    refused = client.post("/graphql", json=body, headers=MODERN)
    assert (refused.status_code, refused.json()) == (200, NOT_SUPPORTED)
    assert client.post("/graphql", json={**body, "query": HELLO}).json()["data"]


def test_no_other_document_can_be_put_behind_a_hash(client: httpx.Client) -> None:
    forged = client.post("/graphql", json={"query": "{ hello }", "extensions": hashed(HELLO)})
    assert forged.json()["errors"][0]["extensions"] == {"code": "BAD_INPUT", "field": "extensions"}
    client.post("/graphql", json={"query": "{ hello }"})  # in memory by its text: its hash was not sent
    assert client.post("/graphql", json={"extensions": hashed("{ hello }")}).json() == NOT_FOUND
    assert client.post("/graphql", json={"extensions": hashed(HELLO)}).json() == NOT_FOUND


def test_a_refused_document_is_not_kept_and_a_mutation_stays_post(client: httpx.Client) -> None:
    for text, code in (("{ nope }", "BAD_INPUT"), ("{" + "hello " * 1000 + "}", "QUERY_TOO_COSTLY")):
        refused = client.post("/graphql", json={"query": text, "extensions": hashed(text)})
        assert refused.json()["errors"][0]["extensions"]["code"] == code
        assert client.post("/graphql", json={"extensions": hashed(text)}).json() == NOT_FOUND
    text = "mutation { busy }"
    client.post("/graphql", json={"query": text, "extensions": hashed(text)})
    by_get = client.get("/graphql", params={"extensions": json.dumps(hashed(text))})
    assert (by_get.status_code, by_get.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("persisted", ["x", [], 7])
def test_extensions_of_another_shape_are_named(client: httpx.Client, persisted: object) -> None:
    answer = client.post("/graphql", json={"extensions": {"persistedQuery": persisted}})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (
        400,
        {"code": "BAD_INPUT", "field": "extensions"},
    )


def test_a_subscription_by_its_hash(small: SmallServer) -> None:
    text = "subscription ($n: Int!) { ticks(upto: $n) }"
    with (
        serve_app(small.app()) as port,
        connect(
            f"ws://127.0.0.1:{port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers=small.bearer(),
            compression=None,
            proxy=None,
        ) as socket,
    ):
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(timeout=60))["type"] == "connection_ack"
        payload = {"variables": {"n": 0}, "extensions": hashed(text)}
        answers = []
        for id, each in (("a", payload), ("b", {**payload, "query": text}), ("c", payload)):
            socket.send(json.dumps({"id": id, "type": "subscribe", "payload": each}))
            answers.append(json.loads(socket.recv(timeout=60)))
    assert answers == [
        {"id": "a", "type": "error", "payload": NOT_FOUND["errors"]},
        {"id": "b", "type": "complete"},
        {"id": "c", "type": "complete"},
    ]


def test_a_document_that_leaves_the_cache_takes_its_hash_along() -> None:
    cache = DocumentCache(make_engine().schema, DocumentLimits(), documents_at_most=2)
    for name in ("a", "b", "c"):
        text = f"query {name} {{ hello }}"
        cache.find(text, PersistedQuery(sha256(text.encode()).hexdigest()))
    assert (len(cache), len(cache._texts_by_sha256), len(cache._sha256_by_text)) == (2, 2, 2)
