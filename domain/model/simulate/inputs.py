"""The lines of an events file, read strictly. A line that cannot be run raises InputMalformed, which names
the line, what is wrong and what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

import orjson

from domain.model import event_names
from domain.model.calendar import VALID_YEARS, is_in_valid_years, milliseconds
from domain.model.ledger.events import Json
from domain.model.ledger.member import Member
from domain.model.programme import Programme
from domain.model.programme.faults import suggestion
from domain.model.values import dataclass

T = TypeVar("T", str, int, bool, list[Json], dict[str, Json])

MAX_AMOUNT = 10**9
# The data fields of each event. The programme's own events have the fields that its file declares.
DATA_FIELDS: Mapping[str, tuple[str, ...]] = {
    event_names.ENROLLED: (
        "name",
        "birthday",
        "locale",
        "timezone",
        "consents",
        "referredBy",
        "attributes",
        "code",
        "batch",
    ),
    event_names.IMPORTED: (
        *("joined", "balances", "tier", "tierUntil", "consents"),
        *("name", "birthday", "locale", "timezone", "attributes"),
    ),
    event_names.CONSENTED: ("purpose", "granted", "wordingVersion"),
    event_names.ATTRIBUTES_CHANGED: ("attributes",),
    event_names.PURCHASED: ("externalId", "store", "total", "lines", "payWith", "taxes", "history"),
    event_names.REFUNDED: ("externalId", "store", "amount", "lines", "refund"),
    event_names.CORRECTED: ("externalId", "store", "total", "lines"),
    event_names.HOLD_PLACED: ("hold", "wallet", "amount", "order", "store", "total", "minutes", "fiscal"),
    event_names.HOLD_RELEASED: ("hold",),
    event_names.REDEEMED: ("reward", "voucher"),
    event_names.GIVEN: ("reward",),
    event_names.TAGGED: ("add", "remove"),
    event_names.VOUCHER_USED: ("voucher", "reward", "store", "purchase", "total", "receipt", "discount"),
    **dict.fromkeys((event_names.VOUCHER_CANCELLED, event_names.VOUCHER_REVERSED), ("voucher", "reward")),
    event_names.ADJUSTED: ("wallet", "amount", "reason"),
    event_names.CODE_ENTERED: ("code", "batch"),
    **dict.fromkeys((event_names.PLAN_STARTED, event_names.PLAN_RENEWED), ("plan", "until")),
    event_names.PLAN_ENDED: ("plan",),
    event_names.SURVEY_ANSWERED: ("survey", "score"),
    event_names.CHALLENGE_ACCEPTED: ("badge",),
    **dict.fromkeys((event_names.FROZEN, event_names.UNFROZEN), ()),
    event_names.INACTIVE: ("on",),
    event_names.LEADERBOARD_ENDED: ("leaderboard", "period", "rank"),
    event_names.ERASED: ("cause",),
    event_names.MERGED: ("from",),
}
INPUT_EVENTS = frozenset(DATA_FIELDS)
_ROW_FIELDS: Mapping[str, tuple[str, ...]] = {
    "lines": (),  # by the event: _LINE_FIELDS
    "payWith": ("wallet", "units", "hold"),
    "balances": ("wallet", "amount", "expires"),
    "taxes": ("rate", "base", "amount"),
}
_LINE_FIELDS: Mapping[str, tuple[str, ...]] = {
    event_names.PURCHASED: ("sku", "name", "category", "quantity", "amount"),
    event_names.REFUNDED: ("line", "quantity", "amount"),
    event_names.CORRECTED: ("sku", "name", "category", "quantity", "amount"),
}
_DECLARED_TYPES: Mapping[str, type] = {"string": str, "int": int, "bool": bool, "date": str}
_TYPE_NAMES: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a map",
}


class InputMalformed(Exception):
    """Raised where a line cannot be run. Its text names the line, what is wrong and what would be right."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")


@dataclass(frozen=True)
class InputLine:
    """One parsed line. `number` counts from 1. `heard_at` is when it was heard of, where that was later."""

    number: int
    at: datetime
    member: str
    name: str
    source: str
    data: Mapping[str, Json]
    heard_at: datetime | None = None

    def malformed(self, message: str) -> InputMalformed:
        """Return the error of this line."""
        return InputMalformed(self.number, message)

    def get(self, name: str, kind: type[T]) -> T | None:
        """Return a field of the data; None where it is missing. Raises InputMalformed where it is of another
        kind.
        """
        value = self.data.get(name)
        if value is None:
            return None
        if type(value) is kind:
            return value
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.malformed(f"data.{name} is {value!r}; write {_TYPE_NAMES[kind]}")
        return value

    def require(self, name: str, kind: type[T]) -> T:
        """Return a required field. Raises InputMalformed."""
        value = self.get(name, kind)
        if value is None:
            raise self.malformed(f"data.{name} is missing; {self.name} needs it: {_TYPE_NAMES[kind]}")
        return value

    def whole_number(self, name: str, *, least: int, default: int | None = None) -> int:
        """Return a whole number from `least` to 10^9. Raises InputMalformed."""
        value = self.data.get(name)
        if type(value) is not int:
            value = default if value is None and default is not None else self.require(name, int)
        if not least <= value <= MAX_AMOUNT:
            raise self.malformed(f"data.{name} is {value}; write a whole number from {least} to {MAX_AMOUNT}")
        return value

    def require_code(self, name: str, codes: Iterable[str]) -> str:
        """Return a code that the programme has. Raises InputMalformed."""
        value, known_codes = self.require(name, str), sorted(codes)
        if value not in known_codes:
            raise self.malformed(
                f"data.{name} is {value!r}; the programme has {', '.join(known_codes) or 'none'}"
            )
        return value


