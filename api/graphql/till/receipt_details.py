"""What a till says of a receipt beside its total: tax lines, and what was given at the door."""

from collections.abc import Sequence

import strawberry

from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, TaxLine, Tender


@strawberry.input(description="A tax of the receipt, as it was charged.")
class TaxLineInput:
    rate: str = strawberry.field(description='In percent, as a decimal text such as "23" or "5.5".')
    base: int = strawberry.field(description="What it was charged on, in minor units.")
    amount: int = strawberry.field(description="The tax, in minor units.")


@strawberry.input(description="What was given at the door of one kind.")
class TenderInput:
    kind: str = strawberry.field(
        description="Such as cash or card, 1 to 64 characters; the fiscal export names it."
    )
    amount: int = strawberry.field(description="In minor units, without the change that was given back.")


def receipt_details(
    taxes: Sequence[TaxLineInput] | None, tenders: Sequence[TenderInput] | None
) -> ReceiptDetails | None:
    """Return what a till said; None where it said nothing."""
    if not taxes and not tenders:
        return None
    return ReceiptDetails(
        tuple(TaxLine(one.rate, one.base, one.amount) for one in taxes or ()),
        tuple(Tender(one.kind, one.amount) for one in tenders or ()),
    )
