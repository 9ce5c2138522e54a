"""Refunds: what stands after one is what the rules of the day of purchase give for what was kept; they add up
in any order.

A refund has a number within its receipt, which guards the next one, and may have an identity of its own: the
same one again answers as the first did, whatever key it comes with. A frozen member's refunds apply too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.deciding.returns import journaled, refund_lines
from domain.model.ledger.deciding.returns.refund_lines import RefundLine
from domain.model.ledger.decision import Entry, JournalRow, RefundTooLarge
from domain.model.ledger.events import Event, Refund
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.payments import PaymentBack, payment_back
from domain.model.ledger.wallet import Wallet
from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.decisions import event_instant, load_owner
from domain.services.errors import InvalidInput, UnknownPurchase
from domain.services.idempotency import recall_reply
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_now, decide_once, load_bound_row
from domain.services.ledger import purchase_input, purchase_queries
from domain.services.ledger.merged.moved_wallets import wallets_after, wallets_from_reply, wallets_reply
from domain.services.ledger.parking.parked_refunds import (
    ParkedRefund,
    ReturnedPart,
    quote_parked,
    refund_parked_too,
    refunded_by_identity,
)
from domain.services.ledger.purchase_queries import RecordedPurchase
from domain.services.ledger.returns.own_receipts import load_receipt
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.document_store import Stale, Write
from domain.store.ledger import history_entries, journal, receipts
from domain.store.ledger.history_entries import HistoryEntry
from domain.store.ledger.members import StoredMember
from domain.store.ledger.receipts import ReceiptTaken, RefundIdentity, StoredReceipt
from domain.store.requests import Reply, RequestKey, request_key

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
    None: the till's own. `refund_id` is the refund's own identity within the receipt.
    """

    external_id: str
    store: str | None = None
    amount: int | None = None
    lines: tuple[RefundLine, ...] = ()
    refund_id: str | None = None

    async def find_receipt_id(self, runtime: Runtime, till: Till) -> str:
        """Return the identity of the receipt."""
        return await till.find_receipt_id(runtime, "purchase", self.external_id, shop=self.store)

    @property
    def content(self) -> dict[str, object]:
        """What is taken back, as requests and identities compare it."""
        lines = [[line.line, line.quantity, line.amount] for line in self.lines]
        return {"amount": self.amount, "lines": lines}


@dataclass(frozen=True, slots=True)
class PurchaseRefunded:
    """What a refund took back; `wallets` as they were right after it, `back` what the customer gets back."""

    purchase: RecordedPurchase
    member_id: str
    version: int
    history: tuple[HistoryEntry, ...]
    wallets: Mapping[str, Wallet]
    back: PaymentBack


@dataclass(frozen=True, slots=True)
class RefundQuote:
    """What a refund would take back; `refundable` minor units are left of the receipt before it."""

    refundable_minor: int
    version: int
    entries: tuple[Entry, ...]
    back: PaymentBack


@dataclass(frozen=True, slots=True)
class _RefundCase:
    """A refund about to be decided: the receipt as it stands, its purchase's row, the member."""

    receipt: StoredReceipt
    purchase_row: JournalRow
    delayed_rows: tuple[JournalRow, ...]
    stored_member: StoredMember


# ---------------------------------------------------------------- pure rules
def _check_request(refund_request: RefundRequest) -> None:
    input_checks.read_number(refund_request.external_id, field="externalId")
    if refund_request.refund_id is not None:
        input_checks.read_number(refund_request.refund_id, field="refundId")
    if refund_request.amount is not None and refund_request.lines:
        raise InvalidInput("amount", "Name an amount or lines, not both.")
    if refund_request.amount is not None:
        input_checks.check_amount(refund_request.amount, field="amount", minimum=1)
    most = purchase_input.MAX_LINES + purchase_input.MAX_SUMMED_LINES
    if len(refund_request.lines) > most or len({line.line for line in refund_request.lines}) < len(
        refund_request.lines
    ):
        raise InvalidInput("lines", "Name each line of the receipt once.")
    for index, line in enumerate(refund_request.lines):
        if line.quantity is None and line.amount is None:
            raise InvalidInput(f"lines[{index}]", "Name a quantity, an amount, or both.")
        for name, value in (("quantity", line.quantity), ("amount", line.amount)):
            if value is not None:
                input_checks.check_amount(value, field=f"lines[{index}].{name}", minimum=1)


def _check_lines(case: _RefundCase, refund_request: RefundRequest) -> None:
    """Check that the receipt has the lines that are named. Raises InvalidInput."""
    purchase = case.purchase_row.event.purchase
    assert purchase is not None, "only a purchase is refunded"
    numbers = {line.line for line in purchase.lines}
    for index, line in enumerate(refund_request.lines):
        if line.line not in numbers:
            raise InvalidInput(f"lines[{index}].line", "The receipt has no such line.")


