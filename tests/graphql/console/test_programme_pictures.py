"""Pictures added at the console: drawn anew, under their content's digest, served so that nothing in them runs; and
attacks.
"""

from __future__ import annotations

import base64
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.graphql.console.test_operations import operators
from tests.running_app import Json, RunningApp

ADDED = "__typename ... on PictureAdded { picture { address width height size addedBy } } ... on NotAllowed { reason }"
SCRIPT = b"<script>alert(document.domain)</script>"
QUERY = "mutation($i: AddPictureInput!) { addPicture(input: $i) { __typename } }"


def picture(form: str = "PNG", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    target = BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(target, form, **options)
    return target.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes whose head promises so many pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def hiding() -> dict[str, bytes]:
    """Pictures in and behind which something else hides."""
    words = PngInfo()
    words.add_text("Comment", SCRIPT.decode())
    exif = Image.Exif()
    exif[0x010E] = SCRIPT.decode()
    return {
        "html behind a PNG": picture() + SCRIPT,
        "an archive behind a JPEG": picture("JPEG") + b"PK\x05\x06" + SCRIPT,
        "words in a PNG": picture(pnginfo=words),
        "words in a JPEG": picture("JPEG", exif=exif),
        "words in a WebP": picture("WEBP", exif=exif),
    }


def attacks() -> dict[str, bytes]:
    return {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "html": b"<!doctype html>" + SCRIPT,
        "gif and script": b"GIF89a/*" + SCRIPT + b"*/",
        "a head alone": picture()[:40],
        "cut off": picture(size=(200, 200))[:-2000],
        "wide": bomb(50_000, 50_000),
        "many pixels": bomb(4_001, 3_000),
        "nothing": b"",
    }


async def add(app: RunningApp, token: str, payload: bytes) -> Json:
    text = base64.b64encode(payload).decode()
    return await app.mutate("addPicture", {"content": text}, ADDED, token=token)


async def test_what_hides_in_or_behind_a_picture_is_never_served(app: RunningApp) -> None:
    olga, rita = await operators(app)
    for name, payload in hiding().items():
        added = (await add(app, olga, payload))["picture"]
        assert (added["width"], added["height"], added["addedBy"]) == (40, 30, "Olga"), name
        answer = await app.client.get(added["address"])
        assert answer.status_code == 200
        assert SCRIPT not in answer.content, name
        assert b"alert" not in answer.content, name
        assert len(answer.content) == added["size"]
        kind = added["address"].rpartition(".")[2]
        assert answer.headers["content-type"] == f"image/{kind}"
        assert Image.open(BytesIO(answer.content)).format == kind.upper()
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        known = {"if-none-match": answer.headers["etag"]}
        assert (await app.client.get(added["address"], headers=known)).status_code == 304
    count = await app.count("programme_pictures")
    again = (await add(app, rita, hiding()["html behind a PNG"][: -len(SCRIPT)]))["picture"]
    assert again["address"].startswith("/uploads/")
    shown = (await app.do("{ programmePictures { address } }", token=rita))["programmePictures"]
    assert len(shown) == await app.count("programme_pictures") == count + 1
    trail = (await app.do("{ auditTrail(first: 20) { actionKind subject } }", token=olga))["auditTrail"]
    assert sum(row["actionKind"] == "PICTURE_ADDED" for row in trail) == count + 1


async def test_the_same_picture_has_one_address_and_a_large_one_is_made_smaller(app: RunningApp) -> None:
    olga, rita = await operators(app)
    payload = picture("JPEG", (1600, 400), quality=20)
    first, second = (await add(app, olga, payload))["picture"], (await add(app, rita, payload))["picture"]
    assert (first["width"], first["height"]) == (1024, 256)
    assert second == first
    assert await app.count("programme_pictures") == 1


async def test_what_is_no_picture_is_refused_and_nothing_is_stored(app: RunningApp) -> None:
    olga, _ = await operators(app)
    for name, payload in attacks().items():
        refused = await app.error(QUERY, {"i": {"content": base64.b64encode(payload).decode()}}, token=olga)
        assert (name, refused["code"], refused["field"]) == (name, "BAD_INPUT", "content")
    for text in ("no base64!", "A" * 240_100):
        assert (await app.error(QUERY, {"i": {"content": text}}, token=olga))["code"] == "BAD_INPUT"
    input = {"i": {"content": base64.b64encode(picture()).decode()}}
    for name, role in (("sara", "SERVICE"), ("anna", "ANALYST"), ("mario", "MANAGER")):
        token = await app.hire(name, role)  # type: ignore[arg-type]
        assert (await app.error(QUERY, input, token=token))["code"] == "FORBIDDEN"
    assert await app.count("programme_pictures") == 0


@pytest.mark.parametrize("name", ["0" * 32 + ".webp", "0" * 32 + ".svg", "..%2Fsecret.png", "0.png"])
async def test_no_other_name_is_answered(app: RunningApp, name: str) -> None:
    assert (await app.client.get(f"/uploads/{name}")).status_code == 404
