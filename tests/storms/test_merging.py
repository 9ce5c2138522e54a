"""kill -9 between the two commits of a merge: what was closed is taken once, by whoever comes next.

SELO_STORM_MERGES is the number of kills; `scripts/storms/merges` makes twenty.
"""

import asyncio
import multiprocessing
import os
import time
from datetime import timedelta
from pathlib import Path

from domain.services.ledger import purchases
from domain.services.ledger.turn import turn
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import members
from tests.servers import HANGS_AFTER_SECONDS
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime
from tests.storms import merging_process

KILLS = int(os.environ.get("SELO_STORM_MERGES", "3"))
LATER = NOW + timedelta(hours=1)


async def killed_between(uri: str, name: str, folder: Path, pairs: list[tuple[str, str]]) -> None:
    """Let a process merge pairs, and kill it where it stands between two commits."""
    log = folder / "between"
    before = log.read_bytes().count(b"\n") if log.exists() else 0
    process = multiprocessing.get_context("spawn").Process(
        target=merging_process.run, args=(uri, name, str(folder), pairs, LATER)
    )
    process.start()
    give_up_at = time.monotonic() + HANGS_AFTER_SECONDS
    while not log.exists() or log.read_bytes().count(b"\n") == before:
        assert process.is_alive(), "the process ended by itself"
        assert time.monotonic() < give_up_at, "no merge was begun"
        await asyncio.sleep(0.01)
    process.kill()
    process.join()


async def test_a_merge_cut_between_its_commits_is_finished_once(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    runtime: Runtime = await open_runtime(database)
    pairs = [(f"a{n}", f"b{n}") for n in range(KILLS)]
    for pair in pairs:
        for member in pair:
            await join(runtime, member)
            await purchases.record(
                runtime, till=TILL, member_id=member, purchase_input=new_purchase(member), key=member, now=NOW
            )
    for n in range(KILLS):
        await killed_between(database_uri, database.mongo.name, tmp_path, pairs[n:])
        closed = await members.find(runtime.store, f"a{n}")
        taking = await members.find(runtime.store, f"b{n}")
        assert closed is not None
        assert taking is not None
        assert (closed.status, closed.member.wallets["points"].balance) == ("merged", 0)
        assert taking.member.wallets["points"].balance == 100, "it stands between the commits"
        assert [each async for each in verify(runtime.store)] == []
        await turn(runtime, now=LATER + timedelta(minutes=2))
        await turn(runtime, now=LATER + timedelta(minutes=2))
        taken = await members.find(runtime.store, f"b{n}")
        assert taken is not None
        assert taken.member.wallets["points"].balance == 200
    assert [each async for each in verify(runtime.store)] == []