# ---------------------------------------------------------------- lines


def read_line(number: int, text: str) -> InputLine:
    """Parse one line. Raises InputMalformed."""
    try:
        row = orjson.loads(text)
    except ValueError as error:
        raise InputMalformed(number, f"no JSON ({error}); write one object a line") from None
    if not isinstance(row, dict):
        raise InputMalformed(number, "is no object; write {at, member, name, source, data}")
    for name in ("at", "member", "name"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise InputMalformed(number, f"{name} is missing or no text")
    source, fields = row.get("source"), row.get("data")
    if source is not None and not isinstance(source, str):
        raise InputMalformed(number, f"source is {source!r}; write a text")
    if fields is not None and not isinstance(fields, dict):
        raise InputMalformed(number, "data is no object")
    at, heard = read_instant(number, row["at"]), row.get("heard")
    if heard is not None and not isinstance(heard, str):
        raise InputMalformed(number, f"heard is {heard!r}; write an instant, or leave it out")
    heard_at = None if heard is None else read_instant(number, heard)
    if heard_at is not None and heard_at < at:
        raise InputMalformed(number, "heard is before at; nothing is heard of before it happens")
    return InputLine(number, at, row["member"], row["name"], source or "", fields or {}, heard_at)


def read_instant(number: int, text: str) -> datetime:
    """Read an instant. Raises InputMalformed."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InputMalformed(number, f"{text!r} is no instant; write 2026-03-01T10:00:00Z") from None
    if at.tzinfo is None:
        raise InputMalformed(number, f"{text!r} has no zone; write Z or an offset at its end")
    if not is_in_valid_years(at):
        raise InputMalformed(
            number, f"{text!r} is out of range; write a year from {VALID_YEARS[0]} to {VALID_YEARS[-1]}"
        )
    return milliseconds(at)


# ---------------------------------------------------------------- what lines hold


def input_warnings(line: InputLine, programme: Programme) -> Iterator[str]:
    """Yield what is odd about a line that still runs: unknown fields, and declared ones of another kind."""
    declared = next((spec.data for spec in programme.events if spec.name == line.name), {})
    yield from _unknown_fields("data", line.data, DATA_FIELDS.get(line.name) or tuple(declared))
    for name, kind in declared.items():
        value = line.data.get(name)
        if value is not None and type(value) is not _DECLARED_TYPES[kind]:
            yield f"data.{name} is declared as {kind}; write {_TYPE_NAMES[_DECLARED_TYPES[kind]]}"
    for where in _ROW_FIELDS.keys() & line.data.keys():
        rows = line.data[where]
        known = _LINE_FIELDS.get(line.name, ()) if where == "lines" else _ROW_FIELDS[where]
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                yield from _unknown_fields(f"data.{where}", row, known)


def _unknown_fields(where: str, fields: Mapping[str, Json], known: tuple[str, ...]) -> Iterator[str]:
    for name in fields:
        if name not in known:
            yield f"{where} has no field {name}; {suggestion(name, known, 'leave it out')}"


def check_voucher_label(line: InputLine, member: Member) -> None:
    """Raise InputMalformed where the label of a voucher is one that the member has, or that is ours."""
    label = line.get("voucher", str)
    if label is not None and (
        label in member.vouchers or re.fullmatch(rf"{re.escape(member.id)}-\d+", label)
    ):
        raise line.malformed(f"data.voucher {label!r} is taken; give each voucher a label of its own")


def read_data(line: InputLine, programme: Programme) -> Mapping[str, Json]:
    """Read the data of any other event. Raises InputMalformed where it names an unknown code."""
    match line.name:
        case event_names.REDEEMED:
            line.require_code("reward", (spec.code for spec in programme.rewards))
            line.get("voucher", str)
        case event_names.VOUCHER_USED | event_names.VOUCHER_CANCELLED | event_names.VOUCHER_REVERSED:
            line.require("voucher", str)
        case event_names.ADJUSTED:
            line.require_code("wallet", (spec.code for spec in programme.wallets))
            amount = line.require("amount", int)
            if not amount or abs(amount) > MAX_AMOUNT:
                raise line.malformed(
                    f"data.amount is {amount}; write a whole number but 0, at most {MAX_AMOUNT}"
                )
        case event_names.PLAN_STARTED | event_names.PLAN_RENEWED:
            line.require_code("plan", (spec.code for spec in programme.plans))
            until = line.get("until", str)
            return {**line.data, "until": read_instant(line.number, until).isoformat() if until else None}
        case event_names.PLAN_ENDED if line.data.get("plan") is not None:
            return {"plan": line.require_code("plan", (spec.code for spec in programme.plans))}
        case event_names.PLAN_ENDED:
            return {}
        case event_names.CHALLENGE_ACCEPTED:
            return {
                "badge": line.require_code("badge", (spec.code for spec in programme.badges if spec.accept))
            }
        case event_names.SURVEY_ANSWERED:
            _check_answer(line, programme)
        case event_names.LEADERBOARD_ENDED:
            line.require_code("leaderboard", (spec.code for spec in programme.leaderboards))
            line.whole_number("rank", least=1)
            line.get("period", str)
    return line.data


def _check_answer(line: InputLine, programme: Programme) -> None:
    survey = line.require_code("survey", (spec.code for spec in programme.surveys))
    scores, score = programme.survey(survey).scores, line.require("score", int)
    if score not in scores:
        raise line.malformed(f"data.score is {score}; {survey} takes {scores[0]} to {scores[-1]}")
