"""The audit trail: who did what to whom, when and why, written in the transaction that did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.store.base import Write, insert
from domain.store.documents import AuditEntry


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody of staff did, and the reason they gave."""

    actor: str
    action: str
    reason: str
    store: str | None = None


async def of_member(member: str) -> list[AuditEntry]:
    """Return what was done to a member, oldest first."""
    return sorted(await AuditEntry.find({"member": member}).to_list(), key=lambda entry: entry.at)


def noted(act: Act, *, member: str, seq: int, now: datetime) -> Write:
    """Return the noting of an act that a journal row records."""
    row = {"_id": f"{member}:{seq}", "at": now, "actor": act.actor, "action": act.action, "store": act.store}
    return insert("audit", {**row, "member": member, "reason": act.reason})
