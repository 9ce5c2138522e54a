"""How often each code was entered in all, and how many of a batch were made.

A code with a limit has one counter, whose write's filter holds the bound; the writers of a process queue for
it. One without a limit is counted in several counters at random, so that members who enter it at once do not
wait for each other; what they hold counts against a limit that a later version gives it.
"""

from __future__ import annotations

from pymongo import UpdateOne

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Stale, Write
from domain.store.stored_document import StoredDocument

COLLECTION = "code_counts"
SPREAD = 16


class CodeCountDocument(StoredDocument):
    """A counter in the database; `_id` is the name of the code or batch, with `#N` one of those without a
    limit.
    """

    entered: int = 0
    made: int = 0

    class Settings(StoredDocument.Settings):
        name = COLLECTION


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How often a code was entered: by the counter that holds its limit, and by the others. `made` is how
    many codes a batch has.
    """

    bounded: int = 0
    unbounded: int = 0
    made: int = 0

    @property
    def entered(self) -> int:
        """How often in all."""
        return self.bounded + self.unbounded


class CodeUsedUp(Stale):
    """The last one was entered meanwhile: count again, decide again."""


async def find(store: DocumentStore, name: str) -> CodeCount:
    """Return how often a code was entered."""
    ids = [name, *(_spread_id(name, place) for place in range(SPREAD))]
    rows = {row["_id"]: row async for row in store[COLLECTION].find({"_id": {"$in": ids}})}
    own = rows.pop(name, {})
    return CodeCount(
        own.get("entered", 0), sum(row.get("entered", 0) for row in rows.values()), own.get("made", 0)
    )


async def find_all(store: DocumentStore) -> dict[str, CodeCount]:
    """Return how often each code was entered, by its name; those that never were are left out."""
    counts: dict[str, CodeCount] = {}
    async for row in store[COLLECTION].find({}):
        name, _, place = row["_id"].partition("#")
        before, entered = counts.get(name, CodeCount()), row.get("entered", 0)
        counts[name] = CodeCount(
            before.bounded + (0 if place else entered),
            before.unbounded + (entered if place else 0),
            before.made + row.get("made", 0),
        )
    return counts


def count_write(name: str, *, limit: int | None, counted: CodeCount, draw: int) -> Write:
    """Return the write that counts one more; `draw` is a random number. It raises CodeUsedUp at the limit.

    The first one inserts the counter. At the bound none matches, so the upsert inserts a key that exists, and
    fails.
    """
    if limit is None:
        return _count_write(_spread_id(name, draw % SPREAD), {})
    return _count_write(name, {"entered": {"$lt": limit - counted.unbounded}})


def _count_write(id: str, bound: dict[str, object]) -> Write:
    operation = UpdateOne(
        {"_id": id, **bound}, {"$inc": {"entered": 1}, "$setOnInsert": {"made": 0}}, upsert=True
    )
    return Write(COLLECTION, operation, CodeUsedUp(id))


def made_write(batch: str, count: int) -> Write:
    """Return the write that counts the codes of a batch that are being made."""
    operation = UpdateOne(
        {"_id": batch}, {"$inc": {"made": count}, "$setOnInsert": {"entered": 0}}, upsert=True
    )
    return Write(COLLECTION, operation)


def _spread_id(name: str, place: int) -> str:
    return f"{name}#{place}"
