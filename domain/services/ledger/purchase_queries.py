"""Reading recorded purchases: a page of a member's, one by its receipt, with what was refunded since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Purchase
from domain.model.values import dataclass
from domain.services.ledger.queries import MAX_SEARCH_WINDOW, MemberView, Page, load_member_view
from domain.services.runtime import Runtime
from domain.store.ledger import journal, receipts
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.journal import PurchaseRow
from domain.store.ledger.receipts import StoredReceipt

PURCHASES_PER_READ = 25
MAX_PAGE_LINES = 2_000
RECEIPT_EVENT_PREFIXES = ("purchase:", "refund:")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class RecordedPurchase:
    """A recorded purchase, and what is left of it after refunds.

    `number` counts the member's purchases; it is 0 where the caller did not ask for it. `later_seqs` are the
    rows of its refunds, corrections and delayed rules, `corrections` those of its corrections alone. `row` is
    its journal row, where it was read whole.
    """

    id: str
    member: str
    seq: int
    source: str
    purchased_at: datetime
    purchase: Purchase
    remaining: Purchase
    number: int = 0
    later_seqs: tuple[int, ...] = ()
    corrections: tuple[int, ...] = ()
    row: JournalRow | None = None

    @property
    def deciding_seq(self) -> int:
        """Return the row that says what it gives: that of its last correction, else its own."""
        return self.corrections[-1] if self.corrections else self.seq

    @classmethod
    def from_row(
        cls,
        receipt_id: str,
        member: str,
        row: JournalRow,
        *,
        remaining: Purchase,
        later_seqs: tuple[int, ...] = (),
    ) -> RecordedPurchase:
        """Return the purchase of a journal row, with what refunds have left of it."""
        assert row.event.purchase is not None, "a purchase's row has its purchase"
        return cls(
            receipt_id,
            member,
            row.seq,
            row.event.source,
            (row.refunded.purchased_at if row.refunded is not None else None) or row.event.at,
            row.event.purchase,
            remaining,
            later_seqs=later_seqs,
            row=row,
        )


@dataclass(frozen=True, slots=True)
class PurchaseFilter:
    """Which purchases of a list are wanted; None for all. `until` is exclusive."""

    store: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether every purchase is wanted."""
        return self == PurchaseFilter()

    def accepts(self, row: PurchaseRow) -> bool:
        """Tell whether a purchase is wanted."""
        return (
            self.store in (None, row.purchase.store)
            and (self.since is None or row.purchased_at >= self.since)
            and (self.until is None or row.purchased_at < self.until)
        )


# ---------------------------------------------------------------- reads
async def list_purchases(
    runtime: Runtime,
    *,
    member_id: str,
    first: int,
    before: int | None = None,
    wanted: PurchaseFilter | None = None,
    member_view: MemberView | None = None,
    now: datetime,
) -> Page[RecordedPurchase]:
    """Return purchases, newest first: all, or those that are wanted among the newest 400 below `before`.

    A page ends early, with more to come, after the receipt that brings its lines to MAX_PAGE_LINES.
    """
    if before is None:
        member_view = member_view or await load_member_view(runtime, member_id=member_id, now=now)
        before = member_view.member.purchases.count + 1
    wanted = wanted or PurchaseFilter()
    purchase_rows: list[PurchaseRow] = []
    archived = member_view.archived if member_view is not None else None
    end = archived.purchases + 1 if archived is not None else 1
    step, floor = min(first, PURCHASES_PER_READ), max(end, before - MAX_SEARCH_WINDOW)
    while _is_open_page(purchase_rows, first) and before > floor:
        rows_below = await journal.find_purchases(
            runtime.store, member_id, before=before, first=min(step, before - floor)
        )
        purchase_rows += [one for one in rows_below if wanted.accepts(one)]
        before = max(floor, before - step)
        step = step if wanted.is_open else step * 2
    page = _cut_page(purchase_rows, first)
    is_cut = len(purchase_rows) > len(page)
    if not purchase_rows and before > 1 and archived is None:  # are the rest in the archive?
        archived = await journal_bases.find_archived(runtime.store, member_id)
        end = archived.purchases + 1 if archived is not None else 1
    read_down_to = before if before > end and not is_cut and not wanted.is_open else None
    return Page(await _with_refunds(runtime, member_id, page), is_cut or before > end, read_down_to)


