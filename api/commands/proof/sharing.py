"""The members of a proof in shares, and the processes that prove them, each by connections of its own."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from api.commands.running import new_loop
from api.process import find_archive
from domain.model.figures.backtest.history import RulingVersions
from domain.model.id_ranges import IdRange
from domain.model.values import dataclass
from domain.services.ledger.proof.deciding_again import read_ruling_versions
from domain.services.ledger.verification import LedgerProof, prove_members, prove_range
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.ledger.programmes import Programmes


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the members: those of a range of ids, or some by their ids."""

    name: str
    members: IdRange | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where a process of its own finds the database, and the archive; `timeout_seconds` bounds each call."""

    uri: str
    name: str
    timeout_seconds: float
    archive: Path | None


# What a process of the pool has loaded already: a programme file takes a second.
_versions_by_address: dict[DatabaseAddress, RulingVersions] = {}


async def prove_shares(
    store: DocumentStore,
    address: DatabaseAddress,
    shares: Sequence[Share],
    *,
    processes: int,
    decides: bool = False,
) -> AsyncIterator[tuple[Share, LedgerProof]]:
    """Yield each share with its proof, as they are done: here, or by several processes. Each journal is also
    decided again where one `decides`.
    """
    if processes == 1:
        versions = await read_ruling_versions(Programmes(store)) if decides else None
        for share in shares:
            yield share, await _prove(store, share, versions)
        return
    loop = asyncio.get_running_loop()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_leave_interrupts) as pool:

        async def prove(share: Share) -> tuple[Share, LedgerProof]:
            return share, await loop.run_in_executor(pool, _prove_apart, address, share, decides)

        try:
            for done in asyncio.as_completed([prove(share) for share in shares]):
                yield await done
        finally:
            pool.shutdown(cancel_futures=True)


async def _prove(store: DocumentStore, share: Share, versions: RulingVersions | None) -> LedgerProof:
    if isinstance(share.members, IdRange):
        return await prove_range(store, share.members, versions=versions)
    return await prove_members(store, share.members, versions=versions)


def _leave_interrupts() -> None:
    """Leave Ctrl-C to the process that shares the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _prove_apart(address: DatabaseAddress, share: Share, decides: bool) -> LedgerProof:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(_connect_and_prove(address, share, decides=decides))


async def _connect_and_prove(address: DatabaseAddress, share: Share, *, decides: bool) -> LedgerProof:
    database = connect(address.uri, address.name, timeout_seconds=address.timeout_seconds)
    try:
        store = DocumentStore.of(database)
        await store.detect_features()
        store.archive = find_archive(address.archive)
        if decides and address not in _versions_by_address:
            _versions_by_address[address] = await read_ruling_versions(Programmes(store))
        return await _prove(store, share, _versions_by_address.get(address) if decides else None)
    finally:
        await database.close()
