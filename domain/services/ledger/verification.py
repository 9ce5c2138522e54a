"""Proof that what is stored is what was decided: every member's journal, folded, gives the stored ledger
state, and sums add up.

Nothing is decided again. Each member is read in a snapshot of its own, so this runs beside a server at work;
the journal is streamed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from domain.model.ledger import ledger_state
from domain.model.ledger.decision import Entry, StateValue
from domain.model.ledger.member import Member
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.ledger import journal, journal_rows, members, vouchers

Progress = Callable[[int], None]


def no_progress(done: int) -> None:
    """Show no progress."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Difference:
    """Where a member's stored state and their journal part: what is stored, and what the journal says."""

    member: str
    path: str
    stored: str
    journal: str

    def __str__(self) -> str:
        return f"{self.member}: {self.path} is {self.stored}, the journal gives {self.journal}"


@dataclass
class _FoldedJournal:
    """A journal on the way: the state its rows give, what its entries sum to, and where its counters
    broke.
    """

    state: dict[str, StateValue] = field(default_factory=dict)
    seq: int = 0
    entries: int = 0
    entries_by_wallet: dict[str, int] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    newest_entries: list[int] = field(default_factory=list)
    purchases: int = 0
    vouchers: dict[str, str] = field(default_factory=dict)
    mismatches: list[tuple[str, str, str]] = field(default_factory=list)

    def add_row(self, row: Raw) -> None:
        """Fold one row in."""
        if row["seq"] != self.seq + 1:
            self.mismatches.append(("journal.seq", str(self.seq + 1), str(row["seq"])))
        self.seq = row["seq"]
        for path in row.get("removed", ()):
            self.state.pop(path, None)
        self.state.update(journal_rows.read_changes(row))
        for entry_document in row.get("entries", ()):
            self._add_entry(journal_rows.read_entry(entry_document))
        for step in row.get("vouchers", ()):
            self.vouchers[step[0]] = step[3]
        self.purchases += journal_rows.is_purchase(journal_rows.read_event(row["event"]))

    def _add_entry(self, entry: Entry) -> None:
        self.entries += 1
        wallet_number = self.entries_by_wallet[entry.wallet] = self.entries_by_wallet.get(entry.wallet, 0) + 1
        self.sums[entry.wallet] = self.sums.get(entry.wallet, 0) + entry.amount
        self.newest_entries = [*self.newest_entries, entry.n][-members.MAX_RECENT :]
        entry_numbers, counted_numbers = (
            (entry.n, entry.wallet_n, entry.balance),
            (self.entries, wallet_number, self.sums[entry.wallet]),
        )
        if entry_numbers != counted_numbers:
            self.mismatches.append(
                (f"entry {self.entries} (n, wallet_n, balance)", str(entry_numbers), str(counted_numbers))
            )


_STATE_BY_CHANGE: Mapping[str, str] = {
    "issued": "ISSUED",
    "reversed": "ISSUED",
    "used": "USED",
    "cancelled": "CANCELLED",
    "expired": "EXPIRED",
}


# ---------------------------------------------------------------- reads
async def verify(store: DocumentStore, *, progress: Progress = no_progress) -> AsyncIterator[Difference]:
    """Yield every difference of every member; none where all is well. `progress` hears how many members are
    done.
    """
    done_count = 0
    async for member in members.iterate_ids(store):
        for difference in await verify_member(store, member=member):
            yield difference
        done_count += 1
        progress(done_count)


async def verify_member(store: DocumentStore, *, member: str) -> list[Difference]:
    """Return the differences of one member, read at one instant."""
    folded = _FoldedJournal()
    async with store.transaction() as session:
        document = await store[members.COLLECTION].find_one({"_id": member}, session=session)
        if document is None:
            return []
        query = {"member": member, "seq": {"$gt": 0, "$lte": document["version"]}}
        async for row in store[journal.COLLECTION].find(query, session=session).sort("seq", 1):
            folded.add_row(row)
        voucher_query = {"member": member, "n": {"$gt": 0, "$lte": len(folded.vouchers) + 1}}
        states = {
            row["_id"]: row["state"]
            async for row in store[vouchers.COLLECTION].find(voucher_query, {"state": 1}, session=session)
        }
    return [Difference(member, *each) for each in _differences(document, folded, states)]


# ---------------------------------------------------------------- pure rules
def _differences(
    document: Raw, folded: _FoldedJournal, states: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    empty_state = ledger_state.state_paths(Member(document["_id"]))
    stored, folded_state = (
        {**empty_state, **ledger_state.flatten(document["ledger"])},
        {**empty_state, **folded.state},
    )
    differences = list(folded.mismatches)
    changed = [
        path
        for path in sorted(stored.keys() | folded_state.keys())
        if stored.get(path) != folded_state.get(path)
    ]
    differences += [(path, repr(stored.get(path)), repr(folded_state.get(path))) for path in changed]
    if document["version"] != folded.seq:
        differences.append(("version", str(document["version"]), str(folded.seq)))
    stored_member = members.read_member(document)
    differences += _sum_differences(stored_member.member, folded)
    recent = [told.entry.n for told in stored_member.recent]
    if recent != folded.newest_entries:
        differences.append(("recent", str(recent), str(folded.newest_entries)))
    expected_states = {id: _STATE_BY_CHANGE[change] for id, change in folded.vouchers.items()}
    differing_ids = [
        id
        for id in sorted(states.keys() | expected_states.keys())
        if states.get(id) != expected_states.get(id)
    ]
    return differences + [
        (f"voucher {id}", str(states.get(id)), str(expected_states.get(id))) for id in differing_ids
    ]


def _sum_differences(member: Member, folded: _FoldedJournal) -> list[tuple[str, str, str]]:
    differences = []
    for code in sorted(member.wallets.keys() | folded.sums.keys()):
        balance = member.wallets[code].balance if code in member.wallets else None
        if balance != folded.sums.get(code, 0):
            differences.append((f"wallets.{code} balance", str(balance), str(folded.sums.get(code, 0))))
    if member.entries != folded.entries:
        differences.append(("entries", str(member.entries), str(folded.entries)))
    if member.purchases.count != folded.purchases:
        differences.append(("purchases.count", str(member.purchases.count), str(folded.purchases)))
    return differences
