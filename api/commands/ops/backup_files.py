"""A backup in a folder: a gzipped BSON file for each collection, as `mongodump --gzip` writes them, the keys
of the data folder, and a manifest that says how much of what there is.

Everything in it is readable by its owner alone. It gets its name once it is whole.
"""

import gzip
import hashlib
import json
import shutil
import struct
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.commands.running import CannotRun
from api.private_files import write_private
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.copying.documents import WINDOW, CollectionDigest, DocumentId, decode, document_id

MANIFEST = "manifest.json"
META = "meta"
NAME_STAMP = "selo-%Y%m%dT%H%M%SZ"
NAMES = "selo-*T*Z"
COMPRESSION = 6
LENGTH = struct.Struct("<i")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `secret` is the fingerprint of the secret that its codes are sealed with."""

    made_at: datetime
    selo: str
    secret: str | None
    collections: Mapping[str, CollectionDigest]

    def text(self) -> str:
        collections = {
            name: {"documents": digest.documents, "sha256": digest.sha256}
            for name, digest in self.collections.items()
        }
        return json.dumps(
            {
                "made_at": self.made_at.isoformat(timespec="seconds"),
                "selo": self.selo,
                "secret": self.secret,
                "collections": collections,
            },
            indent=2,
        )

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Return the manifest of a backup. Raises CannotRun."""
        try:
            fields = json.loads((folder / MANIFEST).read_text())
            return cls(
                datetime.fromisoformat(fields["made_at"]),
                fields["selo"],
                fields["secret"],
                {
                    name: CollectionDigest(each["documents"], each["sha256"])
                    for name, each in fields["collections"].items()
                },
            )
        except OSError as fault:
            raise CannotRun(f"{folder} is no backup: {MANIFEST} cannot be read ({fault.strerror}).") from None
        except (ValueError, KeyError, TypeError):
            raise CannotRun(f"{folder} is no backup: its {MANIFEST} is damaged.") from None


class CollectionWriter:
    """Writes one collection's file, and counts."""

    def __init__(self, path: Path) -> None:
        write_private(path, b"")
        self._file = gzip.open(path, "wb", compresslevel=COMPRESSION)  # noqa: SIM115 - closed by `close`
        self._sha256, self._count = hashlib.sha256(), 0

    def write(self, documents: Sequence[bytes]) -> None:
        for document in documents:
            self._file.write(document)
            self._sha256.update(document)
        self._count += len(documents)

    def close(self) -> CollectionDigest:
        self._file.close()
        return CollectionDigest(self._count, self._sha256.hexdigest())


@dataclass(frozen=True, slots=True)
class BackupSource:
    """A backup, to be copied into a database."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        return hashlib.sha256(self.manifest.text().encode()).hexdigest()

    @property
    def collections(self) -> Sequence[str]:
        return sorted(name for name in self.manifest.collections if name != META)

    async def windows(self, collection: str, after: DocumentId | None) -> AsyncIterator[Sequence[bytes]]:
        documents = self.documents(collection)
        if after is not None:
            for document in documents:
                if document_id(document) == after:
                    break
        window: list[bytes] = []
        for document in documents:
            window.append(document)
            if len(window) == WINDOW:
                yield window
                window = []
        if window:
            yield window

    async def digest(self, collection: str) -> CollectionDigest:
        return self.manifest.collections[collection]

    async def meta_documents(self) -> Sequence[Raw]:
        return [decode(document) for document in self.documents(META)]

    def documents(self, collection: str) -> Iterator[bytes]:
        """Read the documents of a collection's file. Raises CannotRun where it is cut short."""
        path = collection_path(self.folder, collection)
        try:
            with gzip.open(path, "rb") as file:
                while head := file.read(LENGTH.size):
                    size = LENGTH.unpack(head)[0]
                    document = head + file.read(size - LENGTH.size)
                    if len(document) != size:
                        raise EOFError
                    yield document
        except (OSError, EOFError, struct.error) as fault:
            raise CannotRun(f"{path} cannot be read, or is damaged: take another backup.") from fault

    def check(self) -> None:
        """Read every file to its end and compare it with the manifest. Raises CannotRun."""
        for name, expected in self.manifest.collections.items():
            count, sha256 = 0, hashlib.sha256()
            for document in self.documents(name):
                count += 1
                sha256.update(document)
            if CollectionDigest(count, sha256.hexdigest()) != expected:
                raise CannotRun(
                    f"{collection_path(self.folder, name)} is not what {MANIFEST} says: take another backup."
                )


def collection_path(folder: Path, collection: str) -> Path:
    return folder / f"{collection}.bson.gz"


@contextmanager
def unfinished_folder(folder: Path) -> Iterator[Path]:
    """Give a new folder beside its later name, which it gets once the block has ended well."""
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    try:
        yield unfinished
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def backups_before(folder: Path, *, days: int, now: datetime) -> list[Path]:
    """Return the backups in a folder that are older than so many days, the oldest first."""
    return [
        path
        for path in sorted(folder.glob(NAMES))
        if (path / MANIFEST).is_file() and made_at(path) < now - timedelta(days=days)
    ]


def made_at(backup: Path) -> datetime:
    """Return when a backup was begun, by its name."""
    return datetime.strptime(backup.name, NAME_STAMP).replace(tzinfo=UTC)
