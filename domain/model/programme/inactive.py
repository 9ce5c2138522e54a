"""The keys of a programme file that this version reads and checks, but does not act on yet.

The one table behind `selo programme check` and the notes in README.md. Whoever makes a key work removes its
row here and the note there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from domain.model.programme.faults import KeyPath, format_path
from domain.model.programme.field_types import LocalizedText, ProgrammePart
from domain.model.programme.models import Programme

_MAX_LISTED: Final = 3

# Each key by its path, where `[]` stands for every item of a list, and why nothing comes of it.
INACTIVE: Final[Mapping[str, str]] = {}


def inactive_keys(programme: Programme) -> list[str]:
    """Return a sentence for each inactive key that a programme uses: its places, and the reason."""
    sentences = []
    for pattern, reason in INACTIVE.items():
        places = [format_path(path) for path in _places(programme, tuple(pattern.split(".")), ())]
        if places:
            rest = f" and {len(places) - _MAX_LISTED} more" if len(places) > _MAX_LISTED else ""
            sentences.append(f"{', '.join(places[:_MAX_LISTED])}{rest}: {reason}")
    return sentences


def _places(part: object, pattern: tuple[str, ...], path: KeyPath) -> Iterator[KeyPath]:
    """Yield the paths below a part that match a pattern and that the file writes."""
    if not pattern:
        yield path
        return
    key = pattern[0].removesuffix("[]")
    if not isinstance(part, ProgrammePart) or not _is_written(part, key):
        return
    value = getattr(part, key)
    if not pattern[0].endswith("[]"):
        yield from _places(value, pattern[1:], (*path, key))
        return
    for index, element in enumerate(value):
        yield from _places(element, pattern[1:], (*path, key, index))


def _is_written(part: ProgrammePart, key: str) -> bool:
    """Tell whether the file itself gives a key; a name that repeats the code is NamedPart's default."""
    if key not in part.model_fields_set:
        return False
    value = getattr(part, key)
    return not isinstance(value, LocalizedText) or set(value.entries.values()) != {
        getattr(part, "code", None)
    }
