"""Codes on the phone page: one field, what was gained, and why nothing was; also when joining, and by a link."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join, prove_contact
from tests.browser.page_actions import narrow_context, runs_over
from tests.servers import selo
from tests.small_runtime import NUMISCOLLECT

CODES = """codes:
  - {code: ANA10, title: {pt: Um presente da Ana, en: A gift from Ana, pl: Prezent od Any}}
  - {code: QUIET, title: {pt: Silêncio, en: Quiet, pl: Cisza}}
  - {batch: albums, title: {pt: Álbum de selos, en: Stamp album, pl: Album na znaczki}}
rules:
  - {code: from-ana, title: {pt: Código da Ana, en: Ana's code, pl: Kod Any}, on: code.entered, when: event.data.code == "ANA10", do: [{award: {wallet: cashback, fixed: 150}}]}
  - {code: album, title: {pt: Álbum comprado, en: Album bought, pl: Zakup albumu}, on: code.entered, when: event.data.batch == "albums", do: [{award: {wallet: points, fixed: 40}}, {voucher: welcome-back}]}
"""
PROGRAMME = NUMISCOLLECT.read_text(encoding="utf-8").replace("rules:\n", CODES, 1)
ENTER = ".purse .button:not(.primary)"


@pytest.fixture(scope="module")
def albums(club: ClubServer) -> Iterator[str]:
    """Codes of the batch, as they are printed."""
    printed = selo("codes", "make", "albums", "4", "--data", str(club.data_folder)).stdout
    return iter([row[1] for row in list(csv.reader(io.StringIO(printed)))[1:]])


@pytest.fixture
def narrow(browser: Browser) -> Iterator[BrowserContext]:
    with narrow_context(browser, locale="en-GB", scheme="dark") as context:
        yield context


def enter(page: Page, code: str) -> None:
    page.fill("dialog [name=code]", code)
    page.click("dialog form .primary")


def test_a_code_of_a_package_is_entered_and_shows_what_it_gave(
    club: ClubServer, narrow: BrowserContext, albums: Iterator[str]
) -> None:
    page = narrow.new_page()
    token = join(page, club, email="ana@example.com")
    page.click(ENTER)
    expect(page.locator("dialog h2")).to_have_text("Enter a code")
    expect(page.locator("dialog [name=code]")).to_be_focused()
    assert findings(page) == []
    enter(page, next(albums).lower().replace("-", " "))
    expect(page.locator("dialog h2")).to_have_text("Stamp album")
    expect(page.locator("dialog .lines li")).to_contain_text("Album bought")
    expect(page.locator("dialog .figure")).to_have_text("+40")
    assert findings(page) == []
    assert not runs_over(page)
    page.click("dialog .ticket")
    expect(page.locator(".held h2")).to_have_text("10% to come back")
    page.click(".held > .close")
    wallets = club.do("{ me { wallets { code pending } } }", token=token)["me"]["wallets"]
    assert wallets[0] == {"code": "points", "pending": 140}
    # What the sheet has told is no news a moment later.
    expect(page.locator(".news", has_text="Album bought")).to_have_count(0)


def test_a_wrong_code_says_so_and_leaves_the_field_for_another_try(
    club: ClubServer, narrow: BrowserContext
) -> None:
    page = narrow.new_page()
    join(page, club, email="bea@example.com")
    page.click(ENTER)
    fault = page.locator("dialog .notice")
    for number in range(7):
        enter(page, f"wrong {number}")
        expect(fault).to_contain_text("This code does not count.")
        expect(page.locator("dialog form .primary")).to_be_enabled()
    expect(fault).to_have_text("This code does not count. Check it and type it again. 3 more tries today.")
    assert findings(page) == []
    enter(page, "quiet")
    expect(page.locator("dialog h2")).to_have_text("Quiet")
    expect(page.locator("dialog")).to_contain_text("There is nothing to collect for it now.")
    page.get_by_role("button", name="Another code").click()
    enter(page, "Q-U-I-E-T")
    expect(fault).to_have_text("You have entered this code before. It counted then.")


def test_a_code_may_be_given_when_joining_and_its_gain_is_told(
    club: ClubServer, narrow: BrowserContext
) -> None:
    page = narrow.new_page()
    page.goto(f"{club.url}/phone/?c=ana-1O")
    prove_contact(page, "eva@example.com", club.code_for)
    expect(page.locator("[name=promotion]")).to_have_value("ana-1O")
    page.fill("[name=name]", "Eva")
    page.check("[name=terms]")
    page.click("form .primary")
    expect(page.locator("dialog h2")).to_have_text("A gift from Ana")
    expect(page.locator("dialog .figure")).to_have_text("+€1.50")
    assert findings(page) == []
    page.locator("dialog").get_by_role("button", name="Close").last.click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(".hello")).to_have_text("Hello, Eva")


def test_a_code_that_is_refused_when_joining_stands_in_its_field_to_be_mended(
    club: ClubServer, narrow: BrowserContext
) -> None:
    page = narrow.new_page()
    page.goto(f"{club.url}/phone/")
    prove_contact(page, "ivo@example.com", club.code_for)
    page.fill("[name=name]", "Ivo")
    page.fill("[name=promotion]", "ANNA-10")
    page.check("[name=terms]")
    page.click("form .primary")
    expect(page.locator("dialog [name=code]")).to_have_value("ANNA-10")
    fault = page.locator("dialog .notice")
    expect(fault).to_have_text("This code does not count. Check it and type it again.")
    assert findings(page) == []
    enter(page, "ana10")
    expect(page.locator("dialog h2")).to_have_text("A gift from Ana")
    expect(fault).to_have_count(0)


def test_the_picture_on_a_package_opens_the_field_with_its_code(
    club: ClubServer, narrow: BrowserContext, albums: Iterator[str]
) -> None:
    page, code = narrow.new_page(), next(albums)
    join(page, club, email="max@example.com")
    page.goto(f"{club.url}/phone/?c={code}")
    expect(page.locator("dialog [name=code]")).to_have_value(code)
    page.click("dialog form .primary")
    expect(page.locator("dialog h2")).to_have_text("Stamp album")
    page.locator("dialog").get_by_role("button", name="Close").last.click()
    # Read anew, the page does not offer it again.
    page.reload()
    page.wait_for_selector(".purse")
    expect(page.locator("dialog")).to_have_count(0)
    assert page.url == f"{club.url}/phone/"
