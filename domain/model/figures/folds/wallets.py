"""What wallets were given and gave up, by kind of entry, and vouchers by reward. Units of the wallet."""

from __future__ import annotations

from collections.abc import Mapping

from domain.model.event_names import REDEEMED
from domain.model.figures.folded_row import FoldedRow
from domain.model.figures.folds.rules import varied_paths
from domain.model.figures.increments import COHORTS_NOW, Increments
from domain.model.ledger.decision import Entry, EntryKind

# The name of the sum, and the sign by which an entry's amount counts in it: what is taken counts as positive.
SUMS: Mapping[EntryKind, tuple[str, int]] = {
    "OPENING": ("opening", 1),
    "AWARD": ("awarded", 1),
    "BONUS": ("awarded", 1),
    "SPEND": ("spent", -1),
    "RETURN": ("spent_back", 1),
    "CLAWBACK": ("clawed_back", -1),
    "EXPIRE": ("expired", -1),
    "ADJUST": ("adjusted", 1),
    "TRANSFER": ("transferred", 1),
    "ERASE": ("erased", -1),
}
COHORT_SUMS: Mapping[EntryKind, str] = {
    "OPENING": "awarded",
    "AWARD": "awarded",
    "BONUS": "awarded",
    "EXPIRE": "expired",
}
PAYMENT_SUMS: Mapping[EntryKind, tuple[str, int]] = {"SPEND": ("paid", -1), "RETURN": ("paid_back", 1)}


def fold(folded: FoldedRow, increments: Increments) -> None:
    """Add the entries of a row, and the steps of vouchers."""
    for entry in folded.row.entries:
        name, sign = _sum_of(entry)
        folded.add(increments, f"wallets.{entry.wallet}.{name}", sign * entry.amount)
        increments.change_level(folded.day, f"outstanding.{entry.wallet}", entry.amount)
        _add_cohorts(increments, entry)
        if entry.voucher is not None and entry.kind in ("SPEND", "RETURN"):
            _add_price(folded, increments, entry)
    for step in folded.row.vouchers:
        for path in varied_paths(f"vouchers.{step.reward}", step.variant):
            folded.add(increments, f"{path}.{step.change}")
            if step.change == "issued" and not step.is_free:
                folded.add(increments, f"{path}.redeemed")
    if folded.row.event.name == REDEEMED:
        folded.add_to_month(increments, "redemptions")


def _add_cohorts(increments: Increments, entry: Entry) -> None:
    """Add what an entry awarded, or let lapse, to the month in which that became spendable."""
    name = COHORT_SUMS.get(entry.kind)
    for lot in entry.lots if name is not None else ():
        increments.add(COHORTS_NOW, f"{entry.wallet}.{lot.since:%Y-%m}.{name}", lot.amount)


def _sum_of(entry: Entry) -> tuple[str, int]:
    return (entry.is_payment and PAYMENT_SUMS.get(entry.kind)) or SUMS[entry.kind]


def _add_price(folded: FoldedRow, increments: Increments, entry: Entry) -> None:
    offers = {(step.reward, step.variant) for step in folded.row.vouchers if step.id == entry.voucher}
    for reward, variant in offers:
        for path in varied_paths(f"vouchers.{reward}", variant):
            folded.add(increments, f"{path}.spent.{entry.wallet}", -entry.amount)
