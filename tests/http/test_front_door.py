"""`/` leads to what runs here; the phone page is told by its own answer whose it is and what a server cannot do."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import get_args

import httpx
import pytest
from PIL import Image

from api.http.branded.tokens import brand_css, icon_svg
from domain.model.colours import contrast
from domain.model.programme.header import BrandSpec
from domain.services.demo_people import DemoPart
from domain.store.connect import Database
from domain.store.people.sessions import StaffRole
from tests.command_log import CommandLog
from tests.running_app import RunningApp, open_running_app

PROGRAMMES = Path(__file__).parents[2] / "scripts" / "demo" / "programmes"


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_running_app(database, command_log, tmp_path) as running:
        yield running


async def get(app: RunningApp, path: str, language: str = "pt") -> httpx.Response:
    return await app.client.get(path, headers={"accept-language": language})


async def test_the_front_door_leads_to_each_page(app: RunningApp) -> None:
    answer = await get(app, "/", "en")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for address in ("/phone/", "/till/", "/console/", "/graphql", "/schema.graphql"):
        assert f'href="{address}"' in answer.text
        assert (await app.client.get(address, headers={"accept": "text/html"})).status_code == 200
    assert "Clube NumisCollect" in (await get(app, "/")).text
    # Sign-ins are a demo's alone.
    assert "password" not in answer.text
    assert "?as=" not in answer.text


async def test_a_demos_sign_ins_are_in_the_readers_language(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    people = {
        "members": [
            {"number": str(place), "email": f"{place}@example.com", "shows": shows}
            for place, shows in enumerate((None, *get_args(DemoPart)))
        ],
        "staff": [
            {"username": role.lower(), "role": role, "store": "lisboa", "password": "to be copied"}
            for role in get_args(StaffRole)
        ],
    }
    (tmp_path / "demo.json").write_text(json.dumps(people))
    async with open_running_app(database, command_log, tmp_path, demo=True) as app:
        doors = {tag: (await get(app, "/", tag)).text for tag in ("en", "pt", "pl")}
    words = {
        "en": (
            "has a plan",
            "owes points",
            "is about to lose a tier",
            "cashier",
            "manager",
            "operator",
            "customer service",
        ),
        "pt": ("tem um plano", "deve pontos", "prestes a descer de nível", "caixa", "gerente", "operador"),
        "pl": (
            "ma plan",
            "ma punkty poniżej zera",
            "wkrótce straci poziom",
            "kasjer",
            "kierownik",
            "operator",
        ),
    }
    for tag, texts in words.items():
        assert [text for text in texts if text not in doors[tag]] == []


async def test_the_phone_page_says_with_itself_whose_it_is(app: RunningApp) -> None:
    page = (await get(app, "/phone/")).text
    assert '<html lang="pt" data-name="Clube NumisCollect"' in page
    assert "<title>Clube NumisCollect</title>" in page
    assert '<link rel="modulepreload" href="/phone/words/pt.js">' in page
    assert "data-brand" not in page
    assert "data-clock" not in page, "a demo's clock alone can be moved"
    for screen in ("/phone/rewards", "/phone/rewards/discount-5", "/phone/history/UHVyY2hhc2U6MQ"):
        assert (await get(app, screen)).text == page
    assert (await app.client.get("/phone/rewards/a/b")).status_code == 404
    assert (await app.client.get("/phone/nothing.js")).status_code == 404


async def test_under_a_brand_every_page_and_what_a_phone_installs_is_the_companys(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    cafe = PROGRAMMES / "cafe.yaml"
    async with open_running_app(database, command_log, tmp_path, programme=cafe) as app:
        for path in ("/phone/", "/till/", "/undo/"):
            page = (await get(app, path)).text
            assert 'data-name="Café Aurora" data-brand="" data-icon="/phone/icon.svg"' in page
            assert "<title>Café Aurora</title>" in page
            assert re.search(r"\bselo\b", page, re.IGNORECASE) is None, path
        door = (await get(app, "/")).text
        assert '<html lang="pt" data-brand="">' in door
        assert re.search(r"\bselo\b", door, re.IGNORECASE) is None
        assert 'href="/phone/icon.svg"' in (await get(app, "/unsubscribe?t=none")).text
        shown = {}
        for page in ("phone", "till"):
            manifest = (await get(app, f"/{page}/manifest.webmanifest")).json()
            shown[manifest["name"]] = manifest["scope"]
            for icon in manifest["icons"]:
                drawn = await app.client.get(icon["src"])
                assert drawn.status_code == 200
                if icon["sizes"] == "any":
                    continue
                with Image.open(BytesIO(drawn.content)) as picture:
                    assert "{}x{}".format(*picture.size) == icon["sizes"]
                    colours = {colour for _, colour in picture.getcolors(100_000) or ()}
                # The colour of the brand, and a letter that can be read on it.
                assert {(0x5B, 0x3A, 0x29), (255, 255, 255)} <= colours
        assert shown == {"Café Aurora": "/phone/", "Caixa · Café Aurora": "/till/"}
        assert (await app.client.get("/icons/180.png")).headers["content-type"] == "image/png"
        assert (await app.client.get("/icons/9999.png")).status_code == 404


async def test_a_brands_own_picture_is_what_a_phone_installs(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    (tmp_path / "media").mkdir()
    Image.new("RGB", (300, 100), "#00ff00").save(tmp_path / "media" / "mark.png")
    file = tmp_path / "cafe.yaml"
    text = (PROGRAMMES / "cafe.yaml").read_text("utf-8")
    file.write_text(text.replace("brand: {colour", "brand: {icon: /media/mark.png, colour", 1), "utf-8")
    async with open_running_app(
        database, command_log, tmp_path, programme=file, media=tmp_path / "media"
    ) as app:
        with Image.open(BytesIO((await app.client.get("/icons/maskable.png")).content)) as picture:
            assert picture.size == (512, 512)
            assert picture.getpixel((256, 256)) == (0, 255, 0)
            assert {picture.getpixel(at) for at in ((256, 100), (20, 256))} == {(0x5B, 0x3A, 0x29)}


@pytest.mark.parametrize("colour", ["#f5b800", "#5b3a29", "#ffffff", "#000000", "#00c2a8", "#1f3a93"])
def test_whatever_a_brands_colour_is_what_is_written_with_it_can_be_read(colour: str) -> None:
    css = brand_css(BrandSpec(colour=colour))
    light, dark = (
        dict(
            pair.split(":") for pair in part.split("{")[-1].split("}")[0].replace("--", "").split(";") if pair
        )
        for part in (css.splitlines()[0], css.splitlines()[1].rsplit("{", 1)[-1])
    )
    for tokens in (light, dark):
        for text, ground in (
            ("seal", "card"),
            ("seal", "paper"),
            ("seal", "card-2"),
            ("seal-deep", "seal-tint"),
            ("on-seal", "seal"),
            ("gold", "gold-tint"),
            ("ink", "paper"),
            ("ink-2", "paper-deep"),
        ):
            assert contrast(tokens[text], tokens[ground]) >= 4.5, (text, ground, tokens)
    assert contrast(light["brand"], light["on-brand"]) >= 4.5
    assert brand_css(None) == ""


def test_a_brand_without_an_icon_has_its_first_letter(tmp_path: Path) -> None:
    assert ">A</text>" in icon_svg(BrandSpec(colour="#1f3a93"), "“Alba”")
    assert "<script" not in icon_svg(BrandSpec(), "<script>")
