"""A life over the API, exported: its events simulate to the stored balances, its entries add up to them, and
nothing names the person who did not ask for it.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.model.calendar import instant_text
from domain.services.erasure.erasing import ErasureActor, erase
from domain.services.moving import event_export, row_export
from domain.store.connect import Database
from domain.store.ledger.scans import member_scans
from tests.command_log import CommandLog
from tests.journeys.erased_person import PROGRAMME, Person, expect_whole, found_in, let_time_pass, live
from tests.running_app import Clock, RunningApp, open_running_app
from tests.simulated_exports import differences, exported


def tick(clock: Clock) -> datetime:
    """No two things happen at the same instant, as where time passes."""
    clock.advance(milliseconds=1)
    return clock.now


@pytest.fixture
async def app(
    database: Database, command_log: CommandLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningApp]:
    monkeypatch.setattr(Clock, "__call__", tick)
    file = tmp_path / "club.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path / "data", programme=file) as running:
        yield running


async def live_on(app: RunningApp, person: Person) -> None:
    """Let a month pass, with a receipt that comes late, one put right, one given back by the line, and a
    membership that is frozen for a day.
    """
    cashier, manager = await app.hire("ivo"), await app.hire("nora", "MANAGER")

    async def do(name: str, token: str, done: str, **fields: Any) -> None:
        answer = await app.mutate(
            name, {**fields, "idempotencyKey": str(fields)[:60]}, "__typename", token=token
        )
        assert answer["__typename"] == done, answer

    async def buy(receipt: str, **fields: Any) -> None:
        lines = [
            {"sku": "m-1", "quantity": 3, "amount": 5_000},
            {"sku": "m-2", "quantity": 1, "amount": 1_001},
        ]
        bought = {"member": person.number, "externalId": receipt, "currency": "EUR", "total": 6_101}
        await do("recordPurchase", cashier, "PurchaseRecorded", **bought, lines=lines, **fields)

    await let_time_pass(app, days=3)
    await buy("n1")
    await let_time_pass(app, days=1)
    early = app.clock() - timedelta(days=2)
    await buy("n2", occurredAt=instant_text(early))
    taken = [{"line": 1, "quantity": 1}, {"line": 2, "amount": 300}]
    await do("refundPurchase", cashier, "PurchaseRefunded", externalId="n1", lines=taken, reason="broken")
    await do("correctPurchase", manager, "PurchaseCorrected", externalId="n2", total=7_000)
    await do("refundPurchase", cashier, "PurchaseRefunded", externalId="n2", amount=777, reason="worn")
    await buy("n3")
    await do("refundPurchase", cashier, "PurchaseRefunded", externalId="n3", reason="all of it")
    await let_time_pass(app, days=40)


async def spans(app: RunningApp) -> tuple[datetime, datetime]:
    first_at = await event_export.find_first_at(app.process.runtime, now=app.clock())
    assert first_at is not None
    return first_at, app.clock()


async def test_a_life_exported_simulates_to_what_is_stored(app: RunningApp) -> None:
    person = await live(app)
    await live_on(app, person)
    runtime = app.process.runtime
    first_at, now = await spans(app)
    lines = await exported(runtime, since=first_at, until=now)
    assert len([line for line in lines if "heard" in json.loads(line)]) > 1
    assert await differences(runtime, lines, until=now) == {}
    stored = [each async for each in member_scans.iterate_members(app.process.store, after="", first=100)]
    held = {
        (each.member.id, code): wallet.balance
        for each in stored
        for code, wallet in each.member.wallets.items()
    }
    sums: Counter[tuple[str, str]] = Counter()
    text = ""
    async for row in row_export.iterate_entries(runtime, start=first_at, end=now + timedelta(days=1)):
        sums[str(row["member"]), str(row["wallet"])] += int(str(row["amount"]))
        text += json.dumps(row)
    assert dict(sums) == held
    turnover: Counter[str] = Counter()
    async for row in row_export.iterate_purchases(runtime, start=first_at, end=now + timedelta(days=1)):
        turnover[str(row["member"])] += int(str(row["total"]))
        text += json.dumps(row)
    rows = row_export.iterate_members(runtime, after="", first=100, with_person=False, now=now)
    text += json.dumps([row async for row in rows])
    # What a closed membership bought counts for the one that took it over; its receipts stay with it.
    assert sum(turnover.values()) == sum(each.member.purchases.total for each in stored)
    bare = event_export.iterate_event_lines(
        runtime, start=first_at, end=now + timedelta(days=1), with_person=False
    )
    text += json.dumps([line async for line in bare])
    assert found_in(text, person.traces) == []

    by = ErasureActor("service", "cli:root", "a letter")
    assert await erase(runtime, person.id, by=by, now=app.clock()) is not None
    await expect_whole(app)
    app.clock.advance(days=1)
    lines = await exported(runtime, since=first_at, until=app.clock())
    after = [json.loads(line) for line in lines]
    erased = {line["member"] for line in after if line["name"] == "member.erased"}
    assert person.id in erased
    assert found_in("".join(lines), person.traces) == []