def _refund_event(case: _RefundCase, refund_request: RefundRequest, at: datetime) -> Event:
    before = case.receipt.remaining
    assert before is not None, "only a purchase is refunded"
    remaining = refund_lines.remaining_purchase(
        before, amount=refund_request.amount, lines=refund_request.lines
    )
    purchase = journaled.journaled_purchase(
        case.purchase_row, claims=case.receipt.claims, delayed=case.delayed_rows
    )
    return Event(
        f"refund:{case.receipt.id}:{len(case.receipt.refunds) + 1}",
        event_names.REFUNDED,
        at,
        case.purchase_row.event.source,
        purchase=remaining,
        refund=Refund(purchase, before, remaining),
    )


def _content_hash(receipt_id: str, refund_request: RefundRequest) -> str:
    """Return the hash of what a refund takes back; the order of its lines does not matter."""
    lines = tuple(sorted(refund_request.lines, key=lambda line: line.line))
    content = replace(refund_request, lines=lines).content
    return request_key(scope=receipt_id, key="", operation="refund", request_input=content).input_hash


def _returned_part(receipt_id: str, refund_request: RefundRequest) -> ReturnedPart:
    """Return what a refund takes back of a sale that is still parked."""
    return ReturnedPart(
        refund_request.amount,
        refund_request.lines,
        refund_request.refund_id,
        _content_hash(receipt_id, refund_request),
    )


def _refund_of(decided: DecidedEvent[_RefundCase]) -> Refund:
    """Return the refund that was decided."""
    refund_decided = decided.row.event.refund
    assert refund_decided is not None, "a refund's event carries its refund"
    return refund_decided


def _audit_writes(
    till: Till, decided: DecidedEvent[_RefundCase], *, reason: str, now: datetime
) -> list[Write]:
    change = _refund_of(decided)
    refunded_minor = change.before.total - change.remaining.total
    return till.audit_writes(
        decided.decision,
        "REFUND",
        now=now,
        subject=change.remaining.external_id,
        amount=refunded_minor,
        shift_counts={"refunded": refunded_minor},
        reason=reason,
    )


# ---------------------------------------------------------------- reads
async def quote(runtime: Runtime, *, till: Till, refund_request: RefundRequest, now: datetime) -> RefundQuote:
    """Return what a refund would take back, of a parked sale too. Raises UnknownPurchase, RefundTooLarge,
    InvalidInput.
    """
    _check_request(refund_request)
    receipt_id = await refund_request.find_receipt_id(runtime, till)
    try:
        case = await _load_case(runtime, receipt_id, till)
    except UnknownPurchase:
        part = _returned_part(receipt_id, refund_request)
        parked = await quote_parked(runtime, till=till, receipt_id=receipt_id, part=part, now=now)
        version = runtime.programmes.current().number
        return RefundQuote(
            parked.refunded_minor + parked.remaining_minor, version, (), PaymentBack(parked.refunded_minor)
        )
    remaining = case.receipt.remaining
    assert remaining is not None, "only a purchase is refunded"
    _check_lines(case, refund_request)
    if remaining.is_returned:
        return RefundQuote(0, case.purchase_row.version, (), PaymentBack(0))
    row = (await _decide_refund(runtime, case, refund_request, now=now)).row
    return RefundQuote(remaining.total, row.version, row.entries, _back_of(row))


async def _load_case(runtime: Runtime, receipt_id: str, till: Till) -> _RefundCase:
    receipt = await load_receipt(runtime, receipt_id, till)
    stored_member = await load_owner(runtime, receipt.member)
    row = await journal.find(runtime.store, receipt.member, receipt.deciding_seq)
    assert row is not None, "a receipt's row is in the journal"
    delayed = (
        await journal.find_many(runtime.store, receipt.member, receipt.delayed) if receipt.delayed else {}
    )
    return _RefundCase(receipt, row, tuple(delayed[seq] for seq in sorted(delayed)), stored_member)


async def _decide_refund(
    runtime: Runtime, case: _RefundCase, refund_request: RefundRequest, *, now: datetime
) -> DecidedEvent[_RefundCase]:
    event = _refund_event(case, refund_request, event_instant(case.stored_member, now=now))
    published_then = await runtime.programmes.load_version(case.purchase_row.version)
    history = HistoricalContext(programme=published_then.programme, version=published_then.number)
    return await decide_now(runtime, case.stored_member, event, subject=case, now=now, history=history)


