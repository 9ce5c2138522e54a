"""Archived rows: gone from the database, and missed by nothing that may be asked of them."""

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Literal

import pytest

from domain.services.archiving.choosing import LEAST_DAYS
from domain.services.archiving.moving_out import survey
from domain.services.archiving.putting_back import put_back, read_entries
from domain.services.errors import NotFound, UnknownPurchase
from domain.services.figures.rebuilding import rebuild
from domain.services.ledger import entry_history, purchase_queries, queries
from domain.services.ledger.purchases import PurchaseClaimed
from domain.services.ledger.returns.refunds import RefundTooLarge
from domain.services.ledger.verification import prove_members
from domain.services.people import data_exports
from domain.store.archive.folder import ArchiveFolder
from domain.store.archive.segments import MOVED, ArchiveDamaged
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.archived.journal_bases import ArchiveAway
from tests.services.archiving.long_lives import (
    BEFORE,
    MEMBERS,
    MONTHS,
    NOW,
    all_entries,
    buy,
    count,
    differences,
    exports,
    give_back,
    live_on,
    open_long_lives,
    run_archive,
    stored,
)
from tests.services.figures.figure_sums import all_figures


async def test_old_rows_leave_and_nothing_that_is_asked_differs(database: Database, tmp_path: Path) -> None:
    runtime = await open_long_lives(database)
    journal, exported, figures = (
        await stored(runtime, "journal"),
        await exports(runtime),
        await all_figures(runtime),
    )
    views = {id: await queries.load_member_view(runtime, member_id=id, now=NOW) for id in MEMBERS}
    old = {id for id, row in journal.items() if row["at"] < BEFORE}
    surveyed = await survey(runtime.store, before=BEFORE)
    assert (surveyed.members, surveyed.rows) == (3, len(old))
    assert await stored(runtime, "journal") == journal

    report = await run_archive(runtime, tmp_path)
    assert (report.rows_by_month, report.receipts) == (surveyed.rows_by_month, surveyed.receipts)
    assert len(old) == 60
    assert report.receipts == 33
    assert (await stored(runtime, "journal")).keys() == journal.keys() - old

    assert await differences(runtime) == []
    assert await exports(runtime) == exported
    for id, view in views.items():
        after = await queries.load_member_view(runtime, member_id=id, now=NOW)
        assert (after.member, after.recent) == (view.member, view.recent)
        assert after.archived is not None
        assert after.archived.before == BEFORE
        rows = [row.seq async for row in data_exports.iterate_rows(runtime, after.member)]
        assert rows == list(range(1, after.written_seq + 1))
    await rebuild(runtime, LeaseHolder(lambda: NOW))
    assert await all_figures(runtime) == figures


async def test_a_life_goes_on_and_a_later_run_takes_more(database: Database, tmp_path: Path) -> None:
    runtime = await open_long_lives(database, months=MONTHS - 3)
    await run_archive(runtime, tmp_path, now=NOW - timedelta(days=180))
    seqs = await journal_bases.find_seqs(runtime.store, MEMBERS)
    await live_on(runtime, range(MONTHS - 3, MONTHS))
    assert await differences(runtime) == []
    exported = await exports(runtime)
    await run_archive(runtime, tmp_path)
    later_seqs = await journal_bases.find_seqs(runtime.store, MEMBERS)
    assert [later_seqs[id] > seqs[id] for id in MEMBERS] == [True, True, True]
    assert await differences(runtime) == []
    assert await exports(runtime) == exported
    assert len(ArchiveFolder(tmp_path).segments) == 2
    assert (await run_archive(runtime, tmp_path)).rows == 0


async def test_without_the_archive_a_base_proves_the_rest_and_no_half_is_given(
    database: Database, tmp_path: Path
) -> None:
    runtime = await open_long_lives(database)
    await run_archive(runtime, tmp_path)
    figures, runtime.store.archive = await all_figures(runtime), None
    assert await differences(runtime) == []
    for refused in (rebuild(runtime, LeaseHolder(lambda: NOW)), exports(runtime)):
        with pytest.raises(ArchiveAway):
            await refused
    assert await all_figures(runtime) == figures
    change = {"$inc": {"entries": 1}}
    await runtime.store["journal_bases"].update_one({"_id": "ana"}, change)
    assert (await prove_members(runtime.store, ["ana"])).differences != []


async def test_young_receipts_are_refunded_and_old_ones_count_once_and_are_closed(
    database: Database, tmp_path: Path
) -> None:
    runtime = await open_long_lives(database)
    await run_archive(runtime, tmp_path)
    await give_back(runtime, f"ana{MONTHS - 2}", at=NOW)
    receipts = await stored(runtime, "receipts")
    with pytest.raises(UnknownPurchase):
        await give_back(runtime, "ana1", at=NOW)
    with pytest.raises(PurchaseClaimed):
        await buy(runtime, "ana", "ana1", at=NOW, key="again")
    assert await stored(runtime, "receipts") == receipts
    assert await differences(runtime) == []
    closed = [row for row in receipts.values() if row.get("left") == {"archived": True}]
    assert len(closed) == sum(1 for row in receipts.values() if "n" not in row) > 30


