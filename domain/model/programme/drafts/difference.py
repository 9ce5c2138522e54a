"""How two versions of a programme file differ in meaning: comments, blanks and the order of keys do not.

An item of a list is the same in both where it has the same code (name, purpose, word), wherever it stands;
items that have none of these are compared by their places.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from domain.model.programme.parsing import ParsedFile, parse_yaml
from domain.model.values import dataclass

ChangeKind = Literal["ADDED", "REMOVED", "CHANGED", "MOVED"]

MAX_CHANGES = 500
MAX_VALUE_CHARACTERS = 300
_IDENTITIES = ("code", "name", "purpose", "event", "word", "title")

_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeChange:
    """One difference. `path` names items by their code: rules[weekend].multiply. `before` and `after` are the
    values as compact text, None where there is none; `line` counts from 1, in the version that has the value,
    the newer one where both do.
    """

    kind: ChangeKind
    path: str
    before: str | None
    after: str | None
    line: int


def changes_between(before: str, after: str) -> tuple[ProgrammeChange, ...]:
    """Return what differs between two programme files, in the order of the newer one, at most MAX_CHANGES.

    Raises ProgrammeInvalid where one is not YAML.
    """
    older, newer = parse_yaml(before), parse_yaml(after)
    comparison = _Comparison(older, newer)
    changes = comparison.of_maps("", (), (), older.values, newer.values)
    return tuple(change for change, _ in zip(changes, range(MAX_CHANGES), strict=False))


@dataclass(frozen=True, slots=True)
class _Comparison:
    older: ParsedFile
    newer: ParsedFile

    def of_values(
        self, path: str, old_path: _Path, new_path: _Path, old: object, new: object
    ) -> Iterator[ProgrammeChange]:
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self.of_maps(path, old_path, new_path, old, new)
        elif (
            isinstance(old, list)
            and isinstance(new, list)
            and (old_items := _identified(old)) is not None
            and (new_items := _identified(new)) is not None
        ):
            yield from self._of_items(path, (old_path, old_items), (new_path, new_items))
        elif isinstance(old, list) and isinstance(new, list) and _are_maps(old) and _are_maps(new):
            yield from self._of_items(path, (old_path, _by_place(old)), (new_path, _by_place(new)))
        elif old != new or isinstance(old, bool) != isinstance(new, bool):
            line = self.newer.line_of(new_path)
            yield ProgrammeChange("CHANGED", path, _value_text(old), _value_text(new), line)

    def of_maps(
        self,
        path: str,
        old_path: _Path,
        new_path: _Path,
        old: Mapping[str, object],
        new: Mapping[str, object],
    ) -> Iterator[ProgrammeChange]:
        for key in (*new, *(key for key in old if key not in new)):
            inner = f"{path}.{key}" if path else key
            if key not in old:
                yield self._added(inner, (*new_path, key), new[key])
            elif key not in new:
                yield self._removed(inner, (*old_path, key), old[key])
            else:
                yield from self.of_values(inner, (*old_path, key), (*new_path, key), old[key], new[key])

    def _of_items(
        self, path: str, old: tuple[_Path, Mapping[str, int]], new: tuple[_Path, Mapping[str, int]]
    ) -> Iterator[ProgrammeChange]:
        (old_path, old_places), (new_path, new_places) = old, new
        old_order = [identity for identity in old_places if identity in new_places]
        new_order = [identity for identity in new_places if identity in old_places]
        if old_order != new_order:
            line = self.newer.line_of(new_path)
            before, after = (_shortened(", ".join(order)) for order in (old_order, new_order))
            yield ProgrammeChange("MOVED", path, before, after, line)
        for identity, place in new_places.items():
            inner, inner_path = f"{path}[{identity}]", (*new_path, place)
            new_value = _at(self.newer, inner_path)
            if identity not in old_places:
                yield self._added(inner, inner_path, new_value)
                continue
            old_inner = (*old_path, old_places[identity])
            yield from self.of_values(inner, old_inner, inner_path, _at(self.older, old_inner), new_value)
        for identity, place in old_places.items():
            if identity not in new_places:
                inner_path = (*old_path, place)
                yield self._removed(f"{path}[{identity}]", inner_path, _at(self.older, inner_path))

    def _added(self, path: str, new_path: _Path, value: object) -> ProgrammeChange:
        return ProgrammeChange("ADDED", path, None, _value_text(value), self.newer.line_of(new_path))

    def _removed(self, path: str, old_path: _Path, value: object) -> ProgrammeChange:
        return ProgrammeChange("REMOVED", path, _value_text(value), None, self.older.line_of(old_path))


def _identified(items: Sequence[object]) -> dict[str, int] | None:
    """Return the places of a list's items by what identifies them; None where something else tells them
    apart.
    """
    for key in _IDENTITIES:
        identities = [item.get(key) if isinstance(item, dict) else None for item in items]
        if all(isinstance(each, str) for each in identities) and len(set(identities)) == len(items) > 0:
            return {str(each): place for place, each in enumerate(identities)}
    return None


def _are_maps(items: Sequence[object]) -> bool:
    return all(isinstance(item, dict) for item in items) and len(items) > 0


def _by_place(items: Sequence[object]) -> dict[str, int]:
    return {str(place): place for place in range(len(items))}


def _at(parsed: ParsedFile, path: _Path) -> object:
    value: object = parsed.content
    for step in path:
        assert isinstance(value, dict | list), "a path leads through maps and lists"
        value = value[step]  # type: ignore[index]  # a map's step is its key, a list's its place
    return value


def _value_text(value: object) -> str:
    if isinstance(value, str):
        return _shortened(value)
    return _shortened(json.dumps(value, ensure_ascii=False, default=_number))


def _number(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_VALUE_CHARACTERS else f"{text[: MAX_VALUE_CHARACTERS - 1]}…"
