"""What figures keep of each member: written by the projector alone, guarded by the seq it was read at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any

from pymongo import ReplaceOne

from domain.model.club.habits import Habit
from domain.model.club.tastes import NO_TASTES, Tastes
from domain.model.figures.member_figures import ActiveDays, ArmFigures, Brought, MemberFigures
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, insert, replace
from domain.store.stored_document import StoredDocument

COLLECTION = "figures_members"


class MemberFiguresDocument(StoredDocument):
    """A member's figures; `_id` is the random id, and `seq` the last row that they hold."""

    seq: int
    tier: str | None = None
    plan: str | None = None
    segments: list[str] | None = None
    joined: str | None = None
    left: str | None = None
    first: str | None = None
    last: str | None = None
    newest: str | None = None
    days: str = ""
    receipts: int = 0
    revenue: int = 0
    returned: int = 0
    fired: list[str] | None = None
    codes: list[list[Any]] | None = None
    arms: list[list[Any]] | None = None
    tastes: dict[str, Any] | None = None
    brought: list[list[Any]] | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION


# ---------------------------------------------------------------- reads
async def find_many(store: DocumentStore, members: Sequence[str]) -> dict[str, MemberFigures]:
    """Return the figures of the members that have some, in one command."""
    cursor = store[COLLECTION].find({"_id": {"$in": list(members)}})
    return {row["_id"]: read_figures(row) async for row in cursor}


async def count(store: DocumentStore) -> int:
    """Return about how many members are known, in one command that reads none of them."""
    return await store[COLLECTION].estimated_document_count()


async def iterate(store: DocumentStore) -> AsyncIterator[tuple[str, MemberFigures]]:
    """Yield every member's figures, in the order of their ids."""
    async for row in store[COLLECTION].find({"_id": {"$gt": "", "$lt": "~"}}).sort("_id", 1):
        yield row["_id"], read_figures(row)


async def find_seqs(store: DocumentStore, members: Sequence[str]) -> dict[str, int]:
    """Return up to which seq figures hold the rows of members, of those that have some, in one command."""
    cursor = store[COLLECTION].find({"_id": {"$in": list(members)}}, {"seq": 1})
    return {row["_id"]: row["seq"] async for row in cursor}


def read_figures(row: Raw) -> MemberFigures:
    """Return the figures of a document."""
    return MemberFigures(
        seq=row["seq"],
        tier=row.get("tier"),
        plan=row.get("plan"),
        segments=frozenset(row.get("segments", ())),
        joined_on=_day(row.get("joined")),
        left_on=_day(row.get("left")),
        first_purchase_on=_day(row.get("first")),
        last_purchase_on=_day(row.get("last")),
        active=ActiveDays(_day(row.get("newest")), int(row.get("days") or "0", 16)),
        receipts=row.get("receipts", 0),
        revenue=row.get("revenue", 0),
        returned=row.get("returned", 0),
        fired=frozenset(row.get("fired", ())),
        codes=dict(row.get("codes", ())),
        arms={
            part: ArmFigures(date.fromisoformat(since), *values)
            for part, since, *values in row.get("arms", ())
        },
        tastes=read_tastes(row.get("tastes")),
        brought={
            member: Brought(date.fromisoformat(on), _day(last), was_customer)
            for member, on, last, was_customer in row.get("brought", ())
        },
    )


def read_tastes(row: Raw | None) -> Tastes:
    """Return the tastes of a document's field."""
    if not row:
        return NO_TASTES
    items = {sku: weight for sku, weight, *_ in row["items"]}
    habits = {sku: _read_habit(habit) for sku, _, *habit in row["items"] if habit}
    return Tastes(_day(row["on"]), dict(row["categories"]), items, habits)


def _read_habit(row: Sequence[int]) -> Habit:
    """Return the habit of an article: how often, since when, and the newest days where there are more."""
    times, since, *days = row
    first = date.fromordinal(since)
    return Habit(times, first, tuple(map(date.fromordinal, days)) if times > 1 else (first,))


