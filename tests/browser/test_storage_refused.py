"""A browser that keeps nothing, or has no room left: the pages say so and work as far as they can."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, Playwright, expect

from tests.browser.accessibility import findings
from tests.browser.conftest import CHROMIUM, PHONE
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import (
    confirm_purchase,
    enter_purchase,
    look_up,
    sign_in_at_till,
    sign_in_on_phone,
)

NOTHING_KEPT = {"profile": {"default_content_setting_values": {"cookies": 2}}}
SAID = {
    "pt": "Este navegador não guarda nada desta página",
    "pl": "Ta przeglądarka niczego nie przechowuje dla tej strony",
}
OpenRefusing = Callable[[str], BrowserContext]


@pytest.fixture
def refusing(playwright: Playwright, tmp_path: Path) -> Iterator[OpenRefusing]:
    """Start a browser whose user lets no page keep anything, as its own settings have it."""
    started: list[BrowserContext] = []

    def start(language: str) -> BrowserContext:
        profile = tmp_path / f"profile-{len(started)}"
        (profile / "Default").mkdir(parents=True)
        (profile / "Default" / "Preferences").write_text(json.dumps(NOTHING_KEPT))
        started.append(
            playwright.chromium.launch_persistent_context(
                str(profile),
                executable_path=CHROMIUM,
                args=["--no-sandbox"] if os.geteuid() == 0 else [],
                viewport=PHONE,
                locale=language,
                reduced_motion="reduce",
            )
        )
        return started[-1]

    yield start
    for context in started:
        context.close()


def open_page(context: BrowserContext) -> tuple[Page, list[str]]:
    """Return the page of a context, and the list that collects what it throws."""
    page, thrown = context.pages[0], list[str]()
    page.on("pageerror", lambda error: thrown.append(str(error)))
    return page, thrown


def test_each_page_says_that_nothing_is_kept_and_lets_one_sign_in(
    refusing: OpenRefusing, shop: DemoServer
) -> None:
    page, thrown = open_page(refusing("pl"))
    for name, ready in (("till", "[name=username]"), ("phone", "[name=contact]")):
        page.goto(f"{shop.url}/{name}/")
        expect(page.locator(ready)).to_be_visible()
        expect(page.locator(".notice", has_text=SAID["pl"])).to_be_visible()
        assert findings(page) == []
    assert thrown == []


def test_a_member_signs_in_sees_the_balance_and_shows_a_card(
    refusing: OpenRefusing, shop: DemoServer
) -> None:
    page, thrown = open_page(refusing("pt-PT"))
    sign_in_on_phone(page, shop, shop.members[60])
    expect(page.locator(".notice", has_text=SAID["pt"])).to_be_visible()
    page.click("#tabs button >> nth=4")
    expect(page.locator(".entry").first).to_be_visible()
    page.click("#tabs .central")
    expect(page.locator(".held .qr")).to_be_visible()
    page.click(".held .close")
    page.click("#bar .button:last-child")
    page.get_by_role("button", name="Sair", exact=True).click()
    expect(page.locator("[name=contact]")).to_be_visible()
    assert thrown == []


def test_a_till_records_and_sends_what_waited_while_its_page_stays_open(
    refusing: OpenRefusing, shop: DemoServer
) -> None:
    context = refusing("pt-PT")
    page, thrown = open_page(context)
    sign_in_at_till(page, shop, shop.cashier())
    expect(page.locator(".notice", has_text=SAID["pt"])).to_be_visible()
    look_up(page, shop.members[61]["number"])
    enter_purchase(page, total="20", receipt=f"N-{secrets.token_hex(5)}")
    confirm_purchase(page)
    expect(page.locator(".done.good")).to_be_visible()
    page.click(".done .button")
    context.set_offline(True)
    look_up(page, shop.members[61]["number"])
    enter_purchase(page, total="30", receipt=f"N-{secrets.token_hex(5)}")
    confirm_purchase(page)
    expect(page.locator(".done.waiting")).to_contain_text("Deixe esta página aberta até a rede voltar")
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "1")
    # Whoever closes it is asked first.
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.close(run_before_unload=True)
    expect(page.locator(".done.waiting")).to_be_visible()
    context.set_offline(False)
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")
    expect(page.locator("#bar .state")).to_have_attribute("data-refused", "0")
    assert asked == ["beforeunload"]
    assert thrown == []


def test_a_tablet_without_room_keeps_a_purchase_as_long_as_its_page_is_open_and_says_so(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    expect(page.locator(".notice")).to_have_count(0)
    browser = context.new_cdp_session(page)
    browser.send("Storage.overrideQuotaForOrigin", {"origin": shop.url, "quotaSize": 1})
    context.set_offline(True)
    look_up(page, shop.members[62]["number"])
    enter_purchase(page, total="20", receipt=f"N-{secrets.token_hex(5)}")
    confirm_purchase(page)
    expect(page.locator(".toast.bad")).to_contain_text(SAID["pt"])
    expect(page.locator(".done.waiting")).to_contain_text("Deixe esta página aberta até a rede voltar")
    page.click("#tabs button >> nth=2")
    expect(page.locator(".queued[data-state=waiting]")).to_have_count(1)
    expect(page.locator(".notice", has_text=SAID["pt"])).to_be_visible()
    context.set_offline(False)
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")
    expect(page.locator("#bar .state")).to_have_attribute("data-refused", "0")
