"""What members and staff look at: a member as of this instant, their history, purchases and vouchers. Writes
nothing.

`home` is one command: the newest entries ride on the member. A member whom time has changed and no job has
written is shown as the turn will write them. Lists are windows below a counter: `before` is the counter to
page below, None for the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from domain.services.errors import NotFound
from domain.services.house import House
from domain.store.ledger import journal, members, receipts, vouchers
from domain.store.ledger.journal import PurchaseRow
from domain.store.ledger.members import MAX_RECENT, Details, HistoryEntry, Status, StoredMember
from domain.store.ledger.receipts import StoredReceipt
from domain.store.ledger.vouchers import Voucher
from domain.store.people import contacts

T = TypeVar("T")

WIDEST = 400
RECEIPT_EVENTS = ("purchase:", "refund:")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Seen:
    """A member at an instant. `recent` are the newest entries, newest first; the first `unwritten` of them no
    job has written yet.

    `written` is the journal's counter as it is stored: what time has brought and nobody has written is not in
    it.
    """

    member: Member
    details: Details
    status: Status
    recent: tuple[HistoryEntry, ...]
    profile_version: int
    invited: int = 0
    unwritten: int = 0
    written: int = 0


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A window of a list, newest first; `more` tells whether there are older ones."""

    items: tuple[T, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Receipted:
    """A recorded purchase: what was bought and what is left of it after refunds. `n` counts the member's
    purchases, 0 where not asked.
    """

    id: str
    member: str
    seq: int
    source: str
    at: datetime
    purchase: Purchase
    left: Purchase
    n: int = 0


# ---------------------------------------------------------------- a member
async def home(house: House, *, member_id: str, now: datetime) -> Seen:
    """Return a member as they are at this instant: one command. Raises NotFound."""
    kept = await members.find(house.store, member_id)
    if kept is None:
        raise NotFound(member_id)
    return await seen(house, kept, now=now)


async def homes(house: House, *, member_ids: Iterable[str], now: datetime) -> dict[str, Seen]:
    """Return those members that there are, by id."""
    found = await members.find_many(house.store, list(member_ids))
    return {id: await seen(house, kept, now=now) for id, kept in found.items()}


async def seen(house: House, kept: StoredMember, *, now: datetime) -> Seen:
    """Return a stored member as they are at this instant."""
    published = house.programmes.current()
    programme = published.programme
    member, rows = kept.member, tuple[JournalRow, ...]()
    if kept.status == "active" and kept.next_due.is_due(now=now, version=published.number):
        world = await house.shelf.stock_state(programme, now=now)
        decision = turn(programme, member, until=now, stock=world, version=published.number)
        member, rows = decision.member, decision.rows
    unwritten = tuple(one for row in rows for one in members.row_history(row))
    recent = (*kept.recent, *unwritten)[-max(MAX_RECENT, len(unwritten)) :][::-1]
    await house.programmes.load_versions(one.version for one in recent)
    return Seen(
        member=at_instant(programme, member, now=now),
        details=kept.details,
        status=kept.status,
        recent=recent,
        profile_version=kept.profile_version,
        invited=kept.invited_count,
        unwritten=len(unwritten),
        written=kept.member.seq,
    )


async def known_as(house: House, *, contact: str) -> str | None:
    """Return the member of a membership number, e-mail address or phone number as somebody typed it; None
    where nobody is.
    """
    code = classify(contact)
    if code.kind is CodeKind.NUMBER:
        return await contacts.find_member(house.store, contacts.number_key(code.text))
    try:
        said = spelling.read_contact(contact)
    except spelling.ContactMalformed:
        return None
    return await contacts.find_member(house.store, said.key)


async def world(house: House, *, now: datetime) -> StockState:
    """Return the rewards that are used up, from memory."""
    return await house.shelf.stock_state(house.programmes.current().programme, now=now)


async def stock_left(house: House, *, now: datetime) -> Mapping[str, int]:
    """Return what is left of each limited reward, from memory, a second old at most."""
    programme = house.programmes.current().programme
    issued = await house.shelf.issued(programme, now=now)
    return {
        spec.code: max(0, spec.stock - issued.get(spec.code, 0))
        for spec in programme.rewards
        if spec.stock is not None
    }


# ---------------------------------------------------------------- points
async def history(
    house: House,
    *,
    member_id: str,
    first: int,
    before: int | None = None,
    wallet: str | None = None,
    seen: Seen | None = None,
    now: datetime,
) -> Page[HistoryEntry]:
    """Return entries of all wallets, or of one by its own counter, newest first.

    The newest page comes with the member (`seen`, else one command); a later page is one command and asks for
    no member.
    """
    if before is None:
        seen = seen or await home(house, member_id=member_id, now=now)
        before = _entries_of(seen.member, wallet) + 1
    lowest = max(1, before - first)
    known = _remembered(seen, wallet) if seen is not None else {}
    missing = [n for n in range(lowest, before) if n not in known]
    if missing:
        found = await journal.find_entries(
            house.store, member_id, before=missing[-1] + 1, first=missing[-1] + 1 - missing[0], wallet=wallet
        )
        await house.programmes.load_versions(one.version for one in found)
        known |= {_counter(one, wallet): one for one in found}
    page = tuple(known[n] for n in range(before - 1, lowest - 1, -1) if n in known)
    return Page(page, lowest > 1)


async def row(house: House, *, member_id: str, seq: int) -> JournalRow | None:
    """Return a journal row: the outcomes behind an entry."""
    return await journal.find(house.store, member_id, seq)


async def rows(house: House, *, member_id: str, seqs: Iterable[int]) -> dict[int, JournalRow]:
    """Return journal rows by their seq: one command for a page of explanations."""
    return await journal.find_many(house.store, member_id, sorted(set(seqs)))


async def entry(house: House, *, member_id: str, n: int) -> HistoryEntry | None:
    """Return a member's n-th entry."""
    found = await journal.find_entries(house.store, member_id, before=n + 1, first=1)
    await house.programmes.load_versions(one.version for one in found)
    return found[0] if found else None


def _entries_of(member: Member, wallet: str | None) -> int:
    if wallet is None:
        return member.entries
    return member.wallets[wallet].entries if wallet in member.wallets else 0


def _counter(told: HistoryEntry, wallet: str | None) -> int:
    return told.entry.n if wallet is None else told.entry.wallet_n


def _remembered(seen: Seen, wallet: str | None) -> dict[int, HistoryEntry]:
    return {_counter(one, wallet): one for one in seen.recent if wallet in (None, one.entry.wallet)}


# ---------------------------------------------------------------- purchases
async def purchases(
    house: House,
    *,
    member_id: str,
    first: int,
    before: int | None = None,
    store: str | None = None,
    seen: Seen | None = None,
    now: datetime,
) -> Page[Receipted]:
    """Return purchases, newest first: all, or those of one store among the newest 400 below `before`."""
    if before is None:
        seen = seen or await home(house, member_id=member_id, now=now)
        before = seen.member.purchases.count + 1
    found: list[PurchaseRow] = []
    step, floor = first, max(1, before - WIDEST)
    while len(found) < first and before > floor:
        below = await journal.find_purchases(
            house.store, member_id, before=before, first=min(step, before - floor)
        )
        found += [one for one in below if store in (None, one.purchase.store)]
        before, step = max(floor, before - step), step * 2
    page = found[:first]
    more = len(found) > first or before > 1
    return Page(await _with_refunds(house, member_id, page), more)


async def purchase(house: House, *, source: str, store: str | None, external_id: str) -> Receipted | None:
    """Return a purchase by what is printed on its receipt."""
    return await purchase_by_id(
        house, receipt_id=receipts.purchase_id(source=source, store=store, external_id=external_id)
    )


async def purchase_by_id(house: House, *, receipt_id: str) -> Receipted | None:
    """Return a purchase by its identity."""
    receipt = await receipts.find(house.store, receipt_id)
    if receipt is None or receipt.remaining is None:
        return None
    found = await journal.find(house.store, receipt.member, receipt.seq)
    return receipted(receipt, found) if found is not None else None


async def purchases_by_id(house: House, *, receipt_ids: Iterable[str]) -> dict[str, Receipted]:
    """Return those purchases that there are, by their identity: one command, and one a member for their
    rows.
    """
    found = {
        id: one
        for id, one in (await receipts.find_many(house.store, sorted(set(receipt_ids)))).items()
        if one.remaining is not None
    }
    out: dict[str, Receipted] = {}
    for member in dict.fromkeys(one.member for one in found.values()):
        theirs = [one for one in found.values() if one.member == member]
        by_seq = await journal.find_many(house.store, member, [one.seq for one in theirs])
        out |= {one.id: receipted(one, by_seq[one.seq]) for one in theirs if one.seq in by_seq}
    return out


def purchase_named(event_id: str) -> str | None:
    """Return the identity of the purchase that an event is about: itself, a refund of it, or what a rule did
    later.
    """
    for prefix in RECEIPT_EVENTS:
        if event_id.startswith(prefix):
            return event_id.removeprefix(prefix)[:64]
    return None


def receipted(receipt: StoredReceipt, row: JournalRow, *, n: int = 0) -> Receipted:
    """Return a purchase of its receipt and its journal row."""
    assert row.event.purchase is not None, "a receipt leads to a purchase's row"
    assert receipt.remaining is not None, "a purchase's receipt says what is left"
    return Receipted(
        receipt.id,
        receipt.member,
        receipt.seq,
        row.event.source,
        row.event.at,
        row.event.purchase,
        receipt.remaining,
        n,
    )


async def _with_refunds(house: House, member: str, page: Iterable[PurchaseRow]) -> tuple[Receipted, ...]:
    ids = {one.seq: purchase_named(one.event_id) or "" for one in page}
    found = await receipts.find_many(house.store, list(ids.values())) if ids else {}
    out = []
    for one in page:
        receipt = found.get(ids[one.seq])
        left = receipt.remaining if receipt is not None and receipt.remaining is not None else one.purchase
        out.append(
            Receipted(
                ids[one.seq], member, one.seq, one.source, one.purchased_at, one.purchase, left, one.number
            )
        )
    return tuple(out)


# ---------------------------------------------------------------- vouchers
async def voucher(house: House, *, voucher_id: str) -> Voucher | None:
    """Return a voucher."""
    return await vouchers.find(house.store, voucher_id)


async def vouchers_named(house: House, *, voucher_ids: Iterable[str]) -> dict[str, Voucher]:
    """Return those vouchers that there are, by id: one command for a page of entries."""
    return await vouchers.find_many(house.store, sorted(set(voucher_ids)))


def voucher_code(house: House, voucher: Voucher) -> str | None:
    """Return the code of a voucher, for its owner alone."""
    return vouchers.code_of(house.store, voucher)


async def vouchers_of(
    house: House,
    *,
    member_id: str,
    first: int,
    before: int | None = None,
    seen: Seen | None = None,
    now: datetime,
) -> Page[Voucher]:
    """Return a member's vouchers, newest first; `before` is a voucher's `n`."""
    if before is None:
        seen = seen or await home(house, member_id=member_id, now=now)
        before = seen.member.issued + 1
    page = await vouchers.find_by_member(house.store, member_id, before=before, first=first)
    return Page(page, before - first > 1)
