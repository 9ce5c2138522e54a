"""The pictures of the folder that a setting names, each under a name that holds a hash of its content.

    /pictures/DIGEST/256/coins/gold.png    256 pixels wide
    /pictures/DIGEST/full/coins/gold.png   the file as it is; an SVG has no other

A name never means another content, so everybody may cache it for good; a file that changes has another name.
Any server that has the same folder answers the same names, also after a restart: it finds the file by its
path, and compares the hash.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote, unquote

import structlog

from api.pictures.drawing import DRAWING_VERSION, MAX_BYTES, BadPicture, draw, expect_picture
from domain.model.values import dataclass

SUFFIXES: Final = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
FOLDER_PATH: Final = "/media/"
PICTURES_PATH: Final = "/pictures/"
FULL: Final = "full"
CACHE_BYTES: Final = 16 * 1024 * 1024
DIGEST_CHARACTERS: Final = 20

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A file of the folder as it was when it was read. `digest` is None where it cannot be shown."""

    path: Path
    stamp: tuple[int, int]
    digest: str | None


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """What a name answers."""

    payload: bytes
    media_type: str


class PictureLibrary:
    """The pictures of one folder. Only files that existed at the start are served: no path leads elsewhere.

    Files are read and pictures drawn in one thread, so that they never take more than one core; what was
    drawn last is in memory, up to 16 MB. One name is drawn once, however many wait for it.
    """

    def __init__(self, folder: Path | None, *, base_url: str) -> None:
        self._base_url = base_url
        self._paths = _picture_paths(folder) if folder is not None else {}
        self._files: dict[str, PictureFile] = {}
        self._drawn: OrderedDict[tuple[str, str], DrawnPicture] = OrderedDict()
        self._drawn_bytes = 0
        self._pending: dict[tuple[str, str], asyncio.Future[DrawnPicture | None]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")

    def url(self, address: str, width: int | None) -> str | Awaitable[str | None] | None:
        """Return the absolute address of a picture by that in the programme file; an awaitable where its file
        was not read yet. None for the name of a picture in the app, and for a file that cannot be shown.

        `width` is one of WIDTHS, None for the picture as it is.
        """
        if address.startswith(("https://", "http://")):
            return address
        if not address.startswith("/"):
            return None
        name = unquote(address.removeprefix(FOLDER_PATH))
        if not address.startswith(FOLDER_PATH) or name not in self._paths:
            return self._base_url + address
        known = self._known(name)
        return self._url_of(name, known, width) if known is not None else self._read_url(name, width)

    async def picture(self, digest: str, size: str, name: str) -> DrawnPicture | None:
        """Return what a name answers; None where there is no such picture, or no longer."""
        file_name = name if name in self._paths else name.removesuffix(".webp")
        if file_name not in self._paths or name != _served_name(file_name, size):
            return None
        file = self._known(file_name) or await self._read(file_name)
        if file is None or file.digest != digest or (file.path.suffix == ".svg" and size != FULL):
            return None
        drawn = self._drawn.get((digest, size))
        if drawn is None:
            return await self._draw_once(file_name, file, size)
        self._drawn.move_to_end((digest, size))
        return drawn

    async def draw_with(self, address: str | None, drawing: Callable[[bytes | None], bytes]) -> bytes:
        """Return what is drawn, in the library's thread, of the picture at an address of the programme file;
        it is None where the folder has none there that can be drawn upon.
        """
        name = unquote((address or "").removeprefix(FOLDER_PATH))
        path = self._paths.get(name) if address is not None and address.startswith(FOLDER_PATH) else None

        def work() -> bytes:
            file = None if path is None or path.suffix == ".svg" else _read_file(name, path)
            return drawing(None if file is None or file.digest is None else file.path.read_bytes())

        return await self.in_thread(work)

    # ------------------------------------------------------------ names

    def _url_of(self, name: str, file: PictureFile, width: int | None) -> str | None:
        if file.digest is None:
            return None
        size = FULL if width is None or file.path.suffix == ".svg" else str(width)
        return f"{self._base_url}{PICTURES_PATH}{file.digest}/{size}/{quote(_served_name(name, size))}"

    async def _read_url(self, name: str, width: int | None) -> str | None:
        file = await self._read(name)
        return None if file is None else self._url_of(name, file, width)

    def _known(self, name: str) -> PictureFile | None:
        """Return a file as it was read, None where it was not yet or has changed."""
        file = self._files.get(name)
        return file if file is not None and file.stamp == _stamp(file.path) else None

    async def _read(self, name: str) -> PictureFile | None:
        """Return a file as it is now; None where it is gone."""
        file = await self.in_thread(lambda: _read_file(name, self._paths[name]))
        if file is not None:
            self._files[name] = file
        return file

    # ------------------------------------------------------------ drawing

    async def _draw_once(self, name: str, file: PictureFile, size: str) -> DrawnPicture | None:
        key = (file.digest or "", size)
        future = self._pending.get(key)
        if future is None:
            future = self._pending[key] = asyncio.ensure_future(self._draw(name, file, size))
            future.add_done_callback(lambda _: self._pending.pop(key, None))
        # Who no longer waits cancels nothing for those who do.
        return await asyncio.shield(future)

    async def _draw(self, name: str, file: PictureFile, size: str) -> DrawnPicture | None:
        try:
            drawn = await self.in_thread(lambda: _draw_file(file, size))
        except BadPicture as fault:
            log.warning("picture.refused", picture=name, why=str(fault))
            self._files[name] = replace(file, digest=None)
            return None
        if drawn is not None and len(drawn.payload) <= CACHE_BYTES // 4:
            self._drawn[file.digest or "", size] = drawn
            self._drawn_bytes += len(drawn.payload)
            while self._drawn_bytes > CACHE_BYTES:
                _, oldest = self._drawn.popitem(last=False)
                self._drawn_bytes -= len(oldest.payload)
        return drawn

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do something in the library's one thread, and return what it returns."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _picture_paths(folder: Path) -> dict[str, Path]:
    paths = (each for each in sorted(folder.rglob("*")) if each.is_file() and each.suffix in SUFFIXES)
    return {each.relative_to(folder).as_posix(): each for each in paths}


def _served_name(name: str, size: str) -> str:
    """Return a file's name as it ends an address: one that is drawn as WebP says so."""
    return f"{name}.webp" if size != FULL and name.endswith(".jpg") else name


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _digest(payload: bytes) -> str:
    return hashlib.sha256(DRAWING_VERSION + payload).hexdigest()[:DIGEST_CHARACTERS]


def _read_file(name: str, path: Path) -> PictureFile | None:
    stamp = _stamp(path)
    if stamp is None:
        return None
    try:
        if stamp[1] > MAX_BYTES:
            raise BadPicture(f"has more than {MAX_BYTES} bytes")
        payload = path.read_bytes()
        if path.suffix != ".svg":
            expect_picture(payload)
    except (BadPicture, OSError) as fault:
        log.warning("picture.refused", picture=name, why=str(fault))
        return PictureFile(path, stamp, None)
    return PictureFile(path, stamp, _digest(payload))


def _draw_file(file: PictureFile, size: str) -> DrawnPicture | None:
    """Return a picture of the file that the digest is of; None where it has changed. Raises BadPicture."""
    try:
        payload = file.path.read_bytes()
    except OSError:
        return None
    if _digest(payload) != file.digest:
        return None
    if size == FULL:
        return DrawnPicture(payload, SUFFIXES[file.path.suffix])
    return DrawnPicture(*draw(payload, int(size)))
