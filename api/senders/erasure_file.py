"""The file that keeps who was erased, outside the database and its folder: one random id a line, append-only.

A backup of the database, or a cold copy of the data folder, that is restored knows nothing of later erasures.
The file does: `selo erasures replay` erases again, and so does each start on the embedded database.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import structlog

from api.settings import Settings

log = structlog.get_logger(__name__)


class ErasureFile:
    """The file at a path; without one each erasure is logged as not kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    async def note(self, member: str, *, at: datetime) -> None:
        """Append a line, and wait until it is on disk. Raises OSError."""
        if self._path is None:
            log.warning(
                "erasure.not_kept_outside",
                member=member,
                remedy="set SELO_ERASURES_FILE, so that a restored backup erases again",
            )
            return
        line = json.dumps({"member": member, "at": at.isoformat(timespec="seconds")})
        await asyncio.to_thread(self._append, line)

    async def read(self) -> Sequence[str]:
        """Return every id, the oldest first, each once."""
        return await asyncio.to_thread(lambda: list(dict.fromkeys(self._members())))

    def _append(self, line: str) -> None:
        assert self._path is not None, "without a path nothing is written"
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            # A line that was cut short by a crash does not spoil this one.
            is_cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, f"{chr(10) if is_cut else ''}{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _members(self) -> Iterator[str]:
        if self._path is None or not self._path.exists():
            return
        for number, line in enumerate(self._path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                yield str(json.loads(line)["member"])
            except (ValueError, TypeError, KeyError):
                log.warning("erasures.line_unreadable", line=number)


def erasure_file(settings: Settings) -> ErasureFile:
    """Return the file of the settings."""
    return ErasureFile(erasure_path(settings))


def erasure_path(settings: Settings) -> Path | None:
    """Return where the file is: by default it lies beside the data folder, not in it; with MONGODB_URI there
    is none by default.
    """
    if settings.erasures_file is not None:
        return settings.erasures_file
    if settings.mongodb_uri is not None:
        return None
    folder = settings.data.resolve()
    return folder.with_name(f"{folder.name}.erasures")
