"""A message's texts with their placeholders filled, and the words chosen that follow a number or a code, as
its reader writes amounts, numbers and days. Pure: the same figures, the same text.

What can be filled on which event stands in `programme/vocabulary.py`, and the check holds every file to it.
What is not known any more (a reward that left the programme) is its code; what is null is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeVar
from urllib.parse import quote

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_precision

from domain.model.ledger.events import Json
from domain.model.locales import OTHER, babel_locale, plural_form
from domain.model.message_format import Choice, Placeholder, TextParts, parse_text
from domain.model.programme import Programme, safe_address
from domain.model.programme.field_types import MAX_TEXT_LENGTH, LocalizedText
from domain.model.programme.messages import MessageSpec
from domain.model.values import dataclass

P = TypeVar("P")

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
# A currency without a sign of its own stands as its letters: CLDR parts them from the figure, Babel does not.
_CODE_BEFORE: Final = re.compile(r"(?<=[A-Za-z])(?=\d)")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class MessageSubject:
    """What a message is about: the event that caused it, that event's figures and codes, the balance then,
    and the random id of the member, by which they have variants. No personal data.
    """

    event: str
    data: Mapping[str, Json]
    balance: int
    member: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom it is for."""

    name: str = field(repr=False)
    number: str
    locale: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is read."""

    title: str
    body: str
    link: str | None


# ---------------------------------------------------------------- rules
def render(programme: Programme, message: MessageSpec, subject: MessageSubject, to: Recipient) -> Rendered:
    """Return a message as its reader reads it, title and body of at most 5,000 characters. In a link stand
    codes and bare figures, fit for a URL; a link that is not safe to open is none.
    """
    figures = _Figures(programme, subject, to)

    def linked(placeholder: re.Match[str]) -> str:
        return quote(figures.bare(placeholder[1]), safe="")

    return Rendered(
        title=_filled(message.title, figures),
        body=_filled(message.body, figures),
        link=safe_address(_PLACEHOLDER.sub(linked, message.link), "link") if message.link else None,
    )


def outline(text: LocalizedText, locale: str) -> str:
    """Return a text for a list of messages: `…` stands for what is filled in, of a choice its last form."""
    return "".join(_outlined(parse_text(text.for_locale(locale))))


def _outlined(parts: TextParts) -> Iterator[str]:
    for part in parts:
        match part:
            case Placeholder():
                yield "…"
            case Choice():
                yield from _outlined(part.by_code(OTHER))
            case str():
                yield part


def _filled(text: LocalizedText, figures: _Figures) -> str:
    locale = text.locale_for(figures.to.locale)
    filled = "".join(_words(parse_text(text.entries.get(locale, "")), figures, locale))
    return filled if len(filled) <= MAX_TEXT_LENGTH else f"{filled[: MAX_TEXT_LENGTH - 1]}…"


def _words(parts: TextParts, figures: _Figures, locale: str) -> Iterator[str]:
    """Yield a text's words. `locale` is that of the text: its forms are those of its own language."""
    for part in parts:
        match part:
            case Placeholder():
                yield figures.shown(part.name)
            case Choice(kind="select"):
                yield from _words(part.by_code(figures.code(part.name)), figures, locale)
            case Choice(kind="plural" | "selectordinal" as kind):
                value = figures.quantity(part.name)
                options = (
                    part.by_code(OTHER)
                    if value is None
                    else part.by_number(value, plural_form(value, locale, kind))
                )
                yield from _words(options, figures, locale)
            case str():
                yield part


