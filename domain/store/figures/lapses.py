"""What members hold by the month in which it lapses, as of one day: one document, replaced once a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, TypeAlias

from domain.model.figures.increments import NOW
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore

LAPSES_ID = "lapses"
NEVER, PENDING, OWED = "never", "pending", "owed"
KINDS: Final = (NEVER, PENDING, OWED)  # what stands in place of a month
HeldKey: TypeAlias = tuple[str, str]  # the wallet, and the month or one of KINDS


async def find_day(store: DocumentStore) -> str | None:
    """Return the day of which it is known."""
    document = await store[NOW].find_one({"_id": LAPSES_ID}, {"day": 1})
    return document["day"] if document is not None else None


def read_held(document: Raw) -> dict[HeldKey, int]:
    """Return the units of a document."""
    return {(wallet, lapse): amount for wallet, lapse, amount in document.get("held", ())}


def read_day(document: Raw) -> date | None:
    """Return of which day a document is; None where there is none."""
    return date.fromisoformat(document["day"]) if "day" in document else None


async def store_held(store: DocumentStore, held: Mapping[HeldKey, int], *, day: date) -> None:
    """Keep what was held on a day."""
    rows = [[wallet, lapse, amount] for (wallet, lapse), amount in sorted(held.items()) if amount]
    document = {"day": day.isoformat(), "held": rows}
    await store[NOW].replace_one({"_id": LAPSES_ID}, document, upsert=True)
