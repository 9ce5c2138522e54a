"""A member's journal being folded: the state that its rows give, their sums, and where they contradict.

Nothing is decided again. `comparison.py` compares it with what is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from domain.model.event_names import CODE_ENTERED, CORRECTED
from domain.model.ledger.decision import Entry, JournalRow, StateValue, VoucherChange
from domain.model.ledger.payments import payment_back
from domain.model.values import dataclass
from domain.services.ledger.merged.transfer_proof import TransferSums
from domain.store.connect import Raw
from domain.store.ledger import history_entries, journal_rows


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


@dataclass(frozen=True, slots=True)
class LastStep:
    """What became of a voucher last, and the row that says so."""

    change: VoucherChange
    seq: int


@dataclass
class FoldedJournal:
    """A journal being folded: the state of its rows, the sums of its entries, its broken counters.

    `newest_entries` are the numbers of the newest 20, `entry_seqs` the rows that hold them; `turned_at` is
    the last instant of what time brought, `acts` the last of each kind of input. Rows are kept where `rows`
    is a list. `is_from_base` where archived rows were not read.
    """

    member: str
    state: dict[str, StateValue] = field(default_factory=dict)
    seq: int = 0
    entries: int = 0
    entries_by_wallet: dict[str, int] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    newest_entries: list[int] = field(default_factory=list)
    entry_seqs: list[int] = field(default_factory=list)
    turned_at: datetime | None = None
    purchases: int = 0
    vouchers: dict[str, LastStep] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    batches: Counter[str] = field(default_factory=Counter)
    transfers: TransferSums = field(default_factory=TransferSums)
    acts: dict[str, datetime] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    rows: list[Raw] | None = None
    is_from_base: bool = False

    def add_row(self, row: Raw) -> None:
        """Fold one row in."""
        if row["seq"] != self.seq + 1:
            self._add_fault("journal.seq", self.seq + 1, row["seq"])
        self.seq = row["seq"]
        if self.rows is not None:
            self.rows.append(row)
        for path in row.get("removed", ()):
            self.state.pop(path, None)
        self.state.update(journal_rows.read_changes(row))
        for entry_document in row.get("entries", ()):
            self._add_entry(journal_rows.read_entry(entry_document))
        if row["by"] == "time" and "rule" not in row["event"]:
            self.turned_at = row["at"]
        if row["by"] == "input":
            name = row["event"]["name"]
            self.acts[name] = max(self.acts.get(name, row["at"]), row["at"])
        self.transfers.add_row(self.member, row)
        for step in row.get("vouchers", ()):
            self.vouchers[step[0]] = LastStep(step[3], self.seq)
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
        self.entry_seqs = [*self.entry_seqs, self.seq][-history_entries.MAX_RECENT :]
        stored_numbers = (entry.n, entry.wallet_n, entry.balance)
        counted_numbers = (self.entries, wallet_number, self.sums[entry.wallet])
        if stored_numbers != counted_numbers:
            self._add_fault(f"entry {self.entries} (n, wallet_n, balance)", stored_numbers, counted_numbers)

    def _check_payment(self, row: JournalRow) -> None:
        """Compare what entries moved of wallets with what the purchase was paid with, or what came back."""
        purchase, moved = row.event.purchase, dict[str, int]()
        if purchase is None or purchase.payment is None or row.event.delayed_rule is not None:
            return
        for entry in row.entries:
            if entry.is_payment and entry.kind != "CLAWBACK":
                moved[entry.wallet] = entry.amount
        parts, sign = purchase.payment.parts, -1
        if row.event.name == CORRECTED:
            parts = ()  # a correction leaves what wallets paid as it is
        elif row.refunded is not None:
            parts, sign = payment_back(row.refunded.before, row.refunded.remaining).wallets, 1
        units = {part.wallet: sign * part.units for part in parts if part.units}
        if moved != units:
            self._add_fault(f"row {row.seq} payment", units, moved)

    def _add_fault(self, path: str, stored: object, counted: object) -> None:
        self.differences.append(self.difference(path, stored, counted))

    def difference(self, path: str, stored: object, journal: object) -> Difference:
        """Return a difference of this member."""
        return Difference(self.member, path, str(stored), str(journal))
