"""A key figure: its value with numerator and denominator beside it."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from domain.model.values import dataclass, evolve

FigureUnit = Literal["COUNT", "RATE", "MONEY", "UNITS", "AVERAGE", "SCORE"]
Amount = int | Fraction


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a period. `value` is None where it would be divided by zero, or cannot be told. A RATE is a
    share of 1, MONEY in minor units, UNITS those of `subject`, a wallet; `subject` is what else the figure is
    of: a survey, a message, a code.
    """

    code: str
    unit: FigureUnit
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    subject: str | None = None


def count(code: str, amount: int, *, unit: FigureUnit = "COUNT", subject: str | None = None) -> Figure:
    """Return a figure that is divided by nothing."""
    return Figure(code, unit, float(amount), float(amount), subject=subject)


def ratio(
    code: str,
    numerator: Amount,
    denominator: Amount,
    *,
    unit: FigureUnit = "RATE",
    subject: str | None = None,
) -> Figure:
    """Return a quotient; None where the denominator is zero."""
    value = float(Fraction(numerator) / Fraction(denominator)) if denominator else None
    return Figure(code, unit, value, float(numerator), float(denominator), subject)


def share(code: str, part: int, whole: int, *, subject: str | None = None) -> Figure:
    """Return a share whose part may be of things that began before the period, as its whole is not: its value
    is None where it would be none, below 0 or above 1, and the two counts then stand alone.
    """
    figure = ratio(code, part, whole, subject=subject)
    return figure if 0 <= part <= whole else evolve(figure, value=None)


def unknown(code: str, unit: FigureUnit = "RATE", *, subject: str | None = None) -> Figure:
    """Return a figure that cannot be told."""
    return Figure(code, unit, None, subject=subject)
