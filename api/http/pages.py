"""The pages and what they are made of: files of `api/web`, each with the headers that keep a page to itself.

    /till/ /phone/ /console/   a page each, at its folder's index.html; /shared/ /vendor/ what they share
    /phone/rewards/CODE        the page as well: each of its screens, and what opens over one, has an address
    /console/members/ID        likewise
    /undo/                     the page behind the link in a notice that a contact was changed
    /media/                    the pictures that a programme file names, of a folder that a setting names
    /graphql in a browser      the explorer, where a setting has it (the GraphQL endpoint hands it over)

Only files that existed at the start are served, by their name in a list, so no path can lead elsewhere.
A file is read at its first request, and again after it has changed. Names with a version are cached for
good, all others are revalidated (ETag).
"""

import asyncio
import gzip
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.content_coding import entity_tag, is_known, takes_gzip
from api.http.files.joined_files import JoinedFiles
from api.http.headers import PAGE_POLICY
from domain.model.values import dataclass

WEB = Path(__file__).resolve().parent.parent / "web"

PAGES = ("till", "phone", "console", "undo")
BRANDED_PAGES = ("till", "phone", "undo")
SHARED_FOLDERS = ("shared", "vendor", "graphiql")

# GraphiQL's own style sheet holds its fonts; apart from that the explorer has the policy of every page.
EXPLORER_POLICY = PAGE_POLICY.replace(" 'wasm-unsafe-eval'", "") + "; font-src data:"

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".txt": "text/plain; charset=utf-8",
    ".LICENSE": "text/plain; charset=utf-8",
}
COMPRESSIBLE_SUFFIXES = frozenset(
    {".html", ".css", ".js", ".json", ".webmanifest", ".svg", ".wasm", ".txt", ".LICENSE"}
)

# Pages whose modules come joined: fast on a phone, whose network is slow.
JOINED_PAGES = frozenset({"phone"})

# Addresses within a page that are no files: they have no suffix.
_SCREENS = {name: re.compile(r"[a-z]+(?:/[^/.]+)?") for name in ("phone", "console")}

# Returns a file that depends on the programme, and on the languages that the reader prefers; None where the
# file is served as it is.
MadeFile = Callable[[str, str | None], str | None]

_VERSIONED = re.compile(r"-\d+\.\d+\.\d+[.-]")


@dataclass(frozen=True, slots=True)
class FileContent:
    """The content of one file as it was when it was read."""

    stamp: tuple[int, ...]
    plain: bytes
    gzipped: bytes | None
    etag: str


class StaticFiles:
    """An ASGI application for the files of one folder."""

    def __init__(
        self,
        folder: Path,
        *,
        policy: str = PAGE_POLICY,
        readers: str = "same-origin",
        screens: re.Pattern[str] | None = None,
        joined: JoinedFiles | None = None,
        made: MadeFile | None = None,
    ) -> None:
        paths = (each for each in sorted(folder.rglob("*")) if each.is_file() and each.suffix in MEDIA_TYPES)
        self._files = {each.relative_to(folder).as_posix(): each for each in paths}
        self._policy, self._readers, self._screens, self._joined = policy, readers, screens, joined
        self._made = made
        self._contents: dict[str, FileContent] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        await (await self.answer(request, path or "index.html"))(scope, receive, send)

    async def answer(self, request: Request, name: str) -> Response:
        """Return the file of a name. Raises HTTPException."""
        if self._screens is not None and self._screens.fullmatch(name):
            name = "index.html"
        path = self._files.get(name)
        if path is None:
            raise HTTPException(404)
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        content = self._make(name, path, request) or await self._content(name, path)
        headers = {
            "content-security-policy": self._policy,
            "cross-origin-resource-policy": self._readers,
            "cache-control": "public, max-age=31536000, immutable" if _VERSIONED.search(name) else "no-cache",
            "etag": content.etag,
            "vary": "Accept-Encoding, Accept-Language" if self._made else "Accept-Encoding",
        }
        if is_known(request.headers.get("if-none-match"), content.etag):
            return Response(status_code=304, headers=headers)
        body = content.plain
        if content.gzipped is not None and takes_gzip(request.headers.get("accept-encoding")):
            headers["content-encoding"], body = "gzip", content.gzipped
        return Response(body, headers=headers, media_type=MEDIA_TYPES[path.suffix])

    def _make(self, name: str, path: Path, request: Request) -> FileContent | None:
        """Return a file that depends on the programme, and on the reader's languages."""
        text = None if self._made is None else self._made(name, request.headers.get("accept-language"))
        if text is None:
            return None
        plain = text.encode()
        content = self._contents.get(f"made {name}")
        if content is None or content.plain != plain:
            content = self._contents[f"made {name}"] = _packed(path.suffix, plain, ())
        return content

    async def _content(self, name: str, path: Path) -> FileContent:
        joined = self._joined if path.suffix in (".js", ".css") else None
        sources = [path] if joined is None else list(joined.sources())
        try:
            stats = [each.stat() for each in sources]
        except FileNotFoundError:
            raise HTTPException(404) from None
        stamp = tuple(part for stat in stats for part in (stat.st_mtime_ns, stat.st_size))
        content = self._contents.get(name)
        if content is None or content.stamp != stamp:
            content = self._contents[name] = await asyncio.to_thread(_read_file, joined, name, path, stamp)
        return content


def page_routes(
    web: Path = WEB,
    *,
    explorer: bool = True,
    media: Path | None = None,
    made: Mapping[str, MadeFile] | None = None,
) -> list[BaseRoute]:
    """Return the routes of every page that exists, of shared files, and of a folder of pictures.
    `made` makes, by page, those files that depend on the programme.
    """
    names = [
        name
        for name in (*PAGES, *SHARED_FOLDERS)
        if (web / name).is_dir() and (explorer or name != "graphiql")
    ]
    routes: list[BaseRoute] = []
    for name in names:
        if name in PAGES:
            routes.append(Route(f"/{name}", _redirect_to_folder, methods=["GET"]))
        joined = JoinedFiles(web, name) if name in JOINED_PAGES else None
        routes.append(
            Mount(
                f"/{name}",
                StaticFiles(
                    web / name,
                    screens=_SCREENS.get(name),
                    joined=joined,
                    made=made.get(name) if made is not None else None,
                ),
            )
        )
    if media is not None:
        # Apps in a web view and other pages of the company show the pictures too.
        routes.append(Mount("/media", StaticFiles(media, readers="cross-origin")))
    return routes


def explorer_page(web: Path = WEB) -> ASGIApp:
    """Return the application that answers browsers at the GraphQL endpoint: GraphiQL, from our own files."""
    files = StaticFiles(web / "graphiql", policy=EXPLORER_POLICY)

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await (await files.answer(Request(scope, receive), "index.html"))(scope, receive, send)

    return page


async def _redirect_to_folder(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{request.url.path}/{query}", status_code=308)


def _read_file(joined: JoinedFiles | None, name: str, path: Path, stamp: tuple[int, ...]) -> FileContent:
    text = None if joined is None else joined.as_of(stamp).read(name)
    return _packed(path.suffix, path.read_bytes() if text is None else text.encode(), stamp)


def _packed(suffix: str, plain: bytes, stamp: tuple[int, ...]) -> FileContent:
    gzipped = (
        gzip.compress(plain, 9, mtime=0) if suffix in COMPRESSIBLE_SUFFIXES and len(plain) > 1_000 else None
    )
    # One tag for both encodings: a cache tells them apart by Vary.
    return FileContent(stamp, plain, gzipped, entity_tag(plain))
