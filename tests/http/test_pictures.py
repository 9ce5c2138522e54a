"""Pictures of the programme file over real HTTP: small, cached for good under a name that holds their hash."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from api.pictures import drawing, picture_library
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import RunningApp, open_running_app

PROGRAMME = """
programme: {code: club, name: Club, currency: EUR, timezone: Europe/Lisbon, locales: [en], brand: {logo: /media/logo.svg, icon: sign}}
wallets: [{code: points, name: Points}]
rewards:
  - {code: coin, title: Coin, image: "/media/coins/gold%20coin.png", cost: {wallet: points, amount: 1}}
  - {code: photo, title: Photo, image: /media/photo.jpg, cost: {wallet: points, amount: 1}}
  - {code: small, title: Small, image: /media/small.webp, cost: {wallet: points, amount: 1}}
  - {code: bomb, title: Bomb, image: /media/bomb.png, cost: {wallet: points, amount: 1}}
  - {code: broken, title: Broken, image: /media/broken.jpg, cost: {wallet: points, amount: 1}}
  - {code: text, title: Text, image: /media/text.png, cost: {wallet: points, amount: 1}}
  - {code: far, title: Far, image: "https://pictures.example/far.png", cost: {wallet: points, amount: 1}}
  - {code: near, title: Near, image: /elsewhere/near.png, cost: {wallet: points, amount: 1}}
  - {code: app, title: App, image: coin, cost: {wallet: points, amount: 1}}
  - {code: none, title: None, cost: {wallet: points, amount: 1}}
