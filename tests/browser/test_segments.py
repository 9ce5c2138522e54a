"""A manager reads beside a member which segments they are in; a cashier, whose screen the member may see, does not."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import look_up, sign_in_at_till


def test_a_manager_reads_the_segments_of_a_member(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.of_role("manager"))
    look_up(page, shop.members[0]["number"])
    expect(page.locator(".face .chips .chip")).to_have_text(["Grandes compradores"])
    assert findings(page) == []


def test_a_cashier_does_not(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[0]["number"])
    expect(page.locator(".face .wallets li").first).to_be_visible()
    expect(page.locator(".face .chips")).to_have_count(0)
