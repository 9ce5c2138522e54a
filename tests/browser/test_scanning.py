"""The main journey by camera: the till films the phone's card and voucher, and both pages show the result at
once.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import camera_film
from tests.browser.accessibility import findings
from tests.browser.conftest import PHONE, Launch
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import (
    close_moments,
    confirm_purchase,
    enter_purchase,
    look_up,
    sign_in_at_till,
    sign_in_on_phone,
)

pytestmark = pytest.mark.usefixtures("vouchers")


@pytest.fixture
def reel(tmp_path: Path) -> Path:
    """Where the film before the till's camera lies; it may be changed while nothing is filmed."""
    path = tmp_path / "reel.mjpeg"
    camera_film.write_film(path, Image.new("RGB", (320, 320), "white"))
    return path


@pytest.fixture
def till(launch: Launch, reel: Path) -> Iterator[Page]:
    browser: Browser = launch(reel)
    context: BrowserContext = browser.new_context(
        viewport=PHONE,
        locale="pt-PT",
        reduced_motion="reduce",
        permissions=["camera"],
    )
    yield context.new_page()
    browser.close()


def hold_up(phone: Page, reel: Path) -> None:
    """Film what the phone shows: its own pixels, on a table, held by a hand."""
    with Image.open(BytesIO(phone.locator(".held .lightcard .qr").screenshot())) as shown:
        camera_film.write_film(reel, shown)


def scan(till: Page) -> None:
    """Go to the scan screen: the camera sees what is filmed now. The first time it has to be turned on, then
    it comes by itself.
    """
    till.click("#tabs button >> nth=0")
    if till.evaluate("localStorage.getItem('selo-till-camera-on')") != "true":
        till.click(".lens > .button")


def add_points(till: Page) -> None:
    """Give the member on the screen enough points for a voucher, as a manager's correction."""
    till.get_by_role("button", name="Corrigir saldo").click()
    till.fill("dialog [name=amount]", "+600")
    till.fill("dialog [name=reason]", "para esta prova")
    till.click("dialog .primary")
    till.wait_for_selector(".done")


def test_card_purchase_redeeming_voucher_and_a_second_scan(
    page: Page, till: Page, reel: Path, shop: DemoServer
) -> None:
    member = next(each for each in reversed(shop.members) if each["email"])
    close_moments(page)
    sign_in_on_phone(page, shop, member)
    sign_in_at_till(till, shop, shop.of_role("manager"))
    look_up(till, member["number"])
    add_points(till)

    page.click("#tabs .central")
    page.wait_for_selector(".held .qr")
    assert findings(page) == []
    hold_up(page, reel)
    scan(till)
    till.wait_for_selector(".face", timeout=20_000)
    enter_purchase(till, total="30", receipt=f"cam-{secrets.token_hex(5)}")
    confirm_purchase(till)
    page.click(".held .close")
    expect(page.locator(".held.member")).to_have_count(0)
    page.reload()
    page.wait_for_selector(".purse")
    page.click("#tabs button >> nth=1")
    page.click(".tile:not(.locked):has-text('5 €')")
    page.click("dialog .primary")
    page.click("dialog .primary")
    page.wait_for_selector(".held .qr")
    assert findings(page) == []
    hold_up(page, reel)
    code = (page.text_content(".held .spell") or "").replace(" ", "")
    scan(till)
    till.wait_for_selector(".voucher.on .verdict.good", timeout=20_000)
    assert findings(till) == []
    till.click(".button.good")
    till.wait_for_selector(".done.good")
    # The phone turns by itself: by its socket, or by looking every few seconds while the voucher is held up.
    expect(page.locator(".held[data-state=USED]")).to_be_visible()
    assert findings(page) == []

    camera_film.write_film(reel, Image.new("RGB", (320, 320), "white"))
    till.click(".done .button")
    look_up(till, code)
    till.wait_for_selector(".stamp.voucher")
    expect(till.locator(".button.good")).to_have_count(0)
    expect(till.locator(".notice.bad")).to_contain_text("Usado em")

    till.get_by_role("button", name="Anular").click()
    till.fill("dialog [name=reason]", "lido por engano")
    till.click("dialog .primary")
    expect(till.locator(".done.good h1")).to_have_text("O vale pode ser usado de novo")
    # And turns back by itself: nothing but its socket tells of that.
    expect(page.locator(".held[data-state=ISSUED] .qr")).to_be_visible()
    expect(page.locator("#news .news").last).to_contain_text(
        re.compile("Ready to use again|Pode ser usado de novo|Można użyć ponownie")
    )
    page.click(".held .close")
    page.click("#tabs button >> nth=1")
    page.click(".ticket >> nth=0")
    expect(page.locator(".held[data-state=ISSUED] .qr")).to_be_visible()


def test_a_card_that_was_scanned_is_refused_a_second_time(page: Page, till: Page, shop: DemoServer) -> None:
    sign_in_on_phone(page, shop, shop.members[8])
    page.click("#tabs .central")
    page.wait_for_selector(".held .qr")
    code = page.get_attribute(".held .lightcard", "data-code") or ""
    assert len(code) == 23
    sign_in_at_till(till, shop, shop.cashier())
    look_up(till, code)
    till.wait_for_selector(".face")
    till.click("#tabs button >> nth=0")
    look_up(till, code)
    expect(till.locator(".notice.bad")).to_be_visible()
    look_up(till, code[:-2] + ("AA" if code[-2:] != "AA" else "BA"))
    expect(till.locator(".notice.bad")).to_be_visible()
    expect(till.locator(".face")).to_have_count(0)


def test_a_code_in_the_picture_is_read_once_and_the_camera_stops_with_the_screen(
    till: Page, reel: Path, shop: DemoServer
) -> None:
    sign_in_at_till(till, shop, shop.cashier())
    camera_film.write_film(reel, camera_film.picture_of("not one of ours"))
    scan(till)
    till.wait_for_selector(".notice.bad", timeout=20_000)
    expect(till.locator(".finder")).to_be_visible()
    assert findings(till) == []
    till.click("#tabs button >> nth=1")
    assert till.evaluate("document.querySelector('video')") is None
