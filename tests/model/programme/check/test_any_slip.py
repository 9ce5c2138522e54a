"""Whatever is wrong with a file, the check answers with its own faults and never breaks off."""

import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from domain.model.programme import ProgrammeInvalid, load_with_warnings
from domain.model.programme.parsing import parse_yaml
from domain.model.programme.vocabulary import BUILT_IN_EVENTS, MEMBER_VARIABLES, Variable
from tests.model.programme.mistakes import CLUB

NOW: Final = datetime(2026, 12, 1, 15, tzinfo=UTC)
DEMOS: Final = Path(__file__).parents[4] / "scripts" / "demo" / "programmes"
SLIPS_EACH: Final = 6
OTHER_VALUES: Final[tuple[object, ...]] = (
    *(None, "word", "", 1, 0, -1, 10**24, True, {}, [], [{}], {"a": "b"}),
    *("2026-01-01", 'member.locale == "de"', "{member.name", "1 / 0"),
)
Step = str | int


def check(values: object) -> str:
    """The faults of a file, on one line each; any other error goes through."""
    try:
        load_with_warnings(json.dumps(values, default=str), now=NOW)
    except ProgrammeInvalid as invalid:
        return str(invalid)
    return ""


def club_where(condition: str, *, event: str | None) -> dict[str, Any]:
    """The club with one more condition: of a segment, or of a rule on an event."""
    values: dict[str, Any] = copy.deepcopy(dict(parse_yaml(CLUB).values))
    if event is None:
        values["segments"].append({"code": "more", "name": "More", "when": condition})
    else:
        rule = {"code": "more", "title": "More", "on": event, "when": condition, "do": [{"tag": "more"}]}
        values["rules"].append(rule)
    return values


def compared(path: str, variable: Variable) -> str:
    return f'{path} == "nowhere"' if variable.kind == "text" else f'"nowhere" in {path}'


CODES = [
    *((path, kind, None) for path, kind in MEMBER_VARIABLES.items() if kind.code_section),
    *(
        (f"event.data.{path}", kind, event)
        for event, fields in BUILT_IN_EVENTS.items()
        for path, kind in fields.items()
        if kind.code_section
    ),
]


@pytest.mark.parametrize(("path", "variable", "event"), CODES, ids=lambda each: str(each)[:40])
def test_a_code_that_there_is_not_is_a_fault(path: str, variable: Variable, event: str | None) -> None:
    faults = check(club_where(compared(path, variable), event=event))
    assert f"{path} is compared with nowhere" in faults
    assert ".when: " in faults


def test_a_locale_that_the_file_no_longer_lists_is_a_fault_where_a_condition_names_it() -> None:
    values = club_where('member.locale in ["en", "pt"]', event=None)
    values["programme"]["locales"] = ["en"]
    assert (
        "segments[1].when: member.locale is compared with pt: there is no such locale -> write one of en"
        in check(values)
    )


@pytest.mark.parametrize("locales", [[], ["en", 5], "en", None])
def test_of_locales_that_are_faulty_themselves_a_condition_may_name_any(locales: object) -> None:
    values = club_where('member.locale == "de"', event=None)
    values["programme"]["locales"] = locales
    faults = check(values)
    assert "programme.locales" in faults
    assert "no such locale" not in faults


# ---------------------------------------------------------------- any slip
def places(value: object, above: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The place of every value of a file."""
    steps: Iterator[tuple[Step, object]] = iter(())
    if isinstance(value, dict):
        steps = iter(value.items())
    elif isinstance(value, list):
        steps = iter(enumerate(value))
    for step, inner in steps:
        yield (*above, step)
        yield from places(inner, (*above, step))


def slip(values: Any, dice: random.Random) -> tuple[Step, ...]:
    """Drop a key, rename a key or a code, or write a value of another type. Return where."""
    path = dice.choice(list(places(values)))
    parent: Any = values
    for step in path[:-1]:
        parent = parent[step]
    last = path[-1]
    match dice.choice(("drop", "rename", "value", "value")):
        case "drop":
            del parent[last]
        case "rename" if isinstance(parent[last], str):
            parent[last] += "-x"
        case "rename" if isinstance(parent, dict):
            parent[f"{last}x"] = parent.pop(last)
        case _:
            parent[last] = dice.choice(OTHER_VALUES)
    return path


@pytest.mark.parametrize("file", sorted(DEMOS.glob("*.yaml")), ids=lambda file: file.stem)
def test_no_slip_in_a_programme_breaks_its_check(file: Path) -> None:
    sound = parse_yaml(file.read_text(encoding="utf-8")).values
    dice = random.Random(file.stem)
    for _ in range(SLIPS_EACH):
        values = copy.deepcopy(dict(sound))
        path = slip(values, dice)
        try:
            check(values)
        except Exception as error:
            raise AssertionError(f"{file.name}: {path}") from error
