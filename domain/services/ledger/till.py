"""The till: the employee, or the system, that a story acts for, with store, shift and limits.

What an employee does in a day of the programme's zone is limited, however often they sign in and wherever.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from domain.model.ledger.decision import Decision
from domain.services.errors import ExpiredCode, NotAllowed, ReceiptTooLarge
from domain.services.input_checks import check_identifier
from domain.services.runtime import Runtime
from domain.store import audit
from domain.store.audit import Action, AuditAct, ShiftCounter
from domain.store.document_store import Write
from domain.store.ledger import receipts
from domain.store.ledger.members import StoredMember
from domain.store.ledger.receipts import ReceiptKind
from domain.store.people.sessions import StaffRole
from domain.store.requests import RequestKey, request_key, store_scope

TILL_SOURCE = "till"

# How a member was there when a till acts for them: a card code was shown in the last five minutes, one
# was shown before that (lapsed), or nothing proves it: a number is known to many.
Presence = Literal["shown", "lapsed", "unproven"]


def require_presence(presence: Presence) -> None:
    """Raise ExpiredCode or NotAllowed where a member does not show a card now."""
    if presence == "lapsed":
        raise ExpiredCode
    if presence == "unproven":
        raise NotAllowed("PRESENCE")


@dataclass(frozen=True, slots=True)
class ShiftLimits:
    """The limits of an employee's day: purchases with events, and vouchers, by count; refunds in minor units;
    corrections with what events move, also later by rules with a delay, points and minor units together;
    look-ups of members by count.

    `receipt_total` is the highest total, in minor units, of a receipt that a cashier records.
    """

    purchases: int = 2_000
    vouchers: int = 1_000
    refunded: int = 1_000_000
    adjusted: int = 50_000
    look_ups: int = 2_000
    receipt_total: int = 1_000_000

    def limit_for(self, counter: ShiftCounter) -> int:
        """Return the limit of one counter."""
        return {
            "purchases": self.purchases,
            "vouchers": self.vouchers,
            "refunded": self.refunded,
            "adjusted": self.adjusted,
            "look_ups": self.look_ups,
        }[counter]


@dataclass(frozen=True, slots=True)
class Till:
    """An employee at a store. They may not act on `own_members`; `source` is part of a receipt's identity.

    `session` is their shift, and `day` the programme's, for which limits count; without it none do. `request`
    is the id of the request in our logs.
    """

    staff: str
    role: StaffRole
    store: str
    own_members: tuple[str, ...] = ()
    source: str = TILL_SOURCE
    session: str = ""
    day: date | None = None
    request: str | None = None
    limits: ShiftLimits = field(default_factory=ShiftLimits)

    def require_manager(self) -> None:
        """Raise NotAllowed for a cashier."""
        if self.role == "CASHIER":
            raise NotAllowed("ROLE")

    def require_receipt(self, total: int) -> None:
        """Raise ReceiptTooLarge for a cashier with a receipt above the maximum."""
        if self.role == "CASHIER" and total > self.limits.receipt_total:
            raise ReceiptTooLarge(self.limits.receipt_total)

    def is_own(self, member: str, employees: Collection[str]) -> bool:
        """Tell whether a member is the employee; `employees` are those noted with the member."""
        return member in self.own_members or self.staff in employees

    def require_other_member(self, stored_member: StoredMember) -> None:
        """Raise NotAllowed where the member is the employee."""
        if self.is_own(stored_member.member.id, stored_member.employees):
            raise NotAllowed("OWN_MEMBERSHIP")

    async def find_receipt_id(
        self, runtime: Runtime, kind: ReceiptKind, number: str, *, shop: str | None = None
    ) -> str:
        """Return the identity of a receipt, or of a reported event, of this store or of another shop."""
        return await receipts.find_id(
            runtime.store, kind, source=self.source, shop=shop or self.store, external_id=number
        )

    def request_key(self, operation: str, key: str, request_input: Mapping[str, object]) -> RequestKey:
        """Return the idempotency key of an operation of this store. Raises InvalidInput for a bad key."""
        check_identifier(key, field="idempotencyKey")
        return request_key(
            scope=store_scope(self.store), key=key, operation=operation, request_input=request_input
        )

    def audit_writes(
        self,
        decision: Decision,
        action: Action,
        *,
        now: datetime,
        subject: str,
        amount: int = 0,
        shift_counts: Mapping[ShiftCounter, int] | None = None,
        wallet: str | None = None,
        voucher: str | None = None,
        reason: str | None = None,
    ) -> list[Write]:
        """Return the writes of an act into the audit trail, and of its counts into the employee's day.

        `shift_counts` says by how much counters grow. Raises NotAllowed where that is more than a whole day
        may do; the commit raises ShiftLimitReached where the day has seen too much already.
        """
        wallets_before = decision.before.wallets
        act = AuditAct(
            id=audit.act_id(decision.member.id, decision.row.seq),
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
        return [audit.act_write(act), *self._count_writes(shift_counts or {})]

    def _count_writes(self, shift_counts: Mapping[ShiftCounter, int]) -> list[Write]:
        if not shift_counts or self.day is None:
            return []
        room = {counter: self.limits.limit_for(counter) - count for counter, count in shift_counts.items()}
        if min(room.values()) < 0:
            raise NotAllowed("SHIFT_LIMIT")
        return [audit.count_shift_write(audit.shift_id(self.staff, self.day), shift_counts, room=room)]
