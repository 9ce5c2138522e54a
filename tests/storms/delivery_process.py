"""A worker process for the storm of deliveries: it delivers what is due and records each push with its
collapse key, or its own id where it stands alone.
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import keep_delivering
from domain.services.runtime import Runtime
from domain.services.senders import SENT, PushMessage, Senders, SendResult
from domain.store.connect import connect
from domain.store.document_store import Busy, DatabaseError, DocumentStore
from domain.store.prepare import prepare

LEASE = timedelta(seconds=6)
SECONDS_A_PUSH = 0.01


class NotingPushSender:
    """Writes each push to a file, one line each: `WORKER MESSAGE COLLAPSE`, the message where it stands alone."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._file = os.open(folder / "pushes", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._worker = worker

    async def send(self, batch: Sequence[PushMessage], *, now: datetime) -> Sequence[SendResult]:
        for each in batch:
            os.write(self._file, f"{self._worker} {each.id} {each.collapse_key or each.id}\n".encode())
            await asyncio.sleep(SECONDS_A_PUSH)
        return [SENT for _ in batch]


def run(uri: str, name: str, folder: str, worker: str) -> None:
    """Be the process until it is killed."""
    asyncio.run(_work(uri, name, Path(folder), worker))


async def _work(uri: str, name: str, folder: Path, worker: str) -> None:
    runtime = Runtime.for_store(DocumentStore.of(connect(uri, name), embedded=True))
    while True:
        try:
            await prepare(runtime.store)
            await runtime.programmes.refresh()
            break
        except (Busy, DatabaseError):
            await asyncio.sleep(0.05)
    deliveries = DeliveryWorker(Senders(push=NotingPushSender(folder, worker)), lease=LEASE)
    await keep_delivering(
        runtime,
        deliveries,
        clock=lambda: datetime.now(UTC),
        woken=asyncio.Event(),
        on_error=lambda fault: None,
    )
