"""Webhooks: signed, each with an id, one result each."""

import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from api.senders import http_gateway, webhook
from api.senders.webhook import WebhookSender, WebhookTarget
from domain.services.senders import SENT, SendResult, WebhookMessage
from tests.senders.recording_endpoint import RecordingEndpoint, serving_endpoint

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SECRET = b"a secret of this test"


@pytest.fixture
async def endpoint() -> AsyncIterator[RecordingEndpoint]:
    async with serving_endpoint() as served:
        yield served


async def posted(endpoint: RecordingEndpoint, *paths: str) -> list[SendResult]:
    hooks = WebhookSender({path: WebhookTarget(f"{endpoint.url}/{path}", SECRET) for path in paths})
    try:
        return list(
            await hooks.send([WebhookMessage(f"d-{path}", path, b'{"n": 1}') for path in paths], now=NOW)
        )
    finally:
        await hooks.close()


async def test_whoever_receives_it_can_check_it(endpoint: RecordingEndpoint) -> None:
    assert await posted(endpoint, "204") == [SENT]
    (request,) = endpoint.requests
    said = dict(part.split("=", 1) for part in request.headers["selo-signature"].split(","))
    assert said["t"] == str(int(NOW.timestamp()))
    assert said["v1"] == hmac.new(SECRET, said["t"].encode() + b"." + request.body, sha256).hexdigest()
    assert (request.headers["selo-delivery"], request.headers["content-type"], request.body) == (
        "d-204",
        "application/json",
        b'{"n": 1}',
    )


async def test_each_answer_has_its_verdict(endpoint: RecordingEndpoint) -> None:
    results = await posted(endpoint, "200", "301", "401", "404", "429", "500")
    assert [one.status for one in results] == ["sent", "break", "break", "drop_message", "pause", "retry"]
    assert len(endpoint.requests) == 6


async def test_a_hang_and_a_silence_are_tried_again(
    endpoint: RecordingEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_gateway, "ANSWER_SECONDS", 0.3)
    assert await posted(endpoint, "hang", "200") == [SendResult("retry", "TIMEOUT"), SENT]
    endpoint.url = "http://127.0.0.1:9"
    assert await posted(endpoint, "200") == [SendResult("retry", "CONNECTION")]


async def test_a_batch_ends_in_time_also_where_nobody_answers(
    endpoint: RecordingEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_gateway, "BATCH_SECONDS", 0.3)
    monkeypatch.setattr(webhook, "MAX_CONCURRENT", 1)
    assert await posted(endpoint, "hang", "200") == [SendResult("retry", "TIMEOUT")] * 2
    assert len(endpoint.requests) == 1


def test_the_secret_does_not_show() -> None:
    assert "secret" not in repr(WebhookTarget("http://h", SECRET)).replace("Hook", "")
