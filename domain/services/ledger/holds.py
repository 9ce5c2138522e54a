"""Holds: an amount of a wallet is set aside for a checkout, by the member or by a till where they are there.

Who records the order's purchase names the hold, which pays in the same commit (`purchases`, `checkout`). A
hold that a till placed is captured and released at its store alone; one of the member's own by whoever was
told its key, which cannot be guessed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal, cast

from domain.model.event_names import HOLD_PLACED, HOLD_RELEASED
from domain.model.ledger.decision import Decision
from domain.model.ledger.events import Json
from domain.model.ledger.holding.effects import DEFAULT_MINUTES, MAX_MINUTES, placed_hold
from domain.model.ledger.holding.holds import HoldNotUsable, PlacedHold, find_hold
from domain.model.ledger.lots import FiscalUse, LotPart
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve
from domain.model.visible_text import normal_identifier
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput, NotAllowed, NotFound
from domain.services.idempotency import member_request
from domain.services.input_checks import check_amount, check_identifier
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_new, decide_once, load_bound_row
from domain.services.ledger.till import Presence, Till, require_presence
from domain.services.runtime import Runtime
from domain.services.wallet_snapshots import read_wallets, write_wallets
from domain.store.document_store import Write
from domain.store.ledger.members import StoredMember
from domain.store.requests import Reply, RequestKey


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class HoldInput:
    """What is to be set aside: `amount` in units of the wallet, for an order of `total` minor units."""

    wallet: str
    amount: int
    order: str
    total: int
    minutes: int = DEFAULT_MINUTES
    fiscal: FiscalUse = "DISCOUNT"

    @property
    def key_input(self) -> Mapping[str, object]:
        """Return what an idempotency key is compared by: stored as a hash, so its words stay as they are."""
        terms: dict[str, object] = {"minutes": self.minutes, "fiscal": self.fiscal}
        return {
            "wallet": self.wallet,
            "amount": self.amount,
            "order": self.order,
            "total": self.total,
            **terms,
        }


@dataclass(frozen=True, slots=True)
class HeldAmount:
    """A hold as it was placed, of a member, and the wallets right after it."""

    member: str
    placed: PlacedHold
    wallets: Mapping[str, Wallet]


@dataclass(frozen=True, slots=True)
class ReleasedHold:
    """The member whose hold was released, and the wallets right after it."""

    member: str
    wallets: Mapping[str, Wallet]


# ---------------------------------------------------------------- pure rules
def _check_hold(hold_input: HoldInput, programme: Programme) -> None:
    codes = [spec.code for spec in programme.wallets if spec.pay_terms is not None]
    if hold_input.wallet not in codes:
        choices = f"one of {', '.join(codes)}" if codes else "nothing: no wallet of the programme pays"
        raise InvalidInput("wallet", f"Write {choices}.")
    check_amount(hold_input.amount, field="amount", minimum=1)
    check_identifier(hold_input.order, field="order")
    check_amount(hold_input.total, field="total")
    if not 1 <= hold_input.minutes <= MAX_MINUTES:
        raise InvalidInput("ttlMinutes", f"Write 1 to {MAX_MINUTES}: at most seven days.")


def _request_key(
    till: Till | None, member_id: str, operation: str, key: str, request_input: Mapping[str, object]
) -> RequestKey:
    if till is None:
        return member_request(member_id, operation, key, request_input)
    return till.request_key(operation, key, {**request_input, "member": member_id})


def _placing_data(hold_input: HoldInput, label: str, till: Till | None) -> dict[str, Json]:
    return {
        "hold": label,
        "wallet": hold_input.wallet,
        "amount": hold_input.amount,
        "order": normal_identifier(hold_input.order),
        "store": till.store if till is not None else None,
        "total": hold_input.total,
        "minutes": hold_input.minutes,
        "fiscal": hold_input.fiscal,
    }


def _audit_writes(
    till: Till | None,
    decision: Decision,
    action: Literal["PAYMENT_HELD", "HOLD_RELEASED"],
    placed: PlacedHold,
    *,
    now: datetime,
) -> list[Write]:
    """Return the writes of what a till did into the audit trail: a member's own acts are none of its."""
    if till is None:
        return []
    hold = placed.hold
    return till.audit_writes(
        decision, action, now=now, subject=hold.order, amount=hold.units, wallet=placed.wallet
    )


def _write_parts(parts: tuple[LotPart, ...]) -> list[object]:
    return [
        [part.amount, str(part.expires_on) if part.expires_on else None, str(part.since)] for part in parts
    ]


