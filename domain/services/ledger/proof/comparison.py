"""What is stored of a member, compared with their folded journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.model.ledger.member import Member
from domain.model.ledger.state import ledger_state
from domain.services.ledger.proof.folded_journal import Difference, FoldedJournal
from domain.store.connect import Raw

STATE_BY_CHANGE: Mapping[str, str] = {
    "issued": "ISSUED",
    "reversed": "ISSUED",
    "used": "USED",
    "cancelled": "CANCELLED",
    "expired": "EXPIRED",
}


def folded_state(folded: FoldedJournal) -> ledger_state.Paths:
    """Return the state that a journal gives, path by path."""
    return {**ledger_state.state_paths(Member(folded.member)), **folded.state}


def compare_state(document: Raw, folded: FoldedJournal) -> list[Difference]:
    """Return each path of the stored state that differs from the journal's, and the version."""
    stored = {**ledger_state.state_paths(Member(folded.member)), **ledger_state.flatten(document["ledger"])}
    expected = folded_state(folded)
    differences = [
        folded.difference(path, repr(stored.get(path)), repr(expected.get(path)))
        for path in sorted(stored.keys() | expected.keys())
        if stored.get(path) != expected.get(path)
    ]
    if document["version"] != folded.seq:
        differences.append(folded.difference("version", document["version"], folded.seq))
    return differences


def compare_sums(member: Member, folded: FoldedJournal) -> list[Difference]:
    """Return where a member's figures differ from what the journal's entries sum to."""
    balances = {
        code: (member.wallets[code].balance if code in member.wallets else None, folded.sums.get(code, 0))
        for code in sorted(member.wallets.keys() | folded.sums.keys())
    }
    figures = {f"wallets.{code} balance": both for code, both in balances.items()} | {
        "entries": (member.entries, folded.entries),
        "purchases.count": (member.purchases.count, folded.purchases),
    }
    return [
        folded.difference(path, stored, counted)
        for path, (stored, counted) in figures.items()
        if stored != counted
    ]


def compare_recent(recent: Sequence[int], folded: FoldedJournal) -> list[Difference]:
    """Return where the newest entries that are stored with the member are others, by their numbers."""
    if list(recent) == folded.newest_entries:
        return []
    return [folded.difference("recent", list(recent), folded.newest_entries)]


def compare_vouchers(states: Mapping[str, str], folded: FoldedJournal) -> dict[str, Difference]:
    """Return the vouchers whose state differs from what became of them in the journal, by their ids."""
    expected = {id: STATE_BY_CHANGE[step.change] for id, step in folded.vouchers.items()}
    return {
        id: folded.difference(f"voucher {id}", states.get(id), expected.get(id))
        for id in sorted(states.keys() | expected.keys())
        if states.get(id) != expected.get(id)
    }


def compare_codes(claimed: Mapping[str, int], folded: FoldedJournal) -> list[Difference]:
    """Return the batches of single-use codes of which the member entered more or fewer than are claimed."""
    return [
        folded.difference(f"single-use codes of {batch}", claimed.get(batch, 0), folded.batches[batch])
        for batch in sorted(claimed.keys() | folded.batches.keys())
        if claimed.get(batch, 0) != folded.batches[batch]
    ]
