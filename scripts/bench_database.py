"""What the database is asked: commands a story, documents examined for a page, bytes of a member, young and after ten years.

Counted over the wire to an embedded database of its own, with a member who has bought every day under the demo programme. Counts are
exact, whatever else the machine does.
"""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import bson
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from api.embedded import embedded
from domain.model.decide import decide
from domain.model.decision import Decision, Row
from domain.model.events import ENROLLED, PURCHASED, Event, Line, Profile, Purchase
from domain.model.member import Member
from domain.model.programme import Programme
from domain.services import purchases, reading
from domain.services.house import House
from domain.services.purchases import Given
from domain.services.tills import Till
from domain.store import bulk, commit
from domain.store.base import Store
from domain.store.connect import Database, connect
from domain.store.members import Details
from domain.store.prepare import prepare

BEGUN = datetime(2016, 1, 1, 10, tzinfo=UTC)
AGES = {"young": 50, "ten years": 3_650}  # in days, and so in purchases
TILL = Till(staff="bench", role="MANAGER", store="lisboa")


class Heard(CommandListener):
    """The commands since `clear`: their names, and the filters of finds."""

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
        """Nothing: what was asked is counted."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing: what was asked is counted."""


def main(text: str, programme: Programme) -> None:
    """Print the table."""
    asyncio.run(_measure(text, programme))


async def _measure(text: str, programme: Programme) -> None:
    heard = Heard()
    with tempfile.TemporaryDirectory() as folder:
        async with embedded(Path(folder), announced=False) as server:
            database = connect(server.uri, "bench", listeners=[heard])
            store = Store.of(database, embedded=True)
            await prepare(store)
            house = House.of(store)
            await house.programmes.publish(text, now=BEGUN)
            print(f"{'a member':<12}{'entries':>10}{'bytes':>10}   commands (documents examined / returned)")
            for name, days in AGES.items():
                await _lay_out(store, house, programme, name, days)
                await _ask(house, database, heard, name, BEGUN + timedelta(days=days + 1))
            await database.close()


async def _lay_out(store: Store, house: House, programme: Programme, name: str, days: int) -> None:
    """Decide a life in memory and write it as commits would."""
    born = Member(name, name)
    decision = decide(programme, born, Event("e0", ENROLLED, BEGUN, profile=Profile(locale="pt")), now=BEGUN)
    rows: list[Row] = [*decision.rows]
    for day in range(1, days + 1):
        at = BEGUN + timedelta(days=day)
        lines = (Line(1, "a", 3_900, category="silver-coins"), Line(2, "b", 1_250, category="stamps"))
        bought = Event(f"purchase:{name}-{day}", PURCHASED, at, "till", purchase=Purchase(f"{name}-{day}", 5_150, "EUR", "lisboa", lines))
        decision = decide(programme, decision.member, bought, now=at)
        rows += decision.rows
    whole = Decision(born, decision.member, tuple(rows))
    at = BEGUN + timedelta(days=days)
    writes = commit.writes(store, published=house.programmes.current(), decision=whole, now=at, details=Details("Ana", locale="pt"))
    await bulk.write(store, (one for one in writes if one.collection in ("members", "journal")), told=_quiet)


async def _ask(house: House, database: Database, heard: Heard, name: str, now: datetime) -> None:
    document = await house.store["members"].find_one({"_id": name})
    seen = await reading.home(house, member_id=name, now=now)
    await house.shelf.look()
    print(f"{name:<12}{seen.member.entries:>10}{len(bson.encode(document or {})):>10}")
    heard.clear()
    await reading.home(house, member_id=name, now=now)
    await _tell("me, the home screen", database, heard)
    await reading.history(house, member_id=name, first=20, before=seen.member.entries // 2, now=now)
    await _tell("pointHistory, a later page", database, heard)
    await reading.purchases(house, member_id=name, first=20, before=seen.member.purchases.count // 2, now=now)
    await _tell("purchases, a later page", database, heard)
    await purchases.record(house, till=TILL, member_id=name, given=Given(f"{name}-new", 4_990, "EUR", (), None), key=name, now=now)
    await _tell("recordPurchase", database, heard)


async def _tell(what: str, database: Database, heard: Heard) -> None:
    names, finds = list(heard.names), list(heard.finds)
    plans = [await _examined(database, collection, asked) for collection, asked in finds]
    examined, returned = (sum(plan[at] for plan in plans) for at in (0, 1))
    print(f"  {what:<30}{_counted(names)}  ({examined} / {returned})")
    heard.clear()


def _quiet(_done: int, _of: int) -> None:
    """Say nothing."""


def _counted(names: Sequence[str]) -> str:
    return f"{len(names)}: " + ", ".join(f"{each} x{len(list(same))}" for each, same in groupby(names))


async def _examined(database: Database, collection: str, asked: Mapping[str, object]) -> tuple[int, int]:
    plan = await database.data.command("explain", {"find": collection, "filter": asked}, verbosity="executionStats")
    stats = plan["executionStats"]
    return stats["totalDocsExamined"], stats["nReturned"]
