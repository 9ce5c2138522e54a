"""What a till says of a receipt beside its total: tax lines as they were charged, and what was given at the
door.

Both are kept as they come. A till rounds its taxes line by line, so a rate is not multiplied again here; what
is refused is what no receipt can hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.model.values import dataclass

MAX_TAXES = 50
MAX_TENDERS = 20
MAX_TENDER_LENGTH = 64
MAX_MINOR = 10**9
RATE = re.compile(r"(0|[1-9][0-9]{0,2})(\.[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class TaxLine:
    """A tax of a receipt: `rate` in percent as a decimal text, of `base` minor units, comes to `amount`."""

    rate: str
    base: int
    amount: int


@dataclass(frozen=True, slots=True)
class Tender:
    """What was given at the door of one kind, such as cash or card, in minor units."""

    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class ReceiptDetails:
    """The tax lines of a receipt, and what was given at the door, where the till says so."""

    taxes: tuple[TaxLine, ...] = ()
    tenders: tuple[Tender, ...] = ()


@dataclass(frozen=True, slots=True)
class DetailFault:
    """What is wrong in a field, and what would be right."""

    field: str
    message: str


def detail_faults(details: ReceiptDetails, *, total: int, paid_by_wallets: int = 0) -> Iterator[DetailFault]:
    """Yield what is wrong with the details of a receipt of `total` minor units; wallets paid a part of it."""
    if len(details.taxes) > MAX_TAXES:
        yield DetailFault("taxes", f"At most {MAX_TAXES} tax lines: add up those of one rate.")
    for index, tax in enumerate(details.taxes[:MAX_TAXES]):
        yield from _tax_faults(tax, f"taxes[{index}]", total)
    taxed = sum(tax.amount for tax in details.taxes)
    if taxed > total:
        yield DetailFault("taxes", f"The taxes sum to {taxed}; a receipt of {total} holds at most its total.")
    yield from _tender_faults(details.tenders, total=total, paid_by_wallets=paid_by_wallets)


def _tax_faults(tax: TaxLine, field: str, total: int) -> Iterator[DetailFault]:
    if RATE.fullmatch(tax.rate) is None:
        yield DetailFault(
            f"{field}.rate", 'Write the rate in percent as a decimal text, such as "23" or "5.5".'
        )
        return
    for name, value in (("base", tax.base), ("amount", tax.amount)):
        if not 0 <= value <= total:
            yield DetailFault(f"{field}.{name}", f"Write a whole number from 0 to the total, {total}.")
    if tax.amount and not tax.rate.strip("0."):
        yield DetailFault(f"{field}.amount", "A rate of 0 comes to 0.")


def _tender_faults(tenders: tuple[Tender, ...], *, total: int, paid_by_wallets: int) -> Iterator[DetailFault]:
    if len(tenders) > MAX_TENDERS:
        yield DetailFault("tenders", f"At most {MAX_TENDERS} tenders: add up those of one kind.")
    for index, tender in enumerate(tenders[:MAX_TENDERS]):
        kind = tender.kind
        if not kind.strip() or len(kind) > MAX_TENDER_LENGTH or not kind.isprintable():
            yield DetailFault(
                f"tenders[{index}].kind",
                f"Write 1 to {MAX_TENDER_LENGTH} characters, such as cash or card.",
            )
        if not 0 <= tender.amount <= MAX_MINOR:
            yield DetailFault(f"tenders[{index}].amount", f"Write a whole number from 0 to {MAX_MINOR}.")
    due, sum_of_tenders = total - paid_by_wallets, sum(tender.amount for tender in tenders)
    if tenders and sum_of_tenders != due:
        after = f" after {paid_by_wallets} paid from wallets" if paid_by_wallets else ""
        yield DetailFault(
            "tenders",
            f"The tenders sum to {sum_of_tenders}, but {due} is due{after}: leave out the change that was"
            " given back, or leave tenders out.",
        )
