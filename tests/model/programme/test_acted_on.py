"""Every key that the reference documents is acted on: code outside the programme's own files reads it, as the type
checker sees it. What is read and does nothing yet stands in `inactive.py`, with its reason.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import get_args, get_origin

import pytest

from domain.model.programme import Programme
from domain.model.programme.field_types import ProgrammePart
from domain.model.programme.inactive import INACTIVE
from tests.model.programme.key_reads import read_graph
from tests.model.programme.test_reference import REFERENCE, keys_of

# One type check of all code; slow where other things run beside it.
pytestmark = pytest.mark.timeout(900)

MODELS = "domain.model.programme.membership"
PRICE = "    price: Amount = 0\n"
# Keys that nothing reads: one whose name other parts have, and one that only a property reads which nobody asks.
PLANTED = """    planted: bool = False
    title: str = ""
    unasked: int = 0

    @property
    def half_price(self) -> int:
        return self.unasked // 2

"""
FAULTY = {"plans[].planted", "plans[].title", "plans[].unasked"}


def fields_of(part: type[ProgrammePart], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each key of a part and of the parts within it, by its path, with the full name of its field."""
    for name, info in part.model_fields.items():
        owner = next(base for base in part.__mro__ if name in inspect.get_annotations(base))
        path = f"{prefix}{info.alias or name}"
        yield path, f"{owner.__module__}.{owner.__qualname__}.{name}"
        for suffix, inner in parts_of(info.annotation):
            yield from fields_of(inner, f"{path}{suffix}.")


def parts_of(annotation: object, suffix: str = "") -> Iterator[tuple[str, type[ProgrammePart]]]:
    if isinstance(annotation, type) and issubclass(annotation, ProgrammePart):
        yield suffix, annotation
    origin = get_origin(annotation)
    collection = "[]" if origin is tuple else "{}" if origin in (dict, Mapping) else suffix
    for inner in get_args(annotation):
        yield from parts_of(inner, collection)


@pytest.fixture(scope="module")
def unread() -> set[str]:
    """The paths of the keys that nothing acts on, with three that are planted."""
    acted_on = read_graph({MODELS: (PRICE, PRICE + PLANTED)}).acted_on()
    planted = {f"plans[].{name}": f"{MODELS}.PlanSpec.{name}" for name in ("planted", "title", "unasked")}
    return {path for path, name in [*fields_of(Programme), *planted.items()] if name not in acted_on}


def test_a_key_that_no_code_reads_is_found(unread: set[str]) -> None:
    assert unread >= FAULTY


def test_every_key_is_acted_on_or_says_that_it_is_not(unread: set[str]) -> None:
    silent = {
        path
        for path in unread - FAULTY
        if not any(path == known.removesuffix("[]") or path.startswith(f"{known}.") for known in INACTIVE)
    }
    assert silent == set()


def test_a_key_that_is_said_to_do_nothing_does_nothing(unread: set[str]) -> None:
    assert {known.removesuffix("[]") for known in INACTIVE} <= unread


def test_the_tables_of_the_reference_name_no_key_that_a_file_cannot_have() -> None:
    documented = {
        key
        for table in re.findall(
            r"^\| (?:key|action)[^|]*\|.*\n\|[-|]+\n((?:\|.*\n)+)", REFERENCE, re.MULTILINE
        )
        for row in table.splitlines()
        for key in re.findall(r"`([^`]+)`", row.split("|")[1])
    }
    assert len(documented) > 80
    assert documented - set(keys_of(Programme)) == set()
