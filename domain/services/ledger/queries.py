"""Reads of members and staff: a member as of an instant, their history, purchases and vouchers.

`load_member_view` is one command: the newest entries are stored with the member. A member whom time has
changed but no turn has written is shown as the turn will write them. Lists are windows below a counter:
`before` is the counter to read below, None for the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Generic, TypeVar

from domain.model.ledger.decide import at_instant
from domain.model.ledger.decision import JournalRow, StockState
from domain.model.ledger.member import Member
from domain.model.ledger.timeline import turn
from domain.model.people import contacts as spelling
from domain.model.people.codes import CodeKind, classify
from domain.model.programme import Programme
from domain.model.values import dataclass
from domain.services.errors import NotFound
from domain.services.runtime import Runtime
from domain.store.archive.archived_history import ArchivedHistory
from domain.store.ledger import history_entries, journal, members, vouchers
from domain.store.ledger.history_entries import HistoryEntry, RecentEntries
from domain.store.ledger.members import Status, StoredMember
from domain.store.ledger.vouchers import Voucher
from domain.store.people import contacts
from domain.store.people.details import Details

T = TypeVar("T")

MAX_SEARCH_WINDOW = 400


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class MemberView:
    """A member at an instant.

    Of the newest entries the last `unwritten_count` of `recent` are not stored yet.
    `written_seq` is the journal counter as stored: it does not count what time brought and no turn has
    written. `archived` says where the history in the database begins.
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
    erase_at: datetime | None = None
    merged: tuple[str, ...] = ()
    archived: ArchivedHistory | None = None

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


# ---------------------------------------------------------------- a member
async def load_member_view(runtime: Runtime, *, member_id: str, now: datetime) -> MemberView:
    """Return a member as of an instant, in one command; a merged one leads to the one that took it over.
    Raises NotFound.
    """
    stored_member = await members.find_open(runtime.store, member_id)
    if stored_member is None:
        raise NotFound(member_id)
    return await member_view_of(runtime, stored_member, now=now)


async def load_member_views(
    runtime: Runtime, *, member_ids: Iterable[str], now: datetime
) -> dict[str, MemberView]:
    """Return the members that exist, by id; of a merged membership the one that took it over."""
    members_by_id = await members.find_many(runtime.store, list(member_ids))
    for id, stored_member in list(members_by_id.items()):
        if stored_member.status == "merged" and (open_member := await members.find_open(runtime.store, id)):
            members_by_id[id] = open_member
    return {id: await member_view_of(runtime, kept, now=now) for id, kept in members_by_id.items()}


async def member_view_of(runtime: Runtime, stored_member: StoredMember, *, now: datetime) -> MemberView:
    """Return a stored member as of an instant."""
    published = runtime.programmes.current()
    programme = published.programme
    member, rows = stored_member.member, tuple[JournalRow, ...]()
    if stored_member.status == "active" and runtime.programmes.may_be_due(stored_member, now=now):
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
        erase_at=stored_member.erase_at,
        merged=stored_member.merged,
        archived=stored_member.archived,
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
