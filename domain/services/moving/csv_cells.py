"""Cells of CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import orjson

from domain.model.ledger.events import Json

# What a spreadsheet may take for a formula at the beginning of a cell; an apostrophe before it keeps it text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_cell(value: Json) -> Json:
    """Return a value as a cell holds it: a list or a map as JSON, and nothing for one that is empty."""
    if isinstance(value, (list, dict)):
        value = orjson.dumps(value).decode() if value else None
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
