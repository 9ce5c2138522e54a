"""Texts of faults: English as they stand, and sayable in the other languages of the console.

A text keeps the template and the values that it was made of. The catalogues in `fault_words` have the
templates of each language by the English one; keys, codes and values stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache, reduce
from pathlib import Path
from typing import Any

LANGUAGES = ("pt", "pl")
_CATALOGUES = Path(__file__).with_name("fault_words")


class FaultText(str):
    """What is wrong, or what would be right. As a text it is English.

    The template is written out where the text is made: it is the key of the catalogues. Without values its
    braces are what they are; with values they hold the names of these. A value may be such a text itself.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, str]

    def __new__(cls, template: str, /, **values: object) -> FaultText:
        """Make a text of a template and its values."""
        texts = {name: value if isinstance(value, str) else str(value) for name, value in values.items()}
        made = super().__new__(cls, template.format(**texts) if texts else template)
        made.template, made.values = template, texts
        return made

    def filled(self, **values: object) -> FaultText:
        """Return the text of a template that stands in a table, with its values."""
        return FaultText(self.template, **values)

    def in_language(self, language: str) -> str:
        """Return the text in a language; English where it has no catalogue."""
        template = _catalogue(language).get(self.template, self.template)
        if not self.values:
            return template
        return template.format(**{name: text_in(value, language) for name, value in self.values.items()})


def parts_of(text: str) -> Any:
    """Return a text as JSON has it: its template and its values, itself where it is not of a template."""
    if not isinstance(text, FaultText):
        return text
    return {
        "template": text.template,
        "values": {name: parts_of(value) for name, value in text.values.items()},
    }


def text_of(parts: Any) -> str:
    """Return the text that has these parts."""
    if isinstance(parts, str):
        return parts
    return FaultText(parts["template"], **{name: text_of(value) for name, value in parts["values"].items()})


def text_in(text: str, language: str) -> str:
    """Return a text in a language; one that is not of a template stays as it is."""
    return text.in_language(language) if isinstance(text, FaultText) else text


def joined(texts: Iterable[str], template: FaultText) -> str:
    """Return texts as one, each put behind those before it by a template of `before` and `after`."""
    return reduce(lambda before, after: template.filled(before=before, after=after), texts)


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    path = _CATALOGUES / f"{language}.json"
    return json.loads(path.read_text(encoding="utf-8")) if language in LANGUAGES else {}
