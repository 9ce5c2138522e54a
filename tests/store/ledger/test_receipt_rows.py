"""Reports read the journal by time: one range of one index, whatever else the journal holds."""

from datetime import UTC, datetime, timedelta

from domain.model.event_names import PURCHASED
from domain.services.ledger import purchases
from domain.store.connect import Database
from domain.store.ledger.journal import COLLECTION
from domain.store.ledger.receipt_rows import stream_receipt_rows
from tests.command_log import CommandLog
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime


async def test_only_receipts_of_the_time_are_read_in_their_order(
    database: Database, command_log: CommandLog
) -> None:
    runtime = await open_runtime(database)
    ana, rui = await join(runtime, "ana"), await join(runtime, "rui")
    for hours, member, number in ((3, ana, "C"), (1, rui, "A"), (2, ana, "B"), (30, rui, "D")):
        at = NOW + timedelta(hours=hours)
        await purchases.record(
            runtime,
            till=TILL,
            member_id=member,
            purchase_input=new_purchase(number, occurred_at=at),
            key=number,
            now=at,
        )
    day = datetime(2026, 3, 2, tzinfo=UTC)
    with command_log.counting() as counted:
        rows = [
            row async for row in stream_receipt_rows(runtime.store, start=day, end=day + timedelta(days=1))
        ]
    assert [row.event.purchase.external_id for row in rows if row.event.purchase] == ["A", "B", "C"]
    assert {row.event.name for row in rows} == {PURCHASED}
    assert counted.names == ["find", "find"]  # whether an archive holds older ones, and the rows
    # The command log cannot see that a filter with an index is read without it: the server says so.
    (query,) = [command.body["filter"] for command in counted.commands if command.body["find"] == COLLECTION]
    plan = await runtime.store[COLLECTION].find(query).sort("at", 1).explain()
    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
