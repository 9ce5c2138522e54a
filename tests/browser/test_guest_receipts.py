"""A guest's receipt: its code at the till, entered on the phone; purchases that gave nothing say why."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import narrow_context, runs_over, sign_in_at_till, sign_in_on_phone

OTHER_WAY = {"pt": "Depois, por código", "en": "Later, by a code", "pl": "Później, kodem"}


def make_code(page: Page, total: str) -> str:
    """Record a guest's purchase at a till in Portuguese; return the code that it shows."""
    page.get_by_role("button", name="Ainda não é sócio").click()
    page.get_by_role("button", name=OTHER_WAY["pt"]).click()
    page.fill("dialog [name=amount]", total)
    page.click("dialog .primary")
    return page.locator(".receiptcode .code").inner_text()


def test_a_code_is_made_at_the_till_and_its_link_credits_it_on_the_phone(
    page: Page, context: BrowserContext, shop: DemoServer
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in_at_till(page, shop, shop.cashier())
    page.get_by_role("button", name="Ainda não é sócio").click()
    page.get_by_role("button", name=OTHER_WAY["pt"]).focus()
    page.keyboard.press("Enter")
    page.click("dialog .primary")
    expect(page.locator("dialog .field.wrong")).to_have_count(1)
    assert findings(page) == []
    assert not runs_over(page)
    page.fill("dialog [name=amount]", "42,50")
    page.click("dialog .primary")
    expect(page.locator(".done.good h1")).to_have_text("Código para o cliente")
    expect(page.locator(".receiptcode svg.qr")).to_be_visible()
    code = page.locator(".receiptcode .code").inner_text()
    assert re.fullmatch(r"\w{4}-\w{4}-\w{2}", code)
    assert findings(page) == []
    assert not runs_over(page)
    page.emulate_media(media="print")
    expect(page.locator(".receiptcode")).to_be_visible()
    expect(page.locator(".done h1")).to_be_hidden()
    page.emulate_media(media="screen")

    phone = context.new_page()
    sign_in_on_phone(phone, shop, shop.members[61])
    phone.goto(f"{shop.url}/phone?store=lisboa&c={code}")
    expect(phone.locator("dialog [name=code]")).to_have_value(code)
    phone.click("dialog form .primary")
    expect(phone.locator("dialog [role=status]")).to_contain_text("O código conta")
    expect(phone.locator("dialog .figure").first).to_have_text(re.compile(r"^\+\d+"))
    expect(phone.locator("dialog .notice")).to_contain_text("Conta no seu próprio dia")
    assert findings(phone) == []
    other = context.browser.new_context(viewport={"width": 360, "height": 740}, locale="pl-PL")  # type: ignore[union-attr]
    stranger = other.new_page()
    sign_in_on_phone(stranger, shop, shop.members[62])
    stranger.goto(f"{shop.url}/phone?c={code}")
    stranger.click("dialog form .primary")
    expect(stranger.locator("dialog .notice")).to_be_visible()
    assert findings(stranger) == []
    other.close()


@pytest.mark.parametrize(("locale", "place"), [("en-GB", 63), ("pt-PT", 64), ("pl-PL", 65)])
def test_a_purchase_that_gave_nothing_stands_in_the_history_and_says_why(
    browser: Browser, shop: DemoServer, locale: str, place: int
) -> None:
    with narrow_context(browser, locale="pt-PT") as till, narrow_context(browser, locale=locale) as narrow:
        counter, phone = till.new_page(), narrow.new_page()
        sign_in_at_till(counter, shop, shop.cashier())
        code = make_code(counter, "0,40")
        sign_in_on_phone(phone, shop, shop.members[place])
        phone.click("#tabs button >> nth=4")
        phone.locator(".segments button").last.click()
        phone.locator("#screen .button.wide").first.click()
        phone.fill("dialog [name=code]", code)
        phone.click("dialog form .primary")
        expect(phone.locator("dialog .reasons li").first).to_be_visible()
        assert findings(phone) == []
        assert not runs_over(phone)
        phone.keyboard.press("Escape")
        expect(phone.locator("dialog")).to_have_count(0)
        expect(phone.locator(".entry .figure.off").first).to_be_visible()
        assert findings(phone) == []
        assert not runs_over(phone)
        phone.locator(".entry", has=phone.locator(".figure.off")).first.click()
        expect(phone.locator("dialog .reasons li").first).to_be_visible()


def test_a_sale_that_waits_is_in_the_shift_and_can_be_returned(page: Page, shop: DemoServer) -> None:
    """Nobody has it yet: it is no purchase that could be corrected, and its money is in the drawer."""
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in_at_till(page, shop, shop.cashier())
    page.get_by_role("button", name="Ainda não é sócio").click()
    page.fill("dialog [name=contact]", "waits@example.com")
    page.fill("dialog [name=amount]", "49,90")
    page.fill("dialog [name=number]", "W-1")
    page.click("dialog .primary")
    expect(page.locator(".done.good h1")).to_have_text("Convidado")
    expect(page.get_by_role("button", name="Anular")).to_be_visible()
    expect(page.get_by_role("button", name="Corrigir o valor")).to_have_count(0)
    page.click("#tabs button:has-text('Turno')")
    row = page.locator(".act", has_text="W-1")
    expect(row.locator(".figure")).to_have_text("49,90\u00a0€")
    page.get_by_role("button", name="Fecho do dia").click()
    drawer = page.locator("dialog .day")
    expect(drawer).to_contain_text("49,90\u00a0€")
    page.keyboard.press("Escape")
    row.locator("button.round").click()
    expect(page.locator("dialog")).to_contain_text("Esta venda espera pelo cliente")
    assert findings(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Devolução").click()
    expect(page.locator(".card.stack")).to_contain_text("Esta venda espera pelo cliente")
    page.get_by_role("button", name="Valor").click()
    page.fill("[name=amount]", "9,90")
    page.fill("[name=reason]", "não serviu")
    page.click(".card.stack .primary")
    expect(page.locator(".done.good h1")).to_contain_text("9,90")
    assert findings(page) == []
