"""A segment of the archive: a folder that one run wrote, with a file for each month and a manifest.

A file is NDJSON in gzip: a line is a journal row, or a receipt, which lies beside the row of its purchase.
Lines are in the order of members and of their rows, in blocks that are compressed apart, and the manifest
says with which member each begins: so one member is read without the rest. A folder gets its name once it is
whole and on the disk, and nothing in it changes after that, but for the mark that all of it has left the
database.
"""

from __future__ import annotations

import gzip
import heapq
import json
import os
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, Self

from bson import json_util

from domain.model.values import dataclass
from domain.store.connect import Raw

ArchivedCollection = Literal["journal", "receipts"]

MANIFEST = "manifest.json"
MOVED = "moved"
UNFINISHED = ".unfinished"
BLOCK_BYTES = 1 << 17  # of text
CACHED_BLOCKS = 256
COMPRESSION = 6
READ_BYTES = 1 << 20
HEAD_BYTES = 200  # of a line, with the names of collection and member
FIRST_INSTANT, LAST_INSTANT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
OPTIONS = json_util.CANONICAL_JSON_OPTIONS.with_options(tz_aware=True, tzinfo=UTC)


# ---------------------------------------------------------------- errors
class ArchiveDamaged(Exception):
    """A file of the archive is not what its manifest says, or cannot be read; the message names it."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class ArchivedDocument:
    """A journal row of a member, or the receipt beside it; `at` is the instant of the row's event."""

    collection: ArchivedCollection
    member: str
    seq: int
    at: datetime
    document: Raw

    def line(self) -> bytes:
        """Return the line of a file. The instant comes first, and always has the same length."""
        head = f'{{"at":"{instant_key(self.at)}","in":"{self.collection}","member":{json.dumps(self.member)}'
        return f'{head},"seq":{self.seq},"document":{document_text(self.document)}}}\n'.encode()

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Return the document of a line."""
        values = json_util.loads(line.decode(), json_options=OPTIONS)
        at = datetime.fromisoformat(values["at"])
        return cls(values["in"], values["member"], values["seq"], at, values["document"])

    @property
    def month(self) -> str:
        """Return the month of its file, in UTC."""
        return self.at.astimezone(UTC).strftime("%Y-%m")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a file that is compressed by itself: the member of its first line, and where it lies."""

    first_member: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class MonthFile:
    """What a manifest says of a file: how many rows and receipts, from when to when, and its SHA-256."""

    name: str
    rows: int
    receipts: int
    first_at: datetime
    last_at: datetime
    sha256: str
    blocks: tuple[Block, ...]

    @property
    def size(self) -> int:
        """Return how many bytes it has."""
        return sum(block.size for block in self.blocks)


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """What a manifest says of its segment: when and by which release it was written, of which members, and
    that all of its rows are from before an instant.
    """

    made_at: datetime
    release: str
    before: datetime
    first_member: str
    last_member: str
    member_count: int
    row_count: int


def document_text(document: Raw) -> str:
    """Return a document in MongoDB's canonical extended JSON, on one line."""
    return json_util.dumps(document, json_options=OPTIONS, separators=(",", ":"))


