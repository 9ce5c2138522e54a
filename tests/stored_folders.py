"""Databases of earlier formats, as `scripts/make-folder` wrote them at their time, loaded into an empty one."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bson import json_util

from domain.store.connect import Database

FOLDERS = Path(__file__).parent / "folders"
ARCHIVES = sorted(FOLDERS.glob("format-*.ndjson.gz"), key=lambda path: int(re.findall(r"\d+", path.name)[0]))


def read_archive(archive: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each document of an archive, with its collection."""
    for line in gzip.decompress(archive.read_bytes()).splitlines():
        entry = json.loads(line)
        document = json_util.loads(
            json.dumps(entry["document"]), json_options=json_util.CANONICAL_JSON_OPTIONS
        )
        yield entry["in"], document


async def load_archive(database: Database, archive: Path) -> None:
    """Insert every document of an archive. It holds no indexes, so `meta` must not say that they are built."""
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, document in read_archive(archive):
        documents[name].append(document)
    for row in documents["meta"]:
        row.pop("indexes", None)
    for name, rows in documents.items():
        await database.mongo[name].insert_many(rows)
