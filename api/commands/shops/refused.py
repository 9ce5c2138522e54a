"""`selo intake refused`: calls of shops and systems refused at the door, which no list of deliveries has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from api.clock import utc_now
from api.commands.database import open_database
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.intake.refusals import CallRefusal
from domain.services.intake import refusals
from domain.store.intake.refused_calls import STRANGERS, RefusedCalls

WHY: Final[Mapping[CallRefusal, str]] = {
    "UNKNOWN_SOURCE": "no source has that name: look at the address in the shop",
    "UNKNOWN_KEY": "no key, or nobody's: look at the key in the system",
    "NO_SECRET": "none of its secrets is in the server's SELO_SOURCE_SECRETS",
    "UNSIGNED": "it brought no signature: set the secret in the shop",
    "BAD_SIGNATURE": "signed by another secret: compare that of the shop with SELO_SOURCE_SECRETS",
    "STALE": "signed more than five minutes ago or ahead: look at both clocks",
    "BAD_KEY": "a key's id with another secret: rotate the key",
    "KEY_ENDED": "the key has ended: give the system its new one",
    "REVOKED": "the system was shut out",
    "OTHER_ADDRESS": "it came from where the system's keys do not work",
    "TOO_LARGE": "longer than 2 MB",
    "CONTENT_TYPE": "compressed, or of another content type: send JSON as it is",
    "MALFORMED": "no such body",
    "RATE_LIMITED": "more in a minute than may come: raise the key's rate",
    "DAY_FULL": "more in a day than may come: raise the key's bound",
    "SCOPE": "the key has no right to such an event",
    "EVENT": "an event in it is not taken: its answer names field and remedy",
    "NOT_STORED": "the database did not take it: the shop sends it again",
}


async def read_refused(data_folder: Path | None, *, days: int, source: str | None) -> list[RefusedCalls]:
    """Return what was refused in the last days, the newest first; of one source alone where it is named."""
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        counted = await refusals.find_since(process.runtime.store, now=utc_now(), days=timedelta(days=days))
    return [each for each in counted if source is None or each.source == source]


def refused_lines(rows: Sequence[RefusedCalls], *, days: int) -> list[str]:
    """Return a line each: day, source, how many, why, first and last, and what can be done."""
    if not rows:
        return [f"Nothing was refused at the door in the last {days} days."]
    return ["\t".join(_cells(row)) for row in rows]


def refused_json(rows: Sequence[RefusedCalls]) -> str:
    """Return the same for machines; the source is null where none is known."""
    return json.dumps(
        [
            {
                "day": row.day.isoformat(),
                "source": None if row.source == STRANGERS else row.source,
                "refusal": row.reason,
                "count": row.count,
                "firstAt": row.first.isoformat(),
                "lastAt": row.last.isoformat(),
                "why": WHY[row.reason],
            }
            for row in rows
        ],
        indent=2,
    )


def _cells(row: RefusedCalls) -> list[str]:
    span = [f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (row.first, row.last)]
    return [
        row.day.isoformat(),
        row.source or "(unknown)",
        str(row.count),
        row.reason,
        *span,
        WHY[row.reason],
    ]
