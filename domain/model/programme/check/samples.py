"""Sample data for evaluating expressions: values for every variable, in a handful of members, events and
purchases.

Numbers are small and large, booleans true and false, and texts each literal of the expression, so that every
branch is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from domain.model.conditions import Expression, terms
from domain.model.expression_engine import Context
from domain.model.programme.vocabulary import LINE_VARIABLES, Variable
from domain.model.values import dataclass

MAX_LITERALS: Final = 4
_SMALL, _LARGE = 1, 1_000_000
_EARLIER, _LATER = datetime(2024, 2, 29, 9, 30, tzinfo=UTC), datetime(2026, 6, 15, 18, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SampleVariant:
    """One way to fill the variables: small or large numbers, true or false, and the text for texts."""

    event: str
    large: bool
    truth: bool
    text: str
    literals: tuple[str, ...]


def full_samples(variables: Mapping[str, Variable], expression: Expression, event: str) -> Iterator[Context]:
    """Yield samples without missing values: an expression that fails only on a missing value is sound."""
    literals, read = _literals(expression), _variables_read(variables, expression)
    for text in ("sample", *literals[:MAX_LITERALS]):
        for large in (True, False):
            for truth in (True, False):
                yield Context(_sample(read, SampleVariant(event, large, truth, text, literals)))


def _variables_read(variables: Mapping[str, Variable], expression: Expression) -> dict[str, Variable | None]:
    """Return the variables that an expression reads, in whole or in part, and the root of each variable. An
    unknown name then misses a key of its root.
    """
    roots: dict[str, Variable | None] = {path.partition(".")[0]: None for path in variables if "." in path}
    return roots | {
        path: variable
        for path, variable in variables.items()
        if any(_overlap(path, name) for name in expression.names)
    }


def _overlap(path: str, name: str) -> bool:
    return path == name or path.startswith(f"{name}.") or name.startswith(f"{path}.")


def _literals(expression: Expression) -> tuple[str, ...]:
    """Return the texts in an expression and the last steps of its paths, which may be keys of maps."""
    literals = [term.value for term in terms(expression.source) if term.kind == "text"]
    literals += [name.rpartition(".")[2] for name in sorted(expression.names)]
    literals += expression.favourites
    return tuple(dict.fromkeys(literals))


def _sample(variables: Mapping[str, Variable | None], variant: SampleVariant) -> dict[str, object]:
    root: dict[str, object] = {"event": {"data": {}}} if "event" in variables else {}
    for path, variable in variables.items():
        *above, last = path.split(".")
        node = root
        for step in above:
            inner = node.setdefault(step, {})
            node = inner if isinstance(inner, dict) else {}
        if variable is None:
            node.setdefault(last, {})
        else:
            node[last] = variant.event if path == "event.name" else _sample_value(variable, variant)
    return root


def _sample_value(variable: Variable, variant: SampleVariant) -> object:
    number = _LARGE if variant.large else _SMALL
    match variable.kind:
        case "text":
            return variant.text
        case "whole":
            return number
        case "truth":
            return variant.truth
        case "day":
            return "1990-02-28"
        case "instant":
            return _LATER if variant.large else _EARLIER
        case "texts":
            return _sample_texts(variant)
        case "by_code":
            return dict.fromkeys(_sample_texts(variant), number)
        case "attributes":
            return {}
        case "favourite":
            return dict.fromkeys(variant.literals, variant.text if variant.truth else None)
        case "lines":
            return [
                {path.split(".")[1]: _sample_value(line, variant) for path, line in LINE_VARIABLES.items()}
            ] * 2


def _sample_texts(variant: SampleVariant) -> list[str]:
    return list(dict.fromkeys((variant.text, *variant.literals)))