def _is_open_page(purchase_rows: Sequence[PurchaseRow], first: int) -> bool:
    lines = sum(len(row.purchase.lines) for row in purchase_rows)
    return len(purchase_rows) < first and lines < MAX_PAGE_LINES


def _cut_page(purchase_rows: Sequence[PurchaseRow], first: int) -> Sequence[PurchaseRow]:
    lines = 0
    for place, row in enumerate(purchase_rows[:first]):
        lines += len(row.purchase.lines)
        if lines >= MAX_PAGE_LINES:
            return purchase_rows[: place + 1]
    return purchase_rows[:first]


async def find_purchase(
    runtime: Runtime, *, source: str, store: str | None, external_id: str
) -> RecordedPurchase | None:
    """Return a purchase by what is printed on its receipt."""
    receipt_id = await receipts.find_id(
        runtime.store, "purchase", source=source, shop=store, external_id=external_id
    )
    return await find_purchase_by_id(runtime, receipt_id=receipt_id)


async def find_purchase_by_id(runtime: Runtime, *, receipt_id: str) -> RecordedPurchase | None:
    """Return a purchase by its receipt id."""
    receipt = await receipts.find(runtime.store, receipt_id)
    if receipt is None or receipt.remaining is None:
        return None
    purchase_row = await journal.find(runtime.store, receipt.member, receipt.seq)
    return recorded_purchase(receipt, purchase_row) if purchase_row is not None else None


async def find_purchases_by_id(
    runtime: Runtime, *, receipt_ids: Iterable[str]
) -> dict[str, RecordedPurchase]:
    """Return the purchases that exist, by receipt id: one command, and one for the rows of each member."""
    receipts_by_id = {
        id: one
        for id, one in (await receipts.find_many(runtime.store, sorted(set(receipt_ids)))).items()
        if one.remaining is not None
    }
    out: dict[str, RecordedPurchase] = {}
    for member in dict.fromkeys(one.member for one in receipts_by_id.values()):
        member_receipts = [one for one in receipts_by_id.values() if one.member == member]
        by_seq = await journal.find_many(runtime.store, member, [one.seq for one in member_receipts])
        out |= {
            one.id: recorded_purchase(one, by_seq[one.seq]) for one in member_receipts if one.seq in by_seq
        }
    return out


def receipt_id_of_event(event_id: str) -> str | None:
    """Return the receipt id of an event: of a purchase, of its refund, or of a delayed rule of it."""
    for prefix in RECEIPT_EVENT_PREFIXES:
        if event_id.startswith(prefix):
            return event_id.removeprefix(prefix)[:64]
    return None


def recorded_purchase(receipt: StoredReceipt, row: JournalRow) -> RecordedPurchase:
    """Return the purchase of a receipt and its journal row."""
    assert receipt.remaining is not None, "a purchase's receipt says what is left"
    recorded = RecordedPurchase.from_row(
        receipt.id, receipt.member, row, remaining=receipt.remaining, later_seqs=_later_seqs(receipt)
    )
    return replace(
        recorded,
        seq=receipt.seq,
        purchase=receipt.corrected or recorded.purchase,
        corrections=receipt.corrections,
    )


def _later_seqs(receipt: StoredReceipt | None) -> tuple[int, ...]:
    if receipt is None:
        return ()
    return tuple(sorted((*receipt.delayed, *receipt.refunds, *receipt.corrections)))


async def _with_refunds(
    runtime: Runtime, member: str, page: Iterable[PurchaseRow]
) -> tuple[RecordedPurchase, ...]:
    receipt_ids = {one.seq: receipt_id_of_event(one.event_id) or "" for one in page}
    receipts_by_id = (
        await receipts.find_many(runtime.store, list(receipt_ids.values())) if receipt_ids else {}
    )
    recorded_purchases = []
    for purchase_row in page:
        receipt = receipts_by_id.get(receipt_ids[purchase_row.seq])
        remaining = (
            receipt.remaining
            if receipt is not None and receipt.remaining is not None
            else purchase_row.purchase
        )
        recorded_purchases.append(
            RecordedPurchase(
                receipt_ids[purchase_row.seq],
                member,
                purchase_row.seq,
                purchase_row.source,
                purchase_row.purchased_at,
                (receipt.corrected if receipt is not None else None) or purchase_row.purchase,
                remaining,
                purchase_row.number,
                _later_seqs(receipt),
                receipt.corrections if receipt is not None else (),
            )
        )
    return tuple(recorded_purchases)
