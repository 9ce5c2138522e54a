"""After a publish only those are looked at whose next due instant may change; any number of workers share them."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.services.ledger import purchases, queries
from domain.services.ledger.sweeping import sweep as sweeping
from domain.services.ledger.sweeping.sweep import SweepReport, sweep
from domain.services.ledger.turn import TurnReport, turn
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import members
from domain.store.ledger.due import sweeps
from tests.command_log import CommandLog
from tests.small_runtime import NOW, SMALL, TILL, join, new_purchase, open_runtime

LATER = NOW + timedelta(minutes=1)
REMINDING = SMALL.replace("debt: allow}", "debt: allow, remind: {days: 20}}")
GREETING = SMALL.replace(
    "rewards:",
    "  - {code: monthly, title: M, on: schedule, at: 0 9 1 * *, do: [{award: {wallet: points, fixed: 1}}]}\nrewards:",
)


def at(instant: datetime) -> Callable[[], datetime]:
    return lambda: instant


async def open_shop(database: Database, *, buyers: int = 2, others: int = 2) -> Runtime:
    """Some members with points, and some without."""
    runtime = await open_runtime(database)
    for place in range(buyers + others):
        member = await join(runtime, f"{place:x}-member")
        if place < buyers:
            await purchases.record(
                runtime, till=TILL, member_id=member, purchase_input=new_purchase(member), key=member, now=NOW
            )
    return runtime


async def due_by_member(runtime: Runtime) -> dict[str, tuple[Any, int]]:
    rows = runtime.store["members"].find({"_id": {"$gt": ""}}, {"due_at": 1, "due_version": 1})
    return {row["_id"][0]: (row["due_at"], row["due_version"]) async for row in rows}


async def test_another_title_or_amount_touches_nobody(database: Database, command_log: CommandLog) -> None:
    runtime = await open_shop(database)
    before = await due_by_member(runtime)
    text = SMALL.replace("A point for every euro", "Points").replace("fixed: 10}", "fixed: 20}")
    await runtime.programmes.publish(text, now=LATER)
    assert (runtime.programmes.current().number, await runtime.store["sweeps"].find_one({})) == (2, None)
    with command_log.counting() as counted:
        assert await sweep(runtime, clock=at(LATER)) == SweepReport()
        assert await turn(runtime, now=LATER) == TurnReport()
    assert await due_by_member(runtime) == before
    assert not [command for command in counted.commands if command.name in ("update", "bulkWrite")]
    view = await queries.load_member_view(runtime, member_id="0-member", now=LATER)
    assert not runtime.programmes.may_be_due(
        (await members.find_many(runtime.store, ["0-member"]))["0-member"], now=LATER
    )
    assert view.member.wallets["points"].available == 100


async def test_a_reminder_of_a_wallet_touches_those_who_have_it(database: Database) -> None:
    runtime = await open_shop(database)
    before = await due_by_member(runtime)
    await runtime.programmes.publish(REMINDING, now=LATER)
    assert await sweep(runtime, clock=at(LATER)) == SweepReport(looked_count=2, written_count=2)
    after = await due_by_member(runtime)
    assert {member: due for member, due in after.items() if member in "23"} == {
        member: before[member] for member in "23"
    }
    assert [after[member][1] for member in "01"] == [2, 2]
    expiry = datetime(2027, 3, 3, tzinfo=NOW.tzinfo)
    assert after["0"][0] is not None
    assert after["0"][0] < expiry
    assert await turn(runtime, now=LATER) == TurnReport()


async def test_a_schedule_for_all_touches_all_and_fires_on_its_day(database: Database) -> None:
    runtime = await open_shop(database)
    await runtime.programmes.publish(GREETING, now=LATER)
    view = await queries.load_member_view(
        runtime, member_id="3-member", now=datetime(2026, 4, 1, 9, tzinfo=NOW.tzinfo)
    )
    assert view.member.wallets["points"].available == 1  # read before it was swept
    assert await sweep(runtime, clock=at(LATER)) == SweepReport(looked_count=4, written_count=4)
    done = await turn(runtime, now=datetime(2026, 4, 1, 9, tzinfo=NOW.tzinfo))
    assert (done.member_count, done.failed_count) == (4, 0)


async def test_who_was_committed_by_the_version_before_is_swept_once_more(database: Database) -> None:
    runtime = await open_shop(database)
    await runtime.programmes.publish(GREETING, now=LATER)
    assert (await sweep(runtime, clock=at(LATER))).written_count == 4
    await runtime.store["members"].update_one(
        {"_id": "2-member"}, {"$set": {"due_version": 1, "due_at": None}}
    )
    assert await sweep(runtime, clock=at(LATER + timedelta(seconds=29))) == SweepReport()
    assert await sweep(runtime, clock=at(LATER + timedelta(seconds=30))) == SweepReport(1, 1)
    assert (await due_by_member(runtime))["2"][1] == 2
    assert await sweep(runtime, clock=at(LATER + timedelta(days=1))) == SweepReport()
    states = [row["state"] async for row in runtime.store["sweeps"].find({})]
    assert states == ["done"]


async def test_workers_share_the_ranges_and_each_member_is_written_once(database: Database) -> None:
    runtime = await open_shop(database, buyers=0, others=16)
    runtime.store.is_embedded = False
    await runtime.programmes.publish(GREETING, now=LATER)
    assert len([row async for row in runtime.store["sweeps"].find({})]) == sweeps.RANGES
    reports = await asyncio.gather(*(sweep(runtime, clock=at(LATER)) for _ in range(4)))
    assert sum((report for report in reports), SweepReport()) == SweepReport(16, 16)
    assert {due[1] for due in (await due_by_member(runtime)).values()} == {2}


async def test_a_range_whose_worker_died_goes_on_where_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "BATCH", 2)
    runtime = await open_shop(database, buyers=0, others=5)
    await runtime.programmes.publish(GREETING, now=LATER)
    compute, calls = sweeping._compute, list[int]()

    def die_in_the_second(*words: Any) -> Any:
        calls.append(len(words[1]))
        if len(calls) == 2:
            raise RuntimeError("killed")
        return compute(*words)

    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "_compute", die_in_the_second)
        with pytest.raises(RuntimeError, match="killed"):
            await sweep(runtime, clock=at(LATER))
    assert sorted(due[1] for due in (await due_by_member(runtime)).values()) == [1, 1, 1, 2, 2]
    assert await sweep(runtime, clock=at(LATER)) == SweepReport()  # its claim holds
    assert await sweep(runtime, clock=at(LATER + sweeps.LEASE)) == SweepReport(3, 3)


async def test_a_member_who_cannot_be_read_holds_up_nobody(database: Database) -> None:
    runtime = await open_shop(database)
    await runtime.store["members"].update_one({"_id": "1-member"}, {"$unset": {"ledger": ""}})
    await runtime.programmes.publish(GREETING, now=LATER)
    with capture_logs() as logs:
        assert await sweep(runtime, clock=at(LATER)) == SweepReport(4, 3, 1)
    assert [line["member"] for line in logs if line["event"] == "sweep.member_unreadable"] == ["1-member"]


async def test_the_agenda_goes_on_while_a_sweep_waits(database: Database) -> None:
    runtime = await open_shop(database)
    then = NOW + timedelta(days=1)
    await runtime.programmes.publish(GREETING, now=then)
    assert (await turn(runtime, now=then)).fired_count == 2
    assert {due[1] for member, due in (await due_by_member(runtime)).items() if member in "23"} == {1}
