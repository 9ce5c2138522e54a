"""Reading the audit trail: one's own shift for everybody of staff, a store's for its manager, everything for
an operator.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.services.errors import InvalidInput, NotAllowed
from domain.services.house import House
from domain.services.tills import Till
from domain.store import audit
from domain.store.audit import AuditAct

SHIFT_AT_MOST = timedelta(hours=24)
WINDOW_AT_MOST = timedelta(days=31)


async def of_shift(house: House, *, till: Till, first: int, now: datetime) -> list[AuditAct]:
    """Return what this shift did, newest first."""
    return (await audit.find_by_shift(house.store, till.session, since=now - SHIFT_AT_MOST))[:first]


async def of_store(
    house: House, *, till: Till, store: str | None, since: datetime, until: datetime, first: int
) -> list[AuditAct]:
    """Return what was done in a store (an operator: in all, where none is named), newest first.

    Raises NotAllowed for a cashier and for another store, InvalidInput for a window of more than 31 days.
    """
    till.need_manager()
    asked = store if till.role == "OPERATOR" else store or till.store
    if till.role != "OPERATOR" and asked != till.store:
        raise NotAllowed("OTHER_STORE")
    if not timedelta(0) < until - since <= WINDOW_AT_MOST:
        raise InvalidInput("until", "Ask for a time after `since`, at most 31 days later.")
    return (await audit.find_between(house.store, since=since, until=until, store_code=asked))[:first]
