"""Fills a database with two believable years: batches of 200 people, each decided in memory by the same
`decide` and written in bulk as commits write it. The same seed and instant make the same members.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from domain.model.figures.increments import DAYS, Increments
from domain.model.values import dataclass
from domain.services.demo import (
    SEED,
    WRITTEN_COLLECTIONS,
    DatabaseInUse,
    decision_writes,
    details_of,
    simulate_lines,
)
from domain.services.demo_catalogue import catalogue_of
from domain.services.demo_history.lives import life_lines
from domain.services.demo_history.seasons import Shopping
from domain.services.demo_letters import add_fates, read_mostly
from domain.services.demo_people import DemoPerson, make_people
from domain.store import bulk
from domain.store.document_store import DocumentStore
from domain.store.figures import sums
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.meta import DEMO_ID

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FilledHistory:
    """How many members and events a history has."""

    members: int
    events: int


async def fill_history(
    store: DocumentStore, *, published: PublishedProgramme, batches: int, now: datetime, progress: Progress
) -> FilledHistory:
    """Make the members of so many batches, in place of a demo's that are there. Raises DatabaseInUse where
    there are others.
    """
    mark = await store["meta"].find_one({"_id": DEMO_ID})
    if mark is None and await store["members"].find_one({}, {"_id": 1}) is not None:
        raise DatabaseInUse
    await bulk.empty_collections(store, (*WRITTEN_COLLECTIONS, DAYS))
    await store["meta"].update_one({"_id": DEMO_ID}, {"$set": {"until": now, "done": False}}, upsert=True)
    members, events, fates, programme = 0, 0, Increments(), published.programme
    for batch in range(batches):
        people = _people_of(batch, until=now)
        lines = life_lines(people, catalogue_of(programme), Shopping(programme, now), seed=SEED + batch)
        run = simulate_lines(programme, lines, now, lambda *_: None)
        await bulk.write_in_chunks(
            store,
            decision_writes(store, published, run, people, now, reads=read_mostly),
            on_progress=lambda *_: None,
        )
        for person in people:
            details = details_of(programme, person)
            add_fates(fates, programme, person.id, run.rows[person.id], details, now=now)
        members, events = members + len(people), events + len(lines)
        progress("Members", members, batches * len(people))
    # Days of figures keep what became of messages when they are counted from the journal.
    await bulk.write_in_chunks(store, sums.increment_writes(fates), on_progress=lambda *_: None)
    await store["meta"].update_one({"_id": DEMO_ID}, {"$set": {"done": True}})
    return FilledHistory(members, events)


def _people_of(batch: int, *, until: datetime) -> list[DemoPerson]:
    """Return the people of a batch; the first batch is that of the demo."""
    people = make_people(seed=SEED + batch, until=until)
    if batch == 0:
        return people
    rng = random.Random(SEED + batch)  # noqa: S311 - believable, not secret
    names = [person.name for person in people]
    rng.shuffle(names)
    return [
        replace(person, name=name, email=f"b{batch}.{person.email}", part=None)
        for person, name in zip(people, names, strict=True)
    ]
