"""A receipt that was corrected is corrected again, and undone, by what it is now."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import confirm_purchase, enter_purchase, look_up, sign_in_at_till


def correct(page: Page, total: str) -> None:
    page.fill("dialog [name=amount]", total)
    page.click("dialog .primary")
    expect(page.locator(".done.good h1")).to_have_text("Corrigida")


def open_row(page: Page, receipt: str) -> None:
    page.click("#tabs button:has-text('Turno')")
    row = page.locator(".act", has_text=receipt).filter(has=page.get_by_role("button", name="Anular"))
    row.locator("button.round").click()


def test_a_second_correction_and_an_undo_go_by_the_amount_as_it_is(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[37]["number"])
    enter_purchase(page, total="50,00", receipt="K-50")
    confirm_purchase(page)
    page.get_by_role("button", name="Corrigir o valor").click()
    correct(page, "45,00")
    open_row(page, "K-50")
    page.get_by_role("dialog").get_by_role("button", name="Corrigir o valor").click()
    expect(page.locator("dialog [name=amount]")).to_have_value("45,00")
    correct(page, "47,00")
    expect(page.locator(".done")).to_contain_text(re.compile(r"45,00\s€, agora 47,00\s€"))
    expect(page.locator(".done")).to_contain_text(re.compile(r"Falta receber: 2,00\s€"))
    open_row(page, "K-50")
    page.get_by_role("dialog").get_by_role("button", name="Anular").click()
    expect(page.locator("dialog .due strong")).to_have_text("47,00\u00a0€")
    assert findings(page) == []
    page.click("dialog .primary")
    expect(page.locator(".done.good")).to_contain_text(re.compile(r"47,00\s€"))
