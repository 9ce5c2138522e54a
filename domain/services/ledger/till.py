"""The till: the employee, or the system, that a story acts for, with store, shift and limits.

What an employee does in a day of the programme's zone is limited, however often they sign in and wherever.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import date, datetime
from typing import Literal

from domain.model.intake.client_keys import ClientBounds
from domain.model.ledger.decision import Decision
from domain.model.values import dataclass
from domain.services.errors import ExpiredCode, NotAllowed, ReceiptTooLarge
from domain.services.input_checks import check_identifier
from domain.services.runtime import Runtime
from domain.store import audit
from domain.store.audit import ApprovalNeeded, AuditAct, ShiftCounter
from domain.store.audit_actions import Action
from domain.store.document_store import Write
from domain.store.ledger import receipts
from domain.store.ledger.members import StoredMember
from domain.store.ledger.receipts import ReceiptKind
from domain.store.people.sessions import TillRole
from domain.store.requests import RequestKey, client_scope, request_key, store_scope

TILL_SOURCE = "till"
UNLIMITED: frozenset[ShiftCounter] = frozenset(
    {"without_visit", "bad_scans"}
)  # noted for whoever looks at a day

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
    look-ups of members by count; and of corrections what takes nobody else's approval.

    `receipt_total` is the highest total, in minor units, of a receipt that a cashier or a system records.
    """

    purchases: int = 2_000
    vouchers: int = 1_000
    refunded: int = 1_000_000
    adjusted: int = 50_000
    look_ups: int = 2_000
    corrected: int = 10_000
    receipt_total: int = 1_000_000

    @classmethod
    def of_client(cls, bounds: ClientBounds) -> ShiftLimits:
        """Return the limits of a system's day."""
        return cls(
            purchases=bounds.purchases,
            vouchers=bounds.vouchers,
            refunded=bounds.refunded,
            adjusted=bounds.adjusted,
            look_ups=bounds.look_ups,
            receipt_total=bounds.receipt_total,
        )

    def limit_for(self, counter: ShiftCounter) -> int:
        """Return the limit of one counter."""
        limits: Mapping[ShiftCounter, int] = {
            "purchases": self.purchases,
            "vouchers": self.vouchers,
            "refunded": self.refunded,
            "adjusted": self.adjusted,
            "look_ups": self.look_ups,
            "corrected": self.corrected,
        }
        return limits[counter]


@dataclass(frozen=True, slots=True)
class Till:
    """An employee at a store. They may not act on `own_members`; `source` is part of a receipt's identity.

    `session` is their shift, and `day` the programme's, for which limits count; without it none do. `request`
    is the id of the request in our logs. `has_visit` is false where a member is named, not
    scanned.
    """

    staff: str
    role: TillRole
    store: str
    own_members: tuple[str, ...] = ()
    source: str = TILL_SOURCE
    session: str = ""
    day: date | None = None
    request: str | None = None
    limits: ShiftLimits = field(default_factory=ShiftLimits)
    has_visit: bool = True

    @property
    def is_of_one_store(self) -> bool:
        """Tell whether what it may take back is its own store's alone."""
        return self.role in ("CASHIER", "CLIENT")

    def require_manager(self) -> None:
        """Raise NotAllowed for a cashier, an analyst and a system."""
        if self.role in ("CASHIER", "ANALYST", "CLIENT"):
            raise NotAllowed("ROLE")

    def require_reporter(self) -> None:
        """Raise NotAllowed for a cashier and an analyst: managers and systems report events."""
        if self.role in ("CASHIER", "ANALYST"):
            raise NotAllowed("ROLE")

    def require_service_desk(self) -> None:
        """Raise NotAllowed for all but an operator and customer service."""
        if self.role not in ("OPERATOR", "SERVICE"):
            raise NotAllowed("ROLE")

    def require_operator(self) -> None:
        """Raise NotAllowed for all but an operator."""
        if self.role != "OPERATOR":
            raise NotAllowed("ROLE")

    def require_receipt(self, total: int) -> None:
        """Raise ReceiptTooLarge for a cashier or a system with a receipt above the maximum."""
        if self.role in ("CASHIER", "CLIENT") and total > self.limits.receipt_total:
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
        """Return the idempotency key of an operation of this store, or of this system.

        Raises InvalidInput for a bad key.
        """
        check_identifier(key, field="idempotencyKey")
        scope = client_scope(self.source) if self.role == "CLIENT" else store_scope(self.store)
        return request_key(scope=scope, key=key, operation=operation, request_input=request_input)

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
        return [audit.act_write(act), *self.count_writes(shift_counts or {})]

    def act_writes(
        self,
        action: Action,
        *,
        now: datetime,
        member: str | None = None,
        subject: str = "",
        amount: int = 0,
        shift_counts: Mapping[ShiftCounter, int] | None = None,
        reason: str | None = None,
    ) -> list[Write]:
        """Return the same for an act without a decision; they raise ShiftLimitReached."""
        act = AuditAct(
            id=secrets.token_hex(16),
            at=now,
            actor=self.staff,
            action=action,
            store=self.store,
            session=self.session,
            request=self.request,
            member=member,
            subject=subject,
            amount=amount,
            reason=reason,
        )
        return [audit.act_write(act), *self.count_writes(shift_counts or {})]

    def alone_write(self, amount: int) -> list[Write]:
        """Return the write that counts a correction without another's approval into the employee's day; it
        raises ApprovalNeeded. Raises NotAllowed where one correction is more than a day's.
        """
        room = self.limits.corrected - amount
        if self.day is None:
            return []
        if room < 0:
            raise NotAllowed("FOUR_EYES")
        id = f"{audit.shift_id(self.staff, self.day)}:corrections"
        return [
            audit.count_shift_write(
                id, {"corrected": amount}, room={"corrected": room}, fault=ApprovalNeeded(id)
            )
        ]

    def count_writes(self, shift_counts: Mapping[ShiftCounter, int]) -> list[Write]:
        """Return the write that counts into the day of the employee or the system; it raises
        ShiftLimitReached. Raises NotAllowed where one act is more than a whole day may do.
        """
        if not shift_counts or self.day is None:
            return []
        room = {
            counter: self.limits.limit_for(counter) - count
            for counter, count in shift_counts.items()
            if counter not in UNLIMITED
        }
        if room and min(room.values()) < 0:
            raise NotAllowed("SHIFT_LIMIT")
        id = audit.shift_id(self.staff, self.day)
        return [audit.count_shift_write(id, shift_counts, room=room, store_code=self.store)]

    def purchase_counts(self, *, vouchers: int = 0) -> Mapping[ShiftCounter, int]:
        """Return what a purchase counts in the employee's day, with so many vouchers of its basket."""
        counts: dict[ShiftCounter, int] = {"purchases": 1, "vouchers": vouchers}
        counts["without_visit"] = int(not self.has_visit)
        return {counter: count for counter, count in counts.items() if count}

    def bad_scan_writes(self) -> list[Write]:
        """Return the write of a code that nobody knows into the employee's day."""
        return self.count_writes({"bad_scans": 1})
