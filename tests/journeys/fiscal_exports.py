"""What `selo export fiscal` writes of an application's database, and what has to hold of its rows."""

import asyncio
import csv
import io
import json
from collections import Counter
from typing import Any

from tests.running_app import RunningApp
from tests.servers import SHARED_KEYS, selo

Row = dict[str, Any]
SECRET = SHARED_KEYS["SELO_SECRET"]  # of the application and of the command alike


async def export(app: RunningApp, database_uri: str, *words: str) -> list[Row]:
    """Run the command on the application's database; return its rows as CSV and NDJSON say them alike."""
    name = app.process.store.mongo.name
    environment = {"MONGODB_URI": database_uri, "SELO_DATABASE": name, **SHARED_KEYS}

    async def rows(form: str) -> str:
        done = await asyncio.to_thread(
            selo, "export", "fiscal", *words, "--format", form, environment=environment
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    ndjson = [json.loads(line) for line in (await rows("ndjson")).splitlines()]
    texts = [{name: "" if value is None else str(value) for name, value in row.items()} for row in ndjson]
    assert list(csv.DictReader(io.StringIO(await rows("csv")))) == texts
    return ndjson


def parts(rows: list[Row], **where: Any) -> list[tuple[Any, ...]]:
    """The rows of a document, shortly: kind, means, code, amount, units or base."""
    return [
        (row["kind"], row["means"] or row["rate"], row["code"], row["amount"], row["units"] or row["base"])
        for row in rows
        if all(row[name] == value for name, value in where.items())
    ]


def add_up(rows: list[Row]) -> None:
    """Assert of each document that gross = discounts + payments."""
    documents: dict[tuple[Any, ...], Counter[str]] = {}
    for row in rows:
        sums = documents.setdefault((row["document"], row["receipt"], row["refund"]), Counter())
        sums[row["kind"]] += row["amount"]
    for document, sums in documents.items():
        assert sums["gross"] == sums["discount"] + sums["payment"], document
