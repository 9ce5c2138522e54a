"""A USB scanner at the till: it types a code and ends it with Enter, wherever the focus is."""

from __future__ import annotations

import secrets

from playwright.sync_api import Browser, Page, expect

from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import (
    confirm_purchase,
    enter_purchase,
    look_up,
    redeem_voucher,
    sign_in_at_till,
)
from tests.browser.scanner_keys import Scanner


def scan(page: Page, code: str) -> None:
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def test_the_next_card_can_be_scanned_while_the_last_success_still_stands(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    scan(page, shop.members[79]["number"])
    enter_purchase(page, total="20", receipt=f"S-{secrets.token_hex(5)}")
    confirm_purchase(page)
    scan(page, shop.members[80]["number"])
    expect(page.locator(".face .code")).to_have_text(shop.members[80]["number"])


def test_a_voucher_scanned_twice_is_not_accepted_by_it(
    page: Page, browser: Browser, shop: DemoServer
) -> None:
    phone = browser.new_context(locale="pt-PT", reduced_motion="reduce")
    code = redeem_voucher(page, phone, shop, shop.members[81])
    page.click("#tabs button >> nth=0")
    look_up(page, code)
    expect(page.locator("[name=total]")).to_be_focused()
    Scanner(page.context, page).scan(code)
    page.wait_for_timeout(300)
    expect(page.locator(".verdict.good")).to_be_visible()
    expect(page.locator(".button.good")).to_be_enabled()
    expect(page.locator("[name=total]")).to_have_value("")
    # Whoever presses Enter by hand accepts it, alone: no amount was typed.
    page.keyboard.press("Enter")
    expect(page.locator(".done.good")).to_be_visible()
    phone.close()
