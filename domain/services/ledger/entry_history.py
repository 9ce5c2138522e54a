"""A member's entries, newest first, by windows on gapless counters.

The newest entries are stored with the member; a later page reads one window of the journal. Counters are
gapless, so a window that lacks its oldest entries has reached those that stand in the archive: the list ends
there.
"""

from __future__ import annotations

from datetime import datetime

from domain.model.ledger.decision import EntryKind
from domain.model.ledger.member import Member
from domain.model.values import dataclass
from domain.services.ledger.queries import MAX_SEARCH_WINDOW, MemberView, Page, load_member_view
from domain.services.runtime import Runtime
from domain.store.ledger import journal
from domain.store.ledger.history_entries import HistoryEntry

MAX_HIDDEN_WINDOWS = 10


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries of a history are wanted; None and no kinds for all. `until` is exclusive. `store` is
    where their purchase was made, or their voucher used.
    """

    kinds: frozenset[EntryKind] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    store: str | None = None

    def accepts(self, history_entry: HistoryEntry) -> bool:
        """Tell whether an entry is wanted, wherever it is from."""
        return (
            (not self.kinds or history_entry.kind in self.kinds)
            and (self.since is None or history_entry.at >= self.since)
            and (self.until is None or history_entry.at < self.until)
        )


async def list_history(
    runtime: Runtime,
    *,
    member_id: str,
    first: int,
    before: int | None = None,
    wallet: str | None = None,
    hidden: frozenset[str] = frozenset(),
    wanted: EntryFilter | None = None,
    member_view: MemberView | None = None,
    now: datetime,
) -> Page[HistoryEntry]:
    """Return entries of all wallets but `hidden` ones, or of one by its own counter, newest first; only those
    that are `wanted`, where that is said.

    The newest page comes with the member (`member_view`, else one command). A later page is one command; more
    only where entries of hidden wallets, or a filter, leave it short, up to 4,000 entries down. A filter by
    store reads one more for each.
    """
    if before is None:
        member_view = member_view or await load_member_view(runtime, member_id=member_id, now=now)
        before = entry_count(member_view.member, wallet) + 1
    lowest = max(1, before - first)
    page = await _history_window(runtime, member_id, lowest, before, wallet, member_view)
    hidden = hidden if wallet is None else frozenset()
    is_end = _is_end(page, lowest, wallet, member_view)
    if not hidden and wanted is None:
        return Page(page, not is_end)

    async def shown_of(page: tuple[HistoryEntry, ...]) -> list[HistoryEntry]:
        shown = [
            each for each in page if each.wallet not in hidden and (wanted is None or wanted.accepts(each))
        ]
        if wanted is None or wanted.store is None or not shown:
            return shown
        stores = await journal.find_stores(runtime.store, member_id, {each.seq for each in shown})
        return [each for each in shown if stores.get(each.seq) == wanted.store]

    shown = await shown_of(page)
    floor = max(1, before - MAX_HIDDEN_WINDOWS * MAX_SEARCH_WINDOW)
    while len(shown) <= first and lowest > floor and not is_end:
        before, lowest = lowest, max(floor, lowest - MAX_SEARCH_WINDOW)
        page = await _history_window(runtime, member_id, lowest, before, wallet, member_view)
        is_end = _is_end(page, lowest, wallet, member_view)
        shown += await shown_of(page)
    is_unread = wanted is not None and len(shown) <= first and not is_end
    return Page(tuple(shown[:first]), len(shown) > first or is_unread, lowest if is_unread else None)


def _is_end(
    page: tuple[HistoryEntry, ...], lowest: int, wallet: str | None, member_view: MemberView | None
) -> bool:
    """Tell whether nothing older than a window stands in the database."""
    if lowest == 1 or not page or _entry_number(page[-1], wallet) > lowest:
        return True
    archived = member_view.archived if member_view is not None and wallet is None else None
    return archived is not None and lowest <= archived.entries + 1


async def _history_window(
    runtime: Runtime,
    member_id: str,
    lowest: int,
    before: int,
    wallet: str | None,
    member_view: MemberView | None,
) -> tuple[HistoryEntry, ...]:
    known_entries = _recent_by_number(member_view, wallet) if member_view is not None else {}
    missing = [n for n in range(lowest, before) if n not in known_entries]
    if missing:
        history_entries = await journal.find_entries(
            runtime.store,
            member_id,
            before=missing[-1] + 1,
            first=missing[-1] + 1 - missing[0],
            wallet=wallet,
        )
        known_entries |= {_entry_number(one, wallet): one for one in history_entries}
    page = tuple(known_entries[n] for n in range(before - 1, lowest - 1, -1) if n in known_entries)
    await runtime.programmes.load_versions(one.version for one in page)
    return page


async def find_entry(runtime: Runtime, *, member_id: str, n: int) -> HistoryEntry | None:
    """Return the n-th entry of a member."""
    history_entries = await journal.find_entries(runtime.store, member_id, before=n + 1, first=1)
    await runtime.programmes.load_versions(one.version for one in history_entries)
    return history_entries[0] if history_entries else None


def entry_count(member: Member, wallet: str | None) -> int:
    """Return the newest counter of a member's entries, of all wallets or of one."""
    if wallet is None:
        return member.entries
    return member.wallets[wallet].entries if wallet in member.wallets else 0


def _entry_number(history_entry: HistoryEntry, wallet: str | None) -> int:
    return history_entry.n if wallet is None else history_entry.wallet_n


def _recent_by_number(member_view: MemberView, wallet: str | None) -> dict[int, HistoryEntry]:
    return {
        _entry_number(one, wallet): one for one in member_view.recent_entries if wallet in (None, one.wallet)
    }
