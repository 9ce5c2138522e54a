"""Dataclasses as `domain.model.values` makes them do what the library's do, but that they refuse no assignment."""

import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any

import pytest

from domain.model import values

Make = Callable[..., Callable[[type], type]]
SHAPES: list[dict[str, bool]] = [
    {},
    {"slots": True},
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "eq": False},
    {"frozen": True, "slots": True, "kw_only": True},
]


def _classes(make: Make, words: dict[str, bool]) -> list[type]:
    """Return classes of each kind of field, made by one of the two decorators."""

    @make(**words)
    class Empty:
        pass

    @make(**words)
    class Single:
        first: Any

    @make(**words)
    class Several:
        first: Any
        second: Any = field(default=2, compare=False)
        third: Any = field(default=3, hash=False)
        fourth: Any = field(default=4, repr=False)

    @make(**words)
    class Heir(Several):
        fifth: Any = 5

    @make(**words)
    class Own:
        first: Any

        def __repr__(self) -> str:
            return "its own"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own)

        def __hash__(self) -> int:
            return 7

    return [Empty, Single, Several, Heir, Own]


def _instances(kind: type) -> list[Any]:
    """Return values of a class that differ in one field each, two that are equal, and one that hashes not."""
    fields = dataclasses.fields(kind)
    first: dict[str, object] = {one.name: 1 for one in fields}
    changed: list[dict[str, object]] = [{**first, one.name: 9} for one in fields]
    unhashable: list[dict[str, object]] = [{**first, "first": [1]}] if "first" in first else []
    return [kind(**words) for words in (first, first, *changed, *unhashable)]


def _hash(instance: object) -> object:
    try:
        return hash(instance)
    except TypeError as error:
        return type(error)


@pytest.mark.parametrize("words", SHAPES, ids=str)
def test_values_compare_hash_and_show_as_the_librarys_do(words: dict[str, bool]) -> None:
    ours, library = _classes(values.dataclass, words), _classes(dataclasses.dataclass, words)
    for our_class, their_class in zip(ours, library, strict=True):
        mine, theirs = _instances(our_class), _instances(their_class)
        assert [[a == b for b in mine] for a in mine] == [[a == b for b in theirs] for a in theirs]
        assert [repr(one) for one in mine] == [repr(one) for one in theirs]
        assert inspect.signature(our_class) == inspect.signature(their_class)
        assert mine[0] != theirs[0], "of another class"
        if words.get("eq", True):
            assert [_hash(one) for one in mine] == [_hash(one) for one in theirs]


def test_a_value_that_holds_itself_can_be_shown() -> None:
    @values.dataclass(slots=True)
    class Loop:
        inner: Any = None

    loop = Loop()
    loop.inner = loop
    assert repr(loop).endswith("Loop(inner=...)")


def test_an_order_compares_too() -> None:
    @values.dataclass(frozen=True, order=True)
    class Ordered:
        first: int
        second: int

    assert sorted([Ordered(2, 1), Ordered(1, 2), Ordered(1, 1)])[0] == Ordered(1, 1)


@values.dataclass(frozen=True, slots=True)
class Sent:
    """A value that goes to another process."""

    first: int
    second: str


def test_a_value_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(Sent(1, "two"))) == Sent(1, "two")
