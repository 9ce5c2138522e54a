"""Members who bought each month of 2023, and a little since: refunds, vouchers, lapsed points; and an archive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.services.archiving.choosing import bound
from domain.services.archiving.moving_out import ArchiveReport, Progress, archive, no_progress
from domain.services.ledger import fiscal_records, purchases, redemption
from domain.services.ledger.purchase_input import PurchaseInputLine
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import RefundRequest
from domain.services.ledger.verification import verify
from domain.services.moving import event_export, row_export
from domain.services.runtime import Runtime
from domain.store.archive.folder import ArchiveFolder
from domain.store.connect import Database, Raw
from domain.store.figures.lease import LeaseHolder
from tests.folding import fold_waiting
from tests.small_runtime import TILL, join, new_purchase, open_runtime

BEGAN = datetime(2023, 1, 10, 10, tzinfo=UTC)
MONTHS = 16
BUSY = 12  # months of purchases at the beginning; the others are the last ones before NOW
NOW = BEGAN + timedelta(days=1_140)
BEFORE = bound(NOW, days=800)
MEMBERS = ("ana", "bia", "rui")
EVERY = {"_id": {"$gte": ""}}


def shopped(index: int, member: str) -> datetime:
    """Return when a member made their so many-th purchase."""
    days = timedelta(days=30 * index) if index < BUSY else NOW - BEGAN - timedelta(days=30 * (MONTHS - index))
    return BEGAN + days + timedelta(minutes=MEMBERS.index(member))


async def open_long_lives(database: Database, *, months: int = MONTHS, with_rewards: bool = True) -> Runtime:
    """Return a runtime whose members have bought each month since 2023."""
    runtime = await open_runtime(database, now=BEGAN)
    for member in MEMBERS:
        await join(runtime, member, at=BEGAN)
    await live_on(runtime, range(months), with_rewards=with_rewards)
    return runtime


async def live_on(runtime: Runtime, months: range, *, with_rewards: bool = True) -> None:
    """Let each member buy in each of some months; now and then goods go back, or a reward is taken."""
    for index in months:
        for member in MEMBERS:
            await shop(runtime, member, index, with_reward=with_rewards and index % 4 == 3)
    await count(runtime)


async def shop(runtime: Runtime, member: str, index: int, *, with_reward: bool) -> None:
    """Let a member buy, give back a part each third month, and take a reward."""
    at, receipt = shopped(index, member), f"{member}{index}"
    await buy(runtime, member, receipt, at=at, total=6_000 + 100 * index)
    if index % 3 == 0:
        await give_back(runtime, receipt, at=at + timedelta(days=1))
    if with_reward:
        await redemption.redeem(
            runtime, member_id=member, reward="mug", key=receipt, now=at + timedelta(days=2)
        )


async def buy(
    runtime: Runtime, member: str, receipt: str, *, at: datetime, total: int = 6_000, key: str | None = None
) -> None:
    """Record a purchase of one line."""
    line = PurchaseInputLine("sku", total, 2, "Coin", "coins")
    await purchases.record(
        runtime,
        till=TILL,
        member_id=member,
        purchase_input=new_purchase(receipt, total, lines=(line,)),
        key=key or receipt,
        now=at,
    )


async def give_back(runtime: Runtime, receipt: str, *, at: datetime, amount: int = 1_000) -> None:
    """Refund a part of a receipt."""
    await refunds.refund(
        runtime,
        till=TILL,
        refund_request=RefundRequest(receipt, amount=amount),
        reason="returned",
        key=f"refund {receipt} {at}",
        now=at,
    )


async def count(runtime: Runtime) -> None:
    """Have everything counted in figures."""
    await fold_waiting(runtime, LeaseHolder(lambda: NOW, name="test"), now=NOW)


async def run_archive(
    runtime: Runtime, path: Path, *, now: datetime = NOW, progress: Progress = no_progress
) -> ArchiveReport:
    """Archive what is old, and read the archive from then on."""
    folder = ArchiveFolder(path)
    report = await archive(
        runtime.store, folder, before=bound(now, days=800), now=now, release="test", progress=progress
    )
    runtime.store.archive = folder
    return report


async def stored(runtime: Runtime, collection: str) -> dict[str, Raw]:
    """Return all documents of a collection, by id."""
    return {row["_id"]: row async for row in runtime.store[collection].find(EVERY)}


async def differences(runtime: Runtime) -> list[str]:
    """Return what verify finds."""
    return [str(difference) async for difference in verify(runtime.store)]


async def all_entries(runtime: Runtime) -> list[Any]:
    """Return every entry there ever was, as it leaves for a warehouse."""
    start, end = BEGAN - timedelta(days=1), NOW + timedelta(days=60)
    return await gather(row_export.iterate_entries(runtime, start=start, end=end))


async def exports(runtime: Runtime) -> dict[str, list[Any]]:
    """Return everything that leaves for other systems, of all times."""
    start, end = BEGAN - timedelta(days=1), NOW + timedelta(days=60)
    events = event_export.iterate_event_lines(runtime, start=start, end=end, with_person=False)
    documents = fiscal_records.iterate_documents(
        runtime, since=date(2023, 1, 1), until=date(2023, 12, 31), progress=lambda _days: None
    )
    return {
        "entries": await all_entries(runtime),
        "purchases": await gather(row_export.iterate_purchases(runtime, start=start, end=end)),
        "events": await gather(events),
        "fiscal": await gather(documents),
    }


async def gather(rows: AsyncIterator[Any]) -> list[Any]:
    """Return what an iterator yields."""
    return [row async for row in rows]
