"""The examples in the tables of the reference: each stands in `examples.yaml`, whose programmes the check finds sound."""

import re
from pathlib import Path

import pytest

from domain.model.programme import load
from tests.model.programme.test_reference import REFERENCE

EXAMPLES = Path(__file__).with_name("examples.yaml").read_text(encoding="utf-8")
# What only shows the form: its inside is an example of its own.
FORMS = {"[{award: {...}}, {message: welcome}]"}


def rows() -> list[tuple[str, str]]:
    """Return the key and each example of the tables of keys: `award` and `{wallet: points, fixed: 50}`."""
    tables = re.findall(r"^\| (?:key|action)[^|]*\|.*\n\|[-|]+\n((?:\|.*\n)+)", REFERENCE, re.MULTILINE)
    cells = [row.split(" | ") for table in tables for row in table.splitlines()]
    return [
        (key, example)
        for cell in cells
        for key in re.findall(r"`([^`]+)`", cell[0])[:1] or [""]
        for example in re.findall(r"`([^`]+)`", cell[-1])
        if example not in FORMS
    ]


@pytest.mark.parametrize("text", EXAMPLES.split("\n---\n"))
def test_the_programmes_of_all_examples_are_sound(text: str) -> None:
    load(text)


def test_each_example_of_the_tables_is_in_one_of_them() -> None:
    assert len(rows()) > 90
    assert [
        (key, example)
        for key, example in rows()
        if not any(written in EXAMPLES for written in (f"{key}: {example}", f"[{example}]", f"- {example}"))
        and not (re.match(r"[a-z]\w*: |\{", example) and example.strip("{}") in EXAMPLES)
        and f": {example}\n" not in EXAMPLES
    ] == []
