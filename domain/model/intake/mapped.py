"""Any system that signs JSON: CEL expressions of the sources file say where its body holds what counts.

`money(x)` and `instant(x, zone)` do what CEL cannot. Lines are looped here, with one evaluation for each: the
engine copies a list for every element that it loops over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, TypeVar
from urllib.parse import parse_qs

from domain.model.expression_engine import cel
from domain.model.intake.bodies import BodyIncomplete, BodyMalformed, parse_body, text_of, whole_number
from domain.model.intake.instants import InstantUnreadable, instant_of
from domain.model.intake.money import MoneyUnreadable, minor_units
from domain.model.intake.order_state import (
    GOODS,
    BodyIgnored,
    MappedBody,
    MemberHints,
    OrderLine,
    OrderRefund,
    OrderState,
    ReportedEvent,
    with_rest,
)
from domain.model.intake.shop_terms import ShopTerms
from domain.model.intake.signatures import value_at
from domain.model.values import dataclass

T = TypeVar("T")

MOST_ELEMENTS: Final = 2_000
MOST_LINES: Final = 500
LARGEST_INTEGER: Final = 2**63 - 1
_REFUSALS: Final = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class LinesTerms:
    """Where the lines of a receipt stand, and what each of them says: expressions over `line` and `body`."""

    of: str
    each: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MappedTerms:
    """The expressions of a mapped source. `at` is where in the body that stands which they call `body`;
    `zone` that of texts without one.
    """

    identity: str
    kind_of: str
    form: Literal["json", "field"] = "json"
    at: str = ""
    zone: str = "UTC"
    member: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    lines: LinesTerms | None = None
    event_fields: Mapping[str, str] = field(default_factory=dict)


def parse_form(raw: bytes, terms: MappedTerms) -> object:
    """Return the JSON of a body, also where it stands in a field of a form: then `at` begins with its name.
    Raises BodyMalformed.
    """
    if terms.form == "json":
        return value_at(parse_body(raw), terms.at)
    name, _, path = terms.at.partition(".")
    try:
        fields = parse_qs(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise BodyMalformed("the body is no form") from None
    if name not in fields:
        raise BodyMalformed("the form has no such field")
    return value_at(parse_body(fields[name][0].encode()), path)


def map_body(body: object, terms: MappedTerms, shop: ShopTerms) -> MappedBody:
    """Return what a body comes to. Raises BodyIncomplete, MoneyUnreadable, InstantUnreadable."""
    if not isinstance(body, dict):
        return BodyIgnored("the body holds no object there")
    reader = _BodyReader(_plain(body), terms, shop)
    kind = reader.text("kind_of", terms.kind_of)
    match kind:
        case None | "ignore":
            return BodyIgnored("the mapping ignores it")
        case "purchase":
            return _purchase(reader)
        case "refund":
            return _refund(reader)
        case "cancel":
            return _cancelled(reader)
        case _:
            return ReportedEvent(
                reader.needed("identity", terms.identity),
                kind,
                reader.instant("at"),
                reader.hints(),
                {name: reader.value(f"data.{name}", source) for name, source in terms.event_fields.items()},
            )


def _purchase(reader: _BodyReader) -> OrderState:
    at, total = reader.instant("at"), reader.money("total")
    if at is None or total is None:
        raise BodyIncomplete(f"fields.{'at' if at is None else 'total'} is missing in the body")
    # A till that names no lines sold goods: nothing of it is a rest that lines leave unexplained.
    lines, rest = with_rest(reader.lines() or [OrderLine.summed(GOODS, total)], total)
    number = reader.field_text("number")
    return OrderState(
        external_id=reader.order_id(),
        currency=reader.currency,
        total=total,
        lines=lines,
        occurred_at=at,
        updated_at=reader.instant("updatedAt") or at,
        standing="counts",
        hints=reader.hints(),
        unexplained=rest,
        numbers=() if number is None else (number,),
    )


def _refund(reader: _BodyReader) -> OrderRefund:
    amount = reader.money("total")
    if amount is None:
        raise BodyIncomplete("fields.total is missing in the body")
    id = reader.field_text("refundId") or reader.needed("identity", reader.terms.identity)
    return OrderRefund(id, reader.order_id(), amount=abs(amount))


def _cancelled(reader: _BodyReader) -> OrderState:
    at = reader.instant("at")
    if at is None:
        raise BodyIncomplete("fields.at is missing in the body")
    updated_at = reader.instant("updatedAt") or at
    return OrderState(reader.order_id(), reader.currency, 0, (), at, updated_at, "void", reader.hints())


class _BodyReader:
    """Evaluates the expressions of one body."""

    def __init__(self, body: object, terms: MappedTerms, shop: ShopTerms) -> None:
        self.terms, self._shop, self._body = terms, shop, body
        self._faults = list[ValueError]()
        self.currency = shop.currency
        self._context = self._new_context({"body": body})
        self.currency = self.field_text("currency") or shop.currency

    def _new_context(self, variables: Mapping[str, object]) -> cel.Context:
        context = cel.Context(variables=dict(variables))
        context.add_function("money", self._money)
        context.add_function("instant", self._instant)
        return context

    def _money(self, value: object) -> int | None:
        return self._noting(lambda: minor_units(value, self.currency))

    def _instant(self, value: object, zone: str = "") -> datetime | None:
        return self._noting(lambda: instant_of(value, zone or self.terms.zone))

    def _noting(self, read: Callable[[], T]) -> T | None:
        """Return a value, or note why there is none: the engine would print what a function raises."""
        try:
            return read()
        except (MoneyUnreadable, InstantUnreadable) as fault:
            self._faults.append(fault)
            return None

    def value(self, path: str, source: str, context: cel.Context | None = None) -> object:
        """Return the value of an expression; None where the body lacks what it reads."""
        self._faults.clear()
        try:
            value = compiled(source).execute(context or self._context)
        except KeyError:
            return None
        except _REFUSALS:
            if not self._faults:
                raise BodyIncomplete(f"{path} cannot be evaluated on this body") from None
            value = None
        if self._faults:
            raise BodyIncomplete(f"{path}: {self._faults[0]}")
        return value

    def text(self, path: str, source: str) -> str | None:
        """Return the text of an expression; None where there is none."""
        return _as_text(self.value(path, source))

    def needed(self, path: str, source: str) -> str:
        """Return the text of an expression. Raises BodyIncomplete where there is none."""
        text = self.text(path, source)
        if text is None:
            raise BodyIncomplete(f"{path} is missing in the body")
        return text

    def field_text(self, name: str) -> str | None:
        """Return the text of one of `fields`."""
        source = self.terms.fields.get(name)
        return None if source is None else self.text(f"fields.{name}", source)

    def order_id(self) -> str:
        """Return the receipt's identity: `fields.externalId`, else the body's."""
        return self.field_text("externalId") or self.needed("identity", self.terms.identity)

    def money(self, name: str) -> int | None:
        """Return one of `fields` in minor units."""
        source = self.terms.fields.get(name)
        return None if source is None else self._minor(f"fields.{name}", self.value(f"fields.{name}", source))

    def instant(self, name: str) -> datetime | None:
        """Return one of `fields` as an instant."""
        source = self.terms.fields.get(name)
        value = None if source is None else self.value(f"fields.{name}", source)
        if value is None:
            return None
        try:
            return instant_of(value, self.terms.zone)
        except InstantUnreadable as fault:
            raise BodyIncomplete(f"fields.{name}: {fault}") from None

    def hints(self) -> MemberHints:
        """Return who it may be."""
        texts = {name: self.text(f"member.{name}", source) for name, source in self.terms.member.items()}
        contacts = (texts.get("email"), texts.get("phone"))
        number = texts.get("number")
        return MemberHints(
            texts.get("customer"),
            tuple(contact for contact in contacts if contact is not None),
            () if number is None else (number,),
        )

    def lines(self) -> list[OrderLine]:
        """Return the lines of the receipt. Raises BodyIncomplete where there are too many."""
        spec = self.terms.lines
        rows = None if spec is None else self.value("lines.of", spec.of)
        if spec is None or rows is None:
            return []
        if not isinstance(rows, list) or len(rows) > MOST_LINES:
            raise BodyIncomplete(f"lines.of is no list of at most {MOST_LINES} lines")
        needs_body = any("body" in compiled(source).variables() for source in spec.each.values())
        return [self._line(number, row, spec, needs_body) for number, row in enumerate(rows, start=1)]

    def _line(self, number: int, row: object, spec: LinesTerms, needs_body: bool) -> OrderLine:
        context = self._new_context({"line": row, **({"body": self._body} if needs_body else {})})
        values = {
            name: self.value(f"lines.each.{name}", source, context) for name, source in spec.each.items()
        }
        amount = self._minor("lines.each.amount", values.get("amount"))
        if amount is None:
            raise BodyIncomplete("lines.each.amount is missing in a line")
        quantity = max(whole_number(_exact(values.get("quantity"))) or 1, 1)
        sku = _as_text(values.get("sku")) or str(number)
        category = (
            self._shop.categories.get(sku) or _as_text(values.get("category")) or self._shop.category(sku)
        )
        amount = max(amount, 0)
        return OrderLine(
            str(number), sku, category, amount, quantity, amount, quantity, _as_text(values.get("name"))
        )

    def _minor(self, path: str, value: object) -> int | None:
        """Return an amount: `money(...)` has made it a whole number of minor units."""
        if value is None or isinstance(value, int):
            return value
        raise BodyIncomplete(f"{path} is no amount: write money(...) around it")


_programs: dict[str, cel.Program] = {}


def compiled(source: str) -> cel.Program:
    """Return an expression, compiled once. Raises ValueError."""
    program = _programs.get(source)
    if program is None:
        program = _programs[source] = cel.compile(source)
    return program


def _as_text(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return text_of(value)


def _exact(value: object) -> object:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _plain(value: object) -> object:
    """Return a body as the engine reads it: fractions as floats, whole numbers beyond 64 bits as texts.
    Raises BodyIncomplete for lists that are too long to loop over.
    """
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        if len(value) > MOST_ELEMENTS:
            raise BodyIncomplete(f"a list of the body has more than {MOST_ELEMENTS} elements")
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return str(value)
    return value
