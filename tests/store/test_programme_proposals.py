"""Proposed versions of the programme in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.publishing import programme_proposals
from domain.store.publishing.programme_proposals import PROPOSED_FOR, ProgrammeProposal
from tests.small_runtime import SMALL, open_runtime

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def proposal(id: str, at: datetime) -> ProgrammeProposal:
    return ProgrammeProposal(id, "text", "digest", "note", 1, None, "olga", "console", at, at + PROPOSED_FOR)


async def test_the_newest_proposals_are_shown_however_many_wait(database: Database) -> None:
    store: DocumentStore = (await open_runtime(database, SMALL)).store
    for n in (3, 1, 4, 2):
        written = programme_proposals.propose_write(proposal(f"p{n}", NOW + timedelta(minutes=n)))
        await store.transact([written])
    shown = await programme_proposals.find_shown(store, now=NOW, first=2)
    assert [each.id for each in shown] == ["p4", "p3"]