"""
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'
ALL = "query($w: Int) { programme { rewards { code image imageUrl(width: $w) } brand { logo logoUrl(width: $w) iconUrl } } }"
BASE = "https://club.example"


def save(path: Path, size: tuple[int, int], colour: str, form: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGBA" if form == "PNG" else "RGB", size, colour).save(path, form)


@pytest.fixture
def media(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    save(folder / "coins" / "gold coin.png", (600, 300), "#c9a22780", "PNG")
    save(folder / "photo.jpg", (1500, 1000), "red", "JPEG")
    save(folder / "small.webp", (50, 20), "blue", "WEBP")
    (folder / "logo.svg").write_bytes(SVG)
    (folder / "text.png").write_text("not a picture")
    whole = (folder / "photo.jpg").read_bytes()
    (folder / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    # 26 million pixels in 3 KB
    Image.new("1", (5200, 5000)).save(folder / "bomb.png", "PNG")
    return folder


@pytest.fixture
async def club(
    database: Database, command_log: CommandLog, tmp_path: Path, media: Path
) -> AsyncIterator[RunningApp]:
    file = tmp_path / "club.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(
        database, command_log, tmp_path, programme=file, media=media, base_url=BASE
    ) as running:
        yield running


async def addresses(club: RunningApp, width: int | None) -> dict[str, str | None]:
    """The address of each picture at this server, by the code of its reward."""
    programme = (await club.do(ALL, {"w": width}))["programme"]
    shown = {each["code"]: each["imageUrl"] for each in programme["rewards"]}
    return {**shown, "logo": programme["brand"]["logoUrl"], "icon": programme["brand"]["iconUrl"]}


def path_of(address: str | None) -> str:
    assert address is not None
    assert address.startswith(f"{BASE}/pictures/")
    return address.removeprefix(BASE)


async def test_each_picture_has_a_small_one_by_a_whole_address_without_a_command(club: RunningApp) -> None:
    with club.command_log.counting() as counted:
        shown = await addresses(club, 200)
    assert counted.names == []
    hashed = r"/pictures/[0-9a-f]{20}"
    assert re.fullmatch(rf"{hashed}/256/coins/gold%20coin\.png", path_of(shown["coin"]))
    assert re.fullmatch(rf"{hashed}/256/photo\.jpg\.webp", path_of(shown["photo"]))
    assert re.fullmatch(rf"{hashed}/full/logo\.svg", path_of(shown["logo"])), "an SVG fits every width"
    assert (shown["far"], shown["near"]) == (
        "https://pictures.example/far.png",
        f"{BASE}/elsewhere/near.png",
    )
    assert [shown[name] for name in ("app", "none", "icon", "bomb", "text")] == [None] * 5

    sizes = {}
    for name in ("coin", "photo", "small"):
        answer = await club.client.get(path_of(shown[name]))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        picture = Image.open(BytesIO(answer.content))
        sizes[name] = (answer.headers["content-type"], picture.format, picture.size)
        again = await club.client.get(path_of(shown[name]), headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert sizes == {
        "coin": ("image/png", "PNG", (256, 128)),
        "photo": ("image/webp", "WEBP", (256, 171)),
        "small": ("image/webp", "WEBP", (50, 20)),
    }
    svg = await club.client.get(path_of(shown["logo"]))
    assert (svg.headers["content-type"], svg.content) == ("image/svg+xml", SVG)
    assert "script-src" not in svg.headers["content-security-policy"]


async def test_without_a_width_it_is_the_file_and_the_old_fields_are_as_ever(
    club: RunningApp, media: Path
) -> None:
    shown = await addresses(club, None)
    answer = await club.client.get(path_of(shown["photo"]))
    assert (answer.headers["content-type"], answer.content) == (
        "image/jpeg",
        (media / "photo.jpg").read_bytes(),
    )
    rewards = (await club.do("{ programme { rewards { code image } } }"))["programme"]["rewards"]
    assert {each["code"]: each["image"] for each in rewards}["photo"] == "/media/photo.jpg"


async def test_widths_are_rounded_up_to_five_and_others_refused(club: RunningApp) -> None:
    widths = {}
    for width in (1, 64, 65, 128, 300, 512, 513, 1024):
        widths[width] = path_of((await addresses(club, width))["photo"]).split("/")[3]
    assert widths == {
        1: "64",
        64: "64",
        65: "128",
        128: "128",
        300: "512",
        512: "512",
        513: "1024",
        1024: "1024",
    }
    for width in (0, -1, 1025):
        query = "query($w: Int) { programme { brand { logoUrl(width: $w) } } }"
        assert await club.error(query, {"w": width}) == {"code": "BAD_INPUT", "field": "width"}


async def test_what_no_name_means_is_404(club: RunningApp) -> None:
    path = path_of((await addresses(club, 256))["coin"])
    digest = path.split("/")[2]
    for other in (
        path.replace(digest, "0" * 20),
        path.replace("/256/", "/300/"),
        path.replace("/256/", "/0/"),
        path.replace("/256/", "/full/../"),
        path.replace("gold%20coin", "lead"),
        path + ".webp",
        f"/pictures/{digest}/256/photo.jpg.webp",
        f"/pictures/{digest}/256/logo.svg",
        f"/pictures/{digest}/full/bomb.png",
        "/pictures/",
    ):
        assert (await club.client.get(other)).status_code == 404, other


async def test_a_file_that_changes_has_another_name(club: RunningApp, media: Path) -> None:
    before = path_of((await addresses(club, 64))["coin"])
    assert (await club.client.get(before)).status_code == 200
    save(media / "coins" / "gold coin.png", (300, 600), "red", "PNG")
    after = path_of((await addresses(club, 64))["coin"])
    assert after != before
    assert (await club.client.get(before)).status_code == 404
    assert Image.open(BytesIO((await club.client.get(after)).content)).size == (64, 128)


async def test_a_picture_that_breaks_off_is_refused_and_not_named_again(club: RunningApp) -> None:
    address = (await addresses(club, 128))["broken"]
    assert (await club.client.get(path_of(address))).status_code == 404
    assert (await addresses(club, 128))["broken"] is None


async def test_a_picture_is_drawn_once_and_nobody_else_waits(
    club: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of((await addresses(club, 1024))["photo"])
    answered, drawn = threading.Event(), list[int]()

    def draw_once_health_is_answered(payload: bytes, width: int) -> tuple[bytes, str]:
        assert answered.wait(30)
        drawn.append(width)
        return drawing.draw(payload, width)

    monkeypatch.setattr(picture_library, "draw", draw_once_health_is_answered)
    asks = [asyncio.create_task(club.client.get(path)) for _ in range(8)]
    assert (await club.client.get("/health")).status_code == 200
    answered.set()
    answers = await asyncio.gather(*asks)
    assert {(each.status_code, each.content == answers[0].content) for each in answers} == {(200, True)}
    assert (await club.client.get(path)).content == answers[0].content
    assert drawn == [1024]


async def test_what_was_drawn_is_forgotten_when_it_fills_the_memory(
    club: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [path_of((await addresses(club, width))["photo"]) for width in drawing.WIDTHS]
    sizes = [len((await club.client.get(path)).content) for path in paths]
    drawn = list[int]()

    def draw(payload: bytes, width: int) -> tuple[bytes, str]:
        drawn.append(width)
        return drawing.draw(payload, width)

    monkeypatch.setattr(picture_library, "draw", draw)
    monkeypatch.setattr(picture_library, "CACHE_BYTES", 4 * max(sizes))
    for path in [*paths, paths[-1]]:
        assert (await club.client.get(path)).status_code == 200
    assert drawn == [], "all of them fit"
    monkeypatch.setattr(picture_library, "CACHE_BYTES", 0)
    other = path_of((await addresses(club, 64))["small"])
    for _ in range(2):
        assert (await club.client.get(other)).status_code == 200
    assert drawn == [64, 64], "one that is too large for the memory is drawn each time"
