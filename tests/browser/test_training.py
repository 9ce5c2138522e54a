"""Training at the till: the same screens on a member who is nobody, said to be so, and nothing of it is sent."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over, sign_in_at_till


def test_training_goes_through_a_sale_and_keeps_nothing(page: Page, shop: DemoServer) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in_at_till(page, shop, shop.cashier())
    page.click("#bar .button.round")
    sent: list[str] = []
    page.get_by_role("button", name="Treino", exact=True).click()
    expect(page.locator("#bar .training")).to_have_text(
        "Treino: nada fica registado, os pontos são inventados"
    )
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.get_by_role("button", name="Atender o sócio de treino").click()
    expect(page.locator(".face h1")).to_have_text("Alex Treino")
    page.fill("[name=total]", "45")
    page.locator(".voucher input").check()
    expect(page.locator(".dock .due strong")).to_have_text("40,00\u00a0€")
    assert findings(page) == []
    assert not runs_over(page)
    page.click(".record")
    expect(page.locator(".done .total")).to_have_text("+40 NumisPontos")
    page.click(".done .undo")
    page.click("dialog .primary")
    expect(page.locator(".done.good h1")).to_have_text("Anulado")
    page.click("#tabs button >> nth=2")
    expect(page.locator(".act")).to_have_count(3)
    page.get_by_role("button", name="Fecho do dia").click()
    expect(page.locator("dialog .drawer strong")).to_have_text("0,00\u00a0€")
    page.keyboard.press("Escape")
    # A demo's clock is asked about all the while, and it knows nothing of what is done here.
    assert [body for body in sent if "query" in body and "query TestClock" not in body] == []
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")

    page.click("#bar .button.round")
    page.get_by_role("button", name="Terminar o treino").click()
    expect(page.locator("#bar .training")).to_have_count(0)
    page.click("#tabs button >> nth=2")
    expect(page.get_by_text("Ainda nada.")).to_be_visible()
