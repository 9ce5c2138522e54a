"""Refunds: what stands after one is what the rules of the day of purchase give for what was kept; they add up
in any order.

A refund has a number within its receipt, which guards the next one. A frozen member's refunds apply too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decide import HistoricalContext
from domain.model.ledger.deciding import refund_lines, refunds
from domain.model.ledger.deciding.refund_lines import RefundLine
from domain.model.ledger.decision import Decision, Entry, JournalRow, RefundTooLarge
from domain.model.ledger.events import Event, Refund
from domain.model.ledger.wallet import Wallet
from domain.services import input_checks
from domain.services.decisions import commit_decision, decide_event, event_instant, load_member
from domain.services.errors import InvalidInput, UnknownPurchase
from domain.services.idempotency import KeyBinding, run_once
from domain.services.ledger import purchase_input, queries
from domain.services.ledger.queries import RecordedPurchase
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.services.wallet_snapshots import read_wallets, wallets_at, write_wallets
from domain.store.ledger import journal, members, receipts
from domain.store.ledger.members import HistoryEntry, StoredMember
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.ledger.receipts import StoredReceipt
from domain.store.requests import Reply, request_key, store_scope

__all__ = [
    "PurchaseRefunded",
    "RefundLine",
    "RefundQuote",
    "RefundRequest",
    "RefundTooLarge",
    "quote",
    "refund",
]


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What is taken back of which receipt: an amount, or lines, or neither for all that is left. `store`
    None: the till's own.
    """

    external_id: str
    store: str | None = None
    amount: int | None = None
    lines: tuple[RefundLine, ...] = ()


@dataclass(frozen=True, slots=True)
class PurchaseRefunded:
    """What a refund took back; `wallets` as they were right after it."""

    purchase: RecordedPurchase
    member_id: str
    version: int
    history: tuple[HistoryEntry, ...]
    wallets: Mapping[str, Wallet]


@dataclass(frozen=True, slots=True)
class RefundQuote:
    """What a refund would take back; `refundable` minor units are left of the receipt before it."""

    refundable_minor: int
    version: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class _RefundCase:
    """A refund about to be decided: the receipt as it stands, its purchase's row, the member."""

    receipt: StoredReceipt
    purchase_row: JournalRow
    delayed_rows: tuple[JournalRow, ...]
    stored_member: StoredMember


# ---------------------------------------------------------------- pure rules
def _check_request(refund_request: RefundRequest) -> None:
    input_checks.check_identifier(refund_request.external_id, field="externalId")
    if refund_request.amount is not None and refund_request.lines:
        raise InvalidInput("amount", "Name an amount or lines, not both.")
    if refund_request.amount is not None:
        input_checks.check_amount(refund_request.amount, field="amount", minimum=1)
    if len(refund_request.lines) > purchase_input.MAX_LINES or len(
        {line.line for line in refund_request.lines}
    ) < len(refund_request.lines):
        raise InvalidInput("lines", "Name each line of the receipt once.")
    for index, line in enumerate(refund_request.lines):
        if line.quantity is None and line.amount is None:
            raise InvalidInput(f"lines[{index}]", "Name a quantity, an amount, or both.")
        for name, value in (("quantity", line.quantity), ("amount", line.amount)):
            if value is not None:
                input_checks.check_amount(value, field=f"lines[{index}].{name}", minimum=1)


def _receipt_id(refund_request: RefundRequest, till: Till) -> str:
    return receipts.purchase_id(
        source=till.source, store=refund_request.store or till.store, external_id=refund_request.external_id
    )


def _refund_event(case: _RefundCase, refund_request: RefundRequest, at: datetime) -> Event:
    before = case.receipt.remaining
    assert before is not None, "only a purchase is refunded"
    remaining = refund_lines.remaining_purchase(
        before, amount=refund_request.amount, lines=refund_request.lines
    )
    refund = Refund(
        refunds.journaled_purchase(case.purchase_row, claims=case.receipt.claims, delayed=case.delayed_rows),
        before,
        remaining,
    )
    refund_number = len(case.receipt.refunds) + 1
    return Event(
        f"refund:{case.receipt.id}:{refund_number}",
        event_names.REFUNDED,
        at,
        case.purchase_row.event.source,
        purchase=remaining,
        refund=refund,
    )


