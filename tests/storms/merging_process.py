"""A process for the storm of merges: it merges pairs of members, and says when it stands between the two
commits of a merge, where it waits a moment so that it can be killed there.
"""

import asyncio
import os
from datetime import datetime
from pathlib import Path

from domain.model.ledger.decision import JournalRow, MergeRefused
from domain.services.ledger import turn
from domain.services.merging.merge import merge
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.service_actor import ServiceActor
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.prepare import prepare
from domain.store.requests import request_key
from tests.identity_harness import RecordingCodeSender

MOMENT = 0.3


def run(uri: str, name: str, folder: str, pairs: list[tuple[str, str]], now: datetime) -> None:
    """Merge the pairs, one after another, until killed."""
    asyncio.run(_work(uri, name, Path(folder), pairs, now))


async def _work(uri: str, name: str, folder: Path, pairs: list[tuple[str, str]], now: datetime) -> None:
    runtime = Runtime.for_store(DocumentStore.of(connect(uri, name), embedded=True))
    await prepare(runtime.store)
    await runtime.programmes.refresh()
    identity = IdentityRuntime.of(runtime, secret=bytes(32), code_sender=RecordingCodeSender())
    log = os.open(folder / "between", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    fire_moving = turn.fire_moving

    async def waiting(runtime: Runtime, row: JournalRow, *, now: datetime) -> None:
        os.write(log, f"{row.event.id}\n".encode())
        await asyncio.sleep(MOMENT)
        await fire_moving(runtime, row, now=now)

    turn.fire_moving = waiting
    actor = ServiceActor("cli:storm", "OPERATOR")
    for source, into in pairs:
        request = request_key(scope="storm", key=source, operation="merge", request_input={"into": into})
        try:
            await merge(
                identity, actor=actor, source=source, into=into, reason="storm", request=request, now=now
            )
        except MergeRefused:
            continue  # it was merged by a process that was killed
