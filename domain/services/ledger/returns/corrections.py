"""Corrections: a receipt decided again for the amount that is right, in one commit under one key.

Only the difference is written. The cashier who recorded a receipt corrects it for ten minutes, a manager at
any time, and a system for the store that it acts for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.model import event_names
from domain.model.ledger.deciding.returns.corrected_receipt import CorrectedReceipt, corrected_receipt
from domain.model.ledger.deciding.returns.journaled import journaled_purchase
from domain.model.ledger.decision import (
    AlreadyCorrect,
    CorrectionRefused,
    DelayedEvent,
    Entry,
    JournalRow,
)
from domain.model.ledger.events import Event, Purchase, Refund
from domain.model.ledger.fiscal.fiscal_record import details_of_total
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.wallet import Wallet
from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.decisions import event_instant, load_member, load_owner
from domain.services.errors import NotAllowed
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_now, decide_once, load_bound_row
from domain.services.ledger import fiscal_records, purchase_queries
from domain.services.ledger.merged.moved_wallets import wallets_after, wallets_from_reply, wallets_reply
from domain.services.ledger.purchase_input import PurchaseInput, PurchaseInputLine, check_purchase_input
from domain.services.ledger.purchase_queries import RecordedPurchase
from domain.services.ledger.returns.own_receipts import load_receipt
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.services.wallet_snapshots import wallets_at
from domain.store import audit
from domain.store.audit import ShiftCounter
from domain.store.document_store import Write
from domain.store.ledger import history_entries, journal, receipts
from domain.store.ledger.history_entries import HistoryEntry
from domain.store.ledger.members import StoredMember
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.ledger.receipts import StoredReceipt
from domain.store.requests import Reply

OWN_TIME = timedelta(minutes=10)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """What a receipt is corrected to: its total in minor units, and its lines; None for those that are known,
    spread over the total. `store` None: the till's own.
    """

    external_id: str
    total: int
    lines: tuple[PurchaseInputLine, ...] | None = None
    store: str | None = None

    async def find_receipt_id(self, runtime: Runtime, till: Till) -> str:
        """Return the identity of the receipt."""
        return await till.find_receipt_id(runtime, "purchase", self.external_id, shop=self.store)

    def as_input(self, currency: str) -> PurchaseInput:
        """Return the receipt as a till would record it."""
        return PurchaseInput(self.external_id, self.total, currency, self.lines or ())


@dataclass(frozen=True, slots=True)
class PurchaseCorrected:
    """What a correction changed: nothing (`is_changed` false) where the receipt was right. `wallets` are as
    they were right after it.
    """

    purchase: RecordedPurchase
    member_id: str
    version: int
    history: tuple[HistoryEntry, ...]
    entries: tuple[Entry, ...]
    wallets: Mapping[str, Wallet]
    is_changed: bool = True


@dataclass(frozen=True, slots=True)
class _CorrectionCase:
    """A correction about to be decided: the receipt as it stands and as it is right, the row that says what
    it gives, the member, and the sale as it was recorded at first.
    """

    receipt: StoredReceipt
    deciding_row: JournalRow
    delayed_rows: tuple[JournalRow, ...]
    scheduled: tuple[DelayedEvent, ...]
    stored_member: StoredMember
    sale: Event
    ruling: PublishedProgramme
    recorded: Purchase
    stated: Purchase

    def corrected(self, correction: CorrectionRequest) -> CorrectedReceipt:
        """Return the receipt as it is right. Raises CorrectionRefused, AlreadyCorrect."""
        remaining = self.receipt.remaining
        assert remaining is not None, "only a purchase is corrected"
        as_input = correction.as_input(self.recorded.currency).as_purchase(self.recorded.store)
        return corrected_receipt(
            self.ruling.programme,
            self.recorded,
            remaining,
            stated=self.stated,
            total=correction.total,
            lines=None if correction.lines is None else as_input.lines,
        )


# ---------------------------------------------------------------- pure rules
def _check_request(
    runtime: Runtime, correction: CorrectionRequest, *, reason: str | None, now: datetime
) -> None:
    programme = runtime.programmes.current().programme
    check_purchase_input(correction.as_input(programme.programme.currency), programme=programme, now=now)
    if reason is not None:
        input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)


def _correction_event(case: _CorrectionCase, after: CorrectedReceipt, at: datetime) -> Event:
    before = case.receipt.remaining
    assert before is not None, "only a purchase is corrected"
    purchase = journaled_purchase(
        case.deciding_row,
        claims=case.receipt.claims,
        delayed=case.delayed_rows,
        scheduled=case.scheduled,
    )
    sold = case.sale.purchase
    assert sold is not None, "a purchase's row has its purchase"
    return Event(
        f"{purchase.key}:corrected:{len(case.receipt.corrections) + 1}",
        event_names.CORRECTED,
        at,
        purchase.source,
        {"from": case.recorded.total, "to": after.purchase.total},
        purchase=after.purchase,
        refund=Refund(purchase, before, after.remaining),
        details=details_of_total(case.sale.details, sold, after.purchase),
    )


def _audit_writes(
    till: Till, decided: DecidedEvent[_CorrectionCase], *, reason: str | None, now: datetime
) -> list[Write]:
    purchase = decided.row.event.purchase
    assert purchase is not None, "a correction's event carries the receipt"
    less = decided.subject.recorded.total - purchase.total
    shift_counts: dict[ShiftCounter, int] = {"refunded": less} if less > 0 else {"purchases": 1}
    return till.audit_writes(
        decided.decision,
        "PURCHASE_CORRECTED",
        now=now,
        subject=purchase.external_id,
        amount=purchase.total,
        shift_counts=shift_counts,
        reason=reason,
    )


# ---------------------------------------------------------------- reads
async def _load_case(runtime: Runtime, receipt_id: str, till: Till, *, now: datetime) -> _CorrectionCase:
    receipt = await load_receipt(runtime, receipt_id, till)
    stored_member, rows, _ = await asyncio.gather(
        load_owner(runtime, receipt.member),
        journal.find_many(
            runtime.store, receipt.member, [receipt.seq, *receipt.corrections, *receipt.delayed]
        ),
        _require_own(runtime, receipt, till, now=now),
    )
    row = rows[receipt.deciding_seq]
    recorded = receipt.corrected or row.event.purchase
    assert recorded is not None, "a purchase's row has its purchase"
    return _CorrectionCase(
        receipt,
        row,
        tuple(rows[seq] for seq in sorted(receipt.delayed)),
        tuple(later for seq in (receipt.seq, *receipt.corrections) for later in rows[seq].delayed),
        stored_member,
        rows[receipt.seq].event,
        await runtime.programmes.load_version(row.version),
        recorded,
        receipt.stated or recorded,
    )


async def _require_own(runtime: Runtime, receipt: StoredReceipt, till: Till, *, now: datetime) -> None:
    """Raise NotAllowed for a cashier who did not record the receipt, or did so more than ten minutes ago."""
    if till.role != "CASHIER":
        return
    act = await audit.find_act(runtime.store, audit.act_id(receipt.member, receipt.seq))
    if act is None or act.actor != till.staff or now > act.at + OWN_TIME:
        raise NotAllowed("ROLE")


async def _check_vouchers(runtime: Runtime, receipt: StoredReceipt, *, total: int) -> None:
    """Raise CorrectionRefused where a voucher that was used on the receipt asks for a higher total."""
    used = await fiscal_records.find_used_vouchers(runtime, receipt_ids=[receipt.id])
    vouchers = used.get(receipt.id, [])
    before_discounts = total + sum(voucher.discount_minor or 0 for voucher in vouchers)
    for voucher in vouchers:
        minimum = voucher.value.minimum if voucher.value is not None else None
        if minimum is not None and before_discounts < minimum:
            raise CorrectionRefused("VOUCHER_MINIMUM", voucher=voucher.id)


# ---------------------------------------------------------------- writes
async def correct(
    runtime: Runtime,
    *,
    till: Till,
    correction: CorrectionRequest,
    key: str,
    now: datetime,
    reason: str | None = None,
    claims: Sequence[Write] = (),
) -> PurchaseCorrected:
    """Correct a receipt; `claims` are the caller's writes, in the same commit as a change. Raises
    UnknownPurchase, CorrectionRefused, NotAllowed, ReceiptTooLarge, InvalidInput, IdempotencyKeyConflict,
    Busy.
    """
    _check_request(runtime, correction, reason=reason, now=now)
    receipt_id = await correction.find_receipt_id(runtime, till)
    lines = correction.as_input("").key_input["lines"] if correction.lines is not None else None
    request_input = {"receipt": receipt_id, "total": correction.total, "lines": lines, "reason": reason}
    request = till.request_key("correctPurchase", key, request_input)

    async def decide() -> DecidedEvent[_CorrectionCase]:
        case = await _load_case(runtime, receipt_id, till, now=now)
        till.require_other_member(case.stored_member)
        till.require_receipt(correction.total)
        after = case.corrected(correction)
        if after.purchase.total < case.recorded.total:
            await _check_vouchers(runtime, case.receipt, total=after.purchase.total)
        event = _correction_event(case, after, event_instant(case.stored_member, now=now))
        history = HistoricalContext(programme=case.ruling.programme, version=case.ruling.number)
        return await decide_now(runtime, case.stored_member, event, subject=case, now=now, history=history)

    def bind(decided: DecidedEvent[_CorrectionCase]) -> BoundReply:
        case, row = decided.subject, decided.row
        stated = case.stated if correction.lines is None else row.event.purchase
        assert stated is not None, "a correction's event carries the receipt"
        reply: Reply = {
            "member": decided.stored_member.member.id,
            "seq": row.seq,
            **wallets_reply(decided),
        }
        claim = receipts.correction_write(case.receipt, row, stated=stated)
        return BoundReply(reply, [*claims, claim, *_audit_writes(till, decided, reason=reason, now=now)])

    async def answer(decided: DecidedEvent[_CorrectionCase]) -> PurchaseCorrected:
        if decided.row.vouchers:
            runtime.stock.mark_stale()
        wallets = await wallets_after(runtime, decided, now=now)
        return _corrected(_receipt_after(decided), decided.row, wallets)

    return await decide_once(
        runtime,
        request=request,
        queue=receipt_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer,
        answer_again=lambda reply: _corrected_before(runtime, receipt_id, reply, now=now),
        answer_already=lambda: _unchanged(runtime, receipt_id, now=now),
    )


def _receipt_after(decided: DecidedEvent[_CorrectionCase]) -> StoredReceipt:
    receipt, row = decided.subject.receipt, decided.row
    assert row.refunded is not None, "a correction's row says what stands"
    corrections = (*receipt.corrections, row.seq)
    return replace(
        receipt, remaining=row.refunded.remaining, corrections=corrections, corrected=row.event.purchase
    )


def _corrected(receipt: StoredReceipt, row: JournalRow, wallets: Mapping[str, Wallet]) -> PurchaseCorrected:
    purchase = purchase_queries.recorded_purchase(receipt, row)
    history = history_entries.row_history(row)
    return PurchaseCorrected(purchase, receipt.member, row.version, history, row.entries, wallets)


async def _corrected_before(
    runtime: Runtime, receipt_id: str, reply: Reply, *, now: datetime
) -> PurchaseCorrected:
    row = await load_bound_row(runtime, str(reply["member"]), reply)
    receipt = await receipts.find(runtime.store, receipt_id)
    assert receipt is not None, "a corrected receipt is there"
    return _corrected(receipt, row, await wallets_from_reply(runtime, reply, now=now))


async def _unchanged(runtime: Runtime, receipt_id: str, *, now: datetime) -> PurchaseCorrected:
    purchase = await purchase_queries.find_purchase_by_id(runtime, receipt_id=receipt_id)
    assert purchase is not None, "a receipt that is right is there"
    stored_member = await load_member(runtime, purchase.member)
    published = runtime.programmes.current()
    wallets = wallets_at(published.programme, stored_member.member, now=now)
    return PurchaseCorrected(purchase, purchase.member, published.number, (), (), wallets, is_changed=False)


__all__ = [
    "AlreadyCorrect",
    "CorrectionRefused",
    "CorrectionRequest",
    "PurchaseCorrected",
    "PurchaseInputLine",
    "correct",
]
