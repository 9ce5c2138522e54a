"""From plain values to a `Programme`: every misplaced key and wrong value is a finding, and what is sound is
still shaped.

What is faulty is left out and the rest shaped again, so that one slip does not hide other faults: not those
of other parts, and with a stand-in for what a part cannot lack not those beside it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, cast, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.model.programme.faults import Finding, Path, instead
from domain.model.programme.models import Programme
from domain.model.programme.words import PATTERNS, REMEDY, Part

MOST_ROUNDS: Final = 30
_CLIPPED: Final = 60
# Without these nothing can be shaped at all: they stand in where the file's own are faulty.
_STAND_INS: Final[Mapping[str, object]] = {
    "programme": {"code": "x", "name": "x", "currency": "EUR", "timezone": "UTC", "locales": ["en"]},
    "wallets": [{"code": "points"}],
}
# The same for single keys that their part cannot be shaped without. None says anything that a check beside it
# could take for a fault.
_SPARES: Final[Mapping[str, object]] = {
    **dict.fromkeys(("code", "name", "title", "question", "wording", "purpose", "wallet"), "x"),
    **dict.fromkeys(("amount", "fixed", "times"), 1),
    "currency": "EUR",
    "timezone": "UTC",
    "do": [{"tag": "x"}],
    "of": "1",
    "per": "day",
    "window": "calendar_year",
}


@dataclass
class Shape:
    """What could be shaped, the findings, and the way from a shaped path to the file's own, since faulty list
    items are left out.
    """

    programme: Programme | None = None
    findings: list[Finding] = field(default_factory=list)
    kept: dict[Path, list[int]] = field(default_factory=dict)
    removed: set[Path] = field(default_factory=set)

    def original(self, path: Path) -> Path:
        """Return where a shaped path stands in the file."""
        found: Path = ()
        for step in path:
            places = self.kept.get(found)
            found = (
                *found,
                places[step] if places is not None and isinstance(step, int) and step < len(places) else step,
            )
        return found

    def broken(self, *path: str) -> bool:
        """Tell whether what stands at a path has findings, so that judging it as a whole would mislead."""
        return any(finding.path[: len(path)] == path for finding in self.findings)

    def note(self, finding: Finding) -> None:
        """Keep a finding, unless it only follows from what was left out below it."""
        depth = len(finding.path)
        if not any(removed[:depth] == finding.path for removed in self.removed):
            self.findings.append(finding)


def shape(data: Mapping[str, object]) -> Shape:
    """Shape a file's values."""
    result = Shape()
    rest = copy.deepcopy(dict(data))
    for _ in range(MOST_ROUNDS):
        try:
            result.programme = Programme.model_validate(rest, context=_context(rest))
            return result
        except ValidationError as error:
            details = error.errors(include_url=False)
        paths = [tuple(step for step in detail["loc"] if step != "[key]") for detail in details]
        faulty = _deepest(paths)
        for path, detail in zip(paths, details, strict=True):
            if path in faulty:
                result.note(_finding(result.original(path), path, detail))
        # Later list items go first, so that the places of earlier ones still hold.
        for path in sorted(
            faulty,
            key=lambda path: [(isinstance(step, str), str(step).zfill(9)) for step in path],
            reverse=True,
        ):
            _leave_out(rest, result, path)
    return result


def _deepest(paths: list[Path]) -> set[Path]:
    """Return the paths with none below them: a list whose items are at fault is also called empty, and only
    the items are.
    """
    above = {path[:depth] for path in paths for depth in range(len(path))}
    return {path for path in paths if path not in above}


def _context(data: Mapping[str, object]) -> dict[str, object]:
    header = data.get("programme")
    locales = header.get("locales") if isinstance(header, dict) else None
    known = [locale for locale in locales if isinstance(locale, str)] if isinstance(locales, list) else []
    return {"default_locale": known[0] if known else "", "locales": known}