def instant_key(at: datetime) -> str:
    """Return an instant in milliseconds, so that texts have the order of instants."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ---------------------------------------------------------------- writing
@dataclass
class _MonthWriter:
    """A file being written: lines are gathered until they fill a block."""

    path: Path
    lines: list[bytes] = field(default_factory=list)
    waiting: int = 0
    first_waiting: str = ""
    blocks: list[Block] = field(default_factory=list)
    place: int = 0
    counts: dict[ArchivedCollection, int] = field(default_factory=lambda: {"journal": 0, "receipts": 0})
    first_at: datetime = LAST_INSTANT
    last_at: datetime = FIRST_INSTANT
    digest: Any = field(default_factory=sha256)

    def add(self, archived: ArchivedDocument) -> None:
        if not self.lines:
            self.first_waiting = archived.member
        line = archived.line()
        self.lines.append(line)
        self.waiting += len(line)
        self.counts[archived.collection] += 1
        self.first_at, self.last_at = min(self.first_at, archived.at), max(self.last_at, archived.at)
        if self.waiting >= BLOCK_BYTES:
            self.flush()

    def flush(self) -> None:
        if not self.lines:
            return
        packed = gzip.compress(b"".join(self.lines), COMPRESSION, mtime=0)
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            file.write(packed)
        self.digest.update(packed)
        self.blocks.append(Block(self.first_waiting, self.place, len(packed)))
        self.place += len(packed)
        self.lines, self.waiting = [], 0

    def finish(self) -> MonthFile:
        self.flush()
        sync(self.path)
        return MonthFile(
            self.path.name,
            self.counts["journal"],
            self.counts["receipts"],
            self.first_at,
            self.last_at,
            self.digest.hexdigest(),
            tuple(self.blocks),
        )


class SegmentWriter:
    """Writes a segment: `add` its documents in the order of members and rows, then `finish`. What is not
    finished counts for nothing, and is deleted by the next run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unfinished = folder.with_name(f"{folder.name}{UNFINISHED}")
        self._months: dict[str, _MonthWriter] = {}
        self._members: list[str] = []
        self._member_count = 0
        self._unfinished.mkdir(mode=0o700)

    def add(self, archived: ArchivedDocument) -> None:
        """Add a document."""
        if archived.month not in self._months:
            path = self._unfinished / f"{archived.month}.ndjson.gz"
            self._months[archived.month] = _MonthWriter(path)
        self._months[archived.month].add(archived)
        if not self._members or self._members[-1] != archived.member:
            self._member_count += 1
            self._members = [*self._members[:1], archived.member]

    def finish(self, *, made_at: datetime, release: str, before: datetime) -> ArchiveSegment | None:
        """Write everything to the disk and return the segment; None where nothing was added."""
        if not self._members:
            self._unfinished.rmdir()
            return None
        files = [self._months[month].finish() for month in sorted(self._months)]
        info = SegmentInfo(
            made_at,
            release,
            before,
            self._members[0],
            self._members[-1],
            self._member_count,
            sum(file.rows for file in files),
        )
        path = self._unfinished / MANIFEST
        path.touch(0o600)
        path.write_text(json.dumps(_manifest_values(info, files), indent=1), encoding="utf-8")
        sync(path)
        sync(self._unfinished)
        self._unfinished.rename(self._folder)
        sync(self._folder.parent)
        return ArchiveSegment.open(self._folder)


