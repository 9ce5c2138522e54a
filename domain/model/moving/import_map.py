"""Which column of a file says what of a member: the columns of known systems, and a map file for all others.

A column is found by its name without case, spaces and signs. A map file is checked as the programme file is:
every fault with its line, its path and what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal, cast

from domain.model.intake.source_keys import KeyReader
from domain.model.programme.faults import ProgrammeInvalid
from domain.model.programme.parsing import parse_yaml
from domain.model.values import dataclass, evolve

# Each way of finding a field: headers whose texts are joined by a space. The first that a file has is used.
Columns = tuple[tuple[str, ...], ...]
DateOrder = Literal["ymd", "mdy", "dmy"]

DATE_ORDERS: Final = ("ymd", "mdy", "dmy")
FIELDS: Final = (
    *("id", "email", "phone", "name", "birthday", "joinedAt", "locale", "timezone", "number", "terms"),
    *("tier", "tierUntil"),
)
TOP_KEYS: Final = ("columns", "balances", "tiers", "consents", "dates", "country")
MOST_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class BalanceColumns:
    """Where a balance stands: of a wallet, or of the programme's first points wallet; and its last day."""

    amount: Columns
    expires: Columns = ()
    wallet: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentColumns:
    """Where the answer to a purpose stands, and when it was given; `wording` is what people saw. `granted_by`
    are the words that mean yes.
    """

    purpose: str
    granted: Columns
    at: Columns
    wording: str
    granted_by: tuple[str, ...] = ("yes", "true", "1", "y", "t", "subscribed")


@dataclass(frozen=True, slots=True)
class ImportMap:
    """How a file is read. `tiers` leads from its words to the programme's codes; `country` is that of phone
    numbers without one. A file has to have the columns of `needed` fields: those that a map file names.
    """

    columns: Mapping[str, Columns] = field(default_factory=dict)
    balances: tuple[BalanceColumns, ...] = ()
    tiers: Mapping[str, str] = field(default_factory=dict)
    consents: tuple[ConsentColumns, ...] = ()
    dates: DateOrder = "ymd"
    country: str | None = None
    needed: frozenset[str] = frozenset()


def _any_of(*headers: str | tuple[str, ...]) -> Columns:
    return tuple((each,) if isinstance(each, str) else each for each in headers)


_FULL_NAME = _any_of("full name", ("first name", "last name"), "name", "customer name", "customer")

# What each system writes or has its customers write: their help pages, read 2026-11-29.
FORMATS: Final[Mapping[str, ImportMap]] = {
    "smile": ImportMap(
        {
            "email": _any_of("email"),
            "name": _FULL_NAME,
            "birthday": _any_of("date of birth", "birthday"),
            "tier": _any_of("vip tier"),
        },
        (BalanceColumns(_any_of("points", "points balance")),),
    ),
    "loyaltylion": ImportMap(
        {
            "id": _any_of("customer id", "merchant id"),
            "email": _any_of("email", "email addresses", "email address"),
            "name": _FULL_NAME,
            "birthday": _any_of("birthday"),
            "tier": _any_of("tier", "loyalty tier"),
            "joinedAt": _any_of("enrolled at", "joined at"),
        },
        (BalanceColumns(_any_of("points", "points approved")),),
    ),
    "yotpo": ImportMap(
        {
            "email": _any_of("email"),
            "name": _FULL_NAME,
            "birthday": _any_of("birthday (mm/dd)", "birthday (mm/dd/yyyy)", "birthday"),
            "tier": _any_of("vip tier"),
        },
        (BalanceColumns(_any_of("points balance", "current points balance", "points")),),
        dates="mdy",
    ),
    "square": ImportMap(
        {
            "phone": _any_of("phone number", "phone"),
            "email": _any_of("email address", "email"),
            "name": _FULL_NAME,
            "joinedAt": _any_of("enrolled", "enrolled at", "joined"),
        },
        (BalanceColumns(_any_of("points balance", "balance", "points")),),
        country="US",
    ),
    "openloyalty": ImportMap(
        {
            "id": _any_of("customerId", "memberId", "id"),
            "email": _any_of("email"),
            "phone": _any_of("phone"),
            "name": _any_of(("firstName", "lastName")),
            "birthday": _any_of("birthDate"),
            "joinedAt": _any_of("registeredAt", "createdAt"),
            "number": _any_of("loyaltyCardNumber"),
            "tier": _any_of("levelName", "level", "tier"),
        },
        (BalanceColumns(_any_of("activePoints", "points")),),
    ),
    "woocommerce": ImportMap(
        {
            "id": _any_of("user id", "customer id", "id"),
            "email": _any_of("email", "user email", "customer email", "billing email"),
            "phone": _any_of("billing phone"),
            "name": _any_of(("billing first name", "billing last name"), *_FULL_NAME, "display name"),
        },
        (BalanceColumns(_any_of("points", "points balance", "user points")),),
    ),
}


