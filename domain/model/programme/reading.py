"""Reading YAML 1.2 into plain values, with the line of every path. Only true and false are booleans; dates
stay texts.

Fractions become exact decimals. Anchors, aliases, tags, duplicate keys, deep nesting and huge files are
refused, so that a file costs no more than it is long.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from domain.model.programme.faults import Fault, Path, ProgrammeFaults, written
from domain.model.programme.slips import yaml_slip

LARGEST_FILE: Final = 1_000_000
DEEPEST: Final = 20
_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,30}")
_DECIMAL: Final = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)")


@dataclass
class Reading:
    """A file as plain values: dict, list, str, int, Decimal, bool and None; `lines` has every path, `faults`
    what YAML forbids.
    """

    data: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def values(self) -> Mapping[str, object]:
        """The file's top map."""
        return self.data if isinstance(self.data, dict) else {}

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest part above that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(text: str) -> Reading:
    """Read a file. Raises ProgrammeFaults where it is no YAML at all; lesser faults stand in the answer."""
    if len(text.encode()) > LARGEST_FILE:
        raise _stop(
            1,
            f"the file is larger than {LARGEST_FILE} bytes",
            "keep it smaller; pictures and long terms belong elsewhere",
        )
    builder = _Builder()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        raise _stop(*yaml_slip(error)) from None
    except YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise _stop(
            line,
            "this is no YAML: it holds a character that no text has",
            "save the file as plain UTF-8 text",
        ) from None
    if not isinstance(builder.reading.data, dict):
        raise _stop(1, "the file is no map of keys", "begin with programme: and wallets:")
    return builder.reading


def content_hash(text: str) -> str:
    """Return the hash of what a file says: comments, blanks, quotes and the order of keys do not change it.
    Raises ProgrammeFaults.
    """
    canonical = json.dumps(
        read(text).data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_number
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _number(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _stop(line: int, message: str, remedy: str) -> ProgrammeFaults:
    return ProgrammeFaults((Fault(line=line, path="file", message=message, remedy=remedy),))


@dataclass
class _Open:
    """A map or list under construction."""

    path: Path
    into: dict[str, Any] | list[Any]
    key: str | None = None


class _Builder:
    """Takes YAML events one by one: no recursion, so depth costs nothing before it is refused."""

    def __init__(self) -> None:
        self.reading = Reading()
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, MappingStartEvent | SequenceStartEvent | ScalarEvent | AliasEvent):
            self._node(event, line)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._open.pop()
        elif isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _stop(line, "the file holds a second document", "remove the line --- and what follows")

    def _node(self, event: Any, line: int) -> None:
        top = self._open[-1] if self._open else None
        if isinstance(event, AliasEvent) or event.anchor is not None:
            remedy = "write the part out where it is needed; put a text that begins with & or * in quotes"
            raise _stop(line, "anchors and aliases (& and *) are not read here", remedy)
        if event.ctag is not None:
            raise _stop(
                line,
                f"the tag {event.ctag} is not read here",
                "remove it, or put the text that begins with ! in quotes",
            )
        if top is not None and isinstance(top.into, dict) and top.key is None:
            self._key(top, event, line)
            return
        path: Path = (
            ()
            if top is None
            else (*top.path, (top.key or "") if isinstance(top.into, dict) else len(top.into))
        )
        self.reading.lines.setdefault(path, line)
        value = (
            _scalar(event)
            if isinstance(event, ScalarEvent)
            else {}
            if isinstance(event, MappingStartEvent)
            else []
        )
        if top is None:
            self.reading.data = value
        elif isinstance(top.into, list):
            top.into.append(value)
        else:
            top.into.setdefault(top.key or "", value)
            top.key = None
        if isinstance(value, dict | list):
            if len(self._open) >= DEEPEST:
                raise _stop(
                    line, f"the file is nested more than {DEEPEST} deep", "a programme needs no more than 8"
                )
            self._open.append(_Open(path, value))

    def _key(self, top: _Open, event: Any, line: int) -> None:
        if not isinstance(event, ScalarEvent):
            raise _stop(line, "a key is a map or a list", "write a word, then a colon")
        top.key = str(event.value)
        path = (*top.path, top.key)
        if top.key in top.into:
            message = f"{top.key} is written twice, first on line {self.reading.lines[path]}"
            remedy = "keep one of them"
            if top.path and isinstance(top.path[-1], int):
                remedy += ", or begin the next item with a dash: - code: ..."
            self.reading.faults.append(Fault(line=line, path=written(path), message=message, remedy=remedy))
        else:
            self.reading.lines[path] = line


def _scalar(event: Any) -> object:
    """Resolve a plain word as YAML 1.2 does; what is quoted is a text."""
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
