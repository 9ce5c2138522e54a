"""Every pattern that a text of the file must have comes with a remedy."""

from collections.abc import Iterator
from typing import Any

from domain.model.programme import Programme
from domain.model.programme.field_types import PATTERN_REMEDIES


def _patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for part in schema.values():
            yield from _patterns(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from _patterns(part)


def test_each_pattern_has_a_remedy() -> None:
    patterns = set(_patterns(Programme.__pydantic_core_schema__))
    assert len(patterns) >= 4
    assert patterns == set(PATTERN_REMEDIES)
