"""What parts of a document cost, as small formulas: a part that depends on variables is computed anew for
each request, without another walk over the document.

A picture costs by its pixels: the modules of its code, which are found once whatever its size, and each
`PIXELS_A_STEP` pixels of a PNG.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from api.qr import LARGEST, SMALLEST

Variables = Mapping[str, object]

MODULES_COST = 50
PIXELS_A_STEP = 10_000


class Factor(Protocol):
    """How often the children of a field come, which may depend on variables."""

    def times(self, variables: Variables) -> int: ...


@dataclass(frozen=True, slots=True)
class PageFactor:
    """The value of `first`, which a variable gives."""

    variable: str
    default: int
    maximum: int

    def times(self, variables: Variables) -> int:
        return page_size(variables.get(self.variable), default=self.default, maximum=self.maximum)


@dataclass(frozen=True, slots=True)
class ListFactor:
    """The length of a list of ids that a variable gives: there are as many answers."""

    variable: str
    minimum: int

    def times(self, variables: Variables) -> int:
        value = variables.get(self.variable)
        return max(self.minimum, len(value)) if isinstance(value, list) else self.minimum


@dataclass(frozen=True, slots=True)
class Cost:
    """A sum: a fixed part, and parts that a factor multiplies."""

    fixed: int = 0
    parts: tuple[tuple[int | Factor, "Cost"], ...] = ()

    def value(self, variables: Variables, memo: dict[int, int] | None = None) -> int:
        """Return the cost for these variables. `memo` stores the cost of each fragment that several parts
        share.
        """
        if not self.parts:
            return self.fixed
        memo = {} if memo is None else memo
        if id(self) not in memo:
            value = self.fixed
            for factor, part in self.parts:
                value += (factor if isinstance(factor, int) else factor.times(variables)) * part.value(
                    variables, memo
                )
            memo[id(self)] = value
        return memo[id(self)]

    def multiplied(self, factor: int | Factor, own: int) -> "Cost":
        """Return the cost of a field that costs `own` and has these children `factor` times."""
        if not self.parts and (isinstance(factor, int) or not self.fixed):
            return Cost(own + factor * self.fixed if isinstance(factor, int) else own)
        return Cost(own, ((factor, self),))


def total(costs: Iterable[Cost]) -> Cost:
    """Return the sum of costs. A shared part stays one object, so that its cost is computed once."""
    fixed, parts = 0, list[tuple[int | Factor, Cost]]()
    for cost in costs:
        if cost.parts:
            parts.append((1, cost))
        else:
            fixed += cost.fixed
    return Cost(fixed, tuple(parts))


@dataclass(frozen=True, slots=True)
class Variable:
    """An argument that a variable gives."""

    name: str


@dataclass(frozen=True, slots=True)
class PictureFactor:
    """The cost of drawing one picture. `size` (pixels) and `format` are an argument's value, or its
    variable.
    """

    size: object
    format: object

    def times(self, variables: Variables) -> int:
        return picture_cost(_argument(self.size, variables), _argument(self.format, variables))


def _argument(value: object, variables: Variables) -> object:
    return variables.get(value.name) if isinstance(value, Variable) else value


def picture_cost(size: object, format: object) -> int:
    """Return what drawing a picture of `size` pixels square costs. A size that the resolver will refuse costs
    as much as the largest; so does a format that is unknown: only SVG is drawn without pixels.
    """
    if format in ("SVG", None):
        return MODULES_COST
    pixels = 256 if size is None else size
    side = pixels if isinstance(pixels, int) and SMALLEST <= pixels <= LARGEST else LARGEST
    return MODULES_COST + side * side // PIXELS_A_STEP


def page_size(value: object, *, default: int, maximum: int) -> int:
    """Return the number of rows that `first` asks for. A value that the resolver will refuse costs as much as
    the largest page.
    """
    if value is None:
        return default
    return (
        value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= maximum else maximum
    )
