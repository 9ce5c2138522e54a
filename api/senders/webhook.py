"""Webhooks: a signed POST of JSON to an operator's address, with a result.
`domain/services/messages/webhooks.py` writes the body.

The receiver checks `Selo-Signature: t=SECONDS,v1=HEX`, where HEX is HMAC-SHA256(secret, "SECONDS.BODY"), and
refuses what is older than five minutes. It treats a known `Selo-Delivery` as done: every attempt of a
delivery has the same id. Any 2xx means accepted. The operator chooses the addresses, so they may be private.
Redirects are not followed, and no answer is read.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

import httpx

from api.senders.http_gateway import HttpGateway
from domain.services.senders import SendResult, WebhookMessage

MAX_CONCURRENT = 10


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """The address of a webhook, and the secret shared with it."""

    url: str = field(repr=False)
    secret: bytes = field(repr=False)


class WebhookSender:
    """Posts to webhooks by their name. Open it, send, close it."""

    def __init__(self, hooks: Mapping[str, WebhookTarget]) -> None:
        self._hooks = hooks
        self._http = HttpGateway(max_concurrent=MAX_CONCURRENT)

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the configured webhooks."""
        return frozenset(self._hooks)

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
            "Selo-Signature": signature(hook.secret, message.body, now=now),
        }
        return httpx.Request("POST", hook.url, headers=headers, content=message.body)


def signature(secret: bytes, body: bytes, *, now: datetime) -> str:
    """Return the header that proves who sent a body, and when."""
    seconds = int(now.timestamp())
    return f"t={seconds},v1={hmac.new(secret, f'{seconds}.'.encode() + body, sha256).hexdigest()}"