def _leave_out(data: dict[str, object], shape: Shape, path: Path) -> None:
    """Remove the value at a path, or where there is none the part that lacks it; put a stand-in for what
    cannot be missing.
    """
    holder: Any = None
    step: str | int = path[0] if path else ""
    at: Any = data
    depth = 0
    while depth < len(path) and _has(at, path[depth]):
        holder, step = at, path[depth]
        at = holder[step]
        depth += 1
    place, whole = path[:depth], shape.original(path)
    spare = None if whole in shape.removed or not path else _SPARES.get(str(path[-1]))
    shape.removed.add(whole)
    part = holder if depth == len(path) else at
    if spare is not None and depth >= len(path) - 1 > 0 and isinstance(part, dict):
        part[str(path[-1])] = copy.deepcopy(spare)
    elif depth <= 1:
        data.pop(str(step), None)
        if step in _STAND_INS:
            data[str(step)] = copy.deepcopy(_STAND_INS[str(step)])
    elif isinstance(holder, list):
        shape.kept.setdefault(shape.original(place[:-1]), list(range(len(holder)))).pop(cast(int, step))
        del holder[cast(int, step)]
    else:
        del holder[step]


def _has(at: object, step: str | int) -> bool:
    return (isinstance(at, dict) and step in at) or (
        isinstance(at, list) and isinstance(step, int) and step < len(at)
    )


def _finding(path: Path, shaped: Path, detail: ErrorDetails) -> Finding:
    kind, context = detail["type"], detail.get("ctx", {})
    name = str(path[-1]) if path else "the file"
    if kind == "extra_forbidden":
        if name.isdigit():
            return Finding(
                path,
                f"{name} is no key here",
                "write a point for the decimals, and nothing between thousands: 1.25 and 2500",
            )
        return Finding(path, f"{name} is no key here", instead(name, _keys(shaped[:-1]), "remove it"))
    if kind == "missing":
        return Finding(path, f"{name} is missing", f"add {name}: ...")
    if kind == "value_error":
        message, _, remedy = str(context["error"]).partition(REMEDY)
        return Finding(path, message, remedy)
    if kind == "string_pattern_mismatch":
        return Finding(
            path, f"{_clip(detail['input'])} is not written as it must be", PATTERNS[context["pattern"]]
        )
    message, remedy = _TYPES.get(kind, (detail["msg"], "see the reference of this key"))
    if kind == "model_type" and (keys := _keys(shaped)):
        remedy = f"write keys and values in braces, of {', '.join(keys)}"
    if kind == "int_type" and isinstance(detail["input"], Decimal):
        remedy += "; money in minor units, such as 499 for 4.99"
    given = _clip(detail["input"])
    filled = {key: str(value) for key, value in context.items()}
    return Finding(path, message.format(given=given, **filled), remedy.format(given=given, **filled))


_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "string_type": ("{given} is no text", "put it in quotes"),
    "string_too_long": ("{given} is too long", "at most {max_length} characters"),
    "int_type": ("{given} is no whole number", "write a whole number without quotes or signs"),
    "bool_type": (
        "{given} is neither true nor false",
        "write true or false, in small letters and without quotes",
    ),
    "greater_than_equal": ("{given} is too small", "write {ge} or more"),
    "less_than_equal": ("{given} is too large", "write {le} or less"),
    "literal_error": ("{given} is not among the words known here", "write one of {expected}"),
    "tuple_type": (
        "{given} is no list",
        "write a list: [one, two], or each on a line of its own after a dash and a space",
    ),
    "too_short": ("the list is empty", "give it at least one item"),
    "dict_type": ("{given} is no map of keys", "write keys and values: {{key: value}}"),
    "mapping_type": ("{given} is no map of keys", "write keys and values: {{key: value}}"),
    "model_type": ("{given} is no map of keys", "write keys and values: {{key: value}}"),
}


def _clip(value: object) -> str:
    """Say what stands in the file, shortly."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _CLIPPED else text[:_CLIPPED] + "..."


def _keys(path: Path) -> list[str]:
    """Return the keys that the part at a path may have."""
    part: type[Part] | None = Programme
    for step in path:
        if part is None:
            return []
        if isinstance(step, str):
            named = next(
                (info for name, info in part.model_fields.items() if (info.alias or name) == step), None
            )
            part = next(_parts(named.annotation), None) if named is not None else None
    return [info.alias or name for name, info in part.model_fields.items()] if part is not None else []


def _parts(annotation: object) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)
