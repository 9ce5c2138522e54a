"""Not a member yet: at the till they join by their contact, with the sale kept for them, or on their own phone."""

from __future__ import annotations

import re
import secrets

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over, sign_in_at_till


def open_joining(page: Page) -> None:
    page.get_by_role("button", name="Ainda não é sócio").click()
    expect(page.locator("dialog [name=contact]")).to_be_visible()


def test_a_sale_waits_for_who_joins_by_e_mail_and_is_undone_from_where_it_was_made(
    page: Page, shop: DemoServer
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in_at_till(page, shop, shop.cashier())
    open_joining(page)
    assert findings(page) == []
    assert not runs_over(page)
    contact = f"{secrets.token_hex(4)}@example.com"
    page.fill("dialog [name=contact]", contact)
    page.fill("dialog [name=amount]", "42,50")
    page.click("dialog .primary")
    expect(page.locator(".done.good h1")).to_have_text("Convidado")
    expect(page.locator(".done .name")).to_have_text("42,50\u00a0€")
    expect(page.locator(".done .total").first).to_have_text(re.compile(r"^\+\d+"))
    assert findings(page) == []
    assert len(shop.code_for(contact)) == 6
    page.click(".done .undo")
    page.click("dialog .primary")
    expect(page.locator(".done.good h1")).to_have_text("Anulado")


def test_who_is_a_member_already_is_served_as_one(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    open_joining(page)
    page.click("dialog .primary")
    expect(page.locator("dialog .field.wrong")).to_have_count(1)
    page.fill("dialog [name=contact]", shop.members[132]["email"])
    page.click("dialog .primary")
    expect(page.locator(".face .code")).to_have_text(shop.members[132]["number"])
    expect(page.locator("dialog")).to_have_count(0)


def test_on_their_own_phone_they_join_at_this_store(
    page: Page, context: BrowserContext, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    open_joining(page)
    page.get_by_role("button", name="No seu telemóvel").click()
    expect(page.locator("dialog svg.qr")).to_be_visible()
    assert findings(page) == []
    address = page.inner_text("dialog p.small")
    assert address == f"{shop.url}/phone?store=lisboa"
    phone = context.new_page()
    phone.goto(address)
    expect(phone.locator("[name=contact]").first).to_be_visible()
