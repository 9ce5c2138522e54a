"""Who stands at the till, or which system reports: in whose name and from where a story comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from domain.model.ledger.decision import Decision
from domain.services.errors import NotAllowed
from domain.store import audit
from domain.store.audit import Action, AuditAct, ShiftCounter
from domain.store.document_store import Write
from domain.store.people.sessions import StaffRole

TILL_SOURCE = "till"


@dataclass(frozen=True, slots=True)
class ShiftLimits:
    """The most that one shift may do: purchases and vouchers by count, refunds in minor units, corrections in
    points or minor units.
    """

    purchases: int = 2_000
    vouchers: int = 1_000
    refunded: int = 1_000_000
    adjusted: int = 50_000

    def limit_for(self, counter: ShiftCounter) -> int:
        """Return one of them."""
        return {
            "purchases": self.purchases,
            "vouchers": self.vouchers,
            "refunded": self.refunded,
            "adjusted": self.adjusted,
        }[counter]


@dataclass(frozen=True, slots=True)
class Till:
    """An employee at a store: `own_members` are their own memberships, on which they may not act; `source` is
    part of a receipt's identity.

    `session` is their shift, `request` the id under which our logs know what they asked for.
    """

    staff: str
    role: StaffRole
    store: str
    own_members: tuple[str, ...] = ()
    source: str = TILL_SOURCE
    session: str = ""
    request: str | None = None
    limits: ShiftLimits = field(default_factory=ShiftLimits)

    def require_manager(self) -> None:
        """Raise NotAllowed for a cashier."""
        if self.role == "CASHIER":
            raise NotAllowed("ROLE")

    def require_other_member(self, member: str) -> None:
        """Raise NotAllowed where the member is the employee."""
        if member in self.own_members:
            raise NotAllowed("OWN_MEMBERSHIP")

    def audit_writes(
        self,
        decision: Decision,
        action: Action,
        *,
        now: datetime,
        subject: str,
        amount: int = 0,
        shift_count: tuple[ShiftCounter, int] | None = None,
        wallet: str | None = None,
        voucher: str | None = None,
        reason: str | None = None,
    ) -> list[Write]:
        """Return the writes by which what was done stands in the audit trail, and counts within the shift
        (`counts`: what, how much).

        Raises NotAllowed where it is more than a whole shift may do; committing raises ShiftIsOver where the
        shift has done the rest.
        """
        wallets_before = decision.before.wallets
        act = AuditAct(
            id=f"{decision.member.id}:{decision.row.seq}",
            at=now,
            actor=self.staff,
            action=action,
            store=self.store,
            session=self.session,
            request=self.request,
            member=decision.member.id,
            subject=subject,
            amount=amount,
            wallet=wallet,
            voucher=voucher,
            reason=reason,
            before={
                code: wallets_before[code].balance if code in wallets_before else 0
                for code in decision.member.wallets
            },
            after={code: one.balance for code, one in decision.member.wallets.items()},
        )
        if shift_count is None or not self.session:
            return [audit.act_write(act)]
        counter, amount_counted = shift_count
        if amount_counted > self.limits.limit_for(counter):
            raise NotAllowed("SHIFT_LIMIT")
        return [
            audit.act_write(act),
            audit.count_shift_write(
                self.session, counter, amount_counted, limit=self.limits.limit_for(counter)
            ),
        ]
