"""Training at the till: the same screens on a member who is nobody, said to be so, and nothing of it is sent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import narrow_context, runs_over, sign_in_at_till


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


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (
            "pt-PT",
            (
                "Treino",
                "Ainda não é sócio",
                "Depois, por código",
                "valeria pontos a sério",
                "ficava mesmo sócio",
            ),
        ),
        ("en-GB", ("Training", "Not a member yet", "Later, by a code", "worth real points", "really join")),
        (
            "pl-PL",
            (
                "Szkolenie",
                "Jeszcze nie w klubie",
                "Później, kodem",
                "prawdziwe punkty",
                "naprawdę by dołączył",
            ),
        ),
    ],
)
def test_training_makes_no_code_for_a_guest_and_says_so(
    browser: Browser, shop: DemoServer, locale: str, words: tuple[str, ...]
) -> None:
    training, join, later, guest, own = words
    with narrow_context(browser, locale=locale) as narrow:
        page = narrow.new_page()
        sign_in_at_till(page, shop, shop.hire("Vera"))
        page.click("#bar .button.round")
        page.get_by_role("button", name=training, exact=True).click()
        expect(page.locator("#bar .training")).to_be_visible()
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.post_data or ""))
        page.get_by_role("button", name=join).click()
        page.get_by_role("button", name=later).click()
        page.fill("dialog [name=amount]", "12")
        page.click("dialog .primary")
        expect(page.locator("dialog .notice.bad")).to_contain_text(guest)
        expect(page.locator(".receiptcode")).to_have_count(0)
        assert findings(page) == []
        assert not runs_over(page)
        page.locator("dialog .segments button").nth(1).click()
        expect(page.locator("dialog .notice")).to_contain_text(own)
        expect(page.locator("dialog svg.qr")).to_have_count(0)
        page.locator("dialog .segments button").nth(0).click()
        page.fill("dialog [name=contact]", "somebody@example.com")
        page.fill("dialog [name=amount]", "12")
        page.click("dialog .primary")
        expect(page.locator("dialog .notice.bad")).to_be_visible()
        assert findings(page) == []
        page.keyboard.press("Escape")
        assert [body for body in sent if "query" in body and "query TestClock" not in body] == []
        page.click("#bar .button.round")
        page.locator("dialog button", has=page.locator("svg")).filter(
            has_text=re.compile("training|treino|szkolenie", re.I)
        ).click()
        expect(page.locator("#bar .training")).to_have_count(0)
        page.click("#tabs button >> nth=2")
        expect(page.locator(".act")).to_have_count(0)
