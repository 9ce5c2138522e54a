"""The reference beside the models names every key, every event with its data, every word of expressions and every placeholder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from domain.model.programme import Programme
from domain.model.programme.vocabulary import ALWAYS, BUILT_IN, LINE, MEMBER, NOW, PLACEHOLDERS, PURCHASE
from domain.model.programme.words import Part

REFERENCE: Final = (Path(__file__).parents[3] / "domain" / "model" / "programme" / "README.md").read_text(encoding="utf-8")


def keys_of(part: type[Part]) -> Iterator[str]:
    for name, field in part.model_fields.items():
        yield field.alias or name
        for inner in parts_in(field.annotation):
            yield from keys_of(inner)


def parts_in(annotation: object) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from parts_in(inner)


def test_every_key_is_in_the_reference() -> None:
    assert {key for key in keys_of(Programme) if f"`{key}`" not in REFERENCE} == set()


def test_every_event_and_its_data_stand_in_one_row_of_the_reference() -> None:
    rows = [row for row in REFERENCE.partition("| built-in event |")[2].splitlines() if row.startswith("|")]
    for event, data in BUILT_IN.items():
        row = next(row for row in rows if f"`{event}`" in row)
        assert [field for field in data if f"`{field}`" not in row] == []


def test_every_word_of_expressions_is_in_the_reference() -> None:
    assert [word for word in (*MEMBER, *NOW, *PURCHASE, *LINE) if f"`{word}`" not in REFERENCE] == []


def test_every_placeholder_is_in_the_reference() -> None:
    assert [name for name in ALWAYS.union(*PLACEHOLDERS.values()) if f"`{{{name}}}`" not in REFERENCE] == []
