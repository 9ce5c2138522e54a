"""The scalars of the schema, read strictly and written in one way.

    DateTime    datetime      an instant, ISO 8601, always UTC with Z, milliseconds
    LocalDate   date          YYYY-MM-DD
    Long        Long          a whole number within 64 bits
    JSON        JsonObject    an object; no list, no bare value
    WalletCode  WalletCode    as in the programme file; the resolver checks that it exists

`SCALARS` goes to `StrawberryConfig(scalar_map=SCALARS)`. A value that does not fit is BAD_INPUT; a value
inside an input is named by its path.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from api.errors import BadInput

Long = NewType("Long", int)
WalletCode = NewType("WalletCode", str)
JsonObject = NewType("JsonObject", dict[str, object])

MAX_LONG = 2**63 - 1

_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.(\d{1,9}))?Z")
_LOCAL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WALLET_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def read_date_time(value: object) -> datetime:
    """Return an instant at millisecond precision; finer digits are cut."""
    if isinstance(value, str) and len(value) <= 30 and (match := _DATE_TIME.fullmatch(value)):
        try:
            instant = datetime.fromisoformat(value[:19]).replace(tzinfo=UTC)
        except ValueError:
            pass
        else:
            return instant.replace(microsecond=int((match.group(1) or "0").ljust(3, "0")[:3]) * 1000)
    raise BadInput("DateTime must be an instant in UTC such as 2026-03-01T10:00:00.000Z.")


def write_date_time(value: object) -> str:
    assert isinstance(value, datetime), "DateTime is written from a datetime"
    assert value.tzinfo is not None, "an instant has a zone"
    at = value if value.tzinfo is UTC else value.astimezone(UTC)
    return at.isoformat("T", "milliseconds")[:-6] + "Z"


def read_local_date(value: object) -> date:
    if isinstance(value, str) and _LOCAL_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise BadInput("LocalDate must be a day such as 2026-03-01.")


def write_local_date(value: object) -> str:
    assert isinstance(value, date), "LocalDate is written from a date"
    assert not isinstance(value, datetime), "a day is no instant"
    return value.isoformat()


def read_long(value: object) -> Long:
    if isinstance(value, int) and not isinstance(value, bool) and -MAX_LONG - 1 <= value <= MAX_LONG:
        return Long(value)
    raise BadInput("Long must be a whole number of at most 64 bits.")


def read_json(value: object) -> JsonObject:
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return JsonObject(dict(value))
    raise BadInput("JSON must be an object.")


def read_wallet_code(value: object) -> WalletCode:
    if isinstance(value, str) and _WALLET_CODE.fullmatch(value):
        return WalletCode(value)
    raise BadInput("WalletCode must be a wallet's code such as points.")


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant, ISO 8601, always UTC with 'Z', milliseconds.",
        serialize=write_date_time,
        parse_value=read_date_time,
    ),
    date: strawberry.scalar(
        name="LocalDate",
        description="A calendar day in the programme's time zone, YYYY-MM-DD.",
        serialize=write_local_date,
        parse_value=read_local_date,
    ),
    Long: strawberry.scalar(
        name="Long", description="A whole number beyond 32 bits.", serialize=read_long, parse_value=read_long
    ),
    JsonObject: strawberry.scalar(
        name="JSON",
        description="A JSON object: the data of an event that this programme declared.",
        serialize=read_json,
        parse_value=read_json,
    ),
    WalletCode: strawberry.scalar(
        name="WalletCode",
        description="A wallet's code in the programme file, such as points or cashback.",
        serialize=str,
        parse_value=read_wallet_code,
    ),
}
