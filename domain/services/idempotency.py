"""Idempotency: a story acts once for a key of its caller, and the same key again gets the same answer.

The reply is bound to the key in the transaction of the story's own writes. A refusal binds nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TypeVar

from domain.model.ledger.decision import Refusal
from domain.model.values import dataclass
from domain.services.errors import IdempotencyKeyConflict
from domain.services.input_checks import check_identifier
from domain.services.runtime import Runtime
from domain.store import requests
from domain.store.document_store import Stale, Write
from domain.store.requests import KeyBound, Reply, RequestKey

T = TypeVar("T")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class KeyBinding:
    """How one attempt binds the caller's key. `lapsed_expires_at`: of the lapsed record that it replaces."""

    request: RequestKey
    now: datetime
    lapsed_expires_at: datetime | None = None

    def write_for(self, reply: Reply) -> Write:
        """Return the write that binds the key to a reply."""
        return requests.bind_write(
            self.request, reply, now=self.now, lapsed_expires_at=self.lapsed_expires_at
        )


# ---------------------------------------------------------------- pure rules
def member_request(
    member_id: str, operation: str, key: str, request_input: Mapping[str, object]
) -> RequestKey:
    """Return the idempotency key of an operation of a member's own. Raises InvalidInput for a bad key."""
    check_identifier(key, field="idempotencyKey")
    return requests.request_key(
        scope=requests.member_scope(member_id), key=key, operation=operation, request_input=request_input
    )


# ---------------------------------------------------------------- reads
async def recall_reply(runtime: Runtime, request: RequestKey, *, now: datetime) -> Reply | None:
    """Return the reply bound to a key, None where there is none. Raises IdempotencyKeyConflict."""
    try:
        return await requests.recall(runtime.store, request, now=now)
    except requests.KeyReused:
        raise IdempotencyKeyConflict from None


# ---------------------------------------------------------------- writes
async def run_once(
    runtime: Runtime,
    *,
    request: RequestKey,
    queue: str,
    now: datetime,
    act: Callable[[KeyBinding], Awaitable[T]],
    answer_again: Callable[[Reply], Awaitable[T]],
) -> T:
    """Call `act`, which commits with the binding it is given. Where the key has acted, call `answer_again`.

    Raises IdempotencyKeyConflict where the key has acted on another input, Busy, and what `act` raises.
    """
    lapsed_expires_at: datetime | None = None

    async def attempt() -> T:
        nonlocal lapsed_expires_at
        try:
            return await act(KeyBinding(request, now, lapsed_expires_at))
        except KeyBound:
            reply = await recall_reply(runtime, request, now=now)
            if reply is None:  # the record has lapsed, or was replaced a moment ago
                lapsed_expires_at = await requests.lapsed_at(runtime.store, request, now=now)
                raise Stale("the key may be bound again") from None
        except Refusal:
            reply = await recall_reply(runtime, request, now=now)
            if reply is None:
                raise
        return await answer_again(reply)

    return await runtime.store.run_rounds(attempt, queue=queue)
