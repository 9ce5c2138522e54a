"""What parts of a document cost, as small formulas: a part that depends on variables is computed anew for
each request, without another walk over the document.

A picture costs by its pixels: the modules of its code, which are found once whatever its size, and each
`PIXELS_A_STEP` pixels of a PNG.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from graphql import GraphQLField, GraphQLNamedType, get_named_type, get_nullable_type, is_list_type
from graphql.language import (
    EnumValueNode,
    FieldNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ValueNode,
    VariableNode,
)
from graphql.pyutils import Undefined
from graphql.utilities.coerce_input_value import coerce_default_value

from api.qr import LARGEST, SMALLEST
from domain.model.values import dataclass

Variables = Mapping[str, object]

MODULES_COST = 50
PIXELS_A_STEP = 10_000
LARGE_NUMBER = 10**6
UNREAD = object()
# The type of a field that draws a code, by the arguments `size` and `format`.
PICTURE_TYPE = "QrImage"


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


# ---------------------------------------------------------------- fields
class FieldCosts:
    """What fields cost, by their definitions and arguments."""

    def __init__(self, *, page: int, list_factor: int) -> None:
        self.page_limit, self.list_factor = page, list_factor

    def of(
        self,
        node: FieldNode,
        definition: GraphQLField | None,
        parent: GraphQLNamedType | None,
        children: Cost,
        pictures: Cost,
    ) -> tuple[Cost, Cost]:
        """Return what a field costs and how many pictures it draws, with those of its children."""
        factor = self._factor(node, definition, parent)
        cost, drawn = children.multiplied(factor, 1), pictures.multiplied(factor, 0)
        if definition is not None and get_named_type(definition.type).name == PICTURE_TYPE:
            drawing = PictureFactor(argument_value(node, "size"), argument_value(node, "format"))
            cost, drawn = total([cost, Cost(0, ((drawing, Cost(1)),))]), Cost(1)
        return cost, drawn

    def _factor(
        self, node: FieldNode, definition: GraphQLField | None, parent: GraphQLNamedType | None
    ) -> int | Factor:
        """Return how many times the children of this field come."""
        if definition is None:
            return 1
        is_list = is_list_type(get_nullable_type(definition.type))
        is_connection = get_named_type(definition.type).name.endswith("Connection")
        if (is_list or is_connection) and "first" in definition.args:
            return self._page(node, definition)
        if not is_list:
            return 1
        if (
            parent is not None
            and parent.name.endswith("Connection")
            and node.name.value in ("edges", "nodes")
        ):
            return 1  # counted at the connection
        return self._count(node, definition)

    def _page(self, node: FieldNode, definition: GraphQLField) -> int | Factor:
        maximum = self.page_limit
        default = coerce_default_value(definition.args["first"])
        default_size = page_size(None if default is Undefined else default, default=maximum, maximum=maximum)
        first = argument_value(node, "first")
        if isinstance(first, Variable):
            return PageFactor(first.name, default_size, maximum)
        return page_size(first, default=default_size, maximum=maximum)

    def _count(self, node: FieldNode, definition: GraphQLField) -> int | Factor:
        minimum = self.list_factor
        lists = {
            name
            for name, argument in definition.args.items()
            if is_list_type(get_nullable_type(argument.type))
        }
        for name in lists:
            ids = argument_value(node, name)
            if isinstance(ids, Variable):
                return ListFactor(ids.name, minimum)
            return max(minimum, len(ids)) if isinstance(ids, list) else minimum
        return minimum


def field_definition(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    fields: Mapping[str, GraphQLField] | None = getattr(parent, "fields", None)
    return fields.get(name) if fields else None


def argument_value(node: FieldNode, name: str) -> object:
    """Return the value of an argument, or its variable; None where it is left out."""
    for argument in node.arguments or ():
        if argument.name.value == name:
            value = argument.value
            return Variable(value.name.value) if isinstance(value, VariableNode) else constant_value(value)
    return None


def constant_value(node: ValueNode) -> object:
    """Return the value of a literal, as far as a limit reads it; UNREAD for any other, which costs most."""
    if isinstance(node, NullValueNode):
        return None
    if isinstance(node, IntValueNode):
        # A number of more digits is over the limit in any case, and reading thousands of digits takes time.
        return int(node.value) if len(node.value) <= 6 else LARGE_NUMBER
    if isinstance(node, EnumValueNode):
        return node.value
    return list(node.values) if isinstance(node, ListValueNode) else UNREAD
