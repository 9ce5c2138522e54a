"""The reference beside the models names every key, every event with its data, every word of expressions and
every placeholder.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from domain.model.programme import Programme, load
from domain.model.programme.field_types import ProgrammePart
from domain.model.programme.inactive import INACTIVE
from domain.model.programme.membership import GOAL_FIGURES
from domain.model.programme.vocabulary import (
    BUILT_IN_EVENTS,
    COMMON_PLACEHOLDERS,
    EVENT_PLACEHOLDERS,
    LINE_VARIABLES,
    MEMBER_VARIABLES,
    NOW_VARIABLE,
    PURCHASE_VARIABLES,
)
from domain.model.simulate import simulate
from domain.model.simulate.inputs import INPUT_EVENTS
from tests.model.programme.mistakes import CLUB

REFERENCE: Final = (Path(__file__).parents[3] / "domain" / "model" / "programme" / "README.md").read_text(
    encoding="utf-8"
)


def keys_of(part: type[ProgrammePart]) -> Iterator[str]:
    for name, field in part.model_fields.items():
        yield field.alias or name
        for inner in parts_in(field.annotation):
            yield from keys_of(inner)


def parts_in(annotation: object) -> Iterator[type[ProgrammePart]]:
    if isinstance(annotation, type) and issubclass(annotation, ProgrammePart):
        yield annotation
    for inner in get_args(annotation):
        yield from parts_in(inner)


def test_every_key_is_in_the_reference() -> None:
    assert {key for key in keys_of(Programme) if f"`{key}`" not in REFERENCE} == set()


def test_a_key_that_nothing_acts_on_says_so_in_its_row() -> None:
    for pattern in INACTIVE:
        section, _, key = pattern.replace("[]", "").rpartition(".")
        part = next(parts_in(Programme.model_fields[section or key].annotation))
        assert key in (part.model_fields if section else Programme.model_fields)
        chapter = next(
            text for text in REFERENCE.split("\n## ") if text.partition("\n")[0].count(f"`{section or key}`")
        )
        assert any(f"`{key}`" in line and "yet" in line for line in chapter.splitlines())


def test_every_event_and_its_data_stand_in_one_row_of_the_reference() -> None:
    rows = [row for row in REFERENCE.partition("| built-in event |")[2].splitlines() if row.startswith("|")]
    for event, fields in BUILT_IN_EVENTS.items():
        row = next(row for row in rows if f"`{event}`" in row)
        assert [field for field in fields if f"`{field}`" not in row] == []


def test_every_word_of_expressions_is_in_the_reference() -> None:
    assert [
        word
        for word in (*MEMBER_VARIABLES, *NOW_VARIABLE, *PURCHASE_VARIABLES, *LINE_VARIABLES)
        if f"`{word}`" not in REFERENCE
    ] == []


def test_every_placeholder_is_in_the_reference() -> None:
    assert [
        name
        for name in COMMON_PLACEHOLDERS.union(*EVENT_PLACEHOLDERS.values())
        if f"`{{{name}}}`" not in REFERENCE
    ] == []


def test_the_events_of_the_reference_run_and_each_event_that_a_file_may_hold_is_there() -> None:
    trying = REFERENCE.partition("## Trying a programme")[2]
    lines = re.findall(r"^    (\{.*\})$", trying, re.MULTILINE)
    answers = list(simulate(load(CLUB), lines))
    assert [(answer.get("event"), answer.get("refused")) for answer in answers] == [
        ("member.enrolled", None),
        ("member.consented", None),
        ("purchase.completed", None),
        (None, None),
    ]
    assert {event for event in INPUT_EVENTS if f"`{event}`" not in trying} == set()


def test_every_figure_that_may_be_a_goal_is_defined() -> None:
    table = REFERENCE.partition("| figure | is |\n|---|---|\n")[2].partition("\n\n")[0]
    names = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split(" | ")[0])]
    assert sorted(names) == sorted(GOAL_FIGURES)
