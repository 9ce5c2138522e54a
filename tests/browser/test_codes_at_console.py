"""Single-use codes made at the console, by its pages alone: at every width, by day and by night, in each language."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer
from tests.browser.page_actions import runs_over
from tests.browser.test_voices import open_console

PROGRAMME = """
programme: {code: club, name: {en: Club, pt: Clube, pl: Klub}, currency: EUR, timezone: Europe/Lisbon, locales: [en, pt, pl]}
wallets: [{code: points, name: {en: Points, pt: Pontos, pl: Punkty}}]
codes:
  - {code: SPRING, title: {en: Spring, pt: Primavera, pl: Wiosna}, limit: 10}
  - {batch: coffee-packs, title: {en: The code of a pack of coffee, pt: O código de um pacote de café, pl: Kod z paczki kawy}, limit: 20}
  - {batch: magazines, title: {en: Magazines, pt: Revistas, pl: Czasopisma}}
"""
PICTURES = os.environ.get("SELO_PICTURES")
WIDTHS = (390, 768, 1280)
Scheme = Literal["light", "dark"]
LOOKS: list[tuple[Scheme, str]] = [("light", "en-GB"), ("dark", "pt-PT"), ("light", "pl-PL")]


def test_codes_are_made_and_saved_at_every_width(browser: Browser, club: ClubServer) -> None:
    for place, (scheme, locale) in enumerate(LOOKS):
        page = open_console(browser, club, "operator", width=1280, scheme=scheme, locale=locale)
        page.goto(f"{club.url}/console/results?tab=codes")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            look_at_form(page, f"codes-{width}-{scheme}-{locale[:2]}")
        page.set_viewport_size({"width": WIDTHS[place], "height": 900})
        make(page, made=3 * (place + 1))
        page.context.close()


def photograph(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def look_at_form(page: Page, look: str) -> None:
    """See the form whole and without findings, then leave it by keyboard."""
    opener = page.locator(".makecodes .button").first
    opener.scroll_into_view_if_needed()
    photograph(page, look)
    assert (look, findings(page), runs_over(page)) == (look, [], False)
    opener.click()
    expect(page.locator("dialog [name=count]")).to_be_focused()
    photograph(page, f"{look}-form")
    assert (look, findings(page), runs_over(page)) == (look, [], False)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


def make(page: Page, *, made: int) -> None:
    """Make three codes of the first batch; what is no number from 1 to 1,000 is refused at the field."""
    page.locator(".makecodes .button").first.click()
    for wrong in ("", "0", "1001", "many"):
        page.fill("dialog [name=count]", wrong)
        page.click("dialog .primary")
        expect(page.locator("dialog [name=count]")).to_have_attribute("aria-invalid", "true")
    page.fill("dialog [name=count]", "3")
    with page.expect_download() as download:
        page.press("dialog [name=count]", "Enter")
    expect(page.locator("dialog")).to_have_count(0)
    assert download.value.suggested_filename == "coffee-packs-3.csv"
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["batch", "code"]
    assert {batch for batch, _ in rows[1:]} == {"coffee-packs"}
    assert len({code for _, code in rows[1:]}) == len(rows) - 1 == 3
    row = page.locator(".results tr", has_text="coffee-packs")
    expect(row.locator("td").nth(3)).to_have_text(str(made))


def test_a_code_has_an_address(browser: Browser, club: ClubServer) -> None:
    page = open_console(browser, club, "operator", width=390)
    page.goto(f"{club.url}/console/results?tab=codes")
    page.locator(".rowlink", has_text="Magazines").click()
    expect(page).to_have_url(
        re.compile(r"results\?row=magazines&tab=codes$|results\?tab=codes&row=magazines$")
    )
    page.reload()
    expect(page.locator(".rowlink", has_text="Magazines")).to_be_focused()
    expect(page.locator("tr[aria-current]")).to_have_text(re.compile("^Magazines"))
    expect(page.locator("tr[aria-current]")).to_be_in_viewport()
