"""The number on the app's icon, on a member's other phones: once messages were read on one, the others are
told by a push that shows nothing.

It is told beside the request, once, and nobody waits for it: what is lost is put right by the next push, as
that brings the count too. Browsers show every push, so they are told nothing; an open page follows by itself.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Final

import structlog

from domain.services.messages.push_results import UNSEEN_LIMIT, note_result
from domain.services.senders import DeviceAddress, PushMessage, PushSender, Senders
from domain.store.document_store import Busy, DatabaseError, DocumentStore
from domain.store.messages import push_addresses
from domain.store.people.devices import device_id

KIND: Final = "badge"
MOST_DEVICES: Final = 20
MOST_AT_ONCE: Final = 100  # more than that in one process, and they are left out
TELL_SECONDS: Final = 15.0
EXPIRES_AFTER: Final = timedelta(hours=1)

log = structlog.get_logger(__name__)


class BadgeCounts:
    """What is being told in one process, so that it ends with it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def tell_later(
        self,
        store: DocumentStore,
        senders: Senders,
        *,
        member: str,
        installation: str | None,
        unread: int,
        now: datetime,
    ) -> None:
        """Tell a member's devices, but the installation that they read on, how many are unread."""
        if senders.push is None or len(self._tasks) >= MOST_AT_ONCE:
            return
        telling = _tell(store, senders.push, member, installation, unread, now)
        task = asyncio.create_task(telling, name="badge counts")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until all that is being told is told."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """End what is being told."""
        for task in tuple(self._tasks):
            task.cancel()
        await self.settle()


async def _tell(
    store: DocumentStore,
    sender: PushSender,
    member: str,
    installation: str | None,
    unread: int,
    now: datetime,
) -> None:
    own = None if installation is None else device_id(member, installation)
    try:
        async with asyncio.timeout(TELL_SECONDS):
            known = (await push_addresses.find_by_members(store, [member])).get(member, ())
            messages = [
                PushMessage(
                    id=f"badge-{secrets.token_hex(8)}",
                    address=DeviceAddress(each.device, each.kind, each.token),
                    title="",
                    body="",
                    collapse_key=None,
                    badge=unread,
                    expires_at=now + EXPIRES_AFTER,
                    payload={"kind": KIND, "unread": str(unread)},
                    is_background=True,
                )
                for each in known
                if each.kind != "SUBSCRIPTION" and each.device != own and each.seen_at > now - UNSEEN_LIMIT
            ][:MOST_DEVICES]
            if not messages:
                return
            for message, result in zip(messages, await sender.send(messages, now=now), strict=True):
                if result.status == "drop_device":
                    await note_result(store, message.address, result, now=now)
    except (TimeoutError, Busy, DatabaseError) as fault:
        log.info("badge_counts.not_told", fault=type(fault).__name__)
    except Exception as fault:  # noqa: BLE001 - a count on an icon ends nothing else
        log.warning("badge_counts.failed", fault=type(fault).__name__)
