"""What can be published and is probably a slip: whole units of money where minor ones count, a percentage as
a multiplier, a comparison that nothing can meet. Warnings, all of them, so that a programme published before
them stays one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from babel.numbers import get_currency_precision

from domain.model.conditions import Expression, Term, terms
from domain.model.programme.faults import Finding, Path, instead
from domain.model.programme.rules import Award
from domain.model.programme.view import View
from domain.model.programme.vocabulary import LINE, MEMBER, PURCHASE, Word

_MONEY: Final = frozenset(
    {
        "purchase.total",
        "purchase.eligible",
        "line.amount",
        "member.purchases.total",
        "member.purchases.average",
        "event.data.total",
    }
)
_COMPARED: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_WORDS: Final = {**MEMBER, **PURCHASE, **LINE}
_LARGE_MULTIPLIER: Final = 10


def check_meant(view: View) -> Iterator[Finding]:
    """Warn of figures that probably mean something else, and of comparisons that never hold."""
    currency = view.programme.programme.currency
    unit = 10 ** get_currency_precision(currency)
    yield from _worth(view, unit, currency)
    for doing in view.doings:
        if doing.action.award is not None:
            yield from _share((*doing.path, "award"), doing.action.award, view, unit, currency)
    tags = {tag for doing in view.doings if (tag := doing.action.tag) is not None}
    for place in view.places:
        for path, sign, other in _pairs(place.expression):
            if (
                path in _MONEY
                and other.kind == "number"
                and other.value.isdigit()
                and 1 < int(other.value) < unit
            ):
                yield _minor(place.path, path, int(other.value), unit, currency)
            elif path == "member.tags" and sign == "in" and other.kind == "text" and other.value not in tags:
                remedy = instead(other.value, tags, f"add a rule that does tag: {other.value}")
                yield Finding(
                    place.path, f"no rule puts the tag {other.value} on a member", remedy, hint=True
                )
            elif sign in _COMPARED and path in _WORDS:
                yield from _kinds(place.path, path, _WORDS[path], other)


def _worth(view: View, unit: int, currency: str) -> Iterator[Finding]:
    """What is written in money, and comes to less than one of it."""
    figures: list[tuple[Path, int | None]] = []
    for at, reward in enumerate(view.programme.rewards):
        if reward.value is not None:
            path: Path = ("rewards", at, "value")
            figures += [((*path, "amount"), reward.value.amount), ((*path, "minimum"), reward.value.minimum)]
    figures += [(("plans", at, "price"), plan.price) for at, plan in enumerate(view.programme.plans)]
    for place, figure in figures:
        if figure is not None and 0 < figure < unit:
            yield _minor(place, "this", figure, unit, currency)
    if view.programme.tiers is not None:
        for at, rung in enumerate(view.programme.tiers.ladder):
            if rung.multiplier > _LARGE_MULTIPLIER:
                message = f"{rung.code} gets {float(rung.multiplier):g} times the award"
                yield Finding(
                    ("tiers", "ladder", at, "multiplier"), message, "write 1.25 for a quarter more", hint=True
                )


def _share(path: Path, award: Award, view: View, unit: int, currency: str) -> Iterator[Finding]:
    """An award for money paid: all of it given back, or a point for every cent."""
    if award.amount is None or award.of is None or award.amount < award.per:
        return
    if award.of.kind == "items" or (award.of.kind == "value" and award.of.expr.source.strip() not in _MONEY):
        return
    wallet = next((spec for spec in view.programme.wallets if spec.code == award.wallet), None)
    if wallet is not None and wallet.kind == "money":
        remedy = f"write per: 100 for {award.amount} percent"
        yield Finding((*path, "per"), "it gives back all that is paid, or more", remedy, hint=True)
    elif wallet is not None and unit > 1:
        message = f"{award.amount} for each {_shown(award.per, unit, currency)} that is paid"
        yield Finding(
            (*path, "per"), message, f"write per: {unit} for each {_shown(unit, unit, currency)}", hint=True
        )


def _kinds(place: Path, path: str, word: Word, other: Term) -> Iterator[Finding]:
    """A list is no single text, a number is no text: such a comparison is always false, or with != always
    true.
    """
    if other.kind == "text" and word.kind in ("texts", "by_code"):
        yield Finding(
            place,
            f"{path} holds several, and is never one text",
            f'write "{other.value}" in {path}',
            hint=True,
        )
    elif other.kind == "text" and word.kind == "whole":
        yield Finding(
            place,
            f"{path} is a whole number, and never a text",
            f"write {other.value} without quotes",
            hint=True,
        )


def _minor(place: Path, path: str, figure: int, unit: int, currency: str) -> Finding:
    message = f"{path} is in minor units: {figure} is {_shown(figure, unit, currency)}"
    return Finding(
        place, message, f"write {figure * unit} for {_shown(figure * unit, unit, currency)}", hint=True
    )


def _shown(minor: int, unit: int, currency: str) -> str:
    return f"{minor / unit:.{len(str(unit)) - 1}f} {currency}"


def _pairs(expression: Expression) -> Iterator[tuple[str, str, Term]]:
    """Yield each path with the sign and what it is compared with."""
    found = terms(expression.source)
    for left, sign, right in zip(found, found[1:], found[2:], strict=False):
        if left.kind == "path" and sign.value in _COMPARED:
            yield left.value, sign.value, right
        elif right.kind == "path" and sign.value in (*_COMPARED, "in"):
            yield right.value, sign.value, left
