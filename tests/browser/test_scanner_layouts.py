"""USB scanners on the keyboard layouts of shops: what they send arrives, whatever the layout or Caps Lock."""

from __future__ import annotations

import json
import secrets

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from domain.model.people import codes
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import enter_purchase, look_up, sign_in_at_till, sign_in_on_phone
from tests.browser.scanner_keys import LAYOUTS, Scanner

# A card with all that layouts differ in, and a voucher.
CARD = codes.make_card(b"\xfb\xff\xbf\x65\x9a\x63\x5a\x59", secret=bytes(32), step=29)
VOUCHER = codes.make_voucher(b"\xfe\xdc\xba\x98\x76\x54\x32\x10\x01\x23\x45\x67")


def sent_codes(page: Page) -> list[str]:
    """Return the list that collects the codes that a page asks the server for."""
    asked: list[str] = []

    def note(text: str | None) -> None:
        if "TillScan" in (text or ""):
            asked.append(json.loads(text or "")["variables"]["input"]["code"])

    page.on("request", lambda request: note(request.post_data))
    return asked


@pytest.mark.parametrize("caps_lock", [False, True], ids=["", "Caps Lock"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_cards_and_vouchers_arrive_as_they_are_whatever_the_layout(
    context: BrowserContext, page: Page, shop: DemoServer, layout: str, caps_lock: bool
) -> None:
    assert {"-", "_", "y", "Z"} <= set(CARD), CARD
    sign_in_at_till(page, shop, shop.cashier())
    asked, scanner = sent_codes(page), Scanner(context, page, layout=layout, caps_lock=caps_lock)
    for code in (CARD, f"]Q1{CARD}", VOUCHER):
        with page.expect_response(lambda response: "TillScan" in (response.request.post_data or "")):
            scanner.scan(code)
        expect(page.locator(".notice.bad")).to_have_text("Nenhuma adesão e nenhum vale tem este código.")
    assert asked == [CARD, CARD, VOUCHER]


@pytest.mark.parametrize("layout", ["Portuguese", "German", "French"])
def test_a_scanner_set_up_for_the_layout_of_the_device_is_read_too(
    context: BrowserContext, page: Page, shop: DemoServer, layout: str
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    asked, scanner = sent_codes(page), Scanner(context, page, layout=layout, set_up_for=layout)
    for code in (CARD, VOUCHER):
        with page.expect_response(lambda response: "TillScan" in (response.request.post_data or "")):
            scanner.scan(code)
        expect(page.locator(".notice.bad")).to_be_visible()
    assert asked == [CARD, VOUCHER]


def test_a_code_that_both_readings_could_be_is_asked_for_by_both_and_remembered(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    phone = context.new_page()
    sign_in_on_phone(phone, shop, shop.members[108])
    sign_in_at_till(page, shop, shop.cashier())
    page.bring_to_front()
    # Of a phone's card, y and z alone stand elsewhere on a German keyboard.
    card = phone.evaluate(
        """async () => {
          const { currentCard, prepareCard } = await import("/phone/card.js");
          await prepareCard();
          for (;;) {
            const { code } = await currentCard();
            if (/[yzYZ]/.test(code) && !/[-_]/.test(code)) return code;
            const { forgetCard } = await import("/phone/card.js");
            await forgetCard();
            localStorage.removeItem("selo-phone-installation");
            await prepareCard();
          }
        }"""
    )
    asked = sent_codes(page)
    Scanner(context, page, layout="German", set_up_for="German").scan(card)
    expect(page.locator(".face")).to_be_visible()
    assert asked == [card.translate(str.maketrans("yzYZ", "zyZY")), card]
    assert page.evaluate("localStorage.getItem('selo-till-scanner')") == '"own"'


def test_a_phones_card_is_scanned_on_a_french_keyboard_and_a_number_too(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    number = shop.members[109]["number"]
    scanner = Scanner(context, page, layout="French")
    scanner.scan(number)
    expect(page.locator(".face .code")).to_have_text(number)
    # A receipt scanned into its field, with the total typed by hand.
    receipt = f"R-{secrets.randbelow(10**9):09}"
    page.fill("[name=total]", "20")
    page.click("[name=receipt]")
    scanner.scan(receipt, end="")
    expect(page.locator("[name=receipt]")).to_have_value(receipt)
    expect(page.locator("[name=total]")).to_have_value("20")
    enter_purchase(page, total="20", receipt=receipt)


def test_what_people_type_stays_as_their_own_keyboard_has_it(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    page.click("#code")
    Scanner(context, page, layout="German", gap_seconds=0.09).scan("lazy-yellow", end="")
    # Also once a scanner would have come to its end.
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 200))")
    expect(page.locator("#code")).to_have_value("layzßzellow")


def test_a_scan_that_ends_with_tab_is_sent_and_one_takes_the_place_of_what_was_left(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    page.fill("#code", "what was left")
    page.click("#code")
    number = shop.members[110]["number"]
    Scanner(context, page, layout="Portuguese").scan(number, end="Tab")
    expect(page.locator(".face .code")).to_have_text(number)


def test_what_could_never_be_a_code_is_told_as_that_and_asks_nobody(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    asked, scanner = sent_codes(page), Scanner(context, page, layout="French")
    for _ in range(12):
        scanner.scan("nonsense")
        expect(page.locator(".notice.bad")).to_have_text(
            "Isto não é um código de sócio nem de vale: nonsense. Leia-o de novo, ou escreva-o."
        )
    assert asked == []
    number = shop.members[111]["number"]
    look_up(page, number)
    expect(page.locator(".face .code")).to_have_text(number)
