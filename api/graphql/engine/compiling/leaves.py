"""Values of scalars and enums, written as the library writes them where their class is exactly the type's."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date, datetime
from math import isfinite
from typing import Any

from graphql import GraphQLEnumType, GraphQLScalarType, Undefined

from api.graphql.engine.compiling.runs import NotPlain
from api.graphql.engine.scalars import MAX_LONG, write_date_time, write_local_date
from domain.model.values import dataclass

DEFINITION = "strawberry-definition"


@dataclass(frozen=True, slots=True)
class Leaf:
    """How a value of a scalar or an enum is answered. Any value that is not of `python_type`, or does not
    meet `condition` where there is one, is the library's. `writing` is the expression of what is answered.
    Both are Python of one value, `{v}`; `names` are what they use.
    """

    python_type: type | None
    condition: str = ""
    writing: str = ""
    names: Mapping[str, object] = field(default_factory=dict)


# As the converter's scalars are written: see `api.graphql.engine.scalars`.
_SCALARS: Mapping[str, Leaf] = {
    "String": Leaf(str),
    "ID": Leaf(str),
    "Boolean": Leaf(bool),
    "Int": Leaf(int, f"{-(2**31)} <= {{v}} < {2**31}"),
    "Long": Leaf(int, f"{-MAX_LONG - 1} <= {{v}} <= {MAX_LONG}"),
    "Float": Leaf(float, "isfinite({v})", names={"isfinite": isfinite}),
    "WalletCode": Leaf(str),
    "DateTime": Leaf(datetime, writing="write_date_time({v})", names={"write_date_time": write_date_time}),
    "LocalDate": Leaf(date, writing="write_local_date({v})", names={"write_local_date": write_local_date}),
}


def leaf_of(leaf_type: GraphQLScalarType | GraphQLEnumType, *, name: str) -> Leaf:
    """Return how a value of a scalar or an enum is answered; `name` is free for what it uses."""
    if isinstance(leaf_type, GraphQLEnumType):
        python_type = leaf_type.extensions[DEFINITION].wrapped_cls
        # By the member's name: the hash of a member itself is a call.
        names = {value.name: leaf_type.coerce_output_value(value) for value in python_type}
        return Leaf(python_type, writing=f"{name}[{{v}}._name_]", names={name: names})
    if leaf_type.name in _SCALARS:
        return _SCALARS[leaf_type.name]
    return Leaf(None, writing=f"{name}({{v}})", names={name: _writer_of_any_class(leaf_type)})


def _writer_of_any_class(leaf_type: GraphQLScalarType) -> Callable[[Any], object]:
    def write(value: object) -> object:
        if value is Undefined or isinstance(value, Exception):
            raise NotPlain
        written = leaf_type.coerce_output_value(value)
        if written is None or written is Undefined:
            raise NotPlain
        return written

    return write