@dataclass(frozen=True, slots=True)
class _Figures:
    programme: Programme
    subject: MessageSubject
    to: Recipient

    def shown(self, name: str) -> str:
        """Return what stands in a placeholder's place, in the reader's language."""
        programme, event_data, locale = self.programme, self.subject.data, self.to.locale
        match name:
            case "programme.name":
                return programme.programme.name.for_locale(locale)
            case "member.balance":
                return self._amount(self._wallet(name), self.subject.balance)
            case "points.amount":
                return self._amount(self._wallet(name), event_data.get("amount"))
            case "points.wallet":
                return self._named(programme.wallet, "wallet", lambda spec: spec.name)
            case "reward.title":
                return self._named(
                    programme.reward, "reward", lambda spec: spec.for_member(self.subject.member).title
                )
            case "badge.name":
                return self._named(programme.badge, "badge", lambda spec: spec.name)
            case "tier.name":
                return self._named(programme.tier, "to", lambda spec: spec.name)
            case "plan.name":
                return self._named(programme.plan, "plan", lambda spec: spec.name)
            case "purchase.total":
                total = event_data.get("total")
                return money(total, programme.programme.currency, locale) if isinstance(total, int) else ""
        return _written(
            self._raw(name), locale, dated=name in ("points.on", "plan.until") or self._is_day(name)
        )

    def bare(self, name: str) -> str:
        """Return the code or the figure itself."""
        return _word(self._raw(name))

    def code(self, name: str) -> str:
        """Return the code or the figure as a form of a choice spells it: true and false in small letters."""
        value = self._raw(name)
        return str(value).lower() if isinstance(value, bool) else _word(value)

    def quantity(self, name: str) -> Decimal | None:
        """Return a number as it is read, money in its currency's units; None where there is none."""
        value = self._raw(name)
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        is_money = name == "purchase.total" or (
            (spec := _known(self.programme.wallet, self._wallet(name))) is not None and spec.kind == "money"
        )
        return _units(value, self.programme.programme.currency) if is_money else Decimal(value)

    def _wallet(self, name: str) -> str:
        """Return the wallet that an amount is of; nothing where it is of none."""
        if name == "member.balance":
            return self.programme.wallets[0].code
        return _word(self.subject.data.get("wallet")) if name == "points.amount" else ""

    def _raw(self, name: str) -> Json:
        event_data = self.subject.data
        fixed: dict[str, Json] = {
            "member.name": self.to.name,
            "member.number": self.to.number,
            "member.balance": self.subject.balance,
            "programme.name": self.programme.programme.code,
            "tier.name": event_data.get("to"),
            "tier.code": event_data.get("to"),
            "purchase.total": event_data.get("total"),
        }
        if name in fixed:
            return fixed[name]
        subject, _, word = name.partition(".")
        if subject in ("reward", "badge", "plan") and word in ("code", "name", "title"):
            return event_data.get(subject)
        return event_data.get(word)

    def _amount(self, wallet: str, amount: Json) -> str:
        if not isinstance(amount, int):
            return ""
        spec = _known(self.programme.wallet, wallet)
        if spec is not None and spec.kind == "money":
            return money(amount, self.programme.programme.currency, self.to.locale)
        return number(amount, self.to.locale)

    def _named(self, find: Callable[[str], P], key: str, name: Callable[[P], LocalizedText]) -> str:
        code = _word(self.subject.data.get(key))
        spec = _known(find, code)
        return code if spec is None else name(spec).for_locale(self.to.locale)

    def _is_day(self, name: str) -> bool:
        spec = _known(self.programme.event, self.subject.event)
        return (
            spec is not None
            and name.startswith("event.")
            and spec.data.get(name.removeprefix("event.")) == "date"
        )


def _known(find: Callable[[str], P], code: str) -> P | None:
    try:
        return find(code)
    except KeyError:
        return None


def _word(value: Json) -> str:
    return "" if value is None else str(value)


def _written(value: Json, locale: str, *, dated: bool) -> str:
    if dated and isinstance(value, str):
        try:
            return day(datetime.fromisoformat(value).date(), locale)
        except ValueError:
            return value
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value, locale)
    return _word(value)


# ---------------------------------------------------------------- figures
def number(value: int, locale: str) -> str:
    """Return a whole number as a reader writes it."""
    return str(format_decimal(value, locale=babel_locale(locale)))


def money(minor: int, currency: str, locale: str) -> str:
    """Return an amount in minor units as a reader writes it."""
    text = str(format_currency(_units(minor, currency), currency, locale=babel_locale(locale)))
    return _CODE_BEFORE.sub("\N{NO-BREAK SPACE}", text)


def day(value: date, locale: str) -> str:
    """Return a calendar day as a reader writes it."""
    return str(format_date(value, format="long", locale=babel_locale(locale)))


def _units(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-get_currency_precision(currency))
