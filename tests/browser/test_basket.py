"""One basket at the till: a member's card, their voucher and a number lead to the same screen, on which everything is
recorded as one act; a mistake is put right from where it was made.

The measures of the page print their figures: taps on the screen, without what is scanned or typed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import findings, findings_in_both_schemes
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import (
    confirm_purchase,
    enter_purchase,
    look_up,
    narrow_context,
    redeem_voucher,
    runs_over,
    sign_in_at_till,
    sign_in_on_phone,
)
from tests.browser.scanner_keys import Scanner

RECORD = ".record"


class Taps:
    """A cashier's taps, counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def on(self, selector: str) -> None:
        self.page.click(selector)
        self.count += 1


@pytest.fixture
def helper(browser: Browser) -> Iterator[BrowserContext]:
    """Another device, on which a manager and a member prepare what a test needs."""
    context = browser.new_context(locale="pt-PT", reduced_motion="reduce")
    yield context
    context.close()


def receipt() -> str:
    return f"K-{secrets.token_hex(5)}"


def card_of(context: BrowserContext, shop: DemoServer, index: int) -> str:
    """Return the code that a member's phone shows now."""
    phone = context.new_page()
    sign_in_on_phone(phone, shop, shop.members[index])
    phone.click("#tabs .central")
    phone.wait_for_selector(".held .qr")
    return phone.get_attribute(".held .lightcard", "data-code") or ""


def scan(page: Page, text: str) -> None:
    """Type as a USB scanner does, wherever the focus is."""
    Scanner(page.context, page).scan(text)


