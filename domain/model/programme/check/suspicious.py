"""Values that are allowed and are probably a mistake: whole units of money in place of minor units, a
percentage as a multiplier, a comparison that never holds. All of them are warnings, so that programmes
published before this check stay valid.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from babel.numbers import get_currency_precision

from domain.model.conditions import Expression, Term, terms
from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding, KeyPath, suggestion
from domain.model.programme.rules import Award
from domain.model.programme.vocabulary import LINE_VARIABLES, MEMBER_VARIABLES, PURCHASE_VARIABLES, Variable

MONEY_PATHS: Final = frozenset(
    {
        "purchase.total",
        "purchase.eligible",
        "purchase.paid",
        "line.amount",
        "member.purchases.total",
        "member.purchases.average",
        "event.data.total",
    }
)
_COMPARISON_SIGNS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_VARIABLES: Final = {**MEMBER_VARIABLES, **PURCHASE_VARIABLES, **LINE_VARIABLES}
_LARGE_MULTIPLIER: Final = 10


def check_suspicious(checked_file: CheckedFile) -> Iterator[Finding]:
    """Warn of figures that probably mean something else, and of comparisons that never hold."""
    currency = checked_file.programme.programme.currency
    unit = 10 ** get_currency_precision(currency)
    yield from _suspicious_figures(checked_file, unit, currency)
    for placed in checked_file.actions:
        if placed.action.award is not None:
            yield from _suspicious_award(
                (*placed.path, "award"), placed.action.award, checked_file, unit, currency
            )
    tags = {tag for doing in checked_file.actions if (tag := doing.action.tag) is not None}
    for place in checked_file.expressions:
        for path, sign, other in _comparisons(place.expression):
            if (
                path in MONEY_PATHS
                and other.kind == "number"
                and other.value.isdigit()
                and 1 < int(other.value) < unit
            ):
                yield _minor_unit_warning(place.path, path, int(other.value), unit, currency)
            elif path == "member.tags" and sign == "in" and other.kind == "text" and other.value not in tags:
                remedy = suggestion(
                    other.value, tags, FaultText("add a rule that does tag: {value}", value=other.value)
                )
                yield Finding(
                    place.path,
                    FaultText("no rule puts the tag {value} on a member", value=other.value),
                    remedy,
                    is_warning=True,
                )
            elif sign in _COMPARISON_SIGNS and path in _VARIABLES:
                yield from _mismatched_kinds(place.path, path, _VARIABLES[path], other)


def _suspicious_figures(checked_file: CheckedFile, unit: int, currency: str) -> Iterator[Finding]:
    """Find amounts of money of less than one whole unit, and multipliers that are too large."""
    figures: list[tuple[KeyPath, int | None]] = []
    for index, reward in enumerate(checked_file.programme.rewards):
        if reward.value is not None:
            path: KeyPath = ("rewards", index, "value")
            figures += [((*path, "amount"), reward.value.amount), ((*path, "minimum"), reward.value.minimum)]
    figures += [
        (("plans", index, "price"), plan.price) for index, plan in enumerate(checked_file.programme.plans)
    ]
    for place, figure in figures:
        if figure is not None and 0 < figure < unit:
            yield _minor_unit_warning(place, FaultText("this"), figure, unit, currency)
    if checked_file.programme.tiers is not None:
        for index, tier in enumerate(checked_file.programme.tiers.ladder):
            if tier.multiplier > _LARGE_MULTIPLIER:
                message = FaultText(
                    "{code} gets {times} times the award", code=tier.code, times=f"{float(tier.multiplier):g}"
                )
                yield Finding(
                    ("tiers", "ladder", index, "multiplier"),
                    message,
                    FaultText("write 1.25 for a quarter more"),
                    is_warning=True,
                )


def _suspicious_award(
    path: KeyPath, award: Award, checked_file: CheckedFile, unit: int, currency: str
) -> Iterator[Finding]:
    """Find awards that give nothing more, for money paid all of it, or a point for every cent."""
    if award.times == 1:
        yield Finding(
            (*path, "times"),
            FaultText("1 times what the rules gave is no more than that"),
            FaultText("write times: 2 for as much once more"),
            is_warning=True,
        )
    if award.amount is None or award.of is None or award.amount < award.per:
        return
    if award.of.kind == "items" or (
        award.of.kind == "value" and award.of.expression.source.strip() not in MONEY_PATHS
    ):
        return
    wallet = next((spec for spec in checked_file.programme.wallets if spec.code == award.wallet), None)
    if wallet is not None and wallet.kind == "money":
        remedy = FaultText("write per: 100 for {amount} percent", amount=award.amount)
        yield Finding(
            (*path, "per"), FaultText("it gives back all that is paid, or more"), remedy, is_warning=True
        )
    elif wallet is not None and unit > 1:
        message = FaultText(
            "{amount} for each {money} that is paid",
            amount=award.amount,
            money=money_text(award.per, unit, currency),
        )
        yield Finding(
            (*path, "per"),
            message,
            FaultText(
                "write per: {unit} for each {money}", unit=unit, money=money_text(unit, unit, currency)
            ),
            is_warning=True,
        )


def _mismatched_kinds(place: KeyPath, path: str, variable: Variable, other: Term) -> Iterator[Finding]:
    """Find comparisons of a list or a number with a text: they are always false, or with != always true."""
    if other.kind == "text" and variable.kind in ("texts", "by_code"):
        yield Finding(
            place,
            FaultText("{path} holds several, and is never one text", path=path),
            FaultText('write "{value}" in {path}', value=other.value, path=path),
            is_warning=True,
        )
    elif other.kind == "text" and variable.kind == "whole":
        yield Finding(
            place,
            FaultText("{path} is a whole number, and never a text", path=path),
            FaultText("write {value} without quotes", value=other.value),
            is_warning=True,
        )


def _minor_unit_warning(place: KeyPath, path: str, figure: int, unit: int, currency: str) -> Finding:
    message = FaultText(
        "{path} is in minor units: {figure} is {money}",
        path=path,
        figure=figure,
        money=money_text(figure, unit, currency),
    )
    return Finding(
        place,
        message,
        FaultText(
            "write {figure} for {money}",
            figure=figure * unit,
            money=money_text(figure * unit, unit, currency),
        ),
        is_warning=True,
    )


def money_text(minor: int, unit: int, currency: str) -> str:
    return f"{minor / unit:.{len(str(unit)) - 1}f} {currency}"


def _comparisons(expression: Expression) -> Iterator[tuple[str, str, Term]]:
    """Yield each path with the operator and the term that it is compared with."""
    pieces = terms(expression.source)
    for left, sign, right in zip(pieces, pieces[1:], pieces[2:], strict=False):
        if left.kind == "path" and sign.value in _COMPARISON_SIGNS:
            yield left.value, sign.value, right
        elif right.kind == "path" and sign.value in (*_COMPARISON_SIGNS, "in"):
            yield right.value, sign.value, left
