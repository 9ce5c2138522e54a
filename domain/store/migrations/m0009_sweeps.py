"""Format 9: acted agenda rows leave after a while, and a sweep stands in rows of its own.

`purge_at` of an acted row is 35 days after it acted; an index deletes it then. Until now members were swept
by an index of their `due_version`, which goes: every commit wrote it. Who is behind a programme that is not
the first is found by sweeping all ranges once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import OperationFailure

from domain.store.connect import Raw
from domain.store.migrations.steps import StepRun, build_indexes, rewrite_documents
from domain.store.ttl import ttl_index, with_linger

_STAY = timedelta(days=35)
_RANGES = 64
_NAMESPACE_NOT_FOUND, _INDEX_NOT_FOUND = 26, 27


async def apply(run: StepRun) -> None:
    """Date the acted rows, build the index however long that takes, and begin the sweep."""
    await rewrite_documents(run, "agenda", _date, fields=("state", "done_at", "purge_at"))
    await build_indexes(run, "agenda", [with_linger(ttl_index("purge_at"))])
    await _begin_sweep(run)
    await _drop_index(run, "members", "due_version_1")


def _date(row: Raw) -> Raw | None:
    if row["state"] != "done" or "purge_at" in row or row.get("done_at") is None:
        return None
    return {"$set": {"purge_at": row["done_at"] + _STAY}}


async def _begin_sweep(run: StepRun) -> None:
    pointer = await run.store["meta"].find_one({"_id": "programme"})
    version = 1 if pointer is None else pointer["version"]
    if version == 1:
        return
    published = await run.store["programmes"].find_one({"_id": version}, {"published_at": 1})
    assert published is not None, "the programme that rules was published"
    count = 1 if run.store.is_embedded else _RANGES
    bounds = [f"{65536 * place // count:04x}" for place in range(1, count)]
    rows = [
        _sweep_row(version, start, end, published["published_at"])
        for start, end in zip(["", *bounds], [*bounds, "~"], strict=True)
    ]
    await run.store["sweeps"].bulk_write(
        [UpdateOne({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True) for row in rows]
    )


def _sweep_row(version: int, start: str, end: str, published_at: Any) -> dict[str, Any]:
    return {
        "_id": f"{version}:{start}",
        "version": version,
        "start": start,
        "end": end,
        "position": start,
        "published_at": published_at,
        "due": published_at,
        "state": "pending",
    }


async def _drop_index(run: StepRun, collection: str, name: str) -> None:
    try:
        await run.store[collection].drop_index(name)
    except OperationFailure as fault:
        if fault.code not in (_INDEX_NOT_FOUND, _NAMESPACE_NOT_FOUND):
            raise
