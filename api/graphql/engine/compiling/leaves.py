"""Values of scalars and enums, written as the library writes them where their class is exactly the type's."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from math import isfinite
from typing import Any

from graphql import GraphQLEnumType, GraphQLScalarType, Undefined

from api.graphql.engine.compiling.runs import NotPlain, Run
from api.graphql.engine.scalars import MAX_LONG, write_date_time, write_local_date

DEFINITION = "strawberry-definition"

# Returns a value as it is answered. Raises NotPlain where the library has to do it.
Complete = Callable[[Any, Run], object]


def _int(value: int) -> object:
    if -(2**31) <= value < 2**31:
        return value
    raise NotPlain


def _long(value: int) -> object:
    if -MAX_LONG - 1 <= value <= MAX_LONG:
        return value
    raise NotPlain


def _float(value: float) -> object:
    if isfinite(value):
        return value
    raise NotPlain


# The class of a scalar's values, and how a value is written.
_SCALARS: Mapping[str, tuple[type, Callable[[Any], object] | None]] = {
    "String": (str, None),
    "ID": (str, None),
    "Boolean": (bool, None),
    "Int": (int, _int),
    "Long": (int, _long),
    "Float": (float, _float),
    "WalletCode": (str, None),
    "DateTime": (datetime, write_date_time),
    "LocalDate": (date, write_local_date),
}


def complete_leaf(leaf_type: GraphQLScalarType | GraphQLEnumType, *, nullable: bool) -> Complete:
    """Return what completes a value of a scalar or an enum."""
    if isinstance(leaf_type, GraphQLEnumType):
        python_type = leaf_type.extensions[DEFINITION].wrapped_cls
        names = {value: leaf_type.coerce_output_value(value) for value in python_type}
        return _of_class(python_type, names.__getitem__, nullable=nullable)
    if leaf_type.name in _SCALARS:
        return _of_class(*_SCALARS[leaf_type.name], nullable=nullable)
    return _of_any_class(leaf_type, nullable=nullable)


def _of_class(python_type: type, write: Callable[[Any], object] | None, *, nullable: bool) -> Complete:
    def complete_as_it_is(value: object, _run: Run) -> object:
        if value.__class__ is python_type or (value is None and nullable):
            return value
        raise NotPlain

    def complete(value: object, _run: Run) -> object:
        if value.__class__ is python_type:
            return write(value)  # type: ignore[misc]
        if value is None and nullable:
            return None
        raise NotPlain

    return complete_as_it_is if write is None else complete


def _of_any_class(leaf_type: GraphQLScalarType, *, nullable: bool) -> Complete:
    def complete(value: object, _run: Run) -> object:
        if value is None and nullable:
            return None
        if value is None or value is Undefined or isinstance(value, Exception):
            raise NotPlain
        written = leaf_type.coerce_output_value(value)
        if written is None or written is Undefined:
            raise NotPlain
        return written

    return complete
