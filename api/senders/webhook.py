"""Webhooks: a signed POST of JSON to an operator's address, with a result.
`domain/services/messages/webhooks.py` writes the body.

The receiver checks one of two signatures, both of the last five minutes:

- Standard Webhooks (standardwebhooks.com): `webhook-id`, `webhook-timestamp`, and `webhook-signature:
  v1,BASE64`, by any of its libraries. A secret that does not begin with `whsec_` is given to them as base64.
- `Selo-Signature: t=SECONDS,v1=HEX`, where HEX is HMAC-SHA256(secret, "SECONDS.BODY").

While a secret is changed both headers hold a signature by each. The receiver treats a known `webhook-id` (or
`Selo-Delivery`) as done: every attempt of a delivery has the same id. Any 2xx means accepted. The operator
chooses the addresses, so they may be private. Redirects are not followed, and no answer is read.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

import httpx

from api.senders.http_gateway import HttpGateway
from api.senders.webhook_targets import WebhookTarget
from domain.model import standard_webhooks
from domain.services.senders import SendResult, WebhookMessage

MAX_CONCURRENT = 10


class WebhookSender:
    """Posts to webhooks by their name. Open it, send, close it."""

    def __init__(self, hooks: Mapping[str, WebhookTarget]) -> None:
        self._hooks = hooks
        self._http = HttpGateway(max_concurrent=MAX_CONCURRENT)

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the configured webhooks."""
        return frozenset(self._hooks)

    @property
    def subscriptions(self) -> Mapping[str, Sequence[str]]:
        """Return the webhooks that are told of an event without a rule, by the event's name."""
        names = {event for hook in self._hooks.values() for event in hook.events}
        return {
            event: [name for name, hook in self._hooks.items() if event in hook.events] for event in names
        }

    async def send(self, batch: Sequence[WebhookMessage], *, now: datetime) -> Sequence[SendResult]:
        """Post each message, ten at once, and return its result."""
        return await self._http.send([self._request(message, now) for message in batch], now=now)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()

    def _request(self, message: WebhookMessage, now: datetime) -> httpx.Request:
        hook = self._hooks[message.hook]
        headers = {
            "Content-Type": "application/json",
            "Selo-Delivery": message.id,
            "Selo-Signature": signature(hook.secrets, message.body, now=now),
            standard_webhooks.ID: message.id,
            standard_webhooks.TIMESTAMP: str(int(now.timestamp())),
            standard_webhooks.SIGNATURE: standard_signature(
                hook.secrets, message.body, id=message.id, now=now
            ),
        }
        if message.trace is not None:
            headers["traceparent"] = message.trace
        return httpx.Request("POST", hook.url, headers=headers, content=message.body)


def signature(secrets: Sequence[str], body: bytes, *, now: datetime) -> str:
    """Return the header that proves who sent a body, and when, by each secret."""
    seconds = int(now.timestamp())
    signed = f"{seconds}.".encode() + body
    proofs = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={seconds}", *(f"v1={proof}" for proof in proofs)])


def standard_signature(secrets: Sequence[str], body: bytes, *, id: str, now: datetime) -> str:
    """Return the signatures of Standard Webhooks by each secret, parted by spaces."""
    return " ".join(
        standard_webhooks.sign(_standard_secret(secret), id=id, timestamp=int(now.timestamp()), raw=body)
        for secret in secrets
    )


def _standard_secret(secret: str) -> str:
    """Return a secret as Standard Webhooks writes it: what is a text of our own stands for its bytes."""
    if secret.startswith(standard_webhooks.PREFIX):
        return secret
    return standard_webhooks.PREFIX + base64.b64encode(secret.encode()).decode()
