"""A member without card and number at the till: looked for by the beginning of a name, or by last digits."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over, sign_in_at_till


def look(page: Page, text: str) -> None:
    page.fill("dialog [name=who]", text)
    page.press("dialog [name=who]", "Enter")


def test_a_member_is_chosen_among_those_of_a_name_and_their_basket_opens(
    page: Page, shop: DemoServer
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in_at_till(page, shop, shop.cashier())
    page.get_by_role("button", name="Procurar sócio").click()
    expect(page.locator("dialog [name=who]")).to_be_focused()
    look(page, "A")
    expect(page.locator("dialog .notice.bad")).to_have_text("Escreva pelo menos 4 algarismos ou 2 letras")
    number = shop.members[0]["number"]
    look(page, number[-4:])
    match = page.locator("dialog .matches li", has_text=number[-4:]).first
    expect(match).to_contain_text("Ana Silva")
    # Neither number nor contact is shown whole.
    assert number not in page.inner_text("dialog")
    assert shop.members[0]["email"] not in page.inner_text("dialog")
    assert findings(page) == []
    assert not runs_over(page)
    match.get_by_role("button", name="Atender Ana Silva").click()
    expect(page.locator(".face .code")).to_have_text(number)
    expect(page.locator("dialog")).to_have_count(0)
    page.get_by_label("Voltar").click()
    page.get_by_role("button", name="Procurar sócio").click()
    look(page, "Xyzzyx")
    expect(page.locator("dialog .notice")).to_have_text("Ninguém é conhecido assim.")
