"""Back-tests that an operator asked for: how far each is, and what it came to, for a while.

The process that runs one writes a sign of life with its progress; where none comes any more, the process is
gone and so is the back-test. Of members it holds random ids alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pymongo import IndexModel

from domain.model.figures.backtest.comparison import MemberChange, TakenAsStored
from domain.model.figures.backtest.report import (
    BacktestReport,
    CountComparison,
    RefusedEvents,
    RuleComparison,
    RuleFigures,
    WalletComparison,
    WalletFigures,
)
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "backtests"
KEPT_FOR = timedelta(days=30)
MOST_LOOKED_AT = 1_000
ALIVE_FOR = timedelta(minutes=1)  # a sign of life comes each second, on a busy machine each ten

# RUNNING until it is DONE, CANCELLED by somebody, or FAILED: of itself, or with its server.
BacktestState = Literal["RUNNING", "DONE", "CANCELLED", "FAILED"]


class BacktestDocument(StoredDocument):
    """A back-test in the database. `members` of them are tried from `since` on; `cancelling` where somebody
    asked for its end. `digest` is of the draft, as proposals have it; None in those of an older version.
    """

    staff: str
    since: datetime
    at: datetime
    alive_at: datetime
    until: datetime
    state: BacktestState
    members: int = 0
    members_done: int = 0
    events_done: int = 0
    cancelling: bool = False
    ended_at: datetime | None = None
    report: dict[str, Any] | None = None
    digest: str | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"at": 1}), ttl_index("until"))


@dataclass(frozen=True, slots=True)
class Backtest:
    """A back-test that an employee (`staff`) asked for at an instant; `report` once it is done."""

    id: str
    staff: str
    since: datetime
    at: datetime
    alive_at: datetime
    state: BacktestState
    members: int
    members_done: int
    events_done: int
    ended_at: datetime | None
    report: BacktestReport | None

    def seconds_left(self) -> int | None:
        """Return how long it may still take, by how long it took so far; None where nothing tells that."""
        if self.state != "RUNNING" or not self.members_done:
            return None
        left = self.members - self.members_done
        return round((self.alive_at - self.at).total_seconds() * left / self.members_done)


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, id: str, *, now: datetime) -> Backtest | None:
    """Return a back-test."""
    document = await store[COLLECTION].find_one({"_id": id})
    return None if document is None else _read(document, now)


async def find_newest(store: DocumentStore, *, now: datetime, first: int) -> list[Backtest]:
    """Return the newest back-tests, the newest first."""
    documents = store[COLLECTION].find({"at": {"$lte": now}}).sort("at", -1).limit(first)
    return [_read(document, now) async for document in documents]


async def find_of_drafts(
    store: DocumentStore, digests: Sequence[str], *, now: datetime
) -> dict[str, Backtest]:
    """Return the newest back-test of each draft that has one which runs or is done, by the draft's digest."""
    query = {"at": {"$lte": now}, "digest": {"$in": list(digests)}, "state": {"$in": ["RUNNING", "DONE"]}}
    rows = [row async for row in store[COLLECTION].find(query, {"report": 0}).sort("at", 1)]
    read = [(row["digest"], _read({**row, "report": None}, now)) for row in rows]
    return {digest: backtest for digest, backtest in read if backtest.state in ("RUNNING", "DONE")}


async def find_states(
    store: DocumentStore, *, now: datetime, begun_after: datetime
) -> list[tuple[BacktestState, datetime]]:
    """Return how the newest back-tests stand, each since it began, ended, or gave its last sign of life."""
    rows = (
        store[COLLECTION]
        .find({"at": {"$gt": begun_after, "$lte": now}}, {"state": 1, "at": 1, "alive_at": 1, "ended_at": 1})
        .limit(MOST_LOOKED_AT)
    )
    return [_standing(row, now) async for row in rows]


def _standing(row: Raw, now: datetime) -> tuple[BacktestState, datetime]:
    state = _state(row, now)
    return state, row["at"] if state == "RUNNING" else row["ended_at"] or row["alive_at"]


def _state(document: Raw, now: datetime) -> BacktestState:
    """Return how a back-test stands: one without a sign of life has failed with its server."""
    state: BacktestState = document["state"]
    return "FAILED" if state == "RUNNING" and document["alive_at"] + ALIVE_FOR < now else state


def _read(document: Raw, now: datetime) -> Backtest:
    return Backtest(
        document["_id"],
        document["staff"],
        document["since"],
        document["at"],
        document["alive_at"],
        _state(document, now),
        document["members"],
        document["members_done"],
        document["events_done"],
        document["ended_at"],
        None if document["report"] is None else _read_report(document["report"]),
    )


def _read_report(document: Raw) -> BacktestReport:
    return BacktestReport(
        **{
            **document,
            "wallets": tuple(
                WalletComparison(
                    each["wallet"], WalletFigures(**each["was"]), WalletFigures(**each["would_be"])
                )
                for each in document["wallets"]
            ),
            "rules": tuple(
                RuleComparison(
                    each["rule"], each["wallet"], RuleFigures(**each["was"]), RuleFigures(**each["would_be"])
                )
                for each in document["rules"]
            ),
            **{
                name: tuple(CountComparison(**each) for each in document[name])
                for name in ("rewards", "tiers", "messages")
            },
            "refused": tuple(RefusedEvents(**each) for each in document["refused"]),
            **{
                name: tuple(MemberChange(**each) for each in document[name]) for name in ("gaining", "losing")
            },
            "taken_as_stored": TakenAsStored(**document["taken_as_stored"]),
        }
    )


# ---------------------------------------------------------------- writes
async def create(
    store: DocumentStore, id: str, *, staff: str, since: datetime, now: datetime, digest: str | None = None
) -> Backtest:
    """Note that a back-test begins, of the draft with this digest."""
    document = BacktestDocument(
        id=id,
        staff=staff,
        since=since,
        at=now,
        alive_at=now,
        until=now + KEPT_FOR,
        state="RUNNING",
        digest=digest,
    )
    await store[COLLECTION].insert_one(document.row())
    return Backtest(id, staff, since, now, now, "RUNNING", 0, 0, 0, None, None)


async def note_progress(
    store: DocumentStore, id: str, *, members: int, members_done: int, events_done: int, now: datetime
) -> bool:
    """Note how far a back-test is; return whether somebody asked for its end."""
    sets = {"alive_at": now, "members": members, "members_done": members_done, "events_done": events_done}
    result = await store[COLLECTION].update_one({"_id": id, "state": "RUNNING"}, {"$set": sets})
    document = await store[COLLECTION].find_one({"_id": id}, {"cancelling": 1})
    return result.matched_count == 0 or document is None or bool(document["cancelling"])


async def ask_for_end(store: DocumentStore, id: str) -> None:
    """Ask the process that runs a back-test to end it."""
    await store[COLLECTION].update_one({"_id": id, "state": "RUNNING"}, {"$set": {"cancelling": True}})


async def end(
    store: DocumentStore, id: str, *, state: BacktestState, report: BacktestReport | None, now: datetime
) -> None:
    """Note how a back-test ended."""
    sets: dict[str, Any] = {"state": state, "ended_at": now, "alive_at": now}
    if report is not None:
        sets |= {
            "report": asdict(report),
            "members_done": report.member_count + report.left_out_count,
            "events_done": report.event_count,
        }
    await store[COLLECTION].update_one({"_id": id, "state": "RUNNING"}, {"$set": sets})