def test_a_sale_by_a_card_takes_two_taps(page: Page, helper: BrowserContext, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    taps = Taps(page)
    scan(page, card_of(helper, shop, 120))
    expect(page.locator("[name=total]")).to_be_focused()
    page.keyboard.type("27,30")
    expect(page.locator(".record .gained")).to_have_text(re.compile(r"^\+\d+$"))
    promised = page.inner_text(".record .gained")
    taps.on(RECORD)
    page.wait_for_selector(".done.good")
    assert page.locator(".done .total").first.inner_text().split()[0] == promised
    taps.on(".done .button >> nth=0")
    page.wait_for_selector("#code")
    print(f"a sale by a card: {taps.count} taps")
    assert taps.count <= 3


def test_the_keypad_types_the_amount_and_enter_goes_on(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[121]["number"])
    page.wait_for_selector(".keypad")
    for key in ("1", "2", ",", "5", "0", "0"):
        page.click(f".keypad button:text-is('{key}')")
    expect(page.locator("[name=total]")).to_have_value("12,50")
    expect(page.locator("[name=total]")).to_be_focused()
    page.get_by_role("button", name="Apagar o último algarismo").click()
    expect(page.locator("[name=total]")).to_have_value("12,5")
    assert findings(page) == []
    page.keyboard.press("Enter")
    page.wait_for_selector(".done.good")
    # The till numbered the receipt by itself, and finds it again.
    page.click("#tabs button >> nth=2")
    row = page.locator(".act").first
    expect(row).to_contain_text(re.compile(r"Compra [A-Z2-9]{4}-\d{6}-\d{3}"))
    expect(row.locator(".figure")).to_have_text("12,50\u00a0€")


def test_a_voucher_and_a_sale_are_one_act_in_two_taps(
    page: Page, helper: BrowserContext, shop: DemoServer
) -> None:
    code = redeem_voucher(helper.new_page(), helper, shop, shop.members[122])
    sign_in_at_till(page, shop, shop.cashier())
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    taps = Taps(page)
    scan(page, code)
    expect(page.locator(".voucher.on .verdict.good")).to_have_text("Válido")
    expect(page.locator(".face .code")).to_have_text(shop.members[122]["number"])
    assert findings(page) == []
    # Below its minimum the server refuses, and says so at the voucher; nothing happened.
    page.fill("[name=total]", "19,99")
    page.click(RECORD)
    expect(page.locator(".voucher .verdict.bad")).to_be_visible()
    expect(page.locator(".voucher input")).not_to_be_checked()
    page.locator(".voucher input").first.focus()
    scan(page, code)
    expect(page.locator(".voucher.on .verdict.good")).to_be_visible()
    page.fill("[name=total]", "45")
    expect(page.locator(".dock .due strong")).to_have_text("40,00\u00a0€")
    expect(page.locator(".quote .part").first).to_have_text("5 € de desconto: −5,00\u00a0€")
    # No points for what the voucher paid.
    expect(page.locator(".record .gained")).to_have_text("+40")
    assert findings(page) == []
    assert not runs_over(page)
    taps.on(RECORD)
    page.wait_for_selector(".done.good")
    expect(page.locator(".done .due strong")).to_have_text("40,00\u00a0€")
    expect(page.locator(".done .part")).to_have_text("Vale usado: 5 € de desconto")
    assert findings(page) == []
    taps.on(".done .button >> nth=0")
    print(f"a voucher and a sale: {taps.count} taps and one scan")
    assert taps.count <= 4
    assert [each for each in sent if "recordPurchase" in each or "useVoucher" in each] == []
    assert len([each for each in sent if "checkout(" in each]) == 2


def test_a_mistake_is_put_right_in_two_taps(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    number = receipt()
    look_up(page, shop.members[123]["number"])
    enter_purchase(page, total="150", receipt=number)
    confirm_purchase(page)
    taps = Taps(page)
    taps.on(".done .undo")
    expect(page.locator("dialog .due strong")).to_have_text("150,00\u00a0€")
    expect(page.locator("dialog .figure.minus").first).to_be_visible()
    assert findings(page) == []
    taps.on("dialog .primary")
    expect(page.locator(".done.good h1")).to_have_text("Anulado")
    print(f"a mistake put right: {taps.count} taps")
    assert taps.count == 2
    page.click("#tabs button >> nth=2")
    expect(page.locator(".act strong").first).to_have_text("Devolução")
    row = page.locator(".act", has_text="Compra").filter(has_text=number)
    row.get_by_role("button", name=f"Abrir {number}").click()
    expect(page.locator("dialog .notice")).to_contain_text("150,00")
    assert findings(page) == []


def test_a_wrong_amount_is_put_right_in_two_taps(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[131]["number"])
    enter_purchase(page, total="1500", receipt=receipt())
    confirm_purchase(page)
    taps = Taps(page)
    taps.on(".amends .button >> nth=1")
    expect(page.locator("dialog [name=amount]")).to_be_focused()
    assert findings(page) == []
    page.keyboard.type("150")
    taps.on("dialog .primary")
    expect(page.locator(".done.good h1")).to_have_text("Corrigida")
    print(f"a wrong amount put right: {taps.count} taps")
    assert taps.count == 2
    expect(page.locator(".done .part")).to_have_text(re.compile(r"^Devolva 1\s350,00\s€$"))
    expect(page.locator(".done .total").first).to_contain_text("\u2212")
    assert findings(page) == []


def test_a_kept_sale_is_let_go_before_it_was_ever_sent(
    page: Page, context: BrowserContext, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    context.set_offline(True)
    look_up(page, shop.members[124]["number"])
    enter_purchase(page, total="20", receipt=receipt())
    confirm_purchase(page)
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "1")
    page.click(".done .undo")
    page.click("dialog .primary")
    expect(page.locator(".done.good h1")).to_have_text("Anulado")
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")
    context.set_offline(False)


def test_what_was_begun_stands_ready_when_the_cashier_comes_back(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[125]["number"])
    page.fill("[name=total]", "31,40")
    name = page.inner_text(".face h1")
    page.click("#tabs button >> nth=2")
    page.click("#tabs button >> nth=0")
    expect(page.locator(".begun")).to_contain_text(f"{name}: 31,40\u00a0€")
    assert findings(page) == []
    page.get_by_role("button", name="Continuar").click()
    expect(page.locator("[name=total]")).to_have_value("31,40")
    expect(page.locator(".record .gained")).to_be_visible()
    # The next customer gets none of it, and it is still there after them.
    page.click("#tabs button >> nth=0")
    look_up(page, shop.members[126]["number"])
    expect(page.locator(".face .code")).to_have_text(shop.members[126]["number"])
    expect(page.locator("[name=total]")).to_have_value("")


def test_a_receipt_that_is_scanned_into_the_amount_goes_where_it_belongs(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[127]["number"])
    expect(page.locator("[name=total]")).to_be_focused()
    page.fill("[name=total]", "20")
    number = f"TALAO-{secrets.token_hex(4)}".upper()
    scan(page, number)
    expect(page.locator("[name=receipt]")).to_have_value(number)
    expect(page.locator("[name=total]")).to_have_value("20")
    expect(page.locator(".done")).to_have_count(0)


def test_a_member_without_a_phone_redeems_in_three_taps(
    page: Page, helper: BrowserContext, shop: DemoServer
) -> None:
    member = shop.members[128]
    manager = helper.new_page()
    sign_in_at_till(manager, shop, shop.of_role("manager"))
    look_up(manager, member["number"])
    manager.get_by_role("button", name="Corrigir saldo").click()
    manager.fill("dialog [name=amount]", "+600")
    manager.fill("dialog [name=reason]", "para esta prova")
    manager.click("dialog .primary")
    manager.wait_for_selector(".done")
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, member["number"])
    taps = Taps(page)
    taps.on("button[aria-label='Trocar 5 € de desconto']")
    taps.on("dialog .primary")
    expect(page.locator("dialog [name=code]")).to_be_focused()
    assert findings(page) == []
    page.keyboard.type(shop.code_for(member["email"]))
    taps.on("dialog .primary")
    expect(page.locator("dialog")).to_have_count(0)
    print(f"a member redeems at the till: {taps.count} taps")
    assert taps.count == 3
    # Who confirmed is here: the voucher lies in the basket, and can be used at once.
    expect(page.locator(".voucher.on strong").first).to_have_text("5 € de desconto")
    enter_purchase(page, total="30", receipt=receipt())
    expect(page.locator(".dock .due strong")).to_have_text("25,00\u00a0€")
    confirm_purchase(page)
    expect(page.locator(".done .due strong")).to_have_text("25,00\u00a0€")


def sell_often(page: Page, shop: DemoServer, count: int) -> None:
    """Record purchases of 1.00 in the shift of the page, by the API."""
    token = page.evaluate("JSON.parse(localStorage.getItem('selo-till')).accessToken")
    query = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { ... on PurchaseRecorded { purchase { id } } } }"
    with httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=30) as client:
        for place in range(count):
            member = shop.members[place % 100]["number"]
            input = {"member": member, "externalId": receipt(), "currency": "EUR", "total": 100}
            body = {"query": query, "variables": {"i": {**input, "idempotencyKey": receipt()}}}
            assert client.post(f"{shop.url}/graphql", json=body).json()["data"]["recordPurchase"]["purchase"]


