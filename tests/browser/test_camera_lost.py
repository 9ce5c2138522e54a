"""A camera that is refused, ends, stands still or does not come back: the till says so, offers what is next, and
goes on by itself once there is a camera again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.browser.accessibility import findings
from tests.browser.conftest import CHROMIUM, PHONE
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import look_up, sign_in_at_till

ENDED = {
    "en-GB": "The camera was unplugged, or taken by another app.",
    "pt-PT": "A câmara foi desligada, ou outra aplicação ficou com ela.",
    "pl-PL": "Aparat odłączono albo przejęła go inna aplikacja.",
}
REFUSED = "O navegador não pode usar a câmara."
OpenTill = Callable[..., Page]


@pytest.fixture
def open_till(playwright: Playwright, shop: DemoServer) -> Iterator[OpenTill]:
    """Start a browser with a camera whose use is asked for, and sign in at the till."""
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            "--use-fake-device-for-media-stream",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ],
    )

    def start(locale: str = "pt-PT", *, may_film: bool = True) -> Page:
        context: BrowserContext = browser.new_context(
            viewport=PHONE,
            locale=locale,
            reduced_motion="reduce",
            permissions=["camera"] if may_film else [],
        )
        page = context.new_page()
        sign_in_at_till(page, shop, shop.cashier())
        return page

    yield start
    browser.close()


# Ends when the camera's picture is there.
PICTURE = """async () => {
  while (!(document.querySelector("video")?.videoWidth > 0)) await new Promise(requestAnimationFrame);
}"""


def start_camera(page: Page) -> None:
    page.click(".lens > .button")
    expect(page.locator(".finder")).to_be_visible()
    page.evaluate(PICTURE)


def come_and_go(page: Page, *, hidden: bool) -> None:
    """Show or hide the page, as when somebody changes to another app and back."""
    page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


@pytest.mark.parametrize("locale", ENDED)
def test_a_camera_that_is_taken_away_is_told_and_comes_back_when_it_may(
    open_till: OpenTill, shop: DemoServer, locale: str
) -> None:
    page = open_till(locale)
    start_camera(page)
    page.context.clear_permissions()
    notice = page.locator(".notice.bad")
    expect(notice).to_contain_text(ENDED[locale])
    expect(page.locator(".lens > .button")).to_be_enabled()
    expect(page.locator(".finder")).to_be_hidden()
    expect(page.locator("#code")).to_be_visible()
    assert findings(page) == []
    page.context.grant_permissions(["camera"])
    expect(page.locator(".finder")).to_be_visible()
    expect(notice).to_have_count(0)
    page.evaluate(PICTURE)


def test_a_refused_camera_leaves_the_field_and_starts_once_it_is_allowed(
    open_till: OpenTill, shop: DemoServer
) -> None:
    page = open_till(may_film=False)
    page.click(".lens > .button")
    notice = page.locator(".notice.bad")
    expect(notice).to_contain_text(REFUSED)
    expect(page.locator(".lens > .button")).to_be_enabled()
    page.context.grant_permissions(["camera"])
    expect(page.locator(".finder")).to_be_visible()
    expect(notice).to_have_count(0)
    look_up(page, shop.members[112]["number"])
    expect(page.locator(".face")).to_be_visible()


def test_a_camera_that_does_not_come_back_from_another_app_is_told(open_till: OpenTill) -> None:
    page = open_till()
    start_camera(page)
    camera = page.evaluate_handle("document.querySelector('video').srcObject.getVideoTracks()[0]")
    come_and_go(page, hidden=True)
    assert camera.evaluate("(track) => track.readyState") == "ended"
    expect(page.locator(".notice.bad")).to_have_count(0)
    page.context.clear_permissions()
    come_and_go(page, hidden=False)
    expect(page.locator(".notice.bad")).to_contain_text(REFUSED)
    expect(page.locator(".lens > .button")).to_be_enabled()
    page.context.grant_permissions(["camera"])
    expect(page.locator(".finder")).to_be_visible()
    come_and_go(page, hidden=True)
    come_and_go(page, hidden=False)
    expect(page.locator(".notice.bad")).to_have_count(0)
    page.evaluate(PICTURE)


def test_a_picture_that_stands_still_is_told_and_can_be_started_again(open_till: OpenTill) -> None:
    page = open_till()
    start_camera(page)
    page.evaluate("document.querySelector('video').pause()")
    expect(page.locator(".notice.bad")).to_contain_text("A câmara não mostra imagens novas.")
    page.click(".lens > .button")
    expect(page.locator(".finder")).to_be_visible()
    expect(page.locator(".notice.bad")).to_have_count(0)


def test_a_camera_whose_reader_cannot_be_loaded_is_told_until_it_is(open_till: OpenTill) -> None:
    page = open_till()
    page.context.route("**/vendor/zxing-reader*", lambda route: route.abort())
    page.context.route("**/scanner-worker.js", lambda route: route.abort())
    page.click(".lens > .button")
    expect(page.locator(".finder")).to_be_visible()
    expect(page.locator(".notice.bad")).to_contain_text(
        "A câmara funciona, mas os códigos não podem ser lidos"
    )
    assert findings(page) == []
    page.context.unroute("**/vendor/zxing-reader*")
    page.context.unroute("**/scanner-worker.js")
    expect(page.locator(".notice.bad")).to_have_count(0)
    expect(page.locator(".finder")).to_be_visible()


def test_a_chosen_camera_that_is_unplugged_gives_its_place_to_another(open_till: OpenTill) -> None:
    page = open_till()
    start_camera(page)
    page.evaluate("localStorage.setItem('selo-till-camera', JSON.stringify('unplugged'))")
    page.click("#tabs button >> nth=1")
    page.click("#tabs button >> nth=0")
    expect(page.locator(".finder")).to_be_visible()
    expect(page.locator(".notice.bad")).to_have_count(0)
