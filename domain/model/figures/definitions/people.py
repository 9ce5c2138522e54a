"""Who is a member, takes part, is active, stays. Of the whole programme: a member has no store."""

from __future__ import annotations

from domain.model.figures.figure import Figure, count, ratio
from domain.model.figures.member_figures import ACTIVE_WINDOWS as ACTIVE_WINDOWS
from domain.model.figures.member_figures import CUSTOMER_WINDOW as CUSTOMER_WINDOW
from domain.model.figures.member_figures import CUSTOMERS_MERGED
from domain.model.figures.period import PeriodFigures, Sums


def enrolled(period: PeriodFigures) -> Figure:
    """Return the members at the period's end: joined, neither erased nor merged into another membership."""
    return count("enrolled", period.levels.get("enrolled", 0))


def enrolments(period: PeriodFigures) -> Figure:
    """Return how many joined in the period."""
    return count("enrolments", period.sums.get("enrolments", 0))


def participation(period: PeriodFigures) -> Figure:
    """Return the share of members at the end who ever bought."""
    levels = period.levels
    return ratio("participation", levels.get("participating", 0), levels.get("enrolled", 0))


def active(period: PeriodFigures, window: int) -> Figure:
    """Return the share of members at the end who bought in the last `window` days, the last day included."""
    levels = period.levels
    return ratio(f"active_{window}", levels.get(f"active_{window}", 0), levels.get("enrolled", 0))


def retention(period: PeriodFigures) -> Figure:
    """Return (E - N) / S: the customers at the end, less those who first bought in the period, over the
    customers before it. A customer bought within 365 days. One who was two until a merge in the period stays
    as two, as before it.
    """
    return ratio("retention", *_stayed(period.levels_before, period.levels, period.all_sums))


def churn(period: PeriodFigures) -> Figure:
    """Return 1 - retention: the customers who were lost, over those before the period."""
    stayed, before = _stayed(period.levels_before, period.levels, period.all_sums)
    return ratio("churn", before - stayed, before)


def annual_churn(period: PeriodFigures) -> tuple[int, int]:
    """Return how many customers were lost in the year that ends with the period, and how many there were."""
    stayed, before = _stayed(period.year.levels_before, period.levels, period.year.sums)
    return before - stayed, before


def _stayed(before: Sums, after: Sums, sums: Sums) -> tuple[int, int]:
    customers = f"active_{CUSTOMER_WINDOW}"
    merged = after.get(CUSTOMERS_MERGED, 0) - before.get(CUSTOMERS_MERGED, 0)
    return after.get(customers, 0) + merged - sums.get("first_purchases", 0), before.get(customers, 0)