def test_the_close_of_day_adds_up_to_what_lies_in_the_drawer(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.hire("Dora"))
    for total in ("40", "25,50"):
        page.click("#tabs button >> nth=0")
        look_up(page, shop.members[129]["number"])
        enter_purchase(page, total=total, receipt=receipt())
        confirm_purchase(page)
    page.click(".done .undo")
    page.click("dialog .primary")
    expect(page.locator(".done.good h1")).to_have_text("Anulado")
    # More than the server lists at once: all of them count.
    sell_often(page, shop, 100)
    page.click("#tabs button >> nth=2")
    page.get_by_role("button", name="Fecho do dia").click()
    expect(page.locator("dialog .lines li")).to_have_text(
        [
            re.compile(r"^Compra\s*102 vezes\s*165,50\s€$"),
            re.compile(r"^Devolução\s*1 vez\s*25,50\s€$"),
        ]
    )
    expect(page.locator("dialog .drawer strong")).to_have_text("140,00\u00a0€")
    page.fill("[name=counted]", "139")
    expect(page.locator("dialog .notice.bad")).to_have_text("A menos: 1,00\u00a0€")
    page.fill("[name=counted]", "140")
    expect(page.locator("dialog .notice.good")).to_have_text("Está certo.")
    assert findings(page) == []


OVERLAPS = """() => {
  const shown = [...document.querySelectorAll("h1, p, label, input, button, strong, legend, summary")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest(".unseen, .dock"));
  const dock = document.querySelector(".dock");
  const scroll = document.getElementById("screen").getBoundingClientRect();
  const box = dock?.getBoundingClientRect();
  return {
    wide: shown.filter((each) => each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML.slice(0, 80)),
    cut: [...document.querySelectorAll("button")].filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1)
      .map((each) => each.outerHTML.slice(0, 80)),
    under: box ? Math.max(0, Math.round(scroll.bottom - box.top)) : 0,
    left: Math.round(scroll.height),
  };
}"""


def test_at_200_percent_text_nothing_overlaps_and_nothing_is_at_fault(
    browser: Browser, shop: DemoServer
) -> None:
    with narrow_context(browser) as context:
        page = context.new_page()
        sign_in_at_till(page, shop, shop.cashier())
        for width, height in ((360, 740), (1280, 800)):
            page.set_viewport_size({"width": width, "height": height})
            for size in ("100%", "200%"):
                page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
                page.click("#tabs button >> nth=0")
                assert not runs_over(page)
                assert findings_in_both_schemes(page) == []
                look_up(page, shop.members[130]["number"])
                enter_purchase(page, total="182,50", receipt=receipt())
                expect(page.locator(".record .gained")).to_be_visible()
                assert not runs_over(page)
                assert findings_in_both_schemes(page) == []
                measured = page.evaluate(OVERLAPS)
                print(f"{width} px at {size}: {measured['left']} px are left to scroll in")
                assert (measured["wide"], measured["cut"], measured["under"]) == ([], [], 0)