async def test_lists_end_where_the_archive_begins(database: Database, tmp_path: Path) -> None:
    runtime = await open_long_lives(database)
    await run_archive(runtime, tmp_path)
    archived = await journal_bases.find_archived(runtime.store, "ana")
    assert archived is not None
    entries, before, pages = list[int](), None, 0
    while True:
        page = await entry_history.list_history(runtime, member_id="ana", first=7, before=before, now=NOW)
        entries += [entry.n for entry in page.items]
        pages += 1
        if not page.has_more:
            break
        before = entries[-1]
    assert entries == list(range(entries[0], archived.entries, -1))
    purchases = await purchase_queries.list_purchases(runtime, member_id="ana", first=100, now=NOW)
    assert [each.number for each in purchases.items] == list(range(MONTHS, archived.purchases, -1))
    assert not purchases.has_more
    beyond = await purchase_queries.list_purchases(
        runtime, member_id="ana", first=10, before=archived.purchases + 1, now=NOW
    )
    assert (beyond.items, beyond.has_more) == ((), False)


async def test_rows_put_back_are_those_that_left(database: Database, tmp_path: Path) -> None:
    runtime = await open_long_lives(database)
    before = [await stored(runtime, name) for name in ("journal", "receipts", "members")]
    await run_archive(runtime, tmp_path)
    assert [entry.n for entry in await read_entries(runtime.store, "ana")][:3] == [1, 2, 3]
    for id in MEMBERS:
        await put_back(runtime.store, id)
    assert [await stored(runtime, name) for name in ("journal", "receipts", "members")] == before
    assert await stored(runtime, "journal_bases") == {}
    assert await differences(runtime) == []
    with pytest.raises(NotFound):
        await read_entries(runtime.store, "ana")
    await give_back(runtime, "ana1", at=NOW)
    await count(runtime)
    await run_archive(runtime, tmp_path)  # a second copy of each row, which counts once
    assert await differences(runtime) == []
    assert len(await read_entries(runtime.store, "bia")) == 17


class KilledError(Exception):
    """The run ends here."""


async def test_a_run_that_is_killed_anywhere_loses_and_doubles_nothing(
    database: Database, tmp_path: Path
) -> None:
    runtime = await open_long_lives(database)
    journal, entries = await stored(runtime, "journal"), await all_entries(runtime)
    random = Random(21)
    for kills in range(6):
        steps_left = random.randrange(1, 7)

        def live(_phase: Literal["read", "moved"], _count: int) -> None:
            nonlocal steps_left
            steps_left -= 1
            if not steps_left:
                raise KilledError

        try:
            await run_archive(runtime, tmp_path, progress=live)
            assert kills > 0
        except KilledError:
            runtime.store.archive = ArchiveFolder(tmp_path)
        assert await all_entries(runtime) == entries
    assert await differences(runtime) == []
    await run_archive(runtime, tmp_path)
    old = {id for id, row in journal.items() if row["at"] < BEFORE}
    assert (await stored(runtime, "journal")).keys() == journal.keys() - old
    assert all(segment.is_moved for segment in ArchiveFolder(tmp_path).segments)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".unfinished")]


async def test_a_refund_between_the_files_and_the_database_keeps_its_member_for_the_next_run(
    database: Database, tmp_path: Path
) -> None:
    runtime = await open_long_lives(database)

    def stop(phase: Literal["read", "moved"], _count: int) -> None:
        if phase == "moved":
            raise KilledError

    with pytest.raises(KilledError):
        await run_archive(runtime, tmp_path, progress=stop)
    runtime.store.archive = ArchiveFolder(tmp_path)
    await give_back(runtime, "ana1", at=NOW)
    await count(runtime)
    report = await run_archive(runtime, tmp_path)
    assert (report.left, report.resumed) == (1, 1)
    assert (await journal_bases.find_seqs(runtime.store, MEMBERS)).keys() == set(MEMBERS)
    assert await differences(runtime) == []
    await put_back(runtime.store, "ana")
    with pytest.raises(RefundTooLarge, match="only 5100 can"):
        await give_back(runtime, "ana1", at=NOW + timedelta(days=1), amount=5_101)


async def test_a_damaged_file_stops_the_run_before_anything_leaves(
    database: Database, tmp_path: Path
) -> None:
    runtime = await open_long_lives(database)
    journal = await stored(runtime, "journal")

    def damage(phase: Literal["read", "moved"], _count: int) -> None:
        if phase == "moved":
            raise KilledError

    with pytest.raises(KilledError):
        await run_archive(runtime, tmp_path, progress=damage)
    [segment] = ArchiveFolder(tmp_path).segments
    file = segment.folder / segment.files[3].name
    file.write_bytes(file.read_bytes()[:-20] + bytes(20))
    with pytest.raises(ArchiveDamaged, match=str(file)):
        await run_archive(runtime, tmp_path)
    assert await stored(runtime, "journal") == journal
    assert not (segment.folder / MOVED).exists()


def test_rows_that_late_events_may_ask_for_never_leave() -> None:
    assert LEAST_DAYS == 800
