"""Format 2: every letter of the inbox names its kind; those from before surveys did not, and are messages."""

from __future__ import annotations

from domain.store.connect import Raw
from domain.store.migrations.steps import StepRun, rewrite_documents


async def apply(run: StepRun) -> None:
    """Give each letter without a kind the kind `message`."""
    await rewrite_documents(run, "inbox", _name_kind, fields=("kind",))


def _name_kind(letter: Raw) -> Raw | None:
    return None if "kind" in letter else {"$set": {"kind": "message"}}
