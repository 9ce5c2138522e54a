"""What a till said of a receipt beside its total, as the journal keeps it in the purchase's event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, TaxLine, Tender


def details_values(details: ReceiptDetails) -> list[list[list[str | int]]]:
    """Return the tax lines and the tenders of a receipt as they are stored."""
    return [
        [[tax.rate, tax.base, tax.amount] for tax in details.taxes],
        [[tender.kind, tender.amount] for tender in details.tenders],
    ]


def read_details(values: Sequence[Sequence[Sequence[Any]]]) -> ReceiptDetails:
    """Return what `details_values` wrote."""
    taxes, tenders = values
    return ReceiptDetails(
        tuple(TaxLine(rate, base, amount) for rate, base, amount in taxes),
        tuple(Tender(kind, amount) for kind, amount in tenders),
    )
