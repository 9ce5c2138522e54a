"""What a member's archived rows came to, as the base of their journal keeps it, and a fold from there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.services.ledger.merged.transfer_proof import TransferSums
from domain.services.ledger.proof.folded_journal import Difference, FoldedJournal, LastStep
from domain.store.connect import Raw


def base_document(folded: FoldedJournal, *, before: datetime) -> dict[str, Any]:
    """Return the base that a folded journal gives; all of its rows are from before an instant."""
    return {
        "_id": folded.member,
        "seq": folded.seq,
        "before": before,
        "state": _pairs(folded.state),
        "entries": folded.entries,
        "wallets": [
            [wallet, count, folded.sums[wallet]] for wallet, count in folded.entries_by_wallet.items()
        ],
        "newest": [list(each) for each in zip(folded.newest_entries, folded.entry_seqs, strict=True)],
        "turned_at": folded.turned_at,
        "purchases": folded.purchases,
        "vouchers": [[id, step.change, step.seq] for id, step in folded.vouchers.items()],
        "codes": _pairs(folded.codes),
        "batches": _pairs(folded.batches),
        "transfers": [[key, _pairs(amounts)] for key, amounts in folded.transfers.sums.items()],
        "acts": _pairs(folded.acts),
    }


def fold_from(member: str, base: Raw | None) -> FoldedJournal:
    """Return a fold that goes on after a base; one from the first row where there is none."""
    if base is None:
        return FoldedJournal(member)
    return FoldedJournal(
        member,
        state=dict(base["state"]),
        seq=base["seq"],
        entries=base["entries"],
        entries_by_wallet={wallet: count for wallet, count, _ in base["wallets"]},
        sums={wallet: amount for wallet, _, amount in base["wallets"]},
        newest_entries=[n for n, _ in base["newest"]],
        entry_seqs=[seq for _, seq in base["newest"]],
        turned_at=base["turned_at"],
        purchases=base["purchases"],
        vouchers={id: LastStep(change, seq) for id, change, seq in base["vouchers"]},
        codes=Counter(dict(base["codes"])),
        batches=Counter(dict(base["batches"])),
        transfers=TransferSums(
            {key: Counter(dict(amounts)) for key, amounts in base["transfers"]},
            {key: {member} for key, _ in base["transfers"]},
        ),
        acts=dict(base["acts"]),
    )


def compare_base(base: Raw, folded: FoldedJournal) -> list[Difference]:
    """Return where a base differs from what the archived rows give, and where these contradict each other."""
    expected = base_document(folded, before=base["before"])
    return [
        *folded.differences,
        *(
            folded.difference(f"base of the journal, {name}", base.get(name), value)
            for name, value in expected.items()
            if base.get(name) != value
        ),
    ]


def _pairs(values: Mapping[str, Any]) -> list[list[Any]]:
    """Return a map with keys from outside as a document stores it, in the order of its keys."""
    return [[name, values[name]] for name in sorted(values)]
