"""Proof of what moved between memberships: what one journal's TRANSFER entries take, another's give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field

from domain.model import event_names
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.ledger import agenda

Sums = dict[str, Counter[str]]


@dataclass
class TransferSums:
    """What TRANSFER entries sum to, by the move that they belong to and by wallet; `members` are those whose
    journals hold them.
    """

    sums: Sums = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)

    def add_row(self, member: str, row: Raw) -> None:
        """Note a journal row, which may take, or give what another one has taken."""
        entries = [entry for entry in row.get("entries", ()) if entry["kind"] == "TRANSFER"]
        keys = _keys_of(row)
        if not keys:
            return
        for key in keys:
            self.members.setdefault(key, set()).add(member)
            self.sums.setdefault(key, Counter())
        # What comes to a membership that is closed meanwhile goes on in the same row: its first entries of a
        # wallet give, its last ones take.
        entry_counts = Counter[str]()
        for entry in entries:
            entry_counts[entry["wallet"]] += 1
            key = keys[0] if len(keys) == 1 or entry_counts[entry["wallet"]] == 1 else keys[-1]
            self.sums[key][entry["wallet"]] += entry["amount"]

    def add(self, other: TransferSums) -> None:
        """Add what another journal holds."""
        for key, amounts in other.sums.items():
            known = self.sums.setdefault(key, Counter())
            for wallet, amount in amounts.items():
                known[wallet] += amount
            self.members.setdefault(key, set()).update(other.members[key])

    def unequal(self) -> dict[str, Mapping[str, int]]:
        """Return the moves that do not sum to nothing, with what is left over."""
        left = {
            key: {wallet: amount for wallet, amount in amounts.items() if amount}
            for key, amounts in self.sums.items()
        }
        return {key: amounts for key, amounts in left.items() if amounts}


def _keys_of(row: Raw) -> list[str]:
    event, keys = row["event"], list[str]()
    if event["name"] in (*event_names.MOVING_EVENTS, event_names.UNMERGED, event_names.REOPENED):
        keys.append(event["id"].removesuffix(">"))
    keys += [
        later[2]["id"] for later in row.get("later", ()) if later[2]["name"] in event_names.MOVING_EVENTS
    ]
    return keys


async def without_pending(
    store: DocumentStore, unequal: Mapping[str, Mapping[str, int]]
) -> dict[str, Mapping[str, int]]:
    """Return moves without those whose second half waits in the agenda."""
    pending = await agenda.find_pending(store, list(unequal)) if unequal else frozenset[str]()
    return {key: amounts for key, amounts in unequal.items() if key not in pending}
