"""An offline till's queue of late events is decided by a history that is read once, whoever else writes meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.model.ledger.decision import Outcome
from domain.services import known_histories
from domain.services.known_histories import KnownHistories, KnownHistory
from domain.services.ledger import purchases
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import members
from tests.command_log import CommandLog, SentCommands
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime

BOUND = """
programme: {code: small, name: Small, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, name: Points}]
caps: [{code: promo, amount: 300, per: month}]
rules:
  - {code: monthly, title: M, on: purchase.completed, limit: {times: 12, per: month}, do: [{award: {wallet: points, fixed: 3}}]}
  - {code: shared, title: S, on: purchase.completed, capped_by: promo, do: [{award: {wallet: points, amount: 1, per: 500, of: purchase.total}}]}
  - {code: tiered, title: T, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total, tiered: true}}]}
tiers: {count: {wallet: points}, window: {rolling: {months: 12}}, ladder: [{code: basic, name: B, from: 0}, {code: top, name: T, from: 400, multiplier: 2}]}
"""
BEGUN = NOW - timedelta(days=25)  # the 5th of February, ten in the morning
TIMES = [BEGUN + timedelta(hours=11 * n) for n in range(30)]  # until the 18th


async def begun(database: Database) -> Runtime:
    runtime = await open_runtime(database, BOUND)
    await join(runtime, "ana", at=NOW - timedelta(days=60))
    for number in range(40):
        await sent(runtime, f"before{number}", BEGUN - timedelta(days=40 - number), now=BEGUN)
    await sent(runtime, "present", NOW)
    return runtime


async def sent(runtime: Runtime, code: str, at: datetime, *, now: datetime = NOW) -> list[Outcome]:
    """Record a purchase of an instant."""
    done = await purchases.record(
        runtime,
        till=TILL,
        member_id="ana",
        purchase_input=new_purchase(code, occurred_at=at),
        key=code,
        now=now,
    )
    return list(done.outcomes)


def reads(counted: SentCommands) -> int:
    """How many commands read the journal by its times or by its rows."""
    return sum(
        collection == "journal" and command.name == "find"
        for command in counted.commands
        for collection, _ in command.filters
    )


async def decided(
    database: Database, times: Sequence[datetime], runtime_of: Callable[[Runtime], Runtime]
) -> tuple[list[list[Outcome]], int]:
    """Send a queue; return what came of each event, and what the member has at the end."""
    runtime = await begun(database)
    outcomes = [await sent(runtime_of(runtime), f"late{n}", at) for n, at in enumerate(times)]
    assert [one async for one in verify(runtime.store)] == []
    stored = await members.find(runtime.store, "ana")
    assert stored is not None
    return outcomes, stored.member.wallets["points"].available


async def test_a_queue_reads_its_history_once(database: Database, command_log: CommandLog) -> None:
    runtime = await begun(database)
    with command_log.counting() as counted:
        await sent(runtime, "late0", TIMES[0])
    assert reads(counted) == 1
    with command_log.counting() as counted:
        for number, at in enumerate(TIMES[1:], 1):
            await sent(runtime, f"late{number}", at)
    assert reads(counted) == 0
    assert counted.names == ["find", "bulkWrite", "commitTransaction"] * (len(TIMES) - 1)


async def test_a_queue_reads_only_what_other_processes_wrote(
    database: Database, command_log: CommandLog
) -> None:
    runtime, other = await begun(database), await open_runtime(database, BOUND)
    await sent(runtime, "late0", TIMES[0])
    for number, at in enumerate(TIMES[1:10], 1):
        await sent(other, f"other{number}", at + timedelta(minutes=1))
        with command_log.counting() as counted:
            await sent(runtime, f"late{number}", at)
        [sent_find] = [
            command for command in counted.commands if "journal" in str(command) and command.name == "find"
        ]
        [(_, criteria)] = sent_find.filters
        assert len(criteria["seq"]["$in"]) == 1


def same(runtime: Runtime) -> Runtime:
    return runtime


def restarted(runtime: Runtime) -> Runtime:
    """A process that knows nothing of what was read before."""
    return replace(runtime, known_histories=KnownHistories())


@pytest.mark.parametrize(
    "times", [TIMES, TIMES[::-1], TIMES[1::2] + TIMES[::2]], ids=["in order", "reverse", "mixed"]
)
async def test_what_is_known_decides_as_what_is_read(database: Database, times: list[datetime]) -> None:
    outcomes, available = await decided(database, times, same)
    await database.mongo.client.drop_database(database.mongo.name)
    again, available_again = await decided(database, times, restarted)
    assert outcomes == again
    assert available == available_again


async def test_a_late_event_finds_the_shared_cap_of_its_month_used(database: Database) -> None:
    runtime = await begun(database)
    shared = []
    for number, at in enumerate(TIMES):
        [outcome] = [one for one in await sent(runtime, f"late{number}", at) if one.rule == "shared"]
        shared.append((outcome.amount, outcome.reason))
    # 20 each; of 300 in February four were taken before, one on the 2nd of March counts there
    assert shared == [(20, None)] * 11 + [(0, "cap")] * 19


async def test_a_late_event_finds_a_shared_cap_used_that_is_for_ever(database: Database) -> None:
    runtime = await open_runtime(database, BOUND.replace("amount: 300, per: month", "amount: 30, per: ever"))
    await join(runtime, "ana", at=NOW - timedelta(days=60))
    await sent(runtime, "before", BEGUN)
    await sent(runtime, "present", NOW)
    late = [await sent(runtime, f"late{n}", at) for n, at in enumerate(TIMES[1:4])]
    shared = [(one.amount, one.reason) for row in late for one in row if one.rule == "shared"]
    assert shared == [(0, "cap")] * 3  # 20 and 10 were given before


async def test_a_late_event_finds_what_it_raises_limited_by_all_of_its_week(database: Database) -> None:
    bonus = "on: points.awarded, when: event.data.amount > 20, limit: {times: 1, per: week}"
    rule = f"  - {{code: bonus, title: B, {bonus}, do: [{{award: {{wallet: points, fixed: 1}}}}]}}\ntiers:"
    runtime = await open_runtime(database, BOUND.replace("tiers:", rule))
    await join(runtime, "ana", at=NOW - timedelta(days=60))
    monday = BEGUN - timedelta(days=BEGUN.weekday())
    for week, day in ((0, 4), (7, 0)):  # of one week its end has used it, of the next its beginning
        await sent(runtime, f"before{week}", monday + timedelta(days=week + day))
    await sent(runtime, "present", NOW)
    late = [await sent(runtime, f"late{week}", monday + timedelta(days=week + 2)) for week in (0, 7)]
    fired = [(one.applied, one.reason) for row in late for one in row if one.rule == "bonus"]
    assert fired == [(False, "limit")] * 2


async def test_what_is_known_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_histories, "ROWS_KNOWN", 5)
    runtime = await begun(database)
    for number, at in enumerate(TIMES[:8]):
        await sent(runtime, f"late{number}", at)
        assert runtime.known_histories.find("ana") is None
    histories = KnownHistories()
    for number in range(known_histories.MEMBERS_KNOWN + 1):
        histories.keep(str(number), KnownHistory(BEGUN, NOW, 0))
    assert histories.find("0") is None
    assert histories.find("1") is not None
