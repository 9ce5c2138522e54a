"""kill -9 at any step of an erasure, of a member into whose membership another one was merged: the next turn
takes it to its end, nothing of the person is left, and every total adds up.

SELO_STORM_ERASURES=all kills at each step in turn; `scripts/storms/erasures` does it. The suite kills at a few.
"""

import asyncio
import json
import multiprocessing
import os
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from domain.services.erasure import erasing
from domain.services.ledger import turn
from domain.services.ledger.verification import verify
from domain.services.people import sessions
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.connect import Database
from domain.store.document_store import update
from domain.store.ledger import erasures, members
from domain.store.ledger.members import ProfileChange
from domain.store.people import contacts
from domain.store.prepare import COLLECTIONS
from tests.loud_runtime import register_phone
from tests.servers import HANGS_AFTER_SECONDS
from tests.services.people.test_merging import LATER, buy, club, merge_two
from tests.small_runtime import join
from tests.storms import erasing_process

IS_WHOLE = os.environ.get("SELO_STORM_ERASURES") == "all"
STEPS = count() if IS_WHOLE else (2, 7, 30)  # in the log, between the ends of both, in a sweep
MUCH_LATER = LATER + timedelta(days=20)


async def leave(identity: IdentityRuntime, number: int, *, is_waiting: bool) -> tuple[str, str]:
    """Have somebody with two memberships, one of them closed, whose deletion is final; return both ids."""
    pair = (f"a{number}", f"b{number}")
    for member in pair:
        await join(identity, member)
        await buy(identity, member, f"first-{member}")
        stored = await members.find(identity.store, member)
        assert stored is not None
        email = f"trace-{member}@shop.example"
        details = replace(stored.details, name=f"Trace {member}", email=email)
        session = sessions.new_session(identity, "member", member, now=LATER, installation=f"trace-{member}")
        await identity.store.transact(
            [
                members.profile_write(member, ProfileChange(stored.profile_version, details)),
                contacts.take_write(f"email:{email}", member),
                contacts.take_write(f"number:0000{member}", member),
                *sessions.open_writes(session.session),
            ]
        )
        await register_phone(identity, member, token=f"trace-{member}", at=LATER)
    fire_moving = turn.fire_moving
    if is_waiting:

        async def die(*_: object, **__: object) -> None:
            raise ConnectionError

        turn.fire_moving = die
    try:
        await merge_two(identity, *pair)
    except ConnectionError:
        assert is_waiting
    finally:
        turn.fire_moving = fire_moving
    await identity.store.transact([update("members", {"_id": pair[1]}, {"$set": {"erase_at": MUCH_LATER}})])
    return pair


async def killed_at(uri: str, name: str, log: Path, step: int) -> str:
    """Let a process erase whoever is due, kill it before a step, and return what that was; `end` where it has
    come to its end before.
    """
    log.unlink(missing_ok=True)
    process = multiprocessing.get_context("spawn").Process(
        target=erasing_process.run, args=(uri, name, str(log), step, MUCH_LATER)
    )
    process.start()
    give_up_at = time.monotonic() + HANGS_AFTER_SECONDS
    lines = list[str]()
    while len(lines) <= step and lines[-1:] != ["end"]:
        assert process.is_alive() or lines[-1:] == ["end"], "the process ended by itself"
        assert time.monotonic() < give_up_at, f"it stands after {lines[-1:]}"
        await asyncio.sleep(0.01)
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    process.kill()
    process.join()
    return lines[-1]


async def totals(identity: IdentityRuntime) -> Counter[str]:
    """The sums of all entries by their kind."""
    by_kind = Counter[str]()
    async for row in identity.store["journal"].find({"_id": {"$exists": True}}):
        for entry in row.get("entries", ()):
            by_kind[entry["kind"]] += entry["amount"]
    return by_kind


async def traces(identity: IdentityRuntime) -> list[str]:
    """The rows of all collections that name somebody."""
    return [
        f"{name} {row['_id']}"
        for name in COLLECTIONS
        async for row in identity.store[name].find({"_id": {"$gt": ""}})
        if "trace" in json.dumps(row, default=str).lower()
    ]


async def test_an_erasure_that_is_killed_at_any_step_is_taken_to_its_end(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    identity = await club(database, who=())
    killed_before = Counter[str]()
    for number, step in enumerate(STEPS):
        pair = await leave(identity, number, is_waiting=not IS_WHOLE or step % 2 == 0)
        assert await traces(identity) != []
        killed_before[what := await killed_at(database_uri, database.mongo.name, tmp_path / "log", step)] += 1
        give_up_at = time.monotonic() + HANGS_AFTER_SECONDS
        while (await erasing.run_round(identity, now=MUCH_LATER)).left_count:
            assert time.monotonic() < give_up_at, f"killed before {what}, it is left"
        swept = await erasing.run_round(identity, now=MUCH_LATER + erasures.SWEPT_AGAIN_AFTER)
        assert (swept.swept_count, swept.left_count, swept.failed_count) == (2, 0, 0), what
        stored = await members.find_many(identity.store, pair)
        assert [each.status for each in stored.values()] == ["erased", "erased"], what
        assert await traces(identity) == [], what
        assert [str(each) async for each in verify(identity.store)] == [], what
        bought = 200 * (number + 1)
        assert await totals(identity) == {"AWARD": bought, "TRANSFER": 0, "ERASE": -bought}, what
        if what == "end":
            break
    assert ("end" in killed_before) is IS_WHOLE
