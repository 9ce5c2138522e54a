"""The employee who acts for a member in service: what they may, and their acts in the audit trail."""

from __future__ import annotations

import secrets
from datetime import datetime

from domain.model.values import dataclass
from domain.services.errors import NotAllowed
from domain.store.audit import AuditAct, act_write
from domain.store.audit_actions import Action
from domain.store.document_store import Write
from domain.store.ledger.members import StoredMember
from domain.store.people.sessions import TillRole


@dataclass(frozen=True, slots=True)
class ServiceActor:
    """Who acts, with their store, shift and request for the audit trail; by the shell they have none."""

    staff: str
    role: TillRole
    store: str | None = None
    session: str | None = None
    request: str | None = None
    own_members: tuple[str, ...] = ()

    def require_service(self, stored_member: StoredMember) -> None:
        """Raise NotAllowed for a cashier, an analyst or a system, and for the member themselves."""
        if self.role in ("CASHIER", "ANALYST", "CLIENT"):
            raise NotAllowed("ROLE")
        if stored_member.member.id in self.own_members or self.staff in stored_member.employees:
            raise NotAllowed("OWN_MEMBERSHIP")

    def act_write(self, action: Action, *, member: str, subject: str, reason: str, now: datetime) -> Write:
        """Return the write of an act into the audit trail."""
        act = AuditAct(
            secrets.token_hex(16),
            now,
            self.staff,
            action,
            self.store,
            self.session,
            self.request,
            member,
            subject,
            reason=reason,
        )
        return act_write(act)
