"""The types of a programme file's values, read strictly: texts, durations, days, clock hours, amounts and
multipliers.

Every reader raises ValueRefused with what is wrong and what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from domain.model.calendar import Span
from domain.model.conditions import Expression, ExpressionMalformed
from domain.model.fault_text import FaultText
from domain.model.programme.faults import ValueRefused
from domain.model.programme.syntax_hints import expression_hint
from domain.model.values import dataclass

MAX_AMOUNT: Final = 10**9
MAX_TEXT_LENGTH: Final = 5_000

_CODE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
_EVENT_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$"
_COLOUR_PATTERN: Final = r"^#[0-9a-fA-F]{6}$"
_VERSION_PATTERN: Final = r"^\d{1,6}(\.\d{1,6}){0,3}$"
_FIELD_PATTERN: Final = r"^[a-zA-Z_][a-zA-Z0-9_]{0,63}$"
PATTERN_REMEDIES: Final[Mapping[str, FaultText]] = {
    _CODE_PATTERN: FaultText("write 1 to 64 letters, digits, - and _"),
    _EVENT_PATTERN: FaultText(
        "write words of letters, digits, - and _, parted by dots, such as shop.visited"
    ),
    _COLOUR_PATTERN: FaultText('write "#" and six hexadecimal digits, such as "#c9a227"'),
    _VERSION_PATTERN: FaultText(
        'write one to four whole numbers with dots between, in quotes, such as "2.4.0"'
    ),
    _FIELD_PATTERN: FaultText(
        "write 1 to 64 letters, digits and _, a letter first: conditions read it by that name"
    ),
}
_DAY_PATTERN: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_HOURS_PATTERN: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class ProgrammePart(BaseModel):
    """A part of the file: immutable, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)


class NamedPart(ProgrammePart):
    """A part that members read by name. Where the file has no name, `code` is used instead, and the check
    warns.
    """

    @model_validator(mode="before")
    @classmethod
    def _default_name(cls, value: object) -> object:
        if isinstance(value, dict) and isinstance(value.get("code"), str):
            name_field = "title" if "title" in cls.model_fields else "name"
            return {name_field: value["code"], **value}
        return value


@dataclass(frozen=True)
class LocalizedText:
    """A text in one or more locales, and the locale that replaces a missing one."""

    entries: Mapping[str, str]
    default_locale: str

    def for_locale(self, locale: str) -> str:
        """Return the text in a locale, else in its language, else in the programme's first locale."""
        text = self.entries.get(locale) or self.entries.get(locale.partition("-")[0])
        return text or self.entries.get(self.default_locale, "")

    def locale_for(self, locale: str) -> str:
        """Return the locale of the text that a reader of a locale gets."""
        language = locale.partition("-")[0]
        return next((known for known in (locale, language) if self.entries.get(known)), self.default_locale)


NO_TEXT: Final = LocalizedText(entries={}, default_locale="")


@dataclass(frozen=True)
class Hours:
    """Clock hours, start included and end excluded. They may run past midnight; an equal start and end is the
    whole day.
    """

    start: time
    end: time

    def contains(self, clock: time) -> bool:
        """Tell whether a local clock time is within these hours."""
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def _read_text(value: object, info: ValidationInfo) -> LocalizedText:
    context = info.context or {}
    default = str(context.get("default_locale", ""))
    if isinstance(value, LocalizedText):
        return value
    if isinstance(value, str):
        value = {default: value}
    if not isinstance(value, dict) or not value:
        raise ValueRefused(
            FaultText("is {kind}, not a text", kind=_kind_text(value)),
            FaultText("write a text in quotes, or one for each locale: {{{default}: ...}}", default=default),
        )
    default = default or str(next(iter(value)))
    # YAML splits a text with a comma and no quotes into a key without a value: the check warns of it.
    value = {
        locale: text
        for locale, text in value.items()
        if text is not None or locale in context.get("locales", ())
    }
    for locale, text in value.items():
        if not isinstance(text, str):
            raise ValueRefused(
                FaultText(
                    "the text for {locale} is {kind}, not a text", locale=locale, kind=_kind_text(text)
                ),
                FaultText("put it in quotes"),
            )
        if len(text) > MAX_TEXT_LENGTH:
            raise ValueRefused(
                FaultText("the text for {locale} is {count} characters long", locale=locale, count=len(text)),
                FaultText("at most {most} are allowed", most=MAX_TEXT_LENGTH),
            )
    if not str(value.get(default, "")).strip():
        has_locale = value.keys() & set(context.get("locales", ()))
        raise ValueRefused(
            FaultText("has no text for {default}, the default locale", default=default),
            FaultText("add {default}: ...", default=default)
            if has_locale
            else FaultText(
                "add {default}: ...; put a text with a brace or a comma in quotes", default=default
            ),
        )
    return LocalizedText(entries=value, default_locale=default)


def read_span(value: object) -> Span:
    """Read a duration. Raises ValueError."""
    if not isinstance(value, dict):
        return value if isinstance(value, Span) else _refuse_span(value)
    if len(value) != 1 or next(iter(value)) not in ("hours", "days", "months"):
        return _refuse_span(value)
    unit, count = next(iter(value.items()))
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 100_000:
        raise ValueRefused(
            FaultText("{unit} is {count}", unit=unit, count=repr(count)),
            FaultText("write a whole number from 1 to 100000"),
        )
    return Span(**{unit: count})