def sync(path: Path) -> None:
    """Have a file or folder on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ---------------------------------------------------------------- reading
@dataclass(frozen=True)
class ArchiveSegment:
    """A segment that is whole."""

    folder: Path
    info: SegmentInfo
    files: tuple[MonthFile, ...]

    @classmethod
    def open(cls, folder: Path) -> ArchiveSegment:
        """Return the segment of a folder. Raises ArchiveDamaged."""
        try:
            return _read_manifest(folder, json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        except (OSError, ValueError, LookupError, TypeError) as fault:
            raise ArchiveDamaged(f"{folder / MANIFEST} cannot be read: bring it back from a copy.") from fault

    @property
    def is_moved(self) -> bool:
        """Tell whether all of it that could leave the database has."""
        return (self.folder / MOVED).exists()

    def mark_moved(self) -> None:
        """Note that nothing of it waits to leave the database."""
        (self.folder / MOVED).touch(0o600)
        sync(self.folder)

    def check(self) -> None:
        """Compare every file with its SHA-256. Raises ArchiveDamaged."""
        for file in self.files:
            digest, path = sha256(), self.folder / file.name
            try:
                with path.open("rb") as opened:
                    while part := opened.read(READ_BYTES):
                        digest.update(part)
            except OSError as fault:
                raise ArchiveDamaged(f"{path} cannot be read ({fault.strerror}).") from fault
            if digest.hexdigest() != file.sha256:
                raise ArchiveDamaged(f"{path} is not what {MANIFEST} says: bring it back from a copy.")

    def may_hold(self, member: str) -> bool:
        """Tell whether a member lies between its first and its last."""
        return self.info.first_member <= member <= self.info.last_member

    def documents_of(self, member: str) -> Iterator[ArchivedDocument]:
        """Yield what it holds of a member, month by month."""
        needle = f',"member":{json.dumps(member)},'.encode()
        for file in self.files:
            first = max(0, bisect_left(file.blocks, member, key=lambda block: block.first_member) - 1)
            for block in file.blocks[first:]:
                if block.first_member > member:
                    break
                for line in self._lines(file, block):
                    if needle in line[:HEAD_BYTES] and (read := ArchivedDocument.read(line)).member == member:
                        yield read

    def documents_between(self, start: datetime, end: datetime) -> Iterator[ArchivedDocument]:
        """Yield what it holds of [start, end), of each month in the order of members."""
        first, last = instant_key(start).encode(), instant_key(end).encode()
        length = len(b'{"at":"')
        for file in self.files:
            if file.last_at < start or file.first_at >= end:
                continue
            for block in file.blocks:
                for line in self._lines(file, block):
                    if first <= line[length : length + len(first)] < last:
                        yield ArchivedDocument.read(line)

    def members(self) -> Iterator[tuple[str, list[ArchivedDocument]]]:
        """Yield each member with all that it holds of them, in the order of ids and rows."""
        merged = heapq.merge(*map(self._documents, self.files), key=lambda each: (each.member, each.seq))
        for member, documents in groupby(merged, key=lambda each: each.member):
            yield member, list(documents)

    def _documents(self, file: MonthFile) -> Iterator[ArchivedDocument]:
        for block in file.blocks:
            yield from map(ArchivedDocument.read, self._lines(file, block))

    def _lines(self, file: MonthFile, block: Block) -> Iterable[bytes]:
        return _block_lines(self.folder / file.name, block.start, block.size)


@lru_cache(maxsize=CACHED_BLOCKS)
def _block_lines(path: Path, start: int, size: int) -> tuple[bytes, ...]:
    """Return the lines of a block: whoever reads member after member asks for the same block again."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            return tuple(gzip.decompress(file.read(size)).splitlines())
    except (OSError, EOFError, zlib.error) as fault:
        raise ArchiveDamaged(f"{path} cannot be read, or is damaged: bring it back from a copy.") from fault


# ---------------------------------------------------------------- the manifest
def _manifest_values(info: SegmentInfo, files: Iterable[MonthFile]) -> dict[str, object]:
    return {
        "made_at": instant_key(info.made_at),
        "selo": info.release,
        "before": instant_key(info.before),
        "first_member": info.first_member,
        "last_member": info.last_member,
        "members": info.member_count,
        "rows": info.row_count,
        "files": {
            file.name: {
                "rows": file.rows,
                "receipts": file.receipts,
                "first_at": instant_key(file.first_at),
                "last_at": instant_key(file.last_at),
                "sha256": file.sha256,
                "blocks": [[block.first_member, block.start, block.size] for block in file.blocks],
            }
            for file in files
        },
    }


def _read_manifest(folder: Path, values: Mapping[str, Any]) -> ArchiveSegment:
    def instant(text: str) -> datetime:
        return datetime.fromisoformat(text)

    info = SegmentInfo(
        instant(values["made_at"]),
        values["selo"],
        instant(values["before"]),
        values["first_member"],
        values["last_member"],
        values["members"],
        values["rows"],
    )
    files = tuple(
        MonthFile(
            name,
            file["rows"],
            file["receipts"],
            instant(file["first_at"]),
            instant(file["last_at"]),
            file["sha256"],
            tuple(Block(*block) for block in file["blocks"]),
        )
        for name, file in sorted(values["files"].items())
    )
    return ArchiveSegment(folder, info, files)
