"""Reading the keys of a sources file, with a fault for what is missing, unknown or of another kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from domain.model.conditions import Expression, ExpressionMalformed
from domain.model.intake.mapped import compiled
from domain.model.programme.faults import KeyPath, ProgrammeFault, format_path, suggestion
from domain.model.programme.parsing import ParsedFile

_CODE: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SECRET_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
LONGEST_TEXT: Final = 400


class KeyReader:
    """Reads one map of the file, which stands at a path. Its faults go to the list of the whole file."""

    def __init__(self, parsed: ParsedFile, path: KeyPath, faults: list[ProgrammeFault] | None = None) -> None:
        self._parsed, self._path = parsed, path
        self.faults = faults if faults is not None else []

    @property
    def row(self) -> Mapping[str, object] | None:
        """The map at the path; None where there is none."""
        value: object = self._parsed.content
        for step in self._path:
            try:
                value = value[step]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                return None
        return value if isinstance(value, dict) else None

    def fault(self, path: KeyPath, message: str, remedy: str) -> None:
        """Note a fault at a path below this map."""
        whole = (*self._path, *path)
        self.faults.append(ProgrammeFault(self._parsed.line_of(whole), format_path(whole), message, remedy))

    def within(self, row: Mapping[str, object], name: str) -> KeyReader:
        """Return the reader of a map in this one."""
        inner = KeyReader(self._parsed, (*self._path, name), self.faults)
        if row.get(name) is not None and inner.row is None:
            self.fault((name,), f"{name} is no map", f"write {name}: {{...}}")
        return inner

    def below(self, path: KeyPath) -> KeyReader:
        """Return the reader of what stands at a path below this map."""
        return KeyReader(self._parsed, (*self._path, *path), self.faults)

    def only_keys(self, row: Mapping[str, object], known: Sequence[str]) -> None:
        """Note a fault for each key that is not known."""
        for name in row:
            if name not in known:
                self.fault((name,), f"{name} is not known here", suggestion(name, known, "remove it"))

    def text(self, row: Mapping[str, object], name: str) -> str | None:
        """Return a text; None where there is none."""
        value = row.get(name)
        if value is None or (isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT):
            return value
        self.fault((name,), f"{name} is no text", "put it in quotes")
        return None

    def code(self, row: Mapping[str, object], name: str, example: str) -> str | None:
        """Return a code. Notes a fault where it is missing or no code."""
        value = row.get(name)
        if isinstance(value, str) and _CODE.fullmatch(value):
            return value
        message = f"{name} is missing" if value is None else f"{name} is no code"
        self.fault((name,), message, f"write {example}: small letters, digits, - and _")
        return None

    def names(self, row: Mapping[str, object], name: str, *, most: int, example: str) -> tuple[str, ...]:
        """Return names of secrets. Notes a fault where there are none, too many, or no names."""
        values = row.get(name)
        names = tuple(values) if isinstance(values, list) else ()
        is_sound = all(isinstance(name, str) and _SECRET_NAME.fullmatch(name) for name in names)
        if 0 < len(names) <= most and is_sound:
            return names
        self.fault(
            (name,),
            f"{name} is no list of 1 to {most} names",
            f"write {example}: names in SELO_SOURCE_SECRETS, no secrets",
        )
        return ()

    def choice(
        self, row: Mapping[str, object], name: str, options: Sequence[str], *, default: str | None = None
    ) -> str | None:
        """Return one of the options. Notes a fault where it is another, or missing without a default."""
        value = row.get(name, default)
        if isinstance(value, str) and value in options:
            return value
        message = f"{name} is missing" if value is None else f"{name} is none of these"
        self.fault((name,), message, suggestion(str(value or ""), options, f"write {options[0]}"))
        return None

    def expression(
        self, row: Mapping[str, object], name: str, example: str, *, roots: Collection[str]
    ) -> str | None:
        """Return an expression that compiles and reads nothing but `roots`. Notes a fault otherwise."""
        source = row.get(name)
        if not isinstance(source, str):
            message = f"{name} is missing" if source is None else f"{name} is no expression"
            self.fault((name,), message, f"write {name}: {example}")
            return None
        try:
            Expression(source)  # holds it to the length, depth and loops of the programme file's
            unknown = set(compiled(source).variables()) - set(roots)
        except ExpressionMalformed as malformed:
            self.fault((name,), str(malformed), malformed.remedy or f"write {name}: {example}")
            return None
        except ValueError:
            self.fault((name,), "this is no CEL expression", f"write {name}: {example}")
            return None
        if unknown:
            word = min(unknown)
            self.fault((name,), f"{word} is not known here", suggestion(word, roots, f"write {example}"))
            return None
        return source

    def expressions(
        self, name: str, known: Sequence[str] | None, *, roots: Collection[str], needed: Sequence[str] = ()
    ) -> dict[str, str]:
        """Return a map of expressions by key."""
        inner = KeyReader(self._parsed, (*self._path, name), self.faults)
        row = inner.row
        if row is None:
            if needed or (self.row or {}).get(name) is not None:
                self.fault((name,), f"{name} is no map of expressions", f"write {name}: {{...}}")
            return {}
        if known is not None:
            inner.only_keys(row, known)
        for key in needed:
            if key not in row:
                inner.fault((key,), f"{key} is missing", f"write {key}: money(line.{key})")
        sources = ((key, inner.expression(row, key, f"body.{key}", roots=roots)) for key in row)
        return {key: source for key, source in sources if source is not None}
