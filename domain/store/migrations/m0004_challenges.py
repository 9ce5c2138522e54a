"""Codes belong to challenges, and a contact may be held until an instant.

The code and the application that a contact's record held could be anybody's: they are deleted, and whoever
waited asks again.
"""

from __future__ import annotations

from domain.store.connect import Raw
from domain.store.migrations.steps import StepRun, build_indexes, rewrite_documents
from domain.store.ttl import ttl_index, with_linger


async def apply(run: StepRun) -> None:
    """Delete what waited, and build the index by which a contact is deleted once its time is over."""
    await rewrite_documents(run, "sign_in_codes", _drop_waiting, fields=("live", "reserved"))
    await build_indexes(run, "contacts", [with_linger(ttl_index("until"))])


def _drop_waiting(record: Raw) -> Raw | None:
    return {"$unset": {"live": "", "reserved": ""}} if {"live", "reserved"} & record.keys() else None
