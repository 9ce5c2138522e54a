"""The fiscal records of receipts: of one as the API shows it, and of all of some days for the export.

A receipt stands on the day on which it was made, each of its refunds and corrections on its own, in the
programme's zone. What a delayed rule granted stands on the day on which it did. Discounts are those of the
vouchers that were used on the receipt, whenever that was noted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from domain.model.calendar import local_day, start_of
from domain.model.event_names import CORRECTED, REFUNDED
from domain.model.ledger.deciding.opening import is_history
from domain.model.ledger.decision import Entry
from domain.model.ledger.events import Event, Purchase
from domain.model.ledger.fiscal.discounts import discount_within
from domain.model.ledger.fiscal.fiscal_record import (
    FiscalPart,
    FiscalRecord,
    correction_record,
    credit_parts,
    refund_record,
    sale_record,
)
from domain.model.values import dataclass
from domain.services.ledger.purchase_queries import receipt_id_of_event
from domain.services.runtime import Runtime
from domain.store.ledger import vouchers
from domain.store.ledger.journal_stream import BATCH_SIZE
from domain.store.ledger.receipt_rows import (
    ReceiptRow,
    find_receipt_rows,
    find_whole_receipts,
    stream_receipt_rows,
)
from domain.store.ledger.vouchers import Voucher

FiscalDocumentKind = Literal["sale", "refund", "correction", "award"]
DayProgress = Callable[[int], None]
_KINDS: Mapping[str, FiscalDocumentKind] = {REFUNDED: "refund", CORRECTED: "correction"}


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class FiscalDocument:
    """A receipt, a refund or a correction of it, or what a delayed rule granted for it later (`award`), with
    its record.
    """

    kind: FiscalDocumentKind
    day: date
    at: datetime
    source: str
    store: str | None
    receipt: str
    refund: int | None
    currency: str
    record: FiscalRecord


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows of receipts, and what was read beside them: the rows of the sales that were refunded or corrected,
    with those of their corrections, and the vouchers that were used, both by receipt id.
    """

    rows: Sequence[ReceiptRow]
    sales: Mapping[str, Sequence[ReceiptRow]]
    vouchers: Mapping[str, Sequence[Voucher]]

    def sale_before(self, receipt_id: str, row: ReceiptRow) -> ReceiptRow:
        """Return the row that said what the sale was before a refund or a correction of it."""
        return max((sale for sale in self.sales[receipt_id] if sale.seq < row.seq), key=lambda sale: sale.seq)


# ---------------------------------------------------------------- pure rules
def discount_parts(used: Iterable[Voucher], purchase: Purchase) -> list[FiscalPart]:
    """Return what vouchers took off a purchase: what was noted with their use, else what their value says."""
    return [
        FiscalPart(
            "DISCOUNT",
            "VOUCHER",
            voucher.reward,
            discount_within(voucher.value, purchase.total)
            if voucher.discount_minor is None
            else voucher.discount_minor,
            voucher=voucher.id,
        )
        for voucher in used
    ]


def record_of_sale(
    event: Event, entries: Sequence[Entry], used: Sequence[Voucher], money_wallets: frozenset[str]
) -> FiscalRecord:
    """Return the record of a purchase's event and the entries of its row."""
    purchase = event.purchase
    assert purchase is not None, "a sale's event has its purchase"
    return sale_record(
        purchase,
        details=event.details,
        discounts=discount_parts(used, purchase),
        entries=entries,
        money_wallets=money_wallets,
    )


def _record_of_row(batch: _Batch, row: ReceiptRow, money_wallets: frozenset[str]) -> FiscalRecord:
    receipt_id = receipt_id_of_event(row.event.id) or ""
    used = batch.vouchers.get(receipt_id, ())
    if row.before is None or row.remaining is None:
        if row.event.delayed_rule is not None:
            return FiscalRecord(credit_parts(row.entries, money_wallets))
        return record_of_sale(row.event, row.entries, used, money_wallets)
    sale = batch.sale_before(receipt_id, row)
    assert sale.event.purchase is not None, "only a purchase is refunded"
    if row.event.name == CORRECTED:
        return correction_record(
            record_of_sale(sale.event, (), used, frozenset()),
            record_of_sale(row.event, (), used, frozenset()),
            entries=row.entries,
            money_wallets=money_wallets,
        )
    return refund_record(
        record_of_sale(sale.event, (), used, frozenset()),
        total=sale.event.purchase.total,
        before=row.before,
        remaining=row.remaining,
        entries=row.entries,
        money_wallets=money_wallets,
    )


