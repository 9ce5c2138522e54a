"""Format 6: amounts by day stand in a text a month, `2026-05` to `1:40 17:8`, in members and in the journal.

They are what lapsed of a wallet by day, what counted toward tiers by day, its extras by day and tier, and the
spendable lots of a wallet by their last day (`1:40:365`: with the number of days before it on which their
validity began). Before, each day was a field of its own, six times as long. Single-use codes are found by who
has entered them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

import pymongo
from pymongo import IndexModel, UpdateOne

from domain.store.connect import Raw
from domain.store.migrations.steps import WINDOW, WINDOW_SECONDS, StepRun, build_indexes

_PLACES = r"wallets\.[^.]+\.(?:lapsed|lots)|tier\.(?:days|extras)|tier\.counts\.[^.]+\.extras"
_BY_DAY = re.compile(rf"({_PLACES})\.(\d{{4}}-\d\d)-(\d\d(?::[^.]+)?)")
_BY_MONTH = re.compile(rf"({_PLACES})\.(\d{{4}}-\d\d)")

_MEMBERS_AT_ONCE = 50  # a cursor that nobody reads for ten minutes is gone

Month = tuple[str, str]  # the place and the month
Days = dict[str, str]  # `17` or `17:gold` to `8`, of lots `8:365`
Months = defaultdict[Month, Days]


async def apply(run: StepRun) -> None:
    """Rewrite each member's journal, in the order of its rows, and then the member."""
    await build_indexes(run, "single_use_codes", [IndexModel({"used_by": 1}, sparse=True)])
    query = {"_id": {"$gt": run.position}}
    members = run.store["members"].find(query, {"ledger": 1}).sort("_id", 1).batch_size(_MEMBERS_AT_ONCE)
    async for member in members:
        updates = await _rewrite_journal(run, member["_id"])
        if sets := _member_sets(member["ledger"]):
            with pymongo.timeout(WINDOW_SECONDS):
                await run.store["members"].update_one({"_id": member["_id"]}, {"$set": sets})
        await run.save(member["_id"], updates + bool(sets))


async def _rewrite_journal(run: StepRun, member: str) -> int:
    """Rewrite the rows of a member whose changes are by day; rows that an earlier run rewrote are read."""
    months, updates, updated = Months(dict), list[UpdateOne](), 0
    query = {"member": member, "seq": {"$gt": 0}}
    rows = run.store["journal"].find(query, {"changes": 1, "removed": 1}).sort("seq", 1)
    async for row in rows:
        if change := _row_change(months, row):
            updates.append(UpdateOne({"_id": row["_id"]}, change))
        if len(updates) == WINDOW:
            updated += await _write(run, updates)
            updates = []
    return updated + await _write(run, updates)


async def _write(run: StepRun, updates: list[UpdateOne]) -> int:
    if updates:
        with pymongo.timeout(WINDOW_SECONDS):
            await run.store["journal"].bulk_write(updates, ordered=True)
    return len(updates)


def _row_change(months: Months, row: Raw) -> Raw | None:
    """Return the update of a row, None where nothing of it is by day; `months` is what stood before it, and
    after it then.
    """
    touched: set[Month] = set()
    removed, changes = list[str](), list[list[Any]]()
    for path in row.get("removed", ()):
        if by_day := _BY_DAY.fullmatch(path):
            months[_month(by_day)].pop(by_day[3], None)
            touched.add(_month(by_day))
            continue
        removed.append(path)
        if by_month := _BY_MONTH.fullmatch(path):
            months.pop(_month(by_month), None)
    for path, value in row.get("changes", ()):
        if by_day := _BY_DAY.fullmatch(path):
            months[_month(by_day)][by_day[3]] = _amount_text(by_day, value)
            touched.add(_month(by_day))
            continue
        changes.append([path, value])
        if by_month := _BY_MONTH.fullmatch(path):
            months[_month(by_month)] = _days_of(by_month[1], value)
    for place, month in sorted(touched):
        if text := _text(months[place, month]):
            changes.append([f"{place}.{month}", text])
        else:
            removed.append(f"{place}.{month}")
    return _update(changes, removed) if touched else None


def _update(changes: list[list[Any]], removed: list[str]) -> Raw:
    """Return the update of a row: what is empty is not stored."""
    fields = {"changes": changes, "removed": removed}
    sets = {name: values for name, values in fields.items() if values}
    gone = dict.fromkeys(fields.keys() - sets.keys(), "")
    return {"$set": sets} | ({"$unset": gone} if gone else {})


def _member_sets(ledger: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a member's state that are by day, by month; none of those that are so already."""
    places = [f"wallets.{code}.{name}" for code in ledger.get("wallets", ()) for name in ("lapsed", "lots")]
    counts = (ledger.get("tier") or {}).get("counts", ())
    places += ["tier.days", "tier.extras", *(f"tier.counts.{name}.extras" for name in counts)]
    sets = {}
    for place in places:
        months, others = Months(dict), dict[str, Any]()
        for name, value in _at(ledger, place).items():
            if by_day := _BY_DAY.fullmatch(f"{place}.{name}"):
                months[_month(by_day)][by_day[3]] = _amount_text(by_day, value)
            else:
                others[name] = value
        if months:
            sets[f"ledger.{place}"] = others | {month: _text(days) for (_, month), days in months.items()}
    return sets


def _at(ledger: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    held: Mapping[str, Any] = ledger
    for name in place.split("."):
        held = held.get(name) or {}
    return held


def _month(by_day: re.Match[str]) -> Month:
    return by_day[1], by_day[2]


def _amount_text(by_day: re.Match[str], value: Any) -> str:
    """Return an amount as a text; of a lot also how many days before its last one it began."""
    if not isinstance(value, list):
        return str(value)
    amount, since = value[:2]
    last = date.fromisoformat(f"{by_day[2]}-{by_day[3]}")
    return f"{amount}:{(last - date.fromisoformat(since)).days}"


def _text(days: Days) -> str:
    return " ".join(f"{int(day[:2])}{day[2:]}:{amount}" for day, amount in sorted(days.items()))


def _days_of(place: str, text: str) -> Days:
    """Return the days of a text; of extras a day has its tier's code."""
    days = Days()
    for part in text.split():
        day, _, rest = part.partition(":")
        tier, _, amount = rest.partition(":") if place.endswith(".extras") else ("", "", rest)
        days[f"{int(day):02}:{tier}" if tier else f"{int(day):02}"] = amount
    return days
