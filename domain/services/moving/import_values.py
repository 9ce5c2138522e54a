"""What a line of a file of members comes to: a member to bring along, or faults; and how days are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from domain.model.ledger.events import Json, Purchase
from domain.model.moving.import_map import DateOrder
from domain.model.people.contacts import Contact
from domain.model.values import dataclass
from domain.store.people.details import Details


@dataclass(frozen=True, slots=True)
class LineFault:
    """Why a line brings nobody along: its number, the field, the fault and its remedy."""

    line: int
    field: str
    fault: str
    remedy: str


@dataclass(frozen=True, slots=True)
class HistoryReceipt:
    """A receipt of before: when it was, from which source, and what it says."""

    at: datetime
    source: str
    purchase: Purchase


@dataclass(frozen=True, slots=True)
class ImportedMember:
    """A member to bring along: `id` is theirs elsewhere, or else their contact; `customer` the first of these
    alone; `opening` the data of the event.
    """

    line: int
    id: str
    customer: str | None
    contacts: tuple[Contact, ...]
    number: str | None
    details: Details
    opening: Mapping[str, Json]
    receipts: tuple[HistoryReceipt, ...]


class FieldFault(Exception):
    """A field of a line cannot be taken."""

    def __init__(self, field: str, fault: str, remedy: str) -> None:
        super().__init__(f"{field}: {fault}")
        self.field, self.fault, self.remedy = field, fault, remedy


DATE_SHAPES: Final[Mapping[DateOrder, str]] = {"ymd": "YYYY-MM-DD", "mdy": "MM/DD/YYYY", "dmy": "DD/MM/YYYY"}


def parts_of_day(text: str) -> list[str]:
    """Return the numbers of a day that is written with -, / or dots."""
    return text.strip().replace("/", "-").replace(".", "-").split("-")


def date_of(text: str, order: DateOrder) -> date | None:
    """Return the day that a text says; a year of four digits at the front is ISO, whatever the order."""
    parts = parts_of_day(text)
    if len(parts) != 3 or not all(part.strip().isdecimal() and len(part.strip()) <= 4 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    if len(parts[0].strip()) == 4:
        order = "ymd"
    by_name = dict(zip(order, numbers, strict=True))
    try:
        return date(by_name["y"], by_name["m"], by_name["d"])
    except ValueError:
        return None
