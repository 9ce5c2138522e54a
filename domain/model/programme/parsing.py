"""Parsing YAML 1.2 into plain values with the line of every path. Only true and false are booleans; dates
stay texts.

Fractions become exact decimals. Anchors, aliases, tags, duplicate keys, deep nesting and huge files are
refused, so that the cost of a file is linear in its length.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import field
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

from domain.model.fault_text import FaultText
from domain.model.programme.faults import KeyPath, ProgrammeFault, ProgrammeInvalid, format_path
from domain.model.programme.syntax_hints import yaml_fault
from domain.model.values import dataclass

MAX_FILE_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 20
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,30}")
_DECIMAL: Final = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)")


@dataclass
class ParsedFile:
    """A file as plain values: dict, list, str, int, Decimal, bool and None. `lines` has the line of every
    path, `faults` what YAML forbids.
    """

    content: object = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    faults: list[ProgrammeFault] = field(default_factory=list)

    @property
    def values(self) -> Mapping[str, object]:
        """The keys and values at the top of the file; empty where the file is not a map."""
        return self.content if isinstance(self.content, dict) else {}

    def line_of(self, path: KeyPath) -> int:
        """Return the line of a path, or of its nearest ancestor that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse_yaml(text: str) -> ParsedFile:
    """Parse a file. Raises ProgrammeInvalid where it is not YAML; smaller faults are part of the result."""
    if len(text.encode()) > MAX_FILE_BYTES:
        raise _unreadable(
            1,
            FaultText("the file is larger than {most} bytes", most=MAX_FILE_BYTES),
            FaultText("keep it smaller; pictures and long terms belong elsewhere"),
        )
    builder = _TreeBuilder()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.add_event(event)
    except MarkedYAMLError as error:
        raise ProgrammeInvalid((yaml_fault(error),)) from None
    except YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise _unreadable(
            line,
            FaultText("this is no YAML: it holds a character that no text has"),
            FaultText("save the file as plain UTF-8 text"),
        ) from None
    if not isinstance(builder.parsed.content, dict):
        raise _unreadable(
            1, FaultText("the file is no map of keys"), FaultText("begin with programme: and wallets:")
        )
    return builder.parsed


def content_hash(text: str) -> str:
    """Return the hash of a file's content: comments, blanks, quotes and the order of keys do not change it.
    Raises ProgrammeInvalid.
    """
    canonical = json.dumps(
        parse_yaml(text).content,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        default=_number_text,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _number_text(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _unreadable(line: int, message: FaultText, remedy: FaultText) -> ProgrammeInvalid:
    return ProgrammeInvalid((ProgrammeFault(line=line, path="file", message=message, remedy=remedy),))


@dataclass
class _OpenNode:
    """A map or list under construction."""

    path: KeyPath
    container: dict[str, Any] | list[Any]
    key: str | None = None


class _TreeBuilder:
    """Builds the values from YAML events one by one. It does not recurse, so depth costs nothing before it is
    refused.
    """

    def __init__(self) -> None:
        self.parsed = ParsedFile()
        self._open: list[_OpenNode] = []
        self._documents = 0

    def add_event(self, event: Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, MappingStartEvent | SequenceStartEvent | ScalarEvent | AliasEvent):
            self._add_node(event, line)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._open.pop()
        elif isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _unreadable(
                    line,
                    FaultText("the file holds a second document"),
                    FaultText("remove the line --- and what follows"),
                )

    def _add_node(self, event: Any, line: int) -> None:
        parent = self._open[-1] if self._open else None
        if isinstance(event, AliasEvent) or event.anchor is not None:
            remedy = FaultText(
                "write the part out where it is needed; put a text that begins with & or * in quotes"
            )
            raise _unreadable(line, FaultText("anchors and aliases (& and *) are not read here"), remedy)
        if event.ctag is not None:
            raise _unreadable(
                line,
                FaultText("the tag {tag} is not read here", tag=event.ctag),
                FaultText("remove it, or put the text that begins with ! in quotes"),
            )
        if parent is not None and isinstance(parent.container, dict) and parent.key is None:
            self._set_key(parent, event, line)
            return
        path: KeyPath = (
            ()
            if parent is None
            else (
                *parent.path,
                (parent.key or "") if isinstance(parent.container, dict) else len(parent.container),
            )
        )
        self.parsed.lines.setdefault(path, line)
        value = (
            _scalar_value(event)
            if isinstance(event, ScalarEvent)
            else {}
            if isinstance(event, MappingStartEvent)
            else []
        )
        if parent is None:
            self.parsed.content = value
        elif isinstance(parent.container, list):
            parent.container.append(value)
        else:
            parent.container.setdefault(parent.key or "", value)
            parent.key = None
        if isinstance(value, dict | list):
            if len(self._open) >= MAX_DEPTH:
                raise _unreadable(
                    line,
                    FaultText("the file is nested more than {most} deep", most=MAX_DEPTH),
                    FaultText("a programme needs no more than 8"),
                )
            self._open.append(_OpenNode(path, value))

    def _set_key(self, parent: _OpenNode, event: Any, line: int) -> None:
        if not isinstance(event, ScalarEvent):
            raise _unreadable(
                line, FaultText("a key is a map or a list"), FaultText("write a word, then a colon")
            )
        parent.key = str(event.value)
        path = (*parent.path, parent.key)
        if parent.key in parent.container:
            message = FaultText(
                "{key} is written twice, first on line {line}", key=parent.key, line=self.parsed.lines[path]
            )
            remedy = FaultText("keep one of them")
            if parent.path and isinstance(parent.path[-1], int):
                remedy = FaultText("keep one of them, or begin the next item with a dash: - code: ...")
            self.parsed.faults.append(
                ProgrammeFault(line=line, path=format_path(path), message=message, remedy=remedy)
            )
        else:
            self.parsed.lines[path] = line


def _scalar_value(event: Any) -> object:
    """Read a plain word by the rules of YAML 1.2. A quoted word is a text."""
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
