"""How many members one operator may reach in a day without a colleague: beyond that it takes four eyes."""

from __future__ import annotations

from domain.services.errors import NotAllowed
from domain.services.ledger.till import Till
from domain.store import audit
from domain.store.audit import ApprovalNeeded
from domain.store.document_store import Write

MOST_ALONE = 100


def reach_writes(till: Till, count: int) -> list[Write]:
    """Return the write that counts members who are reached without another's approval into the operator's
    day; it raises ApprovalNeeded. Raises NotAllowed, FOUR_EYES, where one act is more than a day's.
    """
    if count > MOST_ALONE:
        raise NotAllowed("FOUR_EYES")
    if till.day is None or not count:
        return []
    id = f"{audit.shift_id(till.staff, till.day)}:reached"
    room = MOST_ALONE - count
    return [audit.count_shift_write(id, {"reached": count}, room={"reached": room}, fault=ApprovalNeeded(id))]
