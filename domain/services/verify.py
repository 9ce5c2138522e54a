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


def quiet(done: int) -> None:
    """Show no progress."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Difference:
    """Where a member's stored state and their journal part: what is stored, and what the journal says."""

    member: str
    where: str
    stored: str
    journal: str

    def __str__(self) -> str:
        return f"{self.member}: {self.where} is {self.stored}, the journal gives {self.journal}"


@dataclass
class _Folded:
    """A journal on the way: the state its rows give, what its entries sum to, and where its counters
    broke.
    """

    state: dict[str, StateValue] = field(default_factory=dict)
    seq: int = 0
    entries: int = 0
    by_wallet: dict[str, int] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    newest: list[int] = field(default_factory=list)
    purchases: int = 0
    vouchers: dict[str, str] = field(default_factory=dict)
    broken: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, row: Raw) -> None:
        """Fold one row in."""
        if row["seq"] != self.seq + 1:
            self.broken.append(("journal.seq", str(self.seq + 1), str(row["seq"])))
        self.seq = row["seq"]
        for path in row.get("removed", ()):
            self.state.pop(path, None)
        self.state.update(journal_rows.read_changes(row))
        for kept in row.get("entries", ()):
            self._enter(journal_rows.read_entry(kept))
        for step in row.get("vouchers", ()):
            self.vouchers[step[0]] = step[3]
        self.purchases += journal_rows.is_purchase(journal_rows.read_event(row["event"]))

    def _enter(self, entry: Entry) -> None:
        self.entries += 1
        n = self.by_wallet[entry.wallet] = self.by_wallet.get(entry.wallet, 0) + 1
        self.sums[entry.wallet] = self.sums.get(entry.wallet, 0) + entry.amount
        self.newest = [*self.newest, entry.n][-members.MAX_RECENT :]
        said, counted = (entry.n, entry.wallet_n, entry.balance), (self.entries, n, self.sums[entry.wallet])
        if said != counted:
            self.broken.append((f"entry {self.entries} (n, wallet_n, balance)", str(said), str(counted)))


_STATES: Mapping[str, str] = {
    "issued": "ISSUED",
    "reversed": "ISSUED",
    "used": "USED",
    "cancelled": "CANCELLED",
    "expired": "EXPIRED",
}


# ---------------------------------------------------------------- reads
async def verify(store: DocumentStore, *, progress: Progress = quiet) -> AsyncIterator[Difference]:
    """Yield every difference of every member; none where all is well. `progress` hears how many members are
    done.
    """
    done = 0
    async for member in members.iterate_ids(store):
        for difference in await verify_member(store, member=member):
            yield difference
        done += 1
        progress(done)


async def verify_member(store: DocumentStore, *, member: str) -> list[Difference]:
    """Return the differences of one member, read at one instant."""
    folded = _Folded()
    async with store.transaction() as session:
        document = await store[members.COLLECTION].find_one({"_id": member}, session=session)
        if document is None:
            return []
        asked = {"member": member, "seq": {"$gt": 0, "$lte": document["version"]}}
        async for row in store[journal.COLLECTION].find(asked, session=session).sort("seq", 1):
            folded.add(row)
        issued = {"member": member, "n": {"$gt": 0, "$lte": len(folded.vouchers) + 1}}
        states = {
            row["_id"]: row["state"]
            async for row in store[vouchers.COLLECTION].find(issued, {"state": 1}, session=session)
        }
    return [Difference(member, *each) for each in _differences(document, folded, states)]


# ---------------------------------------------------------------- pure rules
def _differences(document: Raw, folded: _Folded, states: Mapping[str, str]) -> list[tuple[str, str, str]]:
    nothing = ledger_state.state_paths(Member(document["_id"]))
    stored, said = {**nothing, **ledger_state.flatten(document["ledger"])}, {**nothing, **folded.state}
    out = list(folded.broken)
    changed = [path for path in sorted(stored.keys() | said.keys()) if stored.get(path) != said.get(path)]
    out += [(path, repr(stored.get(path)), repr(said.get(path))) for path in changed]
    if document["version"] != folded.seq:
        out.append(("version", str(document["version"]), str(folded.seq)))
    kept = members.read_member(document)
    out += _sums(kept.member, folded)
    recent = [told.entry.n for told in kept.recent]
    if recent != folded.newest:
        out.append(("recent", str(recent), str(folded.newest)))
    steps = {id: _STATES[change] for id, change in folded.vouchers.items()}
    wrong = [id for id in sorted(states.keys() | steps.keys()) if states.get(id) != steps.get(id)]
    return out + [(f"voucher {id}", str(states.get(id)), str(steps.get(id))) for id in wrong]


def _sums(member: Member, folded: _Folded) -> list[tuple[str, str, str]]:
    out = []
    for code in sorted(member.wallets.keys() | folded.sums.keys()):
        balance = member.wallets[code].balance if code in member.wallets else None
        if balance != folded.sums.get(code, 0):
            out.append((f"wallets.{code} balance", str(balance), str(folded.sums.get(code, 0))))
    if member.entries != folded.entries:
        out.append(("entries", str(member.entries), str(folded.entries)))
    if member.purchases.count != folded.purchases:
        out.append(("purchases.count", str(member.purchases.count), str(folded.purchases)))
    return out
