"""What a long history costs the database: commands a story, documents examined for a page, bytes of a member.

Two members are written to a data folder under the demo programme: one has 100 entries, one as many as an
option says, over ten years. Commands are counted over the wire to the embedded database: exact, whatever else
the machine does.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import bson
from pymongo import ReplaceOne
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from api.embedded import open_embedded
from domain.model.calendar import milliseconds
from domain.model.event_names import ENROLLED, PURCHASED
from domain.model.ledger.decide import decide
from domain.model.ledger.decision import Decision, JournalRow
from domain.model.ledger.events import Event, Line, Profile, Purchase
from domain.model.ledger.member import Member
from domain.model.people.codes import membership_number
from domain.model.programme import Programme
from domain.services.ledger import entry_history, purchase_queries, purchases, queries
from domain.services.ledger.purchase_input import PurchaseInput
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store import bulk, commit
from domain.store.connect import Database, connect
from domain.store.document_store import DocumentStore, Write
from domain.store.ledger import history_entries, journal, members
from domain.store.people import contacts
from domain.store.people.details import Details
from domain.store.prepare import prepare

YOUNG_ENTRIES, OLD_DAYS = 100, 3_650
ENTRIES_A_PURCHASE = 2.4  # about: what it earns, and what lapses with others of its day
ROWS_AT_ONCE = 1_000
TILL = Till(staff="bench", role="MANAGER", store="lisboa")


@dataclass(frozen=True, slots=True)
class Aged:
    """A member whose history was written to the database."""

    name: str
    id: str
    number: str


class CommandRecorder(CommandListener):
    """Records the commands since `clear`: their names, and the filters of finds."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.finds: list[tuple[str, Mapping[str, object]]] = []

    def clear(self) -> None:
        self.names, self.finds = [], []

    def started(self, event: CommandStartedEvent) -> None:
        self.names.append(event.command_name)
        if event.command_name == "find":
            self.finds.append((event.command["find"], dict(event.command["filter"])))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Do nothing: commands are counted when they start."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Do nothing: commands are counted when they start."""


def main(folder: Path, text: str, programme: Programme, *, entries: int, now: datetime) -> tuple[Aged, Aged]:
    """Write the members to a folder, print the table, and return the young one and the old one."""
    return asyncio.run(_measure(folder, text, programme, entries, milliseconds(now)))


async def _measure(
    folder: Path, text: str, programme: Programme, entries: int, now: datetime
) -> tuple[Aged, Aged]:
    recorder = CommandRecorder()
    async with open_embedded(folder, is_announced=False) as server:
        database = connect(server.uri, "selo", listeners=[recorder])
        store = DocumentStore.of(database, embedded=True)
        await prepare(store)
        runtime = Runtime.for_store(store)
        await runtime.programmes.publish(text, now=now - timedelta(days=OLD_DAYS))
        young, old = (
            Aged(name, f"{n:032x}", membership_number(n)) for n, name in enumerate(("young", "old"), start=1)
        )
        print(f"{'a member':<12}{'entries':>10}{'bytes':>10}   commands (documents examined / returned)")
        for who, many in ((young, YOUNG_ENTRIES), (old, entries)):
            await _lay_out(runtime, programme, who, many, now)
            await _measure_member(runtime, database, recorder, who, now)
        await database.close()
    return young, old


async def _lay_out(runtime: Runtime, programme: Programme, who: Aged, entries: int, now: datetime) -> None:
    """Decide a history in memory and write it as commits would, a thousand rows at a time."""
    bought = int(entries / ENTRIES_A_PURCHASE)
    gap = min(timedelta(days=1), timedelta(days=OLD_DAYS) / bought)
    born, at, number = Member(who.id, who.number), milliseconds(now - gap * (bought + 1)), 0
    decision = decide(programme, born, Event("e0", ENROLLED, at, profile=Profile(locale="pt")), now=at)
    rows = newest = [*decision.rows]
    while (at := milliseconds(at + gap)) < now:
        number += 1
        decision = decide(programme, decision.member, _purchase(who, number, at), now=at)
        rows = (
            [*rows, *decision.rows]
            if len(rows) < ROWS_AT_ONCE
            else await _write_rows(runtime, who, rows, decision.rows)
        )
        newest = [*newest, *decision.rows][-history_entries.MAX_RECENT :]
    await _write_rows(runtime, who, rows, ())
    life = Decision(born, decision.member, tuple(newest))
    member = members.create_write(
        life, Details("Ana", locale="pt"), next_due=commit.next_due_after(runtime.programmes.current(), life)
    )
    await bulk.write_in_chunks(
        runtime.store,
        [_repeatable(contacts.take_write(contacts.number_key(who.number), who.id)), _repeatable(member)],
        on_progress=_quiet,
    )


