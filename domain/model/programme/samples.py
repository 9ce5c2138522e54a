"""Sample data for trying expressions: what every word of the vocabulary might be, in a handful of members,
events and purchases.

Numbers come small and large, truths both ways, texts as each literal that the expression itself names, so
that every branch is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from domain.model.conditions import Context, Expression, terms
from domain.model.programme.vocabulary import LINE, Word

MOST_LITERALS: Final = 4
_SMALL, _LARGE = 1, 1_000_000
_EARLIER, _LATER = datetime(2024, 2, 29, 9, 30, tzinfo=UTC), datetime(2026, 6, 15, 18, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mood:
    """One way to fill the words, on an event: large or small numbers, which way truths go, which text stands
    for texts.
    """

    event: str
    large: bool
    truth: bool
    text: str
    literals: tuple[str, ...]


def full(words: Mapping[str, Word], expression: Expression, event: str) -> Iterator[Context]:
    """Yield samples in which nothing is missing: what fails only where something is missing is sound."""
    literals, read = _literals(expression), _read(words, expression)
    for text in ("sample", *literals[:MOST_LITERALS]):
        for large in (True, False):
            for truth in (True, False):
                yield Context(_filled(read, Mood(event, large, truth, text, literals)))


def _read(words: Mapping[str, Word], expression: Expression) -> dict[str, Word | None]:
    """Return the words that an expression reads, whole or in part, and each word's root, so that what is
    unknown misses a key of it.
    """
    roots: dict[str, Word | None] = {path.partition(".")[0]: None for path in words if "." in path}
    return roots | {
        path: word for path, word in words.items() if any(_meet(path, name) for name in expression.names)
    }


def _meet(path: str, name: str) -> bool:
    return path == name or path.startswith(f"{name}.") or name.startswith(f"{path}.")


def _literals(expression: Expression) -> tuple[str, ...]:
    """Return the texts that an expression names, and the last steps of its paths, which may be keys of
    maps.
    """
    found = [term.value for term in terms(expression.source) if term.kind == "text"]
    found += [name.rpartition(".")[2] for name in sorted(expression.names)]
    return tuple(dict.fromkeys(found))


def _filled(words: Mapping[str, Word | None], mood: Mood) -> dict[str, object]:
    root: dict[str, object] = {"event": {"data": {}}} if "event" in words else {}
    for path, word in words.items():
        *above, last = path.split(".")
        at = root
        for step in above:
            inner = at.setdefault(step, {})
            at = inner if isinstance(inner, dict) else {}
        if word is None:
            at.setdefault(last, {})
        else:
            at[last] = mood.event if path == "event.name" else _value(word, mood)
    return root


def _value(word: Word, mood: Mood) -> object:
    number = _LARGE if mood.large else _SMALL
    match word.kind:
        case "text":
            return mood.text
        case "whole":
            return number
        case "truth":
            return mood.truth
        case "day":
            return "1990-02-28"
        case "instant":
            return _LATER if mood.large else _EARLIER
        case "texts":
            return _texts(mood)
        case "by_code":
            return dict.fromkeys(_texts(mood), number)
        case "lines":
            return [{path.split(".")[1]: _value(line, mood) for path, line in LINE.items()}] * 2


def _texts(mood: Mood) -> list[str]:
    return list(dict.fromkeys((mood.text, *mood.literals)))
