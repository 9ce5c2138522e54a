"""A part that is faulty is told once, and not again by all that names it or stands on it."""

import json
from decimal import Decimal
from typing import Any

import pytest

from domain.model.programme.check.checked_file import _CODE_KEYS
from domain.model.programme.parsing import parse_yaml
from tests.model.programme.mistakes import CLUB, faults_of


def club_with(path: tuple[str | int, ...], value: object) -> str:
    """Return the club's file with a value put at a path."""
    others = "caps: [{code: winter, amount: 500, per: month}]\nstores: [{code: lisboa}]\n"
    values: Any = parse_yaml(CLUB + others).values
    part = values
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return json.dumps(values, default=lambda number: float(number) if isinstance(number, Decimal) else number)


@pytest.mark.parametrize("section", _CODE_KEYS)
@pytest.mark.parametrize("depth", ["section", "part", "code"])
def test_a_section_a_part_or_a_code_that_is_faulty_is_one_fault(section: str, depth: str) -> None:
    where, key = _CODE_KEYS[section]
    path = {"section": where, "part": (*where, 0), "code": (*where, 0, key)}[depth]
    shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
    faults = faults_of(club_with(path, "two words"))
    assert [fault.path for fault in faults] == [shown]
