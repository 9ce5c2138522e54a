"""The store finder on the phone: the nearest first where the browser tells the place, else all of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import runs_over
from tests.small_runtime import NUMISCOLLECT

STORES = """stores:
  - code: lisboa
    address: {pt: "Rua Augusta 1, Lisboa", en: "1 Augusta Street, Lisbon", pl: "ulica Augusta 1, Lizbona"}
    phone: "+351 210 000 000"
    position: {latitude: 38.7101, longitude: -9.1372}
    hours: {mon: "09:30-19:00", sat: ["10:00-13:00", "15:00-24:00"]}
rules:
"""
PROGRAMME = NUMISCOLLECT.read_text(encoding="utf-8").replace("rules:\n", STORES, 1)
HERE = {"latitude": 38.7139, "longitude": -9.1394}
DISTANCES = {"en-GB": "460 m", "pt-PT": "460 m", "pl-PL": "460 m"}


@pytest.mark.parametrize("locale", ["en-GB", "pt-PT", "pl-PL"])
def test_the_nearest_store_stands_first_with_its_distance(
    browser: Browser, club: ClubServer, locale: str
) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        locale=locale,
        reduced_motion="reduce",
        geolocation=HERE,  # type: ignore[arg-type]
        permissions=["geolocation"],
    )
    page = context.new_page()
    join(page, club, email=f"{locale[:2]}@example.com")
    page.goto(f"{club.url}/phone/stores")
    expect(
        page.locator("#screen h1 + .button").first
    ).to_be_visible()  # home has cards, too, and stands first
    expect(page.locator("#screen li.card").first).to_be_visible()
    assert findings(page) == []
    page.locator("#screen h1 + .button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#screen li.card .chip").first).to_have_text(DISTANCES[locale])
    page.locator("#screen details summary").first.click()
    expect(page.locator("#screen details li")).to_have_count(7)
    expect(page.locator("a[href='tel:+351210000000']")).to_be_visible()
    assert findings(page) == []
    assert not runs_over(page)
    context.close()


def test_a_browser_that_does_not_tell_leaves_the_list(browser: Browser, club: ClubServer) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="pt-PT")
    page = context.new_page()
    join(page, club, email="nowhere@example.com")
    page.goto(f"{club.url}/phone/stores")
    expect(
        page.locator("#screen h1 + .button").first
    ).to_be_visible()  # home has cards, too, and stands first
    expect(page.locator("#screen li.card").first).to_be_visible()
    page.locator("#screen h1 + .button").first.click()
    expect(page.locator("#screen .notice")).to_contain_text("Este dispositivo não diz onde está")
    expect(page.locator("#screen li.card").first).to_be_visible()
    assert findings(page) == []
    context.close()
