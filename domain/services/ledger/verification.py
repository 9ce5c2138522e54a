"""Proof of the stored ledger: every member's journal, folded, gives the stored state, and the sums add up.

Nothing is decided again. Each member is read in a snapshot of its own, so this runs beside a working server.
The journal is streamed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from domain.model.event_names import CODE_ENTERED
from domain.model.ledger.decision import Entry, JournalRow, StateValue
from domain.model.ledger.member import Member
from domain.model.ledger.payments import payment_back
from domain.model.ledger.state import ledger_state
from domain.store import stale_commits
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.ledger import (
    code_counts,
    history_entries,
    journal,
    journal_rows,
    members,
    single_use_codes,
    vouchers,
)
from domain.store.ledger.code_counts import CodeCount
from domain.store.ledger.members import StoredMember
from domain.store.stale_commits import StaleCommit

Progress = Callable[[int], None]


ALL_MEMBERS = "all members"


def no_progress(done: int) -> None:
    """Show no progress."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between a member's stored state and their journal."""

    member: str
    path: str
    stored: str
    journal: str

    def __str__(self) -> str:
        return f"{self.member}: {self.path} is {self.stored}, the journal gives {self.journal}"


@dataclass
class _FoldedJournal:
    """A journal being folded: the state of its rows, the sums of its entries, its broken counters."""

    member: str
    state: dict[str, StateValue] = field(default_factory=dict)
    seq: int = 0
    entries: int = 0
    entries_by_wallet: dict[str, int] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    newest_entries: list[int] = field(default_factory=list)
    purchases: int = 0
    vouchers: dict[str, str] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    batches: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def add_row(self, row: Raw) -> None:
        """Fold one row in."""
        if row["seq"] != self.seq + 1:
            self.add_difference("journal.seq", self.seq + 1, row["seq"])
        self.seq = row["seq"]
        for path in row.get("removed", ()):
            self.state.pop(path, None)
        self.state.update(journal_rows.read_changes(row))
        for entry_document in row.get("entries", ()):
            self._add_entry(journal_rows.read_entry(entry_document))
        for step in row.get("vouchers", ()):
            self.vouchers[step[0]] = step[3]
        for event in (row["event"], *row.get("raised", ())):
            if event["name"] == CODE_ENTERED:
                self._add_code(dict(event["data"]))
        if "payment" in (row["event"].get("purchase") or ()):
            self._check_payment(journal_rows.read_row(row))
        self.purchases += journal_rows.is_purchase(journal_rows.read_event(row["event"]))

    def _add_code(self, event_data: Mapping[str, str | None]) -> None:
        code, batch = event_data.get("code"), event_data.get("batch")
        self.codes[str(code or batch)] += 1
        if batch is not None:
            self.batches[batch] += 1

    def _add_entry(self, entry: Entry) -> None:
        self.entries += 1
        wallet_number = self.entries_by_wallet[entry.wallet] = self.entries_by_wallet.get(entry.wallet, 0) + 1
        self.sums[entry.wallet] = self.sums.get(entry.wallet, 0) + entry.amount
        self.newest_entries = [*self.newest_entries, entry.n][-history_entries.MAX_RECENT :]
        stored_numbers = (entry.n, entry.wallet_n, entry.balance)
        counted_numbers = (self.entries, wallet_number, self.sums[entry.wallet])
        if stored_numbers != counted_numbers:
            self.add_difference(
                f"entry {self.entries} (n, wallet_n, balance)", stored_numbers, counted_numbers
            )

    def _check_payment(self, row: JournalRow) -> None:
        """Compare what entries moved of wallets with what the purchase was paid with, or what came back."""
        purchase, moved = row.event.purchase, dict[str, int]()
        if purchase is None or purchase.payment is None or row.event.delayed_rule is not None:
            return
        for entry in row.entries:
            if entry.is_payment and entry.kind != "CLAWBACK":
                moved[entry.wallet] = entry.amount
        parts, sign = purchase.payment.parts, -1
        if row.refunded is not None:
            parts, sign = payment_back(row.refunded.before, row.refunded.remaining).wallets, 1
        units = {part.wallet: sign * part.units for part in parts if part.units}
        if moved != units:
            self.add_difference(f"row {row.seq} payment", units, moved)

    def add_difference(self, path: str, stored: object, journal: object) -> None:
        """Note that the stored state has another value than the journal gives."""
        self.differences.append(Difference(self.member, path, str(stored), str(journal)))


_STATE_BY_CHANGE: Mapping[str, str] = {
    "issued": "ISSUED",
    "reversed": "ISSUED",
    "used": "USED",
    "cancelled": "CANCELLED",
    "expired": "EXPIRED",
}


