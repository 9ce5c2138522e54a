"""What wallets give and take back: redemption, burn, breakage, what is outstanding and what that may cost.

Units of the wallet; liability in minor units of the currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from babel.numbers import get_currency_precision

from domain.model.figures.figure import Figure, count, ratio, unknown
from domain.model.figures.period import PeriodFigures, Sums
from domain.model.programme import Programme, RewardSpec, WalletSpec


def redemption_members(period: PeriodFigures) -> Figure:
    """Return the share of members at the end who redeemed a reward in the period's whole months."""
    if period.people is None:
        return unknown("redemption_members")
    return ratio("redemption_members", period.people.redeemers, period.levels.get("enrolled", 0))


def redemption_points(period: PeriodFigures, wallet: str) -> Figure:
    """Return what was spent in the period over what was awarded in it, payments included."""
    spent = _of(period.sums, wallet, "spent") + _of(period.sums, wallet, "paid")
    return ratio("redemption_points", spent, _of(period.sums, wallet, "awarded"), subject=wallet)


def burn(period: PeriodFigures, wallet: str) -> Figure:
    """Return the same net: spent less what came back, over awarded less what was clawed back."""
    sums = period.sums
    spent = _of(sums, wallet, "spent") + _of(sums, wallet, "paid")
    spent_back = _of(sums, wallet, "spent_back") + _of(sums, wallet, "paid_back")
    awarded = _of(sums, wallet, "awarded") - _of(sums, wallet, "clawed_back")
    return ratio("burn", spent - spent_back, awarded, subject=wallet)


def breakage(period: PeriodFigures, wallet: str) -> Figure:
    """Return what lapsed in the period over what was awarded in it."""
    sums = period.sums
    return ratio("breakage", _of(sums, wallet, "expired"), _of(sums, wallet, "awarded"), subject=wallet)


def outstanding(period: PeriodFigures, wallet: str) -> Figure:
    """Return what members hold at the end, pending and held amounts included, less what they owe."""
    held = period.levels.get(f"outstanding.{wallet}", 0)
    return count("outstanding", held, unit="UNITS", subject=wallet)


def liability(period: PeriodFigures, wallet: WalletSpec, currency: str) -> Figure:
    """Return what is outstanding x what a unit costs x (1 - breakage of the year that ends with the period),
    in minor units. A wallet of money is worth its amount where the file gives no cost. The numerator is what
    is outstanding, the denominator the units that come to one minor unit.
    """
    cost = unit_cost(wallet, currency)
    if cost is None:
        return unknown("liability", "MONEY", subject=wallet.code)
    held = period.levels.get(f"outstanding.{wallet.code}", 0)
    awarded, expired = (_of(period.year.sums, wallet.code, name) for name in ("awarded", "expired"))
    unlapsed = max(1 - Fraction(expired, awarded), Fraction(0)) if awarded else Fraction(1)
    value = held * cost * unlapsed
    return Figure(
        "liability", "MONEY", float(value), float(held), _per_minor_unit(cost * unlapsed), wallet.code
    )


def _per_minor_unit(worth: Fraction) -> float | None:
    return float(1 / worth) if worth else None


def unit_cost(wallet: WalletSpec, currency: str) -> Fraction | None:
    """Return what a unit costs in minor units; None where nobody says."""
    if wallet.unit_cost is not None:
        return _in_minor_units(wallet.unit_cost, currency)
    return Fraction(1) if wallet.kind == "money" else None


def reward_cost(spec: RewardSpec, used: int, currency: str) -> float | None:
    """Return what so many used vouchers of a reward cost in minor units: by the reward's `unit_cost`, else by
    the amount of its discount; None where it has neither.
    """
    if spec.unit_cost is not None:
        return float(used * _in_minor_units(spec.unit_cost, currency))
    amount = spec.value.amount if spec.value is not None else None
    return None if amount is None else float(used * amount)


def _in_minor_units(amount: Decimal, currency: str) -> Fraction:
    decimals: int = get_currency_precision(currency)
    return Fraction(amount) * Fraction(10**decimals)


def units_cost(programme: Programme, amounts: Mapping[str, int], *, less: Mapping[str, int]) -> float | None:
    """Return what units by wallet cost in minor units, less those that came back; None where one of their
    wallets has no cost.
    """
    total = Fraction(0)
    for wallet in programme.wallets:
        units = amounts.get(wallet.code, 0) - less.get(wallet.code, 0)
        if units:
            cost = unit_cost(wallet, programme.programme.currency)
            if cost is None:
                return None
            total += units * cost
    return float(total)


def _of(sums: Sums, wallet: str, name: str) -> int:
    return sums.get(f"wallets.{wallet}.{name}", 0)
