"""Figures made again from a day on: the same documents as a whole rebuild makes, and no earlier one touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from domain.model.calendar import local_day
from domain.model.figures.increments import DAYS, MONTHS, NOW
from domain.model.ledger.decision import JournalRow
from domain.services.figures import projector
from domain.services.figures.rebuilding import ask_rebuild, rebuild
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.figures import due, lease, member_figures
from domain.store.figures.lease import LeaseHolder, MustCountAll
from domain.store.ledger import journal, journal_rows
from tests.services.figures.figure_sums import all_figures
from tests.services.figures.random_journals import Projector, commit_in_pieces, random_rows
from tests.small_runtime import join, open_runtime

LATER = datetime(2027, 2, 1, tzinfo=UTC)


class Cut(BaseException):
    """The process that counts again ends here."""


def holder_at(minutes: int, *, noted: Callable[[], None] = lambda: None) -> LeaseHolder:
    """Whoever counts, so many minutes later; `noted` is called whenever the clock is looked at."""

    def clock() -> datetime:
        noted()
        return LATER + timedelta(minutes=minutes)

    return LeaseHolder(clock)


async def folded_histories(
    database: Database, seed: int
) -> tuple[Runtime, date, dict[str, list[JournalRow]]]:
    """Random histories, folded but for the last third of each member's rows, which are not committed yet; and a
    day of what is folded, with days before and after it.
    """
    runtime, random = await open_runtime(database), Random(seed)
    seeds = range(seed * 10, seed * 10 + 8)
    rows = {member: of_member for each in seeds for member, of_member in random_rows(each).items()}
    first = {member: of_member[: len(of_member) * 2 // 3] for member, of_member in rows.items()}
    projecting = Projector(runtime, random, kills=0)
    await commit_in_pieces(runtime, first, projecting, random)
    await projecting.run_to_the_end()
    days = sorted({row["day"] for row in await documents(runtime, DAYS) if "receipts" in row})
    left = {member: rows[member][len(of_member) :] for member, of_member in first.items()}
    return runtime, date.fromisoformat(days[len(days) * 2 // 3]), left


async def commit(runtime: Runtime, rows: dict[str, list[JournalRow]]) -> None:
    """Write rows as commits do, and their marks."""
    for member, of_member in rows.items():
        if not of_member:
            continue
        some = [journal_rows.row_document(member, row) for row in of_member]
        await runtime.store[journal.COLLECTION].insert_many(some)
        mark = due.mark_write(member, of_member[-1].seq, now=LATER)
        await runtime.store[due.COLLECTION].bulk_write([mark.operation])
        version = {"$set": {"version": of_member[-1].seq}}
        await runtime.store["members"].update_one({"_id": member}, version, upsert=True)


async def documents(runtime: Runtime, collection: str) -> list[dict[str, Any]]:
    return [dict(row) async for row in runtime.store[collection].find({"_id": {"$gte": ""}}).sort("_id", 1)]


async def earlier_days(runtime: Runtime, since: date) -> list[dict[str, Any]]:
    """The documents of before a day, whole."""
    months = [row for row in await documents(runtime, MONTHS) if row["month"] < f"{since:%Y-%m}"]
    return months + [row for row in await documents(runtime, DAYS) if row["day"] < since.isoformat()]


async def spoil(runtime: Runtime, since: date) -> None:
    """Spoil what is to be made again, and mark a day that is not."""
    days = {"day": {"$gte": since.isoformat()}}
    for collection, query in ((DAYS, days), (MONTHS, {"month": {"$gte": f"{since:%Y-%m}"}})):
        ids = [row["_id"] async for row in runtime.store[collection].find(query, {"_id": 1})]
        assert len(ids) > 3, collection
        await runtime.store[collection].delete_many({"_id": {"$in": ids[::3]}})
        await runtime.store[collection].update_many({"_id": {"$in": ids[1::3]}}, {"$inc": {"receipts": 99}})
    await runtime.store[NOW].update_one({"_id": "levels"}, {"$inc": {"levels.enrolled": 5}})
    await runtime.store[member_figures.COLLECTION].update_many({}, {"$set": {"receipts": 7}})
    query = {"day": {"$lt": since.isoformat()}}
    assert (await runtime.store[DAYS].update_one(query, {"$inc": {"marked": 1}})).matched_count == 1


async def unmark(runtime: Runtime) -> None:
    await runtime.store[DAYS].update_many({"marked": 1}, {"$unset": {"marked": ""}})


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_histories_with_late_events_give_what_a_whole_rebuild_gives(
    database: Database, seed: int
) -> None:
    runtime, since, left = await folded_histories(database, seed)
    folded = await all_figures(runtime)
    await commit(runtime, left)
    zone = runtime.programme.zone
    waiting = [row for rows in left.values() for row in rows]
    assert any(local_day(row.event.at, zone) < since for row in waiting), (
        "some are of a day that is left alone"
    )
    await spoil(runtime, since)
    earlier = await earlier_days(runtime, since)
    await rebuild(runtime, holder_at(0), since=since)
    assert await earlier_days(runtime, since) == earlier
    await unmark(runtime)
    assert await all_figures(runtime) == folded
    await projecting_again(runtime)
    all_folded = await all_figures(runtime)
    assert all_folded != folded
    await rebuild(runtime, holder_at(60))
    assert await all_figures(runtime) == all_folded


async def projecting_again(runtime: Runtime) -> None:
    """Fold everything that waits, minutes later."""
    holder = holder_at(30)
    while not (await projector.run_round(runtime, holder, now=LATER)).is_idle:
        pass


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
async def test_what_is_cut_off_is_begun_again_from_the_same_day(database: Database, share: float) -> None:
    runtime, since, _ = await folded_histories(database, 3)
    folded = await all_figures(runtime)
    looks = 0

    def count() -> None:
        nonlocal looks
        looks += 1

    await rebuild(runtime, holder_at(0, noted=count), since=since)
    last = int(looks * share)

    def cut() -> None:
        nonlocal looks
        looks += 1
        if looks > last:
            raise Cut

    await spoil(runtime, since)
    earlier, looks = await earlier_days(runtime, since), 0
    with pytest.raises(Cut):
        await rebuild(runtime, holder_at(10, noted=cut), since=since)
    assert await lease.is_rebuilding(runtime.store)
    assert await lease.find_since(runtime.store) == since
    assert (await projector.run_round(runtime, holder_at(20), now=LATER)).is_idle
    assert not await lease.is_rebuilding(runtime.store)
    assert await lease.find_since(runtime.store) is None
    assert await earlier_days(runtime, since) == earlier
    await unmark(runtime)
    assert await all_figures(runtime) == folded


async def test_a_later_day_does_not_forget_an_earlier_one_that_was_cut_off(database: Database) -> None:
    runtime, since, _ = await folded_histories(database, 4)
    folded = await all_figures(runtime)
    await spoil(runtime, since)
    await lease.begin_rebuild_since(runtime.store, holder_at(0), since)
    await rebuild(runtime, holder_at(10), since=since + timedelta(days=10))
    await unmark(runtime)
    assert await all_figures(runtime) == folded


async def test_it_is_refused_untouched_where_earlier_days_are_not_whole(database: Database) -> None:
    runtime, since, _ = await folded_histories(database, 5)
    folded = await all_figures(runtime)
    query = {"_id": next(iter(random_rows(50)))}
    lost = await runtime.store[member_figures.COLLECTION].find_one(query)
    assert lost is not None
    await runtime.store[member_figures.COLLECTION].delete_one(query)
    with pytest.raises(MustCountAll, match="figures of 1 members are lost"):
        await rebuild(runtime, holder_at(0), since=since)
    assert not await lease.is_rebuilding(runtime.store)
    await runtime.store[member_figures.COLLECTION].insert_one(lost)
    assert await all_figures(runtime) == folded
    await ask_rebuild(runtime)
    with pytest.raises(MustCountAll, match="all figures"):
        await rebuild(runtime, holder_at(0), since=since)
    assert await all_figures(runtime) == folded
    assert await lease.find_since(runtime.store) is None


async def test_what_was_cut_off_and_then_lost_is_counted_as_a_whole(database: Database) -> None:
    runtime, since, _ = await folded_histories(database, 6)
    folded = await all_figures(runtime)
    await spoil(runtime, since)
    await lease.begin_rebuild_since(runtime.store, holder_at(0), since)
    await runtime.store[member_figures.COLLECTION].delete_one({"_id": next(iter(random_rows(60)))})
    assert (await projector.run_round(runtime, holder_at(10), now=LATER)).is_idle
    assert await all_figures(runtime) == folded


async def test_figures_that_were_never_made_are_refused(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    with pytest.raises(MustCountAll):
        await rebuild(runtime, holder_at(0), since=date(2026, 3, 1))
    assert not await lease.is_rebuilding(runtime.store)