def _read_parts(values: object) -> tuple[LotPart, ...]:
    return tuple(
        LotPart(amount, date.fromisoformat(until) if until else None, date.fromisoformat(since))
        for amount, until, since in cast(Sequence[tuple[int, str | None, str]], values)
    )


def require_store(placed: PlacedHold, till: Till) -> None:
    """Raise NotAllowed where another store's till placed a hold."""
    if placed.hold.store is not None and placed.hold.store != till.store:
        raise NotAllowed("OTHER_STORE")


# ---------------------------------------------------------------- reads
async def _held_before(runtime: Runtime, reply: Reply) -> HeldAmount:
    member = str(reply["member"])
    row = await load_bound_row(runtime, member, reply)
    placed = placed_hold(row.event)
    placed = evolve(placed, hold=evolve(placed.hold, parts=_read_parts(reply["parts"])))
    return HeldAmount(member, placed, read_wallets(reply["wallets"]))


async def _load_holder(runtime: Runtime, member_id: str) -> StoredMember:
    try:
        return await load_member(runtime, member_id)
    except NotFound:
        raise HoldNotUsable from None


# ---------------------------------------------------------------- writes
async def place(
    runtime: Runtime,
    *,
    till: Till | None,
    member_id: str,
    hold_input: HoldInput,
    key: str,
    now: datetime,
    presence: Presence = "unproven",
) -> HeldAmount:
    """Set an amount of a wallet aside for an order, in place of what was held for it: three commands. A till
    needs the member's `presence`; without one (`till` None) the member asks for themselves.

    Raises BalanceTooLow, PaymentNotAccepted, HoldRefused, MemberFrozen, NotAllowed, ExpiredCode,
    IdempotencyKeyConflict, InvalidInput, NotFound, Busy.
    """
    _check_hold(hold_input, runtime.programme)
    request = _request_key(till, member_id, "holdPayment", key, hold_input.key_input)
    label = secrets.token_hex(12)

    async def decide() -> DecidedEvent[None]:
        stored_member = await load_member(runtime, member_id)
        if till is not None:
            till.require_other_member(stored_member)
            require_presence(presence)
        return await decide_new(
            runtime,
            stored_member,
            id=f"hold:{label}",
            name=HOLD_PLACED,
            event_data=_placing_data(hold_input, label, till),
            source=till.source if till is not None else "app",
            subject=None,
            now=now,
        )

    def held(decided: DecidedEvent[None]) -> HeldAmount:
        return HeldAmount(decided.member_id, find_hold(decided.decision.member, label), decided.wallets())

    def bind(decided: DecidedEvent[None]) -> BoundReply:
        reply: dict[str, object] = {"member": decided.member_id, "seq": decided.row.seq}
        reply["wallets"] = write_wallets(decided.wallets())
        reply["parts"] = _write_parts(held(decided).placed.hold.parts)
        writes = _audit_writes(till, decided.decision, "PAYMENT_HELD", held(decided).placed, now=now)
        return BoundReply(reply, writes)

    async def answer(decided: DecidedEvent[None]) -> HeldAmount:
        return held(decided)

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer,
        answer_again=lambda reply: _held_before(runtime, reply),
    )


async def release(
    runtime: Runtime, *, till: Till | None, member_id: str, label: str, key: str, now: datetime
) -> ReleasedHold:
    """Give back what a hold has, and let it be captured no more; answer the wallets right after it.

    Raises HoldNotUsable, NotAllowed, IdempotencyKeyConflict, InvalidInput, Busy.
    """
    request = _request_key(till, member_id, "releaseHold", key, {"hold": label})

    async def decide() -> DecidedEvent[PlacedHold]:
        stored_member = await _load_holder(runtime, member_id)
        placed = find_hold(stored_member.member, label)
        if till is not None:
            till.require_other_member(stored_member)
            require_store(placed, till)
        return await decide_new(
            runtime,
            stored_member,
            id=f"release:{label}",
            name=HOLD_RELEASED,
            event_data={"hold": label, "wallet": placed.wallet},
            source=till.source if till is not None else "app",
            subject=placed,
            now=now,
        )

    def bind(decided: DecidedEvent[PlacedHold]) -> BoundReply:
        writes = _audit_writes(till, decided.decision, "HOLD_RELEASED", decided.subject, now=now)
        return BoundReply({"member": decided.member_id, "wallets": write_wallets(decided.wallets())}, writes)

    async def answer(decided: DecidedEvent[PlacedHold]) -> ReleasedHold:
        return ReleasedHold(decided.member_id, decided.wallets())

    async def answer_again(reply: Reply) -> ReleasedHold:
        return ReleasedHold(str(reply["member"]), read_wallets(reply["wallets"]))

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer,
        answer_again=answer_again,
    )
