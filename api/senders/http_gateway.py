"""Requests to an HTTP gateway, a few at a time, with a result for each: what every HTTP sender shares.

Redirects are not followed, no answer is read beyond its head, and nothing that was sent or answered is
logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import httpx

from api.senders.http_results import result_of_status
from api.senders.tls import client_tls
from domain.services.senders import SendResult

ANSWER_SECONDS = 10
BATCH_SECONDS = 25


class StatusReader(Protocol):
    """Says what a status and its headers mean for a message."""

    def __call__(self, status: int, headers: Mapping[str, str], *, now: datetime) -> SendResult: ...


class HttpGateway:
    """The connections to one gateway, at most `max_concurrent` at once. `result_of` says what a status means.
    Open it, send, close it.
    """

    def __init__(self, *, max_concurrent: int, result_of: StatusReader = result_of_status) -> None:
        self._max_concurrent, self._result_of = max_concurrent, result_of
        self._client = httpx.AsyncClient(timeout=ANSWER_SECONDS, follow_redirects=False, verify=client_tls())

    async def send(self, requests: Sequence[httpx.Request], *, now: datetime) -> Sequence[SendResult]:
        """Send each request and return its result. Requests without an answer in the batch's time are tried
        later.
        """
        gate = asyncio.Semaphore(self._max_concurrent)
        deadline = asyncio.get_running_loop().time() + BATCH_SECONDS

        async def send_before_deadline(request: httpx.Request) -> SendResult:
            try:
                async with asyncio.timeout_at(deadline), gate:
                    return await self._send_one(request, now)
            except TimeoutError:
                return SendResult("retry", "TIMEOUT")

        return await asyncio.gather(*map(send_before_deadline, requests))

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def _send_one(self, request: httpx.Request, now: datetime) -> SendResult:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                # The status decides; the body is not read.
                answer = await self._client.send(request, stream=True)
                await answer.aclose()
        except httpx.HTTPError:
            return SendResult("retry", "CONNECTION")
        return self._result_of(answer.status_code, answer.headers, now=now)
