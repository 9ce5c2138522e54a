"""The folder of the archive: all its segments, read as one.

A row may stand in two segments, where a database was restored from before a run, or a member put back: both
are alike, and the newer is read. Which of a member's rows stand here alone is said by the database, by the
base of their journal (`store/ledger/archived/journal_bases.py`): what is above it counts for nothing here.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from datetime import datetime
from pathlib import Path

from domain.model.values import dataclass
from domain.store.archive.segments import MANIFEST, UNFINISHED, ArchivedDocument, ArchiveSegment
from domain.store.connect import Raw

LOCK = ".lock"


class ArchiveBusy(Exception):
    """Another run writes to the folder."""


@dataclass
class ArchiveFolder:
    """The archive at a path, which need not be there yet."""

    path: Path
    _segments: tuple[ArchiveSegment, ...] = field(default=(), init=False)
    _read_at: int | None = field(default=None, init=False)

    @property
    def segments(self) -> tuple[ArchiveSegment, ...]:
        """Return its segments, the oldest first; read again where another process added one. Raises
        ArchiveDamaged.
        """
        changed_at = self.path.stat().st_mtime_ns if self.path.is_dir() else 0
        if changed_at != self._read_at:
            folders = sorted(path.parent for path in self.path.glob(f"*/{MANIFEST}"))
            whole = [each for each in folders if not each.name.endswith(UNFINISHED)]
            self._segments, self._read_at = tuple(map(ArchiveSegment.open, whole)), changed_at
        return self._segments

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs out, and delete what a killed one left unfinished. Raises ArchiveBusy, OSError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.path / LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ArchiveBusy(str(self.path)) from None
            for unfinished in self.path.glob(f"*{UNFINISHED}"):
                shutil.rmtree(unfinished)
            yield

    def new_segment(self, name: str) -> Path:
        """Return the path of a new segment: with a number behind its name where that is taken."""
        taken = {segment.folder.name for segment in self.segments}
        names = (name, *(f"{name}.{number}" for number in range(2, len(taken) + 3)))
        return self.path / next(each for each in names if each not in taken)

    def check(self) -> int:
        """Compare all files with their checksums; return how many. Raises ArchiveDamaged."""
        for segment in self.segments:
            segment.check()
        return sum(len(segment.files) for segment in self.segments)

    def rows_of(self, member: str, *, until_seq: int) -> list[Raw]:
        """Return a member's rows up to a seq, in their order. Raises ArchiveDamaged."""
        rows = {
            each.seq: each.document
            for each in self._documents_of(member)
            if each.collection == "journal" and each.seq <= until_seq
        }
        return [rows[seq] for seq in sorted(rows)]

    def receipts_of(self, member: str, *, until_seq: int) -> list[Raw]:
        """Return the receipts of a member's purchases up to a row, as they were. Raises ArchiveDamaged."""
        receipts = {
            each.document["_id"]: each.document
            for each in self._documents_of(member)
            if each.collection == "receipts" and each.seq <= until_seq
        }
        return list(receipts.values())

    def rows_between(self, start: datetime, end: datetime) -> dict[tuple[str, int], Raw]:
        """Return the rows whose event lies in [start, end), by member and seq. Raises ArchiveDamaged."""
        return {
            (each.member, each.seq): each.document
            for segment in self.segments
            for each in segment.documents_between(start, end)
            if each.collection == "journal"
        }

    def find_first_at(self) -> datetime | None:
        """Return the instant of the earliest row; None where there is none."""
        return min((file.first_at for segment in self.segments for file in segment.files), default=None)

    def _documents_of(self, member: str) -> Iterator[ArchivedDocument]:
        for segment in self.segments:
            if segment.may_hold(member):
                yield from segment.documents_of(member)