# ---------------------------------------------------------------- writes
async def refund(
    runtime: Runtime,
    *,
    till: Till,
    refund_request: RefundRequest,
    reason: str,
    key: str,
    now: datetime,
    claims: Sequence[Write] = (),
) -> PurchaseRefunded | ParkedRefund:
    """Take back a purchase or a part of it, or of a sale that is still parked; `claims` are the caller's
    writes, in the same commit. Raises UnknownPurchase, RefundTooLarge, NotAllowed, IdempotencyKeyConflict,
    Busy; InvalidInput also where another refund has the identity.
    """
    _check_request(refund_request)
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    receipt_id, refund_id = await refund_request.find_receipt_id(runtime, till), refund_request.refund_id
    request = _request_key(till, receipt_id, refund_request, reason=reason, key=key)
    part = _returned_part(receipt_id, refund_request)

    async def decide() -> DecidedEvent[_RefundCase]:
        case = await _load_case(runtime, receipt_id, till)
        till.require_other_member(case.stored_member)
        if case.receipt.refund_identity(refund_id) is not None:
            raise ReceiptTaken
        _check_lines(case, refund_request)
        return await _decide_refund(runtime, case, refund_request, now=now)

    def bind(decided: DecidedEvent[_RefundCase]) -> BoundReply:
        row, wallets = decided.row, wallets_reply(decided)
        identity = RefundIdentity(refund_id or "", part.content_hash, row.seq, wallets.get("wallets"))
        claim = receipts.refund_write(decided.subject.receipt, row, identity if refund_id else None)
        audit_writes = _audit_writes(till, decided, reason=reason, now=now)
        member_id = decided.stored_member.member.id
        return BoundReply({"member": member_id, "seq": row.seq, **wallets}, [*claims, claim, *audit_writes])

    async def refund_receipt() -> PurchaseRefunded | ParkedRefund:
        return await decide_once(
            runtime,
            request=request,
            queue=receipt_id,
            now=now,
            decide=decide,
            bind=bind,
            answer=lambda decided: _answer(runtime, decided, now=now),
            answer_again=lambda reply: _refunded_before(runtime, receipt_id, reply, now=now),
            answer_taken=lambda: _refunded_by_identity(runtime, request, receipt_id, refund_request, now=now),
        )

    return await refund_parked_too(
        runtime,
        refund_receipt,
        till=till,
        receipt_id=receipt_id,
        part=part,
        reason=reason,
        request=request,
        now=now,
    )


def _request_key(
    till: Till, receipt_id: str, refund_request: RefundRequest, *, reason: str, key: str
) -> RequestKey:
    request_input = {"receipt": receipt_id, **refund_request.content, "reason": reason}
    if refund_request.refund_id is not None:
        request_input["refundId"] = refund_request.refund_id
    return till.request_key("refundPurchase", key, request_input)


async def _answer(runtime: Runtime, decided: DecidedEvent[_RefundCase], *, now: datetime) -> PurchaseRefunded:
    if decided.row.vouchers:
        runtime.stock.mark_stale()
    return _purchase_refunded(decided, await wallets_after(runtime, decided, now=now))


def _purchase_refunded(decided: DecidedEvent[_RefundCase], wallets: Mapping[str, Wallet]) -> PurchaseRefunded:
    case, row = decided.subject, decided.row
    receipt_after = replace(case.receipt, remaining=_refund_of(decided).remaining)
    return PurchaseRefunded(
        purchase_queries.recorded_purchase(receipt_after, case.purchase_row),
        case.stored_member.member.id,
        row.version,
        history_entries.row_history(row),
        wallets,
        _back_of(row),
    )


async def _refunded_before(
    runtime: Runtime, receipt_id: str, reply: Reply, *, now: datetime
) -> PurchaseRefunded | ParkedRefund:
    if (parked := ParkedRefund.from_reply(reply)) is not None:
        return parked
    member_id = str(reply["member"])
    row = await load_bound_row(runtime, member_id, reply)
    purchase = await purchase_queries.find_purchase_by_id(runtime, receipt_id=receipt_id)
    assert purchase is not None, "a refunded receipt is there"
    wallets = await wallets_from_reply(runtime, reply, now=now)
    return PurchaseRefunded(
        purchase, member_id, row.version, history_entries.row_history(row), wallets, _back_of(row)
    )


def _back_of(row: JournalRow) -> PaymentBack:
    assert row.refunded is not None, "a refund's row says what stood and what stands"
    return payment_back(row.refunded.before, row.refunded.remaining)


async def _refunded_by_identity(
    runtime: Runtime, request: RequestKey, receipt_id: str, refund_request: RefundRequest, *, now: datetime
) -> PurchaseRefunded | ParkedRefund:
    """Return what the refund of this identity answered. Raises InvalidInput where it took something else,
    IdempotencyKeyConflict where the key has acted on another input.
    """
    await recall_reply(runtime, request, now=now)
    receipt = await receipts.find(runtime.store, receipt_id)
    identity = receipt.refund_identity(refund_request.refund_id) if receipt is not None else None
    if receipt is None or identity is None:
        raise Stale("the refund is being written")
    if identity.seq is None:
        return refunded_by_identity(identity, _returned_part(receipt_id, refund_request))
    if identity.content_hash != _content_hash(receipt_id, refund_request):
        raise InvalidInput("refundId", "Another refund of this receipt has this identity; make a new one.")
    wallets = {"wallets_of": receipt.member} if identity.wallets is None else {"wallets": identity.wallets}
    reply = {"member": receipt.member, "seq": identity.seq, **wallets}
    return await _refunded_before(runtime, receipt_id, reply, now=now)
