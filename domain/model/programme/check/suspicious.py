"""Values that are allowed and are probably a mistake: whole units of money in place of minor units, a
percentage as a multiplier, a comparison that never holds. All of them are warnings, so that programmes
published before this check stay valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from babel.numbers import get_currency_precision

from domain.model.conditions import Expression, Term, terms
from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding, KeyPath, suggestion
from domain.model.programme.rules import Award
from domain.model.programme.tiers import CountSpec, NamedCount
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
_ARITHMETIC: Final = frozenset(Term("sign", sign) for sign in "+-*/%")
_VARIABLES: Final = {**MEMBER_VARIABLES, **PURCHASE_VARIABLES, **LINE_VARIABLES}
_LARGE_MULTIPLIER: Final = 10


def check_suspicious(checked_file: CheckedFile) -> Iterator[Finding]:
    """Warn of figures that probably mean something else, and of comparisons that never hold."""
    currency = checked_file.programme.programme.currency
    unit = 10 ** get_currency_precision(currency)
    yield from _suspicious_figures(checked_file, unit, currency)
    yield from _suspicious_multipliers(checked_file)
    for placed in checked_file.actions:
        if placed.action.award is not None:
            yield from _suspicious_award(
                (*placed.path, "award"), placed.action.award, checked_file, unit, currency
            )
    tags = {tag for doing in checked_file.actions if (tag := doing.action.tag) is not None}
    for place in checked_file.expressions:
        for path, sign, other in _comparisons(place.expression):
            if path in MONEY_PATHS and _is_in_whole_units(other, unit):
                yield _minor_unit_warning(place.path, path, other.value, unit, currency)
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


def _is_in_whole_units(other: Term, unit: int) -> bool:
    """Tell whether money is compared with what is probably in whole units: less than one in minor units, or
    with a decimal point, which minor units never have.
    """
    if other.kind != "number" or unit == 1:
        return False
    if other.value.isdigit():
        return 1 < int(other.value) < unit
    return "." in other.value and _decimal(other.value) > 0


def _suspicious_figures(checked_file: CheckedFile, unit: int, currency: str) -> Iterator[Finding]:
    """Find amounts of money of less than one whole unit."""
    figures = (
        *_figures_of_rewards(checked_file),
        *((("plans", index, "price"), plan.price) for index, plan in enumerate(checked_file.programme.plans)),
        *_figures_of_wallets(checked_file),
        *_figures_of_tiers(checked_file),
    )
    small = [(place, figure) for place, figure in figures if figure is not None and 0 < figure < unit]
    # 0.50 EUR may well be what a visit gives, or a cup that is brought back.
    small += [
        (place, gift) for place, gift in _small_gifts(checked_file) if gift is not None and gift < unit / 2
    ]
    for place, figure in small:
        yield _minor_unit_warning(place, FaultText("this"), str(figure), unit, currency)


_Figures = Iterator[tuple[KeyPath, int | None]]


def _money_wallets(checked_file: CheckedFile) -> frozenset[str]:
    return frozenset(spec.code for spec in checked_file.programme.wallets if spec.kind == "money")


def _figures_of_rewards(checked_file: CheckedFile) -> _Figures:
    """Yield what rewards are worth in money, and what they cost from wallets of money."""
    wallets = _money_wallets(checked_file)
    for index, reward in enumerate(checked_file.programme.rewards):
        path: KeyPath = ("rewards", index)
        if reward.value is not None:
            yield (*path, "value", "amount"), reward.value.amount
            yield (*path, "value", "minimum"), reward.value.minimum
        costs = [((*path, "cost", "amount"), reward.cost)]
        costs += [
            ((*path, "variants", n, "cost", "amount"), variant.cost)
            for n, variant in enumerate(reward.variants)
        ]
        for place, cost in costs:
            if cost is not None and cost.wallet in wallets:
                yield place, cost.amount


def _figures_of_wallets(checked_file: CheckedFile) -> _Figures:
    """Yield caps of what wallets of money are given, and the least that is paid with them."""
    wallets, awarded = _money_wallets(checked_file), dict[int, set[str]]()
    for index, wallet in enumerate(checked_file.programme.wallets):
        if wallet.code in wallets and wallet.pay is not None:
            yield ("wallets", index, "pay", "minimum"), wallet.pay.minimum
    for placed in checked_file.actions:
        award = placed.action.award
        if award is not None and placed.by == "rule" and isinstance(number := placed.path[1], int):
            awarded.setdefault(number, set()).add(award.wallet)
    yield from _figures_of_caps(checked_file, awarded, wallets)


def _small_gifts(checked_file: CheckedFile) -> _Figures:
    """Yield the fixed amounts that wallets of money are given or lose."""
    wallets = _money_wallets(checked_file)
    for placed in checked_file.actions:
        award, deduct = placed.action.award, placed.action.deduct
        if award is not None and award.wallet in wallets:
            yield (*placed.path, "award", "fixed"), award.fixed
        if deduct is not None and deduct.wallet in wallets:
            yield (*placed.path, "deduct", "fixed"), deduct.fixed


def _figures_of_caps(
    checked_file: CheckedFile, awarded: Mapping[int, set[str]], wallets: frozenset[str]
) -> _Figures:
    """Yield the caps of rules that award to wallets of money alone. `awarded` has the wallets by rule."""
    shared: dict[str, set[str]] = {}
    for index, rule in enumerate(checked_file.programme.rules):
        given_to = awarded.get(index, set())
        if rule.cap is not None and given_to and given_to <= wallets:
            yield ("rules", index, "cap", "amount"), rule.cap.amount
        if rule.capped_by is not None:
            shared.setdefault(rule.capped_by, set()).update(given_to)
    for index, cap in enumerate(checked_file.programme.caps):
        given_to = shared.get(cap.code, set())
        if given_to and given_to <= wallets:
            yield ("caps", index, "amount"), cap.amount


def _figures_of_tiers(checked_file: CheckedFile) -> _Figures:
    """Yield what reaches and keeps tiers by counts of money."""
    tiers = checked_file.programme.tiers
    if tiers is None:
        return
    wallets = _money_wallets(checked_file)
    names = {name for name, count in tiers.all_counts.items() if _counts_money(count, wallets)}
    for index, tier in enumerate(tiers.ladder):
        for key, bound in (("from", tier.from_), ("keep", tier.keep)):
            path: KeyPath = ("tiers", "ladder", index, key)
            if isinstance(bound, dict):
                yield from (((*path, name), bound[name]) for name in sorted(names & bound.keys()))
            elif tiers.count is not None and names and checked_file.raw_value(path) is not None:
                yield path, bound


def _counts_money(count: CountSpec, wallets: frozenset[str]) -> bool:
    if isinstance(count, NamedCount) and count.kind is not None:
        return count.kind == "money"
    if count.wallet is not None:
        return count.wallet in wallets
    basis = count.of
    return basis is not None and basis.kind == "value" and basis.expression.source.strip() in MONEY_PATHS


def _suspicious_multipliers(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find multipliers of tiers that are too large."""
    tiers = checked_file.programme.tiers
    for index, tier in enumerate(tiers.ladder if tiers is not None else ()):
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


