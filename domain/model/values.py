"""Making immutable values, copying them with changes, and keeping with a value what was computed of it: fast,
since a decision makes a hundred.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

__all__ = ["computed", "dataclass", "evolve", "keep_computed"]

T = TypeVar("T")
V = TypeVar("V")


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(kind: type[T] | None = None, **words: bool) -> type[T] | Callable[[type[T]], type[T]]:
        """Make a class a dataclass. What is `frozen` is so for the type checker, which sees the library's own
        decorator: to keep it so while running costs 0.2 microseconds a field of each value that is made, a
        quarter of a decision.

        Comparing, hashing and showing values do what the library's methods do. Those are written and compiled
        for each class, which was a fifth of the time that a server took to start.
        """
        if kind is None:
            return lambda kind: dataclass(kind, **words)
        is_frozen, is_compared = words.pop("frozen", False), words.pop("eq", True)
        own = vars(kind).keys()
        made = dataclasses.dataclass(kind, eq=words.get("order", False), repr=False, **words)
        if "__repr__" not in own:
            made.__repr__ = _show
        if is_compared:
            fields = dataclasses.fields(made)
            if "__eq__" not in own:
                made.__eq__ = _equality(tuple(field.name for field in fields if field.compare))
            if "__hash__" not in own:
                hashed = (one for one in fields if (one.compare if one.hash is None else one.hash))
                made.__hash__ = _hashing(tuple(one.name for one in hashed)) if is_frozen else None
        return made


def _values_getter(names: tuple[str, ...]) -> Callable[[Any], tuple[object, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda instance: tuple(getattr(instance, name) for name in names)


def _equality(names: tuple[str, ...]) -> Callable[[Any, object], bool]:
    values_of = _values_getter(names)

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values_of(self) == values_of(other)

    return __eq__


def _hashing(names: tuple[str, ...]) -> Callable[[Any], int]:
    values_of = _values_getter(names)

    def __hash__(self: Any) -> int:
        return hash(values_of(self))

    return __hash__


@recursive_repr()
def _show(instance: Any) -> str:
    shown = (field for field in dataclasses.fields(instance) if field.repr)
    values = (f"{field.name}={getattr(instance, field.name)!r}" for field in shown)
    return f"{type(instance).__qualname__}({', '.join(values)})"


class computed(Generic[T, V]):
    """A property that is computed once and kept with an immutable value. Without the lock of
    functools.cached_property.
    """

    def __init__(self, compute: Callable[[T], V]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type[T], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[T]) -> computed[T, V]: ...

    @overload
    def __get__(self, instance: T, owner: type[T]) -> V: ...

    def __get__(self, instance: T | None, owner: type[T]) -> computed[T, V] | V:
        if instance is None:
            return self
        value = self._compute(instance)
        instance.__dict__[self._name] = value
        return value


def keep_computed(instance: object, **values: object) -> None:
    """Keep with a value what it would compute, where that is known from the one before it."""
    instance.__dict__ |= values


_computed: dict[type, tuple[tuple[str, tuple[str, ...]], ...]] = {}  # names, by what they are computed of
_slots_values: dict[type, Callable[[Any], tuple[object, ...]]] = {}


if TYPE_CHECKING:
    from dataclasses import replace as evolve
else:

    def evolve(instance: T, **changes: object) -> T:
        """Return a copy of a frozen dataclass with some fields changed.

        What it had computed is left behind, unless its class says (`COMPUTED_OF`) that it was computed of a
        field that stays. A tenth of the cost of `dataclasses.replace`, which runs the initialiser of every
        field. A misspelt field is an error of the type checker.
        """
        kind = type(instance)
        names = _computed.get(kind)
        if names is None:
            if kind in _slots_values or "__slots__" in vars(kind):
                return _evolve_slots(kind, instance, changes)
            names = _find_computed(kind)
        new: T = object.__new__(kind)
        fields = instance.__dict__ | changes  # copied at once, where an empty one would grow field by field
        for of, computed_of_it in names:
            if not of or of in changes:
                for name in computed_of_it:
                    fields.pop(name, None)
        new.__dict__ = fields
        return new


def _evolve_slots(kind: type[T], instance: T, changes: dict[str, object]) -> T:
    values = _slots_values.get(kind)
    if values is None:
        first, *others = (field.name for field in dataclasses.fields(cast(Any, kind)))
        assert others, "one with a single field is made anew"  # and attrgetter would return no tuple
        values = _slots_values[kind] = attrgetter(first, *others)
    new = kind(*values(instance))
    for name, value in changes.items():
        setattr(new, name, value)
    return new


def _find_computed(kind: type) -> tuple[tuple[str, tuple[str, ...]], ...]:
    of: dict[str, str] = getattr(kind, "COMPUTED_OF", {})
    by_source = dict[str, list[str]]()
    for base in kind.__mro__:
        for name, value in vars(base).items():
            if isinstance(value, computed):
                by_source.setdefault(of.get(name, ""), []).append(name)
    _computed[kind] = tuple((source, tuple(names)) for source, names in by_source.items())
    return _computed[kind]
