"""A process for the storm of erasures: it takes a round of erasures, says each step before it takes it, and
stands still at one of them, so that it can be killed there.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from api.senders.erasure_file import ErasureFile
from domain.services.erasure import erasing
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.store import personal_data
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.ledger import erasures
from domain.store.personal_data import DataPlace
from domain.store.prepare import prepare
from tests.identity_harness import RecordingCodeSender
from tests.servers import HANGS_AFTER_SECONDS


def run(uri: str, name: str, log: str, stop_at: int, now: datetime) -> None:
    """Erase whoever is due, up to a step."""
    asyncio.run(_work(uri, name, Path(log), stop_at, now))


async def _work(uri: str, name: str, log: Path, stop_at: int, now: datetime) -> None:
    runtime = Runtime.for_store(DocumentStore.of(connect(uri, name), embedded=True))
    await prepare(runtime.store)
    await runtime.programmes.refresh()
    file = ErasureFile(log.with_name("erasures"))
    identity = IdentityRuntime.of(runtime, secret=bytes(32), code_sender=RecordingCodeSender())
    identity = replace(identity, erasure_log=file)
    _stop_at_steps(log, stop_at)
    await erasing.run_round(identity, now=now)
    await _say(log, "end")


def _stop_at_steps(log: Path, stop_at: int) -> None:
    """Have every step of an erasure say itself, and the one of a number never begin."""
    count = 0

    async def step(what: str) -> None:
        nonlocal count
        await _say(log, what)
        if count == stop_at:
            await asyncio.sleep(HANGS_AFTER_SECONDS)
        count += 1

    def around(kind: type[Any], method: str) -> None:
        act = getattr(kind, method)

        async def stepping(*words: object, **more: object) -> object:
            await step(f"before {method}")
            result = await act(*words, **more)
            await step(f"after {method}")
            return result

        setattr(kind, method, stepping)

    around(ErasureFile, "note")
    around(DocumentStore, "transact")
    personal_data.PLACES = [_stepping(place, step) for place in personal_data.PLACES]
    note_swept = erasures.note_swept

    async def noting(*words: Any, **more: Any) -> None:
        await step("note_swept")
        await note_swept(*words, **more)

    erasures.note_swept = noting


def _stepping(place: DataPlace, step: Callable[[str], Awaitable[None]]) -> DataPlace:
    if place.erase is None:
        return place
    erase_there = place.erase

    async def erase(store: DocumentStore, member: str) -> None:
        await step(place.collection)
        await erase_there(store, member)

    return replace(place, erase=erase)


async def _say(log: Path, what: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{what}\n")
        file.flush()
        os.fsync(file.fileno())
