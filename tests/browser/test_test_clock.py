"""A demo whose clock was moved says so at the top of both pages, in the reader's language, while they are open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.demo_server import serve_demo
from tests.servers import selo

STRIPS = {
    "en": ("Test clock: 14 days ahead", "Test clock: 14 days 3 hours ahead"),
    "pl": ("Zegar testowy: 14 dni do przodu", "Zegar testowy: 14 dni 3 godziny do przodu"),
    "pt": ("Relógio de teste: 14 dias à frente", "Relógio de teste: 14 dias 3 horas à frente"),
}


@pytest.fixture(scope="module")
def chromium(launch: Callable[..., Browser]) -> Browser:
    return launch()


def test_the_strip_comes_and_follows_on_both_pages(chromium: Browser, demo_seed: Path) -> None:
    with serve_demo(demo_seed) as shop:
        data = ("--data", str(shop.data_folder))
        pages = {
            (name, language): chromium.new_context(locale=language, service_workers="block").new_page()
            for name, language in (("phone", "en"), ("phone", "pt"), ("till", "pl"))
        }
        for (name, _), page in pages.items():
            page.goto(f"{shop.url}/{name}/")
            expect(page.locator("#screen h1").first).to_be_visible()
            assert page.locator("#test-clock").count() == 0
        for step, span in enumerate(("P14D", "PT3H")):
            assert selo("clock", "--forward", span, *data).returncode == 0
            for (_, language), page in pages.items():
                expect(page.locator("#test-clock")).to_have_text(STRIPS[language][step])
        for page in pages.values():
            strip, bar = page.locator("#test-clock").bounding_box(), page.locator("#screen").bounding_box()
            assert strip is not None
            assert bar is not None
            assert bar["y"] >= strip["height"], "it covers nothing"
            page.context.close()