def _refuse_span(value: object) -> Span:
    written = (
        ", ".join(map(str, value))
        if isinstance(value, dict)
        else f'"{value[:60]}"'
        if isinstance(value, str)
        else _kind_text(value)
    )
    raise ValueRefused(
        FaultText("is {kind}, not a duration", kind=written or FaultText("empty")),
        FaultText("write exactly one of {hours: N}, {days: N} and {months: N}"),
    )


def _read_day_or_time(value: object) -> object:
    try:
        return (
            date.fromisoformat(value)
            if isinstance(value, str) and _DAY_PATTERN.fullmatch(value)
            else _read_local_time(value)
        )
    except ValueError:
        raise ValueRefused(
            FaultText("{value} is no day", value=repr(value)),
            FaultText('write "YYYY-MM-DD" or "YYYY-MM-DDTHH:MM:SS", in the programme\'s zone'),
        ) from None


def _read_local_time(value: object) -> object:
    if isinstance(value, datetime | date):
        return value
    local_time = (
        datetime.fromisoformat(value) if isinstance(value, str) and _DAY_PATTERN.match(value) else None
    )
    if local_time is None or local_time.tzinfo is not None:
        raise ValueError
    return local_time


def _read_hours(value: object) -> object:
    if isinstance(value, Hours):
        return value
    match = _HOURS_PATTERN.fullmatch(value) if isinstance(value, str) else None
    if match is None or (match[3] == "24" and match[4] != "00"):
        raise ValueRefused(
            FaultText("{value} is no span of clock hours", value=repr(value)),
            FaultText('write "08:00-11:00"'),
        )
    return Hours(start=time(int(match[1]), int(match[2])), end=time(int(match[3]) % 24, int(match[4])))


def read_expression(value: object) -> Expression:
    """Read an expression; a plain number, true or false is one too. Raises ValueError."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, bool | int | Decimal):
        value = str(value).lower()
    if not isinstance(value, str):
        raise ValueRefused(
            FaultText("is {kind}, not an expression", kind=_kind_text(value)),
            FaultText("write it as one line of text"),
        )
    try:
        return Expression(value)
    except ExpressionMalformed as error:
        raise ValueRefused(error.message, error.remedy or expression_hint(value)) from None


def _read_multiplier(value: object) -> object:
    if isinstance(value, Fraction):
        return value
    if (
        isinstance(value, bool)
        or not isinstance(value, int | Decimal)
        or not 1 <= value <= 1000
        or Decimal(value).as_tuple().exponent < -6  # type: ignore[operator]
    ):
        raise ValueRefused(
            FaultText("{value} is no multiplier", value=value),
            FaultText("write a number from 1 to 1000 with at most 6 decimals, such as 1.25"),
        )
    return Fraction(value)


def _read_unit_cost(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
        return Decimal(value)
    if isinstance(value, Decimal | int) and not isinstance(value, bool) and value >= 0:
        return Decimal(value)
    raise ValueRefused(
        FaultText("{value} is no cost", value=repr(value)),
        FaultText('write the cost of one unit in quotes, such as "0.01"'),
    )


def as_list(value: object) -> object:
    """Read a single word as a list of one."""
    return (value,) if isinstance(value, str) else value


def _kind_text(value: object) -> str:
    names = {
        type(None): FaultText("empty"),
        bool: FaultText("true or false"),
        int: FaultText("a number"),
        Decimal: FaultText("a number"),
        str: FaultText("a text"),
        dict: FaultText("a map"),
        list: FaultText("a list"),
    }
    return names.get(type(value), type(value).__name__)


TextByLocale = Annotated[LocalizedText, BeforeValidator(_read_text)]
Duration = Annotated[Span, BeforeValidator(read_span)]
DayOrTime = Annotated[date | datetime, BeforeValidator(_read_day_or_time)]
ClockHours = Annotated[Hours, BeforeValidator(_read_hours)]
Condition = Annotated[Expression, BeforeValidator(read_expression)]
Multiplier = Annotated[Fraction, BeforeValidator(_read_multiplier)]
UnitCost = Annotated[Decimal, BeforeValidator(_read_unit_cost)]
Code = Annotated[str, StringConstraints(pattern=_CODE_PATTERN)]
EventName = Annotated[str, StringConstraints(pattern=_EVENT_PATTERN, max_length=64)]
Colour = Annotated[str, StringConstraints(pattern=_COLOUR_PATTERN)]
AppVersion = Annotated[str, StringConstraints(pattern=_VERSION_PATTERN)]
FieldName = Annotated[str, StringConstraints(pattern=_FIELD_PATTERN)]
EventNames = Annotated[tuple[EventName, ...], BeforeValidator(as_list), Field(min_length=1)]
Amount = Annotated[int, Strict(), Field(ge=0, le=MAX_AMOUNT)]
PositiveInt = Annotated[int, Strict(), Field(ge=1, le=MAX_AMOUNT)]
Flag = Annotated[bool, Strict()]
Period = Literal["day", "week", "month", "year", "ever"]
