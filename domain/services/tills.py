"""Who stands at the till, or which system reports: in whose name and from where a story comes."""

from __future__ import annotations

from dataclasses import dataclass

from domain.services.errors import NotAllowed
from domain.store.sessions import Role

TILL = "till"


@dataclass(frozen=True, slots=True)
class Till:
    """An employee at a store: `own_member` is their own membership, on which they may not act; `source` is part of a receipt's identity."""

    staff: str
    role: Role
    store: str
    own_member: str | None = None
    source: str = TILL

    def need_manager(self) -> None:
        """Raise NotAllowed for a cashier."""
        if self.role == "CASHIER":
            raise NotAllowed("ROLE")

    def need_other(self, member: str) -> None:
        """Raise NotAllowed where the member is the employee."""
        if self.own_member == member:
            raise NotAllowed("OWN_MEMBERSHIP")
