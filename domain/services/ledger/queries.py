"""Reads of members and staff: a member as of an instant, their history, purchases and vouchers.

`load_member_view` is one command: the newest entries are stored with the member. A member whom time has
changed but no turn has written is shown as the turn will write them. Lists are windows below a counter:
`before` is the counter to read below, None for the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from domain.model.ledger.decide import at_instant
from domain.model.ledger.decision import JournalRow, StockState
from domain.model.ledger.events import Purchase
from domain.model.ledger.member import Member
from domain.model.ledger.timeline import turn
from domain.model.people import contacts as spelling
from domain.model.people.codes import CodeKind, classify
from domain.model.programme import Programme
from domain.services.errors import NotFound
from domain.services.runtime import Runtime
from domain.store.ledger import history_entries, journal, members, receipts, vouchers
from domain.store.ledger.history_entries import HistoryEntry, RecentEntries
from domain.store.ledger.journal import PurchaseRow
from domain.store.ledger.members import Status, StoredMember
from domain.store.ledger.receipts import StoredReceipt
from domain.store.ledger.vouchers import Voucher
from domain.store.people import contacts
from domain.store.people.details import Details

T = TypeVar("T")

MAX_SEARCH_WINDOW = 400
PURCHASES_PER_READ = 25
MAX_PAGE_LINES = 2_000
RECEIPT_EVENT_PREFIXES = ("purchase:", "refund:")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class MemberView:
    """A member at an instant.

    Of the newest entries the last `unwritten_count` of `recent` are not stored yet.
    `written_seq` is the journal counter as stored: it does not count what time brought and no turn has
    written.
    """

    member: Member
    details: Details
    status: Status
    recent: RecentEntries
    profile_version: int
    invited_count: int = 0
    unwritten_count: int = 0
    written_seq: int = 0
    employees: tuple[str, ...] = ()

    @property
    def recent_entries(self) -> tuple[HistoryEntry, ...]:
        """The newest entries, newest first."""
        return self.recent[::-1]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A window of a list, newest first. `has_more` tells whether there are older items; where a filter left a
    window short, `read_down_to` is the counter down to which it was searched.
    """

    items: tuple[T, ...]
    has_more: bool
    read_down_to: int | None = None


