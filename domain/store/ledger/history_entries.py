"""Entries as a history shows them, and the newest 20 that are stored with the member.

Most reads of a member show none of them. So they stay undecoded until they are shown, and then their instants
are read in one way that costs little: the driver takes longer for an aware instant than for all the rest of a
row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, overload

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from domain.model.ledger.decision import Entry, EntryKind, JournalRow
from domain.store.connect import Raw

MAX_RECENT = 20
_NAIVE: CodecOptions[Raw] = CodecOptions(tz_aware=False)


class HistoryEntry(NamedTuple):
    """An entry as a history shows it: without its lots, with the instant, event, row and version behind it.
    A tuple, because twenty are made for each home screen.
    """

    n: int
    wallet_n: int
    wallet: str
    kind: EntryKind
    amount: int
    balance: int
    rule: str | None
    available_at: datetime | None
    expires_on: date | None
    voucher: str | None
    is_payment: bool
    seq: int
    at: datetime
    event_name: str
    version: int
    reward: str | None


class RecentEntries(Sequence[HistoryEntry]):
    """The newest entries of a member, oldest first. Those that are stored are read when they are shown."""

    def __init__(self, documents: Sequence[Raw], later: Sequence[HistoryEntry] = ()) -> None:
        self._documents, self._later = documents, later
        self._entries: tuple[HistoryEntry, ...] | None = None

    def followed_by(self, entries: Sequence[HistoryEntry]) -> RecentEntries:
        """Return the newest after these were written: as many as are stored, and all of these."""
        later = (*self._later, *entries)[-max(MAX_RECENT, len(entries)) :]
        room = max(0, MAX_RECENT - len(later))
        return RecentEntries(self._documents[-room:] if room else (), later)

    def _read(self) -> tuple[HistoryEntry, ...]:
        if self._entries is None:
            self._entries = (*map(_read_entry, _decoded(self._documents)), *self._later)
        return self._entries

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecentEntries) and self._read() == other._read()

    def __hash__(self) -> int:
        return hash(self._read())

    def __len__(self) -> int:
        return len(self._documents) + len(self._later)

    def __iter__(self) -> Iterator[HistoryEntry]:
        return iter(self._read())

    @overload
    def __getitem__(self, at: int) -> HistoryEntry: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[HistoryEntry, ...]: ...

    def __getitem__(self, at: int | slice) -> HistoryEntry | tuple[HistoryEntry, ...]:
        return self._read()[at]


def recent_history(rows: Sequence[JournalRow]) -> tuple[HistoryEntry, ...]:
    """Return the entries of rows as a history shows them, oldest first, the newest 20 at most."""
    return tuple(entry for row in rows for entry in row_history(row))[-MAX_RECENT:]


def row_history(row: JournalRow) -> tuple[HistoryEntry, ...]:
    """Return the entries of one row as a history shows them."""
    rewards = {step.id: step.reward for step in row.vouchers}
    at = row.event.original_at or row.event.at
    return tuple(
        _entry_of(entry, row, at=at, reward=rewards.get(entry.voucher or "")) for entry in row.entries
    )


def _entry_of(entry: Entry, row: JournalRow, *, at: datetime, reward: str | None) -> HistoryEntry:
    return HistoryEntry(
        entry.n,
        entry.wallet_n,
        entry.wallet,
        entry.kind,
        entry.amount,
        entry.balance,
        entry.rule,
        entry.available_at,
        entry.expires_on,
        entry.voucher,
        entry.is_payment,
        row.seq,
        at,
        row.event.name,
        row.version,
        reward,
    )


# ---------------------------------------------------------------- documents
def entry_document(entry: HistoryEntry) -> Mapping[str, Any]:
    """Return an entry as the member's document stores it."""
    document: dict[str, Any] = {
        "n": entry.n,
        "wallet_n": entry.wallet_n,
        "wallet": entry.wallet,
        "kind": entry.kind,
        "amount": entry.amount,
        "balance": entry.balance,
        "rule": entry.rule,
        "available_at": entry.available_at,
        "expires_on": entry.expires_on.isoformat() if entry.expires_on else None,
        "voucher": entry.voucher,
        "seq": entry.seq,
        "at": entry.at,
        "event": entry.event_name,
        "version": entry.version,
        "reward": entry.reward,
        "payment": entry.is_payment or None,
    }
    return {name: value for name, value in document.items() if value is not None}


def _decoded(documents: Sequence[Raw]) -> Sequence[Raw]:
    """Return documents decoded with naive instants, all at once, where they are not decoded yet."""
    undecoded = [each.raw for each in documents if isinstance(each, RawBSONDocument)]
    return bson.decode_all(b"".join(undecoded), _NAIVE) if undecoded else documents


def _read_entry(document: Raw) -> HistoryEntry:
    get = document.get
    available_at, expires_on = get("available_at"), get("expires_on")
    return HistoryEntry(
        get("n", 0),
        get("wallet_n", 0),
        document["wallet"],
        document["kind"],
        document["amount"],
        document["balance"],
        get("rule"),
        available_at.replace(tzinfo=UTC) if available_at else None,
        date.fromisoformat(expires_on) if expires_on else None,
        get("voucher"),
        get("payment", False),
        document["seq"],
        document["at"].replace(tzinfo=UTC),
        document["event"],
        document["version"],
        get("reward"),
    )
