"""All members in order, and how often a range of ids is asked for, which the embedded server reads whole."""

from __future__ import annotations

import pytest
from bson import decode

from domain.store.connect import Database
from domain.store.ledger import journal
from domain.store.ledger.scans import histories, member_scans
from tests.command_log import CommandLog
from tests.small_runtime import join, open_runtime

NAMES = [f"m{number:02}" for number in range(11)]


async def test_pages_of_members_ask_for_a_range_once_and_for_documents_by_their_ids(
    database: Database, command_log: CommandLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await open_runtime(database)
    for name in reversed(NAMES):
        await join(runtime, name)
    monkeypatch.setattr(member_scans, "DOCUMENTS_AT_ONCE", 2)
    with command_log.counting() as counted:
        scan = member_scans.iterate_members(runtime.store, after="m02", first=5)
        assert [each.member.id async for each in scan] == NAMES[3:8]
    asked = [command.body["filter"]["_id"] for command in counted.commands]
    assert asked == [
        {"$gt": "m02", "$lt": "~"},
        *({"$in": chunk} for chunk in (NAMES[3:5], NAMES[5:7], NAMES[7:8])),
    ]


@pytest.mark.parametrize(("at_once", "first", "ranges"), [(4, 100, 3), (11, 100, 2), (4, 8, 2), (4, 9, 3)])
async def test_histories_come_whole_in_order_whatever_a_page_holds(
    database: Database,
    command_log: CommandLog,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    first: int,
    ranges: int,
) -> None:
    runtime = await open_runtime(database)
    for name in reversed(NAMES):
        await join(runtime, name)
    monkeypatch.setattr(histories, "IDS_AT_ONCE", at_once)
    monkeypatch.setattr(member_scans, "DOCUMENTS_AT_ONCE", 3)
    with command_log.counting() as counted:
        read = [each async for each in histories.iterate_histories(runtime.store, first=first)]
    assert [len(each.rows) for each in read if each is not None] == [1] * min(first, len(NAMES))
    filters = [command.body["filter"].get("_id", {}) for command in counted.commands]
    assert sum("$gt" in each for each in filters) == ranges


async def test_rows_that_came_after_the_member_was_read_are_left_out(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, NAMES[0])
    [whole] = [each async for each in histories.iterate_histories(runtime.store, first=1) if each]
    last = decode(whole.rows[-1])
    came = {**last, "_id": f"{last['_id']}-next", "seq": last["seq"] + 1}
    await runtime.store[journal.COLLECTION].insert_one(came)
    assert [each async for each in histories.iterate_histories(runtime.store, first=1)] == [whole]
