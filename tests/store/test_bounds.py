"""What must not grow: a member's document after ten years of daily purchases, and the documents that a page
examines.
"""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pymongo
import pytest

from domain.model import event_names
from domain.model.ledger.decide import decide, new_member
from domain.model.ledger.events import Event, Line, Profile, Purchase
from domain.model.ledger.timeline import turn
from domain.model.programme.loading import load
from domain.services.ledger import entry_history, purchase_queries, purchases, queries
from domain.services.runtime import Runtime
from domain.store.bulk import CHUNK_SECONDS
from domain.store.connect import Database
from domain.store.ledger import history_entries, journal_rows, members
from domain.store.ledger.members import NextDue
from domain.store.people.details import Details
from domain.store.prepare import COLLECTIONS
from tests.command_log import CommandLog
from tests.small_runtime import NOW, NUMISCOLLECT, TILL, join, new_purchase, open_runtime

KIBIBYTE = 1024
YEARS = 10
MANY = int(
    os.environ.get("SELO_TEST_ENTRIES", "10000")
)  # 100,000 shows the same in half a minute; scripts/bench --entries prints it


def test_a_member_stays_below_64_kib_after_ten_years_of_daily_buying() -> None:
    programme = load(NUMISCOLLECT.read_text())
    at = datetime(2016, 1, 1, 9, tzinfo=UTC)
    profile = Profile("Ana", "pt", "Europe/Lisbon", None, frozenset({"marketing"}))
    decision = decide(
        programme, new_member("ana", "1"), Event("e", event_names.ENROLLED, at, profile=profile), now=at
    )
    history: tuple[history_entries.HistoryEntry, ...] = ()
    sizes = []
    for day in range(1, YEARS * 365):
        at += timedelta(days=1)
        lines = (
            Line(1, f"sku-{day}", 4_000, category=f"category-{day % 150}"),
            Line(2, "stamp", 1_500, category="stamps"),
        )
        event = Event(
            f"p{day}",
            event_names.PURCHASED,
            at,
            "till",
            purchase=Purchase(f"r{day}", 5_500, "EUR", "lisboa", lines),
        )
        decision = decide(programme, decision.member, event, now=at)
        history = (*history, *history_entries.recent_history(decision.rows))[-history_entries.MAX_RECENT :]
        if day % 365 == 0:
            sizes.append(
                len(
                    bson.encode(
                        members.member_document(
                            decision.member, Details("Ana"), recent=history, next_due=NextDue(at, 1)
                        )
                    )
                )
            )
    assert max(sizes) < 64 * KIBIBYTE
    assert sizes[-1] < 1.25 * sizes[2], "what is bounded has stopped growing by the third year"
    assert turn(programme, decision.member, until=at + timedelta(days=1)).member.seq >= decision.member.seq


async def _examined(database: Database, collection: str, criteria: dict[str, Any]) -> tuple[int, int]:
    """Return how many documents a query examined and returned."""
    plan = await database.mongo.command(
        "explain", {"find": collection, "filter": criteria}, verbosity="executionStats"
    )
    stats = plan["executionStats"]
    return stats["totalDocsExamined"], stats["nReturned"]


async def _write_long_history(runtime: Runtime, entries: int) -> None:
    """Continue the journal of `ana` by copies of her last row, until it holds so many entries."""
    newest = await runtime.store["journal"].find_one(
        {"_id": "ana:2"}, {"changes": 0, "outcomes": 0, "later": 0}
    )
    assert newest is not None
    pattern = dict(newest)
    documents = [
        bson.raw_bson.RawBSONDocument(
            bson.encode(
                {
                    **pattern,
                    "_id": f"ana:{n + 1}",
                    "seq": n + 1,
                    "at": NOW + timedelta(minutes=n),
                    "marks": [
                        journal_rows.entry_mark(n),
                        journal_rows.entry_mark(n, "points"),
                        journal_rows.purchase_mark(n),
                    ],
                    "entries": [{**pattern["entries"][0], "n": n, "wallet_n": n}],
                }
            )
        )
        for n in range(2, entries + 1)
    ]
    indexes = COLLECTIONS["journal"]
    for index in indexes:  # made afterwards: rows go in at a third of the cost
        await runtime.store["journal"].drop_index(index.document["name"])
    for at in range(0, len(documents), 1_000):
        await runtime.store["journal"].insert_many(documents[at : at + 1_000], ordered=False)
    with pymongo.timeout(CHUNK_SECONDS):
        await runtime.store["journal"].create_indexes(list(indexes))
    counters = ("ledger.entries", "ledger.wallets.points.entries", "ledger.purchases.count")
    ledger = {**dict.fromkeys(counters, entries), "version": entries + 1}
    await runtime.store["members"].update_one({"_id": "ana"}, {"$set": ledger})


@pytest.mark.parametrize("entries", [100, MANY])
async def test_a_page_examines_what_it_returns(
    database: Database, command_log: CommandLog, entries: int
) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k", now=NOW
    )
    await _write_long_history(runtime, entries)
    with command_log.counting() as counted:
        for before in (entries + 1, entries // 2):
            for wallet in (None, "points"):
                page = await entry_history.list_history(
                    runtime, member_id="ana", first=20, before=before, wallet=wallet, now=NOW
                )
                assert [one.n for one in page.items] == list(range(before - 1, before - 21, -1))
        bought_page = await purchase_queries.list_purchases(
            runtime, member_id="ana", first=20, before=entries // 2, now=NOW
        )
        assert len(bought_page.items) == 20
        await queries.load_rows(runtime, member_id="ana", seqs=[entries // 2])
        late = new_purchase("late", occurred_at=NOW + timedelta(minutes=entries // 2, seconds=1))
        await purchases.quote(
            runtime, till=TILL, member_id="ana", purchase_input=late, now=NOW + timedelta(minutes=entries + 1)
        )
    for command in counted.commands:
        for collection, criteria in command.filters:
            examined, returned = await _examined(database, collection, dict(criteria))
            assert examined <= returned + 1, f"{command} with {criteria}"