# ---------------------------------------------------------------- reads
async def load_money_wallets(runtime: Runtime, version: int) -> frozenset[str]:
    """Return the money wallets of a version of the programme; hidden ones are credit to nobody."""
    programme = (await runtime.programmes.load_version(version)).programme
    return frozenset(spec.code for spec in programme.wallets if spec.kind == "money" and not spec.hidden)


async def find_used_vouchers(runtime: Runtime, *, receipt_ids: Iterable[str]) -> dict[str, list[Voucher]]:
    """Return the vouchers that were used on receipts, by receipt id: one command."""
    by_receipt: dict[str, list[Voucher]] = {}
    for voucher in await vouchers.find_by_receipts(runtime.store, sorted(set(receipt_ids))):
        by_receipt.setdefault(str(voucher.receipt), []).append(voucher)
    return by_receipt


async def iterate_documents(
    runtime: Runtime, *, since: date, until: date, progress: DayProgress
) -> AsyncIterator[FiscalDocument]:
    """Yield the fiscal documents of local days, both ends included, in the order of their instants.

    No more than a batch is in memory. `progress` gets the number of days done.
    """
    zone = runtime.programme.zone
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        start, end = start_of(day, zone), start_of(day + timedelta(days=1), zone)
        rows: list[ReceiptRow] = []
        async for row in stream_receipt_rows(runtime.store, start=start, end=end):
            rows.append(row)
            if len(rows) == BATCH_SIZE:
                async for document in _documents(runtime, rows):
                    yield document
                rows = []
        async for document in _documents(runtime, rows):
            yield document
        progress(number + 1)


async def _documents(runtime: Runtime, rows: Sequence[ReceiptRow]) -> AsyncIterator[FiscalDocument]:
    if not rows:
        return
    batch = await _load_batch(runtime, rows)
    for row in batch.rows:
        if is_history(row.event):
            continue  # it stands in the books of the system that it was brought from
        record = _record_of_row(batch, row, await load_money_wallets(runtime, row.version))
        is_award = row.event.delayed_rule is not None
        if not is_award or record.parts:
            yield _document(row, record, runtime, kind="award" if is_award else None)


def _document(
    row: ReceiptRow, record: FiscalRecord, runtime: Runtime, *, kind: FiscalDocumentKind | None
) -> FiscalDocument:
    event = row.event
    assert event.purchase is not None, "a receipt's row has its purchase"
    is_refund = event.name == REFUNDED
    return FiscalDocument(
        kind=kind or _KINDS.get(event.name, "sale"),
        day=local_day(event.at, runtime.programme.zone),
        at=event.at,
        source=event.source,
        store=event.purchase.store,
        receipt=event.purchase.external_id,
        refund=int(event.id.rpartition(":")[2]) if is_refund else None,
        currency=event.purchase.currency,
        record=record,
    )


async def _load_batch(runtime: Runtime, rows: Sequence[ReceiptRow]) -> _Batch:
    ids = {receipt_id_of_event(row.event.id) or "" for row in rows if row.event.delayed_rule is None}
    refunded = {receipt_id_of_event(row.event.id) or "" for row in rows if row.remaining is not None}
    stored = await find_whole_receipts(runtime.store, sorted(refunded)) if refunded else {}
    keys = {
        id: [(receipt.member, seq) for seq in (receipt.seq, *receipt.corrections)]
        for id, receipt in stored.items()
    }
    every = [key for of_receipt in keys.values() for key in of_receipt]
    sale_rows = await find_receipt_rows(runtime.store, every) if every else {}
    return _Batch(
        rows,
        {id: [sale_rows[key] for key in of_receipt] for id, of_receipt in keys.items()},
        await find_used_vouchers(runtime, receipt_ids=ids),
    )
