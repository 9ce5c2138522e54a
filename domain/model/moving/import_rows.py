"""The lines of a file of members, as records: CSV by a map of its columns, NDJSON as it stands or by a map.

A record has the keys of an NDJSON line of Selo's own: `email`, `phone`, `name`, `balances` and so on. A file
that is no file of members raises FileMalformed; what is wrong with a single line is found where it is read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson

from domain.model.moving.import_map import FIELDS, Columns, ImportMap
from domain.model.values import dataclass

Record = dict[str, Any]

LONGEST_LINE: Final = 200_000
MOST_COLUMNS: Final = 500
_SIGNS: Final = re.compile(r"[\W_]+")
_FORMULA: Final = re.compile(r"'(?=[=+\-@\t\r])")  # what an export of Selo's put before a text


class FileMalformed(Exception):
    """The file is none of members; the message says what is wrong, and what would be right."""


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of a file, counted from 1, as a record; `fault` is set where it is none."""

    number: int
    record: Record
    fault: str | None = None


# ---------------------------------------------------------------- CSV
def read_csv(lines: Iterable[str], mapping: ImportMap) -> Iterator[FileLine]:
    """Yield the records of a CSV file with a header: commas, semicolons or tabs. Raises FileMalformed."""
    source = iter(lines)
    header_line = next(source, "")
    delimiter = max(",;\t", key=header_line.count)
    rows = csv.reader(_counted(header_line, source), delimiter=delimiter, strict=True)
    number = 0
    try:
        header = next(rows, [])
        finder = ColumnFinder(header, mapping)
        number = rows.line_num
        for row in rows:
            first, number = number + 1, rows.line_num
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                fault = f"it has {len(row)} columns, the header {len(header)}"
                yield FileLine(first, {}, fault)
                continue
            yield FileLine(first, finder.record([_FORMULA.sub("", cell, count=1).strip() for cell in row]))
    except csv.Error as error:
        raise FileMalformed(
            f"line {number + 1} is no CSV ({error}): save the file as CSV in UTF-8, a header first."
        ) from None


def _counted(header_line: str, source: Iterator[str]) -> Iterator[str]:
    yield header_line
    for line in source:
        if len(line) > LONGEST_LINE:
            raise FileMalformed(
                f"a line has more than {LONGEST_LINE} characters: a quote is missing before it."
            )
        yield line


class ColumnFinder:
    """Finds the columns of a map in a header. Where that is of the whole file, raises FileMalformed for a
    column that it does not have.
    """

    def __init__(self, header: Sequence[str], mapping: ImportMap, *, is_whole: bool = True) -> None:
        if len(header) > MOST_COLUMNS:
            raise FileMalformed(f"the header has more than {MOST_COLUMNS} columns.")
        self._mapping, self._is_whole = mapping, is_whole
        self._places = {_plain(name): place for place, name in reversed(list(enumerate(header)))}
        columns, needed = mapping.columns, mapping.needed
        self._fields = {name: self._find(columns.get(name, ()), is_needed=name in needed) for name in FIELDS}
        if is_whole and not self._fields["email"] and not self._fields["phone"]:
            raise FileMalformed(
                f"there is no column of e-mail addresses or phones among {', '.join(header)[:400]}: name it"
                " in a map (--map)."
            )
        self._balances = [
            (spec.wallet, self._find(spec.amount), self._find(spec.expires)) for spec in mapping.balances
        ]
        self._consents = [(spec, self._find(spec.granted), self._find(spec.at)) for spec in mapping.consents]

    def _find(self, columns: Columns, *, is_needed: bool = True) -> tuple[int, ...]:
        for headers in columns:
            if all(_plain(header) in self._places for header in headers):
                return tuple(self._places[_plain(header)] for header in headers)
        if columns and is_needed and self._is_whole:
            names = " or ".join(" and ".join(headers) for headers in columns)
            raise FileMalformed(f"there is no column {names}: correct the map or the file.")
        return ()

    def record(self, cells: Sequence[str]) -> Record:
        """Return the record of a row; what is empty is left out."""
        record: Record = {}
        for name, places in self._fields.items():
            if text := _joined(cells, places):
                record[name] = text
        if "tier" in record:
            code = record["tier"]
            record["tier"] = {"code": self._mapping.tiers.get(code.casefold(), code)}
            if "tierUntil" in record:
                record["tier"]["until"] = record.pop("tierUntil")
        record["balances"] = [
            {"wallet": wallet, "amount": amount, "expires": _joined(cells, expires) or None}
            for wallet, places, expires in self._balances
            if (amount := _joined(cells, places))
        ]
        record["consents"] = [
            {
                "purpose": spec.purpose,
                "granted": answer.casefold() in spec.granted_by,
                "at": _joined(cells, at) or None,
                "wording": spec.wording,
            }
            for spec, places, at in self._consents
            if (answer := _joined(cells, places))
        ]
        return record


def _joined(cells: Sequence[str], places: Sequence[int]) -> str:
    return " ".join(cells[place] for place in places if cells[place])


def _plain(header: str) -> str:
    return _SIGNS.sub("", header.casefold())


# ---------------------------------------------------------------- NDJSON
def read_ndjson(lines: Iterable[str], mapping: ImportMap | None) -> Iterator[FileLine]:
    """Yield the records of a file of one JSON object a line: as they stand, or by a map of their keys."""
    finders: dict[tuple[str, ...], ColumnFinder] = {}
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            row = orjson.loads(text)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            yield FileLine(number, {}, "it is no JSON object")
        elif mapping is None:
            yield FileLine(number, row)
        else:
            keys = tuple(row)
            if keys not in finders:
                finders[keys] = ColumnFinder(keys, mapping, is_whole=False)
            yield FileLine(number, finders[keys].record([_text(value) for value in row.values()]))


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
