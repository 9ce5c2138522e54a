"""From plain values to a `Programme`: every unknown key and wrong value is a finding, and the sound parts are
still built.

Faulty values are removed and the rest is validated again, so that one mistake does not hide others. Where a
part needs the removed value, a stand-in replaces it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any, Final, cast, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.model.event_names import PURCHASED
from domain.model.fault_text import FaultText
from domain.model.locales import is_locale
from domain.model.programme.faults import Finding, KeyPath, ValueRefused, nearest, suggestion
from domain.model.programme.field_types import PATTERN_REMEDIES, ProgrammePart
from domain.model.programme.models import Programme
from domain.model.programme.remedies import missing_remedy, text_remedy, unknown_award_key_remedy
from domain.model.programme.tiers import BY_COUNT, OF_ONE_COUNT
from domain.model.values import dataclass

MAX_ROUNDS: Final = 30
_NO_KEYS: Final = frozenset(
    {"[key]", "[list]", "[card]", OF_ONE_COUNT, BY_COUNT}
)  # steps of a path that stand for no key
_MAX_SHOWN: Final = 60
# Nothing can be built without these sections: they replace the file's own where those are faulty.
_SECTION_STAND_INS: Final[Mapping[str, object]] = {
    "programme": {"code": "x", "name": "x", "currency": "EUR", "timezone": "UTC", "locales": ["en"]},
    "wallets": [{"code": "points"}],
}
# The same for keys that their part cannot be built without. No check takes one of them for a fault.
_KEY_STAND_INS: Final[Mapping[str, object]] = {
    **dict.fromkeys(("code", "name", "title", "question", "wording", "purpose", "wallet"), "x"),
    **dict.fromkeys(("amount", "fixed", "times"), 1),
    "currency": "EUR",
    "timezone": "UTC",
    "do": [{"tag": "x"}],
    "of": "1",
    "counts": {"x": {"on": PURCHASED, "title": "x"}},
    "per": "day",
    "window": "calendar_year",
}


@dataclass
class ValidationResult:
    """The programme as far as it could be built, and the findings. Its paths differ from those of the file
    where faulty list items were removed.
    """

    programme: Programme | None = None
    findings: list[Finding] = field(default_factory=list)
    kept_indexes: dict[KeyPath, list[int]] = field(default_factory=dict)
    removed_paths: set[KeyPath] = field(default_factory=set)

    def original_path(self, path: KeyPath) -> KeyPath:
        """Return the path in the file of a path in the programme."""
        original: KeyPath = ()
        for step in path:
            indexes = self.kept_indexes.get(original)
            original = (
                *original,
                indexes[step]
                if indexes is not None and isinstance(step, int) and step < len(indexes)
                else step,
            )
        return original

    def has_findings(self, *path: str) -> bool:
        """Tell whether there are findings at or below a path, so that a check of the whole would mislead."""
        return any(finding.path[: len(path)] == path for finding in self.findings)

    def is_sound(self, path: KeyPath) -> bool:
        """Tell whether the programme has at a path what the file has: nothing was removed at, above or below
        it, and no stand-in is there.
        """
        original = self.original_path(path)
        return not any(removed[: len(original)] == original[: len(removed)] for removed in self.removed_paths)

    def add_finding(self, finding: Finding) -> None:
        """Add a finding, unless it only follows from a value that was removed below it."""
        depth = len(finding.path)
        if not any(removed[:depth] == finding.path for removed in self.removed_paths):
            self.findings.append(finding)


def validate(content: Mapping[str, object]) -> ValidationResult:
    """Validate the values of a file."""
    result = ValidationResult()
    remaining = copy.deepcopy(dict(content))
    for _ in range(MAX_ROUNDS):
        try:
            result.programme = Programme.model_validate(remaining, context=_validation_context(remaining))
            return result
        except ValidationError as error:
            details = error.errors(include_url=False)
        paths = [tuple(step for step in detail["loc"] if step not in _NO_KEYS) for detail in details]
        faulty = _deepest(paths)
        misspelt = _misspelt(paths, details)
        for path, detail in zip(paths, details, strict=True):
            if path in faulty and not (detail["type"] == "missing" and path in misspelt):
                result.add_finding(_finding(result.original_path(path), path, detail, remaining))
        # Later list items are removed first, so that the indexes of earlier ones stay valid.
        for path in sorted(
            faulty,
            key=lambda path: [(isinstance(step, str), str(step).zfill(9)) for step in path],
            reverse=True,
        ):
            _leave_out(remaining, result, path)
    return result


def _deepest(paths: list[KeyPath]) -> set[KeyPath]:
    """Return the paths with none below them. A list whose items are faulty is also reported as empty; only
    the items are kept.
    """
    above = {path[:depth] for path in paths for depth in range(len(path))}
    return {path for path in paths if path not in above}


def _misspelt(paths: list[KeyPath], details: list[ErrorDetails]) -> set[KeyPath]:
    """Return the keys that an unknown key beside them was probably meant as."""
    unknown = [
        path
        for path, detail in zip(paths, details, strict=True)
        if path and detail["type"] == "extra_forbidden"
    ]
    return {
        (*path[:-1], key)
        for path in unknown
        if (key := nearest(str(path[-1]), _keys_at(path[:-1]))) is not None
    }


def _validation_context(content: Mapping[str, object]) -> dict[str, object]:
    header = content.get("programme")
    locales = header.get("locales") if isinstance(header, dict) else None
    known = [locale for locale in locales if isinstance(locale, str)] if isinstance(locales, list) else []
    return {"default_locale": known[0] if known and is_locale(known[0]) else "", "locales": known}


def _leave_out(content: dict[str, object], result: ValidationResult, path: KeyPath) -> None:
    """Remove the value at a path, or the part that lacks it; put in a stand-in where it is required."""
    parent: Any = None
    step: str | int = path[0] if path else ""
    node: Any = content
    depth = 0
    while depth < len(path) and _has(node, path[depth]):
        parent, step = node, path[depth]
        node = parent[step]
        depth += 1
    place, original = path[:depth], result.original_path(path)
    stand_in = None if original in result.removed_paths or not path else _KEY_STAND_INS.get(str(path[-1]))
    result.removed_paths.add(original)
    part = parent if depth == len(path) else node
    if stand_in is not None and depth >= len(path) - 1 > 0 and isinstance(part, dict):
        part[str(path[-1])] = copy.deepcopy(stand_in)
    elif depth <= 1:
        content.pop(str(step), None)
        if step in _SECTION_STAND_INS:
            content[str(step)] = copy.deepcopy(_SECTION_STAND_INS[str(step)])
    elif isinstance(parent, list):
        result.kept_indexes.setdefault(result.original_path(place[:-1]), list(range(len(parent)))).pop(
            cast(int, step)
        )
        del parent[cast(int, step)]
    else:
        del parent[step]


def _has(node: object, step: str | int) -> bool:
    return (isinstance(node, dict) and step in node) or (
        isinstance(node, list) and isinstance(step, int) and step < len(node)
    )


def _finding(
    path: KeyPath, validated_path: KeyPath, detail: ErrorDetails, content: Mapping[str, object]
) -> Finding:
    kind, context = detail["type"], detail.get("ctx", {})
    name = str(path[-1]) if path else FaultText("the file")
    if kind == "extra_forbidden":
        if name.isdigit():
            return Finding(
                path,
                FaultText("{name} is no key here", name=name),
                FaultText("write a point for the decimals, and nothing between thousands: 1.25 and 2500"),
            )
        remedy = unknown_award_key_remedy(name, detail["input"]) if path[-2:-1] == ("award",) else None
        remedy = remedy or suggestion(name, _keys_at(validated_path[:-1]), FaultText("remove it"))
        return Finding(path, FaultText("{name} is no key here", name=name), remedy)
    if kind == "missing":
        return Finding(
            path, FaultText("{name} is missing", name=name), missing_remedy(validated_path, content)
        )
    if kind == "string_type":
        return Finding(
            path,
            FaultText("{given} is no text", given=_clip(detail["input"])),
            text_remedy(name, detail["input"]),
        )
    refused = context.get("error")
    if isinstance(refused, ValueRefused):
        return Finding(path, refused.message, refused.remedy)
    if kind == "string_pattern_mismatch":
        return Finding(
            path,
            FaultText("{given} is not written as it must be", given=_clip(detail["input"])),
            PATTERN_REMEDIES[context["pattern"]],
        )
    if kind == "too_short" and context["min_length"] > 1:
        return Finding(
            path,
            FaultText("the list is too short"),
            FaultText("give it at least {fewest} items", fewest=context["min_length"]),
        )
    message, remedy = _TYPE_FAULTS.get(kind, _OTHER_FAULT)
    if kind == "model_type" and (keys := _keys_at(validated_path)):
        return Finding(
            path,
            message.filled(given=_clip(detail["input"])),
            FaultText("write keys and values in braces, of {known}", known=", ".join(keys)),
        )
    if kind == "int_type" and isinstance(detail["input"], Decimal):
        remedy = FaultText(
            "write a whole number without quotes or signs; money in minor units, such as 499 for 4.99"
        )
    values = {
        **context,
        "given": _clip(detail["input"]),
        "problem": detail["msg"],
        "expected": _expected(context.get("expected", "")),
    }
    return Finding(path, message.filled(**values), remedy.filled(**values))


def _expected(words: str) -> str:
    """Return the words that a key knows, which pydantic lists with an English or before the last."""
    before, _, after = words.rpartition(" or ")
    return FaultText("{before} or {after}", before=before, after=after) if before else words


# Whatever else pydantic may find, in its own words.
_OTHER_FAULT: Final = (FaultText("{problem}"), FaultText("see the reference of this key"))


_TYPE_FAULTS: Final[Mapping[str, tuple[FaultText, FaultText]]] = {
    "string_too_long": (FaultText("{given} is too long"), FaultText("at most {max_length} characters")),
    "int_type": (
        FaultText("{given} is no whole number"),
        FaultText("write a whole number without quotes or signs"),
    ),
    "bool_type": (
        FaultText("{given} is neither true nor false"),
        FaultText("write true or false, in small letters and without quotes"),
    ),
    "greater_than_equal": (FaultText("{given} is too small"), FaultText("write {ge} or more")),
    "less_than_equal": (FaultText("{given} is too large"), FaultText("write {le} or less")),
    "literal_error": (
        FaultText("{given} is not among the words known here"),
        FaultText("write one of {expected}"),
    ),
    "tuple_type": (
        FaultText("{given} is no list"),
        FaultText("write a list: [one, two], or each on a line of its own after a dash and a space"),
    ),
    "too_long": (FaultText("the list is too long"), FaultText("give it at most {max_length} items")),
    "too_short": (FaultText("the list is empty"), FaultText("give it at least one item")),
    "dict_type": (FaultText("{given} is no map of keys"), FaultText("write keys and values: {{key: value}}")),
    "mapping_type": (
        FaultText("{given} is no map of keys"),
        FaultText("write keys and values: {{key: value}}"),
    ),
    "model_type": (
        FaultText("{given} is no map of keys"),
        FaultText("write keys and values: {{key: value}}"),
    ),
}


def _clip(value: object) -> str:
    """Return a value of the file as a short text."""
    if value is None:
        return FaultText("nothing")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return FaultText("a map")
    if isinstance(value, list):
        return FaultText("a list")
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."


def _keys_at(path: KeyPath) -> list[str]:
    """Return the keys that the part at a path may have."""
    part: type[ProgrammePart] | None = Programme
    for step in path:
        if part is None:
            return []
        if isinstance(step, str):
            named = next(
                (info for name, info in part.model_fields.items() if (info.alias or name) == step), None
            )
            part = next(_part_types(named.annotation), None) if named is not None else None
    return [info.alias or name for name, info in part.model_fields.items()] if part is not None else []


def _part_types(annotation: object) -> Iterator[type[ProgrammePart]]:
    if isinstance(annotation, type) and issubclass(annotation, ProgrammePart):
        yield annotation
    for inner in get_args(annotation):
        yield from _part_types(inner)