def load_map(text: str, base: ImportMap | None = None) -> ImportMap:
    """Load a map file; what it says comes before what `base`, a known system's map, does. Raises
    ProgrammeInvalid with every fault.
    """
    parsed = parse_yaml(text)
    reader = KeyReader(parsed, ())
    row = parsed.values
    reader.only_keys(row, TOP_KEYS)
    dates = reader.choice(row, "dates", DATE_ORDERS, default=base.dates if base else "ymd")
    loaded = ImportMap(
        _read_columns(reader.within(row, "columns")),
        tuple(_read_balance(each) for each in _rows(reader, row, "balances")),
        _read_tiers(reader.within(row, "tiers")),
        tuple(_read_consent(each) for each in _rows(reader, row, "consents")),
        cast(DateOrder, dates or "ymd"),
        reader.text(row, "country") or (base.country if base else None),
    )
    loaded = evolve(loaded, needed=frozenset(loaded.columns))
    faults = [*parsed.faults, *reader.faults]
    if not faults and base is None and not loaded.columns:
        reader.fault((), "columns is missing", "write columns: {email: Email, name: [First, Last]}")
        faults = reader.faults
    if faults:
        raise ProgrammeInvalid(tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.line)))
    if base is None:
        return loaded
    return evolve(
        loaded,
        columns={**base.columns, **loaded.columns},
        balances=loaded.balances or base.balances,
        tiers={**base.tiers, **loaded.tiers},
        consents=loaded.consents or base.consents,
    )


def _read_columns(reader: KeyReader) -> dict[str, Columns]:
    row = reader.row or {}
    reader.only_keys(row, FIELDS)
    return {name: _columns(reader, row, name) for name in row if name in FIELDS}


def _columns(reader: KeyReader, row: Mapping[str, object], name: str) -> Columns:
    value = row.get(name)
    headers = value if isinstance(value, list) else [value]
    if headers and all(isinstance(header, str) and header for header in headers):
        return (tuple(cast(list[str], headers)),)
    reader.fault((name,), f"{name} is no column", f"write {name}: Column, or [Column, Column] to join them")
    return ()


def _rows(reader: KeyReader, row: Mapping[str, object], name: str) -> list[KeyReader]:
    value = row.get(name)
    if value is None:
        return []
    if (
        not isinstance(value, list)
        or len(value) > MOST_ROWS
        or not all(isinstance(each, dict) for each in value)
    ):
        reader.fault((name,), f"{name} is no list of maps, or too long", f"write {name}: [{{...}}]")
        return []
    return [reader.below((name, index)) for index in range(len(value))]


def _read_balance(reader: KeyReader) -> BalanceColumns:
    row = reader.row or {}
    reader.only_keys(row, ("wallet", "amount", "expires"))
    expires = _columns(reader, row, "expires") if "expires" in row else ()
    return BalanceColumns(_columns(reader, row, "amount"), expires, reader.text(row, "wallet"))


def _read_tiers(reader: KeyReader) -> dict[str, str]:
    row = reader.row or {}
    return {name.casefold(): code for name in row if (code := reader.text(row, name)) is not None}


def _read_consent(reader: KeyReader) -> ConsentColumns:
    row = reader.row or {}
    reader.only_keys(row, ("purpose", "granted", "at", "wording", "yes"))
    purpose = reader.code(row, "purpose", "marketing")
    wording = row.get("wording")
    if not isinstance(wording, str) or not wording.strip():
        reader.fault(
            ("wording",), "wording is missing", "write what people read when they agreed: it is the proof"
        )
    words = row.get("yes")
    spec = ConsentColumns(
        purpose or "", _columns(reader, row, "granted"), _columns(reader, row, "at"), str(wording or "")
    )
    if words is None:
        return spec
    yes = words if isinstance(words, list) else [words]
    return evolve(spec, granted_by=tuple(str(word).casefold() for word in yes))