# ---------------------------------------------------------------- reads
async def quote(runtime: Runtime, *, till: Till, refund_request: RefundRequest, now: datetime) -> RefundQuote:
    """Return what a refund would take back. Raises UnknownPurchase, RefundTooLarge, InvalidInput."""
    _check_request(refund_request)
    case = await _load_case(runtime, _receipt_id(refund_request, till), till)
    remaining = case.receipt.remaining
    assert remaining is not None, "only a purchase is refunded"
    if remaining.is_returned:
        return RefundQuote(0, case.purchase_row.version, ())
    decision = await _decide_refund(runtime, runtime.programmes.current(), case, refund_request, now=now)
    return RefundQuote(remaining.total, decision.row.version, decision.row.entries)


async def _load_case(runtime: Runtime, receipt_id: str, till: Till) -> _RefundCase:
    receipt = await receipts.find(runtime.store, receipt_id)
    if (
        receipt is None
        or receipt.remaining is None
        or (till.role == "CASHIER" and receipt.store != till.store)
    ):
        raise UnknownPurchase
    stored_member = await load_member(runtime, receipt.member)
    row = await journal.find(runtime.store, receipt.member, receipt.seq)
    assert row is not None, "a receipt's row is in the journal"
    delayed = (
        await journal.find_many(runtime.store, receipt.member, receipt.delayed) if receipt.delayed else {}
    )
    return _RefundCase(receipt, row, tuple(delayed[seq] for seq in sorted(delayed)), stored_member)


async def _decide_refund(
    runtime: Runtime,
    published: PublishedProgramme,
    case: _RefundCase,
    refund_request: RefundRequest,
    *,
    now: datetime,
) -> Decision:
    event = _refund_event(case, refund_request, event_instant(case.stored_member, now=now))
    published_then = await runtime.programmes.load_version(case.purchase_row.version)
    history = HistoricalContext(programme=published_then.programme, version=published_then.number)
    return await decide_event(runtime, published, case.stored_member, event, now=now, history=history)


# ---------------------------------------------------------------- writes
async def refund(
    runtime: Runtime, *, till: Till, refund_request: RefundRequest, reason: str, key: str, now: datetime
) -> PurchaseRefunded:
    """Take back a purchase or a part of it. Raises UnknownPurchase, RefundTooLarge, NotAllowed, Conflicting;
    InvalidInput, Busy.
    """
    _check_request(refund_request)
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    input_checks.check_identifier(key, field="idempotencyKey")
    receipt_id = _receipt_id(refund_request, till)
    lines = [[line.line, line.quantity, line.amount] for line in refund_request.lines]
    request_input = {"receipt": receipt_id, "amount": refund_request.amount, "lines": lines, "reason": reason}
    request = request_key(
        scope=store_scope(till.store), key=key, operation="refundPurchase", request_input=request_input
    )

    async def act(key_binding: KeyBinding) -> PurchaseRefunded:
        published = runtime.programmes.current()
        case = await _load_case(runtime, receipt_id, till)
        till.require_other_member(case.stored_member.member.id)
        decision = await _decide_refund(runtime, published, case, refund_request, now=now)
        row, at = decision.row, max(now, decision.row.event.at)
        wallets = wallets_at(published.programme, decision.member, now=at)
        key_write = key_binding.write_for(
            {"member": case.stored_member.member.id, "seq": row.seq, "wallets": write_wallets(wallets)}
        )
        assert row.event.refund is not None, "a refund's event carries its refund"
        refunded_minor = row.event.refund.before.total - row.event.refund.remaining.total
        subject = row.event.refund.remaining.external_id
        audit_writes = till.audit_writes(
            decision,
            "REFUND",
            now=now,
            subject=subject,
            amount=refunded_minor,
            shift_count=("refunded", refunded_minor),
            reason=reason,
        )
        await commit_decision(
            runtime,
            published,
            decision,
            now=now,
            request=key_write,
            claims=[receipts.refund_write(case.receipt, row), *audit_writes],
        )
        receipt_after = replace(case.receipt, remaining=row.event.refund.remaining)
        return PurchaseRefunded(
            queries.recorded_purchase(receipt_after, case.purchase_row),
            case.stored_member.member.id,
            row.version,
            members.row_history(row),
            wallets,
        )

    async def again(reply: Reply) -> PurchaseRefunded:
        member_id = str(reply["member"])
        row = await journal.find(runtime.store, member_id, int(str(reply["seq"])))
        purchase = await queries.find_purchase_by_id(runtime, receipt_id=receipt_id)
        assert row is not None, "a bound key's row is in the journal"
        assert purchase is not None, "a refunded receipt is there"
        return PurchaseRefunded(
            purchase, member_id, row.version, members.row_history(row), read_wallets(reply["wallets"])
        )

    return await run_once(runtime, request=request, queue=receipt_id, now=now, act=act, answer_again=again)