@dataclass(frozen=True, slots=True)
class RecordedPurchase:
    """A recorded purchase, and what is left of it after refunds.

    `number` counts the member's purchases; it is 0 where the caller did not ask for it. `later_seqs` are the
    rows of its refunds and delayed rules.
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
            row.event.at,
            row.event.purchase,
            remaining,
            later_seqs=later_seqs,
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


# ---------------------------------------------------------------- a member
async def load_member_view(runtime: Runtime, *, member_id: str, now: datetime) -> MemberView:
    """Return a member as of an instant, in one command. Raises NotFound."""
    stored_member = await members.find(runtime.store, member_id)
    if stored_member is None:
        raise NotFound(member_id)
    return await member_view_of(runtime, stored_member, now=now)


async def load_member_views(
    runtime: Runtime, *, member_ids: Iterable[str], now: datetime
) -> dict[str, MemberView]:
    """Return the members that exist, by id."""
    members_by_id = await members.find_many(runtime.store, list(member_ids))
    return {id: await member_view_of(runtime, kept, now=now) for id, kept in members_by_id.items()}


async def member_view_of(runtime: Runtime, stored_member: StoredMember, *, now: datetime) -> MemberView:
    """Return a stored member as of an instant."""
    published = runtime.programmes.current()
    programme = published.programme
    member, rows = stored_member.member, tuple[JournalRow, ...]()
    if stored_member.status == "active" and stored_member.next_due.is_due(now=now, version=published.number):
        stock = await runtime.stock.stock_state(programme, now=now)
        decision = turn(programme, member, until=now, stock=stock, version=published.number)
        member, rows = decision.member, decision.rows
    unwritten = tuple(one for row in rows for one in history_entries.row_history(row))
    return MemberView(
        member=at_instant(programme, member, now=now),
        details=stored_member.details,
        status=stored_member.status,
        recent=stored_member.recent.followed_by(unwritten),
        profile_version=stored_member.profile_version,
        invited_count=stored_member.invited_count,
        unwritten_count=len(unwritten),
        written_seq=stored_member.member.seq,
        employees=stored_member.employees,
    )


async def find_member_by_contact(runtime: Runtime, *, contact: str) -> str | None:
    """Return the member of a typed membership number, e-mail address or phone number; None where there is
    none.
    """
    code = classify(contact)
    if code.kind is CodeKind.NUMBER:
        return await contacts.find_member(runtime.store, contacts.number_key(code.text))
    try:
        contact_read = spelling.read_contact(contact)
    except spelling.ContactMalformed:
        return None
    return await contacts.find_member(runtime.store, contact_read.key)


async def stock_state(runtime: Runtime, *, now: datetime) -> StockState:
    """Return the rewards that are out of stock, from memory."""
    return await runtime.stock.stock_state(runtime.programmes.current().programme, now=now)


def known_stock_state(runtime: Runtime, *, now: datetime) -> StockState | None:
    """Return the same without waiting; None where the counts have to be read."""
    return runtime.stock.known_stock_state(runtime.programmes.current().programme, now=now)


async def stock_left(runtime: Runtime, *, now: datetime) -> Mapping[str, int]:
    """Return what is left of each limited reward, from memory, a second old at most."""
    programme = runtime.programmes.current().programme
    return _left_of(programme, await runtime.stock.issued(programme, now=now))


def known_stock_left(runtime: Runtime, *, now: datetime) -> Mapping[str, int] | None:
    """Return the same without waiting; None where the counts have to be read."""
    programme = runtime.programmes.current().programme
    issued = runtime.stock.known_issued(programme, now=now)
    return None if issued is None else _left_of(programme, issued)


def _left_of(programme: Programme, issued: Mapping[str, int]) -> Mapping[str, int]:
    return {
        spec.code: max(0, spec.stock - issued.get(spec.code, 0))
        for spec in programme.rewards
        if spec.stock is not None
    }


# ---------------------------------------------------------------- points
async def load_rows(runtime: Runtime, *, member_id: str, seqs: Iterable[int]) -> dict[int, JournalRow]:
    """Return journal rows by their seq: one command for a page of explanations."""
    return await journal.find_many(runtime.store, member_id, sorted(set(seqs)))


# ---------------------------------------------------------------- purchases
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
    step, floor = min(first, PURCHASES_PER_READ), max(1, before - MAX_SEARCH_WINDOW)
    while _is_open_page(purchase_rows, first) and before > floor:
        rows_below = await journal.find_purchases(
            runtime.store, member_id, before=before, first=min(step, before - floor)
        )
        purchase_rows += [one for one in rows_below if wanted.accepts(one)]
        before = max(floor, before - step)
        step = step if wanted.is_open else step * 2
    page = _cut_page(purchase_rows, first)
    is_cut = len(purchase_rows) > len(page)
    read_down_to = before if before > 1 and not is_cut and not wanted.is_open else None
    return Page(await _with_refunds(runtime, member_id, page), is_cut or before > 1, read_down_to)


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
    return RecordedPurchase.from_row(
        receipt.id, receipt.member, row, remaining=receipt.remaining, later_seqs=_later_seqs(receipt)
    )


def _later_seqs(receipt: StoredReceipt | None) -> tuple[int, ...]:
    return tuple(sorted((*receipt.delayed, *receipt.refunds))) if receipt is not None else ()


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
                purchase_row.purchase,
                remaining,
                purchase_row.number,
                _later_seqs(receipt),
            )
        )
    return tuple(recorded_purchases)


# ---------------------------------------------------------------- vouchers
async def find_vouchers(runtime: Runtime, *, voucher_ids: Iterable[str]) -> dict[str, Voucher]:
    """Return the vouchers that exist, by id: one command for a page of entries."""
    return await vouchers.find_many(runtime.store, sorted(set(voucher_ids)))


def voucher_code(runtime: Runtime, voucher: Voucher) -> str | None:
    """Return the code of a voucher, for its owner alone."""
    return vouchers.code_of(runtime.store, voucher)


async def list_vouchers(
    runtime: Runtime,
    *,
    member_id: str,
    first: int,
    before: int | None = None,
    member_view: MemberView | None = None,
    now: datetime,
) -> Page[Voucher]:
    """Return a member's vouchers, newest first. `before` is the `number` of a voucher."""
    if before is None:
        member_view = member_view or await load_member_view(runtime, member_id=member_id, now=now)
        before = member_view.member.issued + 1
    page = await vouchers.find_by_member(runtime.store, member_id, before=before, first=first)
    return Page(page, before - first > 1)
