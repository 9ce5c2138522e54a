"""The answers to consents that later ones took the place of, so that what was agreed to can be shown: when,
to which wording, where, and when it was withdrawn. The newest answers stand in the member's profile.
"""

from __future__ import annotations

from typing import Any

from pymongo import UpdateOne

from domain.store.document_store import DocumentStore, Write
from domain.store.people.consent_answers import ConsentAnswer, consent_row, read_consents
from domain.store.stored_document import StoredDocument

COLLECTION = "consent_histories"
MAX_ANSWERS = 200


class ConsentHistoryDocument(StoredDocument):
    """A member's earlier answers, oldest first, the newest 200; `_id` is the member."""

    answers: list[list[Any]]

    class Settings(StoredDocument.Settings):
        name = COLLECTION


async def find(store: DocumentStore, member: str) -> tuple[ConsentAnswer, ...]:
    """Return a member's earlier answers, oldest first."""
    row = await store[COLLECTION].find_one({"_id": member})
    return () if row is None else read_consents(row["answers"])


def add_write(member: str, answer: ConsentAnswer) -> Write:
    """Return the write that keeps an answer which another takes the place of."""
    pushed = {"$each": [consent_row(answer)], "$slice": -MAX_ANSWERS}
    return Write(COLLECTION, UpdateOne({"_id": member}, {"$push": {"answers": pushed}}, upsert=True))
