"""Receipts and revenue. Amounts in minor units; revenue is as recorded, with corrections, less returns."""

from __future__ import annotations

from fractions import Fraction

from domain.model.figures.definitions.people import CUSTOMER_WINDOW, annual_churn
from domain.model.figures.figure import Figure, count, ratio, unknown
from domain.model.figures.period import PeriodFigures, Sums


def net_revenue(sums: Sums) -> int:
    """Return revenue with corrections, less what was returned."""
    return sums.get("revenue", 0) + sums.get("corrected", 0) - sums.get("returned", 0)


def receipts(period: PeriodFigures) -> Figure:
    """Return how many receipts the period has."""
    return count("receipts", period.sums.get("receipts", 0))


def revenue(period: PeriodFigures) -> Figure:
    """Return the net revenue of the period."""
    return count("revenue", net_revenue(period.sums), unit="MONEY")


def average_ticket(period: PeriodFigures) -> Figure:
    """Return net revenue a receipt."""
    return ratio("average_ticket", net_revenue(period.sums), period.sums.get("receipts", 0), unit="MONEY")


def repeat_rate(period: PeriodFigures) -> Figure:
    """Return the share of the buyers of the period's whole months who bought twice or more in them."""
    if period.people is None:
        return unknown("repeat_rate")
    return ratio("repeat_rate", period.people.repeaters, period.people.buyers)


def frequency(period: PeriodFigures) -> Figure:
    """Return the receipts a buyer, of the period's whole months."""
    if period.people is None:
        return unknown("frequency", "AVERAGE")
    return ratio("frequency", period.people.receipts, period.people.buyers, unit="AVERAGE")


def clv(period: PeriodFigures) -> Figure:
    """Return the simple lifetime value of a customer: average ticket x receipts a customer and year x 1 /
    annual churn, all of the year that ends with the period. The numerator is revenue a customer and year.
    """
    customers = period.levels.get(f"active_{CUSTOMER_WINDOW}", 0)
    lost, before = annual_churn(period)
    if not customers or not before:
        return unknown("clv", "MONEY")
    return ratio(
        "clv", Fraction(net_revenue(period.year.sums), customers), Fraction(lost, before), unit="MONEY"
    )
