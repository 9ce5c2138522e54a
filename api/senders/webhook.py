"""Webhooks: a signed POST of JSON to an address of the operator's, and a verdict for it.

Whoever receives it checks `Selo-Signature: t=SECONDS,v1=HEX`, where HEX is HMAC-SHA256(secret, "SECONDS.BODY"), refuses what is older than
five minutes, and takes a `Selo-Delivery` that it has seen before as done: the same delivery comes with the same id at every attempt.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

import httpx

from api.senders.answers import verdict_of
from domain.services.senders import Verdict

ANSWER_SECONDS = 10
AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Hook:
    """Where to, and the secret shared with it."""

    url: str = field(repr=False)
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """One delivery: `body` is JSON already, and signed as it is."""

    id: str
    hook: Hook
    body: bytes = field(repr=False)


class Webhooks:
    """Posts to any hook. Open it, send, close it."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(timeout=ANSWER_SECONDS, follow_redirects=False)

    async def send(self, batch: Sequence[WebhookMessage], *, now: datetime) -> Sequence[Verdict]:
        """Post each, ten at once, and return its verdict; at most 50, so that a batch takes less than a minute."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(message: WebhookMessage) -> Verdict:
            async with gate:
                return await self._sent(message, now)

        return await asyncio.gather(*(one(message) for message in batch))

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def _sent(self, message: WebhookMessage, now: datetime) -> Verdict:
        headers = {
            "Content-Type": "application/json",
            "Selo-Delivery": message.id,
            "Selo-Signature": signature(message.hook.secret, message.body, now=now),
        }
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._client.send(
                    httpx.Request("POST", message.hook.url, headers=headers, content=message.body), stream=True
                )
                await answer.aclose()
        except TimeoutError:
            return Verdict("retry", "TIMEOUT")
        except httpx.HTTPError:
            return Verdict("retry", "CONNECTION")
        return verdict_of(answer.status_code, answer.headers, now=now)


def signature(secret: bytes, body: bytes, *, now: datetime) -> str:
    """Return the header that proves who sent a body, and when."""
    seconds = int(now.timestamp())
    return f"t={seconds},v1={hmac.new(secret, f'{seconds}.'.encode() + body, sha256).hexdigest()}"