def _purchase(who: Aged, number: int, at: datetime) -> Event:
    lines = (Line(1, "a", 3_900, category="silver-coins"), Line(2, "b", 1_250, category="stamps"))
    receipt = Purchase(f"{who.name}-{number}", 5_150, "EUR", "lisboa", lines)
    return Event(f"purchase:{who.name}-{number}", PURCHASED, at, "till", purchase=receipt)


async def _write_rows(
    runtime: Runtime, who: Aged, rows: Sequence[JournalRow], more: Sequence[JournalRow]
) -> list[JournalRow]:
    await bulk.write_in_chunks(
        runtime.store, [_repeatable(journal.append_write(who.id, row)) for row in rows], on_progress=_quiet
    )
    return [*more]


def _repeatable(write: Write) -> Write:
    """Return an insertion as a replacement: the driver sends a bulk again that was not answered in time, and
    on a busy machine the first may have been carried out.
    """
    assert write.document is not None, "the insertion of a row"
    return replace(write, operation=ReplaceOne({"_id": write.document["_id"]}, write.document, upsert=True))


async def _measure_member(
    runtime: Runtime, database: Database, recorder: CommandRecorder, who: Aged, now: datetime
) -> None:
    document = await runtime.store["members"].find_one({"_id": who.id})
    view = await queries.load_member_view(runtime, member_id=who.id, now=now)
    await runtime.stock.poll()
    print(f"{who.name:<12}{view.member.entries:>10}{len(bson.encode(document or {})):>10}")
    recorder.clear()
    await queries.load_member_view(runtime, member_id=who.id, now=now)
    await _print_commands("me, the home screen", database, recorder)
    await entry_history.list_history(
        runtime, member_id=who.id, first=20, before=view.member.entries // 2, now=now
    )
    await _print_commands("pointHistory, a later page", database, recorder)
    await purchase_queries.list_purchases(
        runtime, member_id=who.id, first=20, before=view.member.purchases.count // 2, now=now
    )
    await _print_commands("purchases, a later page", database, recorder)
    purchase_input = PurchaseInput(f"{who.name}-new", 4_990, "EUR", (), None)
    await purchases.record(
        runtime, till=TILL, member_id=who.id, purchase_input=purchase_input, key=who.name, now=now
    )
    await _print_commands("recordPurchase", database, recorder)


async def _print_commands(story: str, database: Database, recorder: CommandRecorder) -> None:
    names, finds = list(recorder.names), list(recorder.finds)
    plans = [await _examined(database, collection, asked) for collection, asked in finds]
    examined, returned = (sum(plan[at] for plan in plans) for at in (0, 1))
    print(f"  {story:<30}{_counted(names)}  ({examined} / {returned})")
    recorder.clear()


def _quiet(_done: int, _of: int) -> None:
    """Print nothing."""


def _counted(names: Sequence[str]) -> str:
    return f"{len(names)}: " + ", ".join(f"{each} x{len(list(same))}" for each, same in groupby(names))


async def _examined(
    database: Database, collection: str, query_filter: Mapping[str, object]
) -> tuple[int, int]:
    plan = await database.mongo.command(
        "explain", {"find": collection, "filter": query_filter}, verbosity="executionStats"
    )
    stats = plan["executionStats"]
    return stats["totalDocsExamined"], stats["nReturned"]
