"""Sums of figures: by day, store and tier; by month and member; and what stands now.

A sum that is not there is 0. Nothing in them leads to a person: members stand in months by their random ids.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence, Set
from datetime import date
from typing import Any, ClassVar

import pymongo
from pydantic import ConfigDict
from pymongo import DeleteOne, IndexModel, ReplaceOne, UpdateOne

from domain.model.club.leaderboards import RANKS, SCORES
from domain.model.figures.increments import (
    COHORTS_NOW,
    DAYS,
    LEVELS_NOW,
    MONTHS,
    NOW,
    DocumentKey,
    Increments,
)
from domain.model.figures.period import People
from domain.model.ledger.state import ledger_state
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, insert
from domain.store.stored_document import StoredDocument

# What a rebuild empties first, since the journal gives it again. Days, and what stands now, are replaced one
# by one: they hold what became of messages, too, and the uplift that was measured.
REBUILT: Sequence[str] = (MONTHS, SCORES, RANKS)
DELETE_SECONDS = 60.0
MOST_DAYS = 10_000  # of a report, in one answer: 2,000 days, for a store and a tier four times


class DayDocument(StoredDocument):
    """The sums of a day; `_id` is `DAY|STORE|TIER`, with `*` for all of them. Sums are named by folds."""

    model_config = ConfigDict(defer_build=True, extra="allow")

    day: str
    store: str
    tier: str

    class Settings(StoredDocument.Settings):
        name = DAYS
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"store": 1, "tier": 1, "day": 1}),)


class MonthDocument(StoredDocument):
    """What a member did in a month; `_id` is `MONTH|MEMBER`, `tier` the one held at the last of it."""

    month: str
    member: str
    tier: str | None = None
    receipts: int = 0
    revenue: int = 0
    returned: int = 0
    redemptions: int = 0

    class Settings(StoredDocument.Settings):
        name = MONTHS
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"month": 1}),)


class NowDocument(StoredDocument):
    """What stands now: `levels`, what lapsed by `cohorts`, and `uplift`, which is measured once a day."""

    model_config = ConfigDict(defer_build=True, extra="allow")

    class Settings(StoredDocument.Settings):
        name = NOW


# ---------------------------------------------------------------- reads
async def find_days(
    store: DocumentStore,
    *,
    shops: Sequence[str],
    tiers: Sequence[str],
    start: date,
    end: date,
    beside: Raw | None = None,
) -> list[Raw]:
    """Return the documents of stores and tiers from one day through another, in one command. The last of all
    days reads also what is known of the future: who will be active no longer. `beside` is a stage that adds
    rows of its own.
    """
    days = {"$gte": start.isoformat(), "$lte": end.isoformat()}
    query = {"store": _each_of(shops), "tier": _each_of(tiers), "day": days}
    if beside is None:
        return [row async for row in store[DAYS].find(query).batch_size(MOST_DAYS)]
    rows = await store[DAYS].aggregate([{"$match": query}, beside], batchSize=MOST_DAYS)
    return [row async for row in rows]


def _each_of(values: Sequence[str]) -> object:
    """Return the filter of these values. The embedded server looks in no index for alternatives, so one
    alone, as most reports have it, is a plain value.
    """
    return values[0] if len(values) == 1 else {"$in": list(values)}


async def iterate_days(store: DocumentStore, *, since: date | None = None) -> AsyncIterator[Raw]:
    """Yield the documents of all days, or of a day and later ones."""
    async for row in store[DAYS].find({"_id": {"$gte": "" if since is None else since.isoformat()}}):
        yield row


async def find_now(store: DocumentStore, ids: Sequence[str]) -> dict[str, Raw]:
    """Return documents of what stands now, by their ids, in one command."""
    return {row["_id"]: row async for row in store[NOW].find({"_id": {"$in": list(ids)}})}


async def count_people(
    store: DocumentStore, *, first_month: str, last_month: str, tier: str | None
) -> People:
    """Return the distinct members of whole months, in one command; of a tier those who held it then."""
    query: dict[str, Any] = {"month": {"$gte": first_month, "$lte": last_month}}
    if tier is not None:
        query["tier"] = tier
    by_member = {name: {"$sum": f"${name}"} for name in ("receipts", "redemptions")}
    totals = {
        "buyers": _count_from("receipts", 1),
        "repeaters": _count_from("receipts", 2),
        "redeemers": _count_from("redemptions", 1),
        "receipts": {"$sum": "$receipts"},
    }
    pipeline = [
        {"$match": query},
        {"$group": {"_id": "$member", **by_member}},
        {"$group": {"_id": None, **totals}},
    ]
    async for row in await store[MONTHS].aggregate(pipeline):
        return People(row["buyers"], row["repeaters"], row["redeemers"], row["receipts"])
    return People()


def _count_from(name: str, least: int) -> dict[str, Any]:
    return {"$sum": {"$cond": [{"$gte": [f"${name}", least]}, 1, 0]}}


def flat_sums(document: Raw) -> dict[str, int]:
    """Return the sums of a document by their paths."""
    return {path: value for path, value in ledger_state.flatten(document).items() if isinstance(value, int)}


# ---------------------------------------------------------------- writes
async def delete_months(store: DocumentStore, *, since: date) -> None:
    """Delete what members did in the month of a day, and in later ones."""
    with pymongo.timeout(DELETE_SECONDS):
        await store[MONTHS].delete_many({"month": {"$gte": f"{since:%Y-%m}"}})


def increment_writes(increments: Increments) -> list[Write]:
    """Return the writes that add to sums, a document each. They raise Stale where one is not as expected."""
    operations = ((key, operation_of(key, increments)) for key in increments.sums)
    return [
        Write(key.collection, operation, Stale("it has moved") if key in increments.expectations else None)
        for key, operation in operations
        if operation is not None
    ]


def operation_of(key: DocumentKey, increments: Increments) -> UpdateOne | None:
    """Return the write that adds to one document; None where that adds nothing."""
    amounts = {path: amount for path, amount in increments.sums[key].items() if amount}
    if not amounts:
        return None
    change: dict[str, Any] = {"$inc": amounts}
    if values := increments.values.get(key):
        change["$set"] = dict(values)
    if fields := increments.fields[key]:
        change["$setOnInsert"] = dict(fields)
    if (expected := increments.expectations.get(key)) is not None:
        return UpdateOne({"_id": key.id, **expected.query}, change, upsert=expected.is_new)
    return UpdateOne({"_id": key.id}, change, upsert=True)


def document_of(key: DocumentKey, increments: Increments) -> dict[str, Any] | None:
    """Return the whole document of sums that stand nowhere yet; None where there are none."""
    amounts = {path: amount for path, amount in increments.sums[key].items() if amount}
    if not amounts:
        return None
    values = increments.values.get(key, {})
    return {"_id": key.id, **increments.fields[key], **values, **ledger_state.nest(amounts)}


def insert_writes(increments: Increments, keys: Iterable[DocumentKey]) -> list[Write]:
    """Return the insertions of whole documents, for collections that hold none of them yet."""
    documents = ((key.collection, document_of(key, increments)) for key in keys)
    return [insert(collection, document) for collection, document in documents if document is not None]


def replace_writes(increments: Increments, old_days: Set[str]) -> list[Write]:
    """Return the writes by which whole documents take the place of those that there are: days of `old_days`
    that are no more, or whose sums are all 0, are deleted.
    """
    documents: dict[DocumentKey, dict[str, Any]] = {key: {"_id": key.id} for key in (LEVELS_NOW, COHORTS_NOW)}
    for key in increments.sums:
        if (document := document_of(key, increments)) is not None:
            documents[key] = document
    gone = sorted(old_days - {key.id for key in documents if key.collection == DAYS})
    return [
        *(
            Write(key.collection, ReplaceOne({"_id": key.id}, document, upsert=True))
            for key, document in documents.items()
        ),
        *(Write(DAYS, DeleteOne({"_id": id})) for id in gone),
    ]