def _minor_unit_warning(place: KeyPath, path: str, figure: str, unit: int, currency: str) -> Finding:
    meant = int(_decimal(figure) * unit)
    message = FaultText(
        "{path} is in minor units: {figure} is {money}",
        path=path,
        figure=figure,
        money=money_text(_decimal(figure), unit, currency),
    )
    return Finding(
        place,
        message,
        FaultText("write {figure} for {money}", figure=meant, money=money_text(meant, unit, currency)),
        is_warning=True,
    )


def _decimal(figure: str) -> Decimal:
    return Decimal(figure.rstrip("uU"))


def money_text(minor: int | Decimal, unit: int, currency: str) -> str:
    return f"{minor / unit:.{len(str(unit)) - 1}f} {currency}"


def _comparisons(expression: Expression) -> Iterator[tuple[str, str, Term]]:
    """Yield each path with the operator and the term that it is compared with, but none that is a part of a
    sum, a product or a quotient: that is another figure.
    """
    edge = Term("sign", "")
    pieces = (edge, *terms(expression.source), edge)
    for before, left, sign, right, after in zip(*(pieces[n:] for n in range(5)), strict=False):
        if before in _ARITHMETIC or after in _ARITHMETIC:
            continue
        if left.kind == "path" and sign.value in _COMPARISON_SIGNS:
            yield left.value, sign.value, right
        elif right.kind == "path" and sign.value in (*_COMPARISON_SIGNS, "in"):
            yield right.value, sign.value, left