# ---------------------------------------------------------------- reads
async def verify(store: DocumentStore, *, progress: Progress = no_progress) -> AsyncIterator[Difference]:
    """Yield every difference of every member, then those of all. `progress` gets the number of members
    done.
    """
    done_count, entered = 0, Counter[str]()
    before = await code_counts.find_all(store)
    async for member in members.iterate_ids(store):
        folded = await _fold_member(store, member)
        entered += folded.codes
        for difference in folded.differences:
            yield difference
        done_count += 1
        progress(done_count)
    for difference in _compare_code_counts(before, entered, await code_counts.find_all(store)):
        yield difference


async def find_stale(store: DocumentStore) -> list[StaleCommit]:
    """Return the members whose commits did not take again and again, and of whom none has taken since."""
    return [
        stale_commit
        for stale_commit in await stale_commits.find_all(store)
        if not await _has_decided_since(store, stale_commit)
    ]


async def _has_decided_since(store: DocumentStore, stale_commit: StaleCommit) -> bool:
    stored_member = await members.find(store, stale_commit.member)
    decided_at = None if stored_member is None else stored_member.member.decided_at
    return stored_member is None or (decided_at is not None and decided_at > stale_commit.at)


async def verify_member(store: DocumentStore, *, member: str) -> list[Difference]:
    """Return the differences of one member, read at one instant."""
    return (await _fold_member(store, member)).differences


async def _fold_member(store: DocumentStore, member: str) -> _FoldedJournal:
    folded = _FoldedJournal(member)
    async with store.transaction() as session:
        document = await store[members.COLLECTION].find_one({"_id": member}, session=session)
        if document is None:
            return folded
        query = {"member": member, "seq": {"$gt": 0, "$lte": document["version"]}}
        async for row in store[journal.COLLECTION].find(query, session=session).sort("seq", 1):
            folded.add_row(row)
        voucher_query = {"member": member, "n": {"$gt": 0, "$lte": len(folded.vouchers) + 1}}
        beyond = await store[journal.COLLECTION].find_one(
            {"member": member, "seq": {"$gt": document["version"]}}, {"seq": 1}, session=session
        )
        states = {
            row["_id"]: row["state"]
            async for row in store[vouchers.COLLECTION].find(voucher_query, {"state": 1}, session=session)
        }
        claimed = await single_use_codes.count_claimed(store, member, session=session)
    if beyond is not None:  # then no commit of theirs can take
        folded.add_difference("version", document["version"], f"a row {beyond['seq']}")
    _compare_state(document, folded)
    _compare_sums(members.read_member(document), folded)
    _compare_vouchers(states, folded)
    for batch in sorted(claimed.keys() | folded.batches.keys()):
        if claimed[batch] != folded.batches[batch]:
            folded.add_difference(f"single-use codes of {batch}", claimed[batch], folded.batches[batch])
    return folded


# ---------------------------------------------------------------- pure rules
def _compare_state(document: Raw, folded: _FoldedJournal) -> None:
    empty = ledger_state.state_paths(Member(document["_id"]))
    stored = {**empty, **ledger_state.flatten(document["ledger"])}
    expected = {**empty, **folded.state}
    for path in sorted(stored.keys() | expected.keys()):
        if stored.get(path) != expected.get(path):
            folded.add_difference(path, repr(stored.get(path)), repr(expected.get(path)))
    if document["version"] != folded.seq:
        folded.add_difference("version", document["version"], folded.seq)


def _compare_sums(stored_member: StoredMember, folded: _FoldedJournal) -> None:
    member = stored_member.member
    for code in sorted(member.wallets.keys() | folded.sums.keys()):
        balance = member.wallets[code].balance if code in member.wallets else None
        if balance != folded.sums.get(code, 0):
            folded.add_difference(f"wallets.{code} balance", balance, folded.sums.get(code, 0))
    if member.entries != folded.entries:
        folded.add_difference("entries", member.entries, folded.entries)
    if member.purchases.count != folded.purchases:
        folded.add_difference("purchases.count", member.purchases.count, folded.purchases)
    recent = [history_entry.n for history_entry in stored_member.recent]
    if recent != folded.newest_entries:
        folded.add_difference("recent", recent, folded.newest_entries)


def _compare_vouchers(states: Mapping[str, str], folded: _FoldedJournal) -> None:
    expected = {id: _STATE_BY_CHANGE[change] for id, change in folded.vouchers.items()}
    for id in sorted(states.keys() | expected.keys()):
        if states.get(id) != expected.get(id):
            folded.add_difference(f"voucher {id}", states.get(id), expected.get(id))


def _compare_code_counts(
    before: Mapping[str, CodeCount], entered: Mapping[str, int], after: Mapping[str, CodeCount]
) -> list[Difference]:
    """Compare how often codes were entered. The members were read one after another, between two counts."""
    nothing, differences = CodeCount(), list[Difference]()
    for name in sorted(entered.keys() | after.keys()):
        least, most = before.get(name, nothing).entered, after.get(name, nothing).entered
        if not least <= entered.get(name, 0) <= most:
            differences.append(
                Difference(ALL_MEMBERS, f"entries of code {name}", str(most), str(entered.get(name, 0)))
            )
    return differences