async def find_tastes(store: DocumentStore, members: Sequence[str]) -> list[Tastes]:
    """Return the tastes of the members that have some, in one command."""
    cursor = store[COLLECTION].find({"_id": {"$in": list(members)}}, {"tastes": 1})
    return [read_tastes(row.get("tastes")) async for row in cursor]


async def find_bought(store: DocumentStore, members: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the articles that members bought and that are remembered of them, in one command."""
    cursor = store[COLLECTION].find({"_id": {"$in": list(members)}}, {"tastes": 1})
    return {row["_id"]: frozenset(read_tastes(row.get("tastes")).items) async for row in cursor}


async def iterate_tastes(store: DocumentStore, *, start: str, first: int) -> AsyncIterator[Tastes]:
    """Yield the tastes of so many members at most: those from an id on, then those before it."""
    query: Raw = {"tastes": {"$exists": True}}
    left = first
    for ids in ({"$gte": start}, {"$lt": start}):
        if left <= 0:
            return
        cursor = store[COLLECTION].find({**query, "_id": ids}, {"tastes": 1}).sort("_id", 1).limit(left)
        async for row in cursor:
            left -= 1
            yield read_tastes(row["tastes"])


# ---------------------------------------------------------------- writes
def move_write(member: str, before: MemberFigures, after: MemberFigures) -> Write:
    """Return the guarded write that moves a member's figures on; it raises Stale where another did."""
    document = figures_document(member, after)
    if not before.seq:
        return insert(COLLECTION, document)
    query = {"_id": member, "seq": before.seq}
    return replace(COLLECTION, query, document, if_missed=Stale("another projector has folded them"))


def replace_write(member: str, figures: MemberFigures) -> Write:
    """Return the write that puts figures of a member in the place of those that there are."""
    return Write(COLLECTION, ReplaceOne({"_id": member}, figures_document(member, figures), upsert=True))


def figures_document(member: str, figures: MemberFigures) -> dict[str, Any]:
    """Return the document of a member's figures, without what is empty."""
    active = figures.active
    document: dict[str, Any] = {
        "_id": member,
        "seq": figures.seq,
        "tier": figures.tier,
        "plan": figures.plan,
        "segments": sorted(figures.segments),
        "joined": _text(figures.joined_on),
        "left": _text(figures.left_on),
        "first": _text(figures.first_purchase_on),
        "last": _text(figures.last_purchase_on),
        "newest": _text(active.newest),
        "days": f"{active.bits:x}" if active.bits else None,
        "receipts": figures.receipts,
        "revenue": figures.revenue,
        "returned": figures.returned,
        "fired": sorted(figures.fired),
        "codes": [[code, has_bought] for code, has_bought in sorted(figures.codes.items())],
        "arms": [
            [
                part,
                arm.since.isoformat(),
                arm.receipts,
                arm.revenue,
                *([arm.conversions, arm.split] if arm.split else []),
            ]
            for part, arm in sorted(figures.arms.items())
        ],
        "tastes": _tastes_document(figures.tastes),
        "brought": [
            [member, each.on.isoformat(), _text(each.last), each.was_customer]
            for member, each in sorted(figures.brought.items())
        ],
    }
    return {name: value for name, value in document.items() if value not in (None, [], 0)}


def _tastes_document(tastes: Tastes) -> Raw | None:
    if not tastes:
        return None
    return {
        "on": _text(tastes.on),
        "categories": [[code, weight] for code, weight in tastes.categories.items()],
        "items": [[sku, weight, *_habit_row(tastes.habits.get(sku))] for sku, weight in tastes.items.items()],
    }


def _habit_row(habit: Habit | None) -> list[int]:
    if habit is None:
        return []
    days = [day.toordinal() for day in habit.days] if habit.times > 1 else []
    return [habit.times, habit.since.toordinal(), *days]


async def erase_tastes(store: DocumentStore, member: str) -> None:
    """Forget what a member likes; the figures themselves stay."""
    await store[COLLECTION].update_many({"_id": member}, {"$unset": {"tastes": ""}})


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
