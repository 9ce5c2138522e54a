"""Webhooks: signed, each with an id, one result each."""

import base64
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from api.senders import http_gateway, webhook
from api.senders.webhook import WebhookSender
from api.senders.webhook_targets import WebhookTarget
from domain.services.senders import SENT, SendResult, WebhookMessage
from tests.senders.recording_endpoint import RecordingEndpoint, serving_endpoint
from tests.webhook_secrets import new_secret

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SECRET = "a secret of this test"


@pytest.fixture
async def endpoint() -> AsyncIterator[RecordingEndpoint]:
    async with serving_endpoint() as served:
        yield served


async def posted(endpoint: RecordingEndpoint, *paths: str) -> list[SendResult]:
    hooks = WebhookSender({path: WebhookTarget(f"{endpoint.url}/{path}", (SECRET,)) for path in paths})
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
    assert (
        said["v1"] == hmac.new(SECRET.encode(), said["t"].encode() + b"." + request.body, sha256).hexdigest()
    )
    assert (request.headers["selo-delivery"], request.headers["content-type"], request.body) == (
        "d-204",
        "application/json",
        b'{"n": 1}',
    )


async def test_standard_webhooks_check_it_by_the_new_secret_and_by_the_old(
    endpoint: RecordingEndpoint,
) -> None:
    """By the package of Standard Webhooks; a secret that is a text of ours stands there as base64."""
    new, now = new_secret(), datetime.now(UTC)
    hooks = WebhookSender({"h": WebhookTarget(f"{endpoint.url}/204", (new, SECRET))})
    try:
        await hooks.send([WebhookMessage("m:1:0", "h", b'{"n": 1}')], now=now)
    finally:
        await hooks.close()
    (request,) = endpoint.requests
    for secret in (new, base64.b64encode(SECRET.encode()).decode()):
        assert Webhook(secret).verify(request.body, dict(request.headers)) == {"n": 1}
    for headers in (request.headers, {**request.headers, "webhook-id": "m:1:1"}):
        with pytest.raises(WebhookVerificationError):
            Webhook(new_secret() if headers is request.headers else new).verify(request.body, dict(headers))
    assert request.headers["webhook-id"] == request.headers["selo-delivery"] == "m:1:0"
    seconds, *proofs = [part.split("=", 1)[1] for part in request.headers["selo-signature"].split(",")]
    signed = f"{seconds}.".encode() + request.body
    assert proofs == [hmac.new(one.encode(), signed, sha256).hexdigest() for one in (new, SECRET)]


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
    assert "secret" not in repr(WebhookTarget("http://h", (SECRET,))).replace("Hook", "")
