"""What a report costs: as many commands with 20,000 members as with 200, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.model.figures.increments import DAYS, MONTHS, NOW
from domain.services.errors import InvalidInput
from domain.services.figures import reading
from domain.services.figures.reading import Period
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.figures import sums
from domain.store.figures.lease import LeaseHolder
from domain.store.figures.store_sums import StoreSums
from tests.command_log import CommandLog
from tests.folding import fold_waiting
from tests.small_runtime import NOW as BEGAN
from tests.small_runtime import NUMISCOLLECT, join, open_runtime

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize("member_count", [200, 20_000])
async def test_a_report_asks_four_commands_however_many_members_there_are(
    database: Database, command_log: CommandLog, member_count: int
) -> None:
    runtime = await open_runtime(database)
    days = [(date(2025, 1, 1) + timedelta(days=place)).isoformat() for place in range(900)]
    for store in ("*", "lisboa"):
        rows = [
            {"_id": f"{day}|{store}|*", "day": day, "store": store, "tier": "*", "receipts": 2}
            for day in days
        ]
        await runtime.store[DAYS].insert_many(rows)
    months = [
        {
            "_id": f"2026-03|{n}",
            "month": "2026-03",
            "member": str(n),
            "receipts": 1 + n % 2,
            "redemptions": n % 4,
        }
        for n in range(member_count)
    ]
    for start in range(0, member_count, 1_000):
        await runtime.store[MONTHS].insert_many(months[start : start + 1_000])
    await runtime.store[NOW].insert_one({"_id": "levels", "enrolled": member_count})
    for period in (YEAR, Period(YEAR.start, YEAR.end, store="lisboa")):
        with command_log.counting() as counted:
            report = await reading.read_report(runtime, period)
        assert len(counted) <= 4, counted.names
        assert [each.value for each in report.figures if each.code == "receipts"] == [730]
        if period.store is None:
            shares = {each.code: each.value for each in report.figures if each.subject is None}
            assert (shares["repeat_rate"], shares["redemption_members"]) == (0.5, 0.75)
            # Of all stores the days are found by their index: with alternatives the embedded server reads all.
            filters = [each for command in counted.commands for each in command.filters]
            [query] = [query for name, query in filters if name == DAYS]
            assert (query["store"], query["tier"]) == ("*", "*")


async def test_each_store_says_what_it_sold_and_took_back_within_the_same_four_commands(
    database: Database, command_log: CommandLog
) -> None:
    runtime = await open_runtime(database)
    days: list[tuple[str, str, str, dict[str, Any]]] = [
        ("2026-01-01", "lisboa", "*", {"receipts": 3, "revenue": 900, "corrected": -100, "returned": 200}),
        ("2026-03-01", "lisboa", "gold", {"receipts": 9, "revenue": 9_000}),
        ("2026-03-04", "lisboa", "*", {"returned": 50}),
        ("2025-12-31", "porto", "*", {"receipts": 2, "revenue": 400, "returned": 9}),
        ("2025-01-01", "faro", "*", {"receipts": 1, "revenue": 100}),
        ("2026-04-01", "faro", "*", {"receipts": 1, "revenue": 100}),
        ("2026-03-02", "-", "*", {"enrolments": 1}),
        ("2026-03-02", "braga", "*", {"wallets": {"points": {"spent": 1}}}),
        ("2026-03-02", "9", "*", {"returned": 7}),
        ("2026-03-02", "*", "*", {"receipts": 5}),
    ]
    rows = [
        {"_id": f"{day}|{store}|{tier}", "day": day, "store": store, "tier": tier, **sums}
        for day, store, tier, sums in days
    ]
    await runtime.store[DAYS].insert_many(rows)
    first_quarter = Period(date(2026, 1, 1), date(2026, 3, 31))
    with command_log.counting() as counted:
        report = await reading.read_report(runtime, first_quarter, with_stores=True)
    assert len(counted) <= 4, counted.names
    lisboa = StoreSums("lisboa", 3, 800, 250, date(2026, 1, 1))
    porto = StoreSums("porto", 0, 0, 0, date(2025, 12, 31))
    assert report.stores == (StoreSums("9", returned=7), lisboa, porto)
    assert [day for day, _ in report.days] == [date(2026, 3, 2)]
    gold = await reading.read_report(runtime, replace(first_quarter, tier="gold"), with_stores=True)
    assert [(each.store, each.receipts) for each in gold.stores] == [("lisboa", 9)]
    here = await reading.read_report(runtime, replace(first_quarter, store="lisboa"), with_stores=True)
    assert here.stores == (lisboa,)
    assert (await reading.read_report(runtime, first_quarter)).stores == ()


async def test_a_report_says_since_when_acts_wait_to_be_counted(database: Database) -> None:
    runtime = await open_runtime(database)
    assert (await reading.read_report(runtime, YEAR)).waiting_since is None
    await join(runtime, "ana")
    assert (await reading.read_report(runtime, YEAR)).waiting_since == BEGAN


async def test_what_is_counted_between_two_reads_of_a_report_is_said_to_wait(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    read_now = sums.find_now

    async def count_and_read(store: DocumentStore, ids: Sequence[str]) -> Mapping[str, Any]:
        await fold_waiting(runtime, LeaseHolder(lambda: BEGAN), now=BEGAN)
        return await read_now(store, ids)

    monkeypatch.setattr(sums, "find_now", count_and_read)
    report = await reading.read_report(runtime, YEAR)
    assert (report.days, report.waiting_since) == ((), BEGAN), "the days were read before ana was counted"
    again = await reading.read_report(runtime, YEAR)
    assert (len(again.days), again.waiting_since) == (1, None)


async def test_the_period_before_is_as_long_and_of_whole_months_where_this_one_is(database: Database) -> None:
    assert Period(date(2026, 3, 1), date(2026, 3, 31)).before == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert Period(date(2026, 3, 2), date(2026, 3, 8)).before == Period(date(2026, 2, 23), date(2026, 3, 1))
    runtime = await open_runtime(database)
    with pytest.raises(InvalidInput, match="to: lies before from"):
        await reading.read_report(runtime, Period(date(2026, 3, 2), date(2026, 3, 1)))
    with pytest.raises(InvalidInput, match="from: asks for more than 800 days"):
        await reading.read_report(runtime, Period(date(2020, 3, 2), date(2026, 3, 1)))
    usual = reading.default_period(runtime, now=datetime(2026, 3, 31, 23, 30, tzinfo=UTC))
    assert usual == Period(date(2026, 3, 3), date(2026, 4, 1))  # it is April in Lisbon already


@pytest.mark.parametrize(
    "period",
    [
        Period(date(2026, 9, 3), date(2026, 10, 2)),
        Period(date(2026, 7, 1), date(2026, 9, 30)),
        Period(date(2026, 1, 1), date(2026, 1, 1)),
        Period(date(2025, 3, 1), date(2026, 10, 31)),
    ],
)
async def test_the_period_before_says_what_it_says_when_it_is_asked_for_by_itself(
    database: Database, period: Period
) -> None:
    runtime = await open_runtime(database, NUMISCOLLECT.read_text())
    days = [_day_of_seasons(date(2022, 1, 1), place) for place in range(1_900)]
    for start in range(0, len(days), 950):
        await runtime.store[DAYS].insert_many(days[start : start + 950])
    levels = {"enrolled": 9_000, "active_365": 5_000, "outstanding": {"points": 100_000}}
    await runtime.store[NOW].insert_one({"_id": "levels", **levels})
    report = await reading.read_report(runtime, period)
    alone = await reading.read_report(runtime, period.before)
    of_people = {"repeat_rate", "frequency", "redemption_members"}  # the period before reads no months
    told = [each for each in report.before if each.code not in of_people]
    assert told == [each for each in alone.figures if each.code not in of_people]
    assert {"liability", "clv"} <= {each.code for each in told if each.value}


def _day_of_seasons(first: date, place: int) -> dict[str, Any]:
    """Return a day like all others, but that more is awarded in summer, more lapses in winter, and more buy
    for the first time in spring.
    """
    day = first + timedelta(days=place)
    points = {"awarded": 1_000 if day.month >= 7 else 100, "expired": 300 if day.month in (12, 1) else 20}
    return {
        "_id": f"{day}|*|*",
        "day": day.isoformat(),
        "store": "*",
        "tier": "*",
        "receipts": 10,
        "revenue": 10_000,
        "first_purchases": 4 if day.month in (4, 5) else 1,
        "wallets": {"points": points},
        "levels": {"active_365": 1, "outstanding": {"points": 3}},
    }
