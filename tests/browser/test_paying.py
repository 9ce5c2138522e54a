"""A purchase paid in part with points at the till, by a card that was scanned: what can be paid and why not, what
is left to pay, the member's history, and a refund in money and points.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, Json, join
from tests.browser.page_actions import (
    close_moments,
    enter_purchase,
    look_up,
    narrow_context,
    runs_over,
    sign_in_at_till,
)

# 100 points are worth 5.00 and pay at most half of a purchase; store credit pays all of it, cent by cent.
PROGRAMME = """
programme: {code: club, name: Clube, currency: EUR, timezone: Europe/Lisbon, locales: [pt, en, pl]}
wallets:
  - {code: points, name: Pontos, pay: {units: 100, worth: 500, step: 100, minimum: 100, share: 50}}
  - {code: credit, name: {pt: Saldo, en: Store credit, pl: Saldo}, kind: money, pay: {minimum: 100}}
rules:
  - code: purchase
    title: {pt: 1 ponto por euro, en: 1 point for every euro, pl: 1 punkt za euro}
    on: purchase.completed
    do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}]
  - code: hello
    title: {pt: Boas-vindas, en: Welcome, pl: Witamy}
    on: member.enrolled
    do: [{award: {wallet: points, fixed: 1050}}, {award: {wallet: credit, fixed: 320}}]
"""


@pytest.fixture
def phone(browser: Browser, club: ClubServer) -> Iterator[Page]:
    """The phone of a member of the test's own, with 1,050 points and 3.20 of store credit: a card is taken once
    in half a minute.
    """
    with narrow_context(browser) as context:
        page = context.new_page()
        join(page, club, email=f"{secrets.token_hex(4)}@example.com")
        yield page


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A till as narrow as the pages are made for."""
    with narrow_context(browser) as narrow:
        yield narrow


@pytest.fixture
def till(page: Page, club: ClubServer) -> Page:
    sign_in_at_till(page, club, club.cashier)
    return page


def member_token(phone: Page) -> str:
    token: str = phone.evaluate("JSON.parse(localStorage.getItem('selo-phone')).accessToken")
    return token


def ask_member(club: ClubServer, phone: Page, query: str) -> Json:
    me: Json = club.do(f"{{ me {{ {query} }} }}", token=member_token(phone))["me"]
    return me


def balances(club: ClubServer, phone: Page) -> dict[str, int]:
    return {
        wallet["code"]: wallet["available"]
        for wallet in ask_member(club, phone, "wallets { code available }")["wallets"]
    }


def scan_card(till: Page, club: ClubServer, phone: Page) -> None:
    """Scan the card of a member who shows the phone for the first time in this half minute."""
    look_up(till, ask_member(club, phone, "card { code }")["card"]["code"])
    till.wait_for_selector("[name=total]")


def receipt() -> str:
    return f"P-{secrets.token_hex(5)}"


def read_on_phone(phone: Page) -> None:
    """Assert that the member reads what was paid with points, and what otherwise."""
    # A moment comes when it comes: it is closed where it stands in the way.
    close_moments(phone)
    phone.reload()
    phone.click("#tabs button >> nth=4")
    # The purchase is one line: what it took and what it brought.
    phone.locator(".entry").filter(has_text="45,01").click()
    expect(phone.locator("dialog h2")).to_have_text("Lisboa")
    expect(phone.locator("dialog .facts").last.locator("li")).to_have_text(
        ["400 Pontos20,00\u00a0€", "Saldo3,20\u00a0€", "Pago de outra forma21,81\u00a0€"]
    )
    assert findings(phone) == []
    phone.keyboard.press("Escape")


def test_a_purchase_is_paid_in_part_and_refunded_in_parts(till: Page, club: ClubServer, phone: Page) -> None:
    before = balances(club, phone)
    number = receipt()
    scan_card(till, club, phone)
    enter_purchase(till, total="45,01", receipt=number)
    slider = till.locator("[name=pay-points]")
    # Half of 45.01 is 22.50: four steps of 5.00, of the ten that the balance holds.
    expect(slider).to_have_attribute("max", "400")
    expect(till.locator(".pay").first).to_contain_text("Até 400, no valor de 20,00\u00a0€")
    slider.focus()
    for _ in range(4):
        till.keyboard.press("ArrowRight")
    till.fill("[name=units-credit]", "3,20")
    till.press("[name=units-credit]", "Tab")
    expect(till.locator(".buying .due")).to_have_text("Falta pagar 21,81\u00a0€")
    expect(till.locator(".buying .part")).to_have_text(["400 Pontos: 20,00\u00a0€", "Saldo: 3,20\u00a0€"])
    # What is paid with wallets does not earn: 21 points, for 21.81.
    expect(till.locator(".earns .figure")).to_have_text("+21")
    expect(till.locator("form.card .primary .gained")).to_have_text("+21")
    assert findings(till) == []
    assert not runs_over(till)
    till.click("form.card .primary")
    till.wait_for_selector(".done")
    expect(till.locator(".done .due strong")).to_have_text("21,81\u00a0€")
    expect(till.locator(".done .total")).to_have_text("+21 Pontos")
    # Nothing waits, so nothing is said of it.
    expect(till.locator(".done p").last).to_have_text("Pontos para gastar: 671")
    assert findings(till) == []
    assert not runs_over(till)
    assert balances(club, phone) == {"points": before["points"] - 379, "credit": before["credit"] - 320}

    read_on_phone(phone)

    # 10.00 of 45.01: in money 2181 x 1000 / 4501 = 4.84, the rest of it as it was paid.
    till.click("#tabs button >> nth=1")
    till.fill("[name=receipt]", number)
    till.click("form.row .button")
    till.click(".segments button >> nth=1")
    till.fill("[name=amount]", "10")
    till.fill("[name=reason]", "danificado")
    expect(till.locator(".quote .due strong")).to_have_text("4,84\u00a0€")
    parts = till.locator(".quote .part")
    expect(parts).to_have_count(2)
    assert findings(till) == []
    told = parts.all_inner_texts()
    till.click("form.stack .primary")
    till.wait_for_selector(".done")
    expect(till.locator(".done h1")).to_have_text("Devolva 4,84\u00a0€")
    assert till.locator(".done .part").all_inner_texts() == told
    assert findings(till) == []

    till.click("#tabs button >> nth=1")
    till.fill("[name=receipt]", number)
    till.click("form.row .button")
    till.fill("[name=reason]", "danificado")
    expect(till.locator(".quote .due strong")).to_have_text("16,97\u00a0€")
    till.click("form.stack .primary")
    till.wait_for_selector(".done")
    assert balances(club, phone) == before


def test_a_number_pays_nothing_and_says_why(till: Page, club: ClubServer, phone: Page) -> None:
    look_up(till, ask_member(club, phone, "number")["number"])
    enter_purchase(till, total="45", receipt=receipt())
    expect(till.locator(".nopay")).to_have_text(
        "Para pagar com Pontos e Saldo, leia o cartão do sócio: um número não mostra que o sócio está aqui."
    )
    expect(till.locator(".pay")).to_have_count(0)
    # The button stands at the lower edge, and nothing scrolls beneath it.
    assert findings(till) == []
    till.evaluate("document.getElementById('screen').scrollTop = 10000")
    assert findings(till) == []
    edges = "[...document.querySelectorAll('#screen, .dock, #tabs')].map((each) => {"
    screen, button, tabs = till.evaluate(
        f"{edges} const {{top, bottom}} = each.getBoundingClientRect(); return [top, bottom]; }})"
    )
    assert screen[1] <= button[0] + 1 < button[1] <= tabs[0] + 1


def test_what_cannot_be_paid_is_said_in_plain_words(till: Page, club: ClubServer, phone: Page) -> None:
    scan_card(till, club, phone)
    enter_purchase(till, total="9,99", receipt=receipt())
    # Half of 9.99 is less than the smallest payment of points, 5.00.
    expect(till.locator(".nopay")).to_have_text(
        "Pontos paga no máximo 50% de uma compra, e 100 ou mais: esta é pequena demais."
    )
    expect(till.locator("[name=pay-credit]")).to_have_attribute("max", "320")
    # What was chosen is brought down to what fits, once the amount is smaller.
    till.fill("[name=total]", "40")
    till.fill("[name=units-points]", "450")
    expect(till.locator(".pay .says").first).to_have_text("400 Pontos: 20,00\u00a0€")
    expect(till.locator(".buying .due strong")).to_have_text("20,00\u00a0€")
    till.fill("[name=total]", "25")
    expect(till.locator(".buying .due strong")).to_have_text("15,00\u00a0€")
    expect(till.locator("[name=units-points]")).to_have_value("200")
    assert findings(till) == []


def test_a_payment_is_never_kept_for_later(
    till: Page, context: BrowserContext, club: ClubServer, phone: Page
) -> None:
    before = balances(club, phone)
    scan_card(till, club, phone)
    number = receipt()
    enter_purchase(till, total="20", receipt=number)
    till.fill("[name=units-points]", "200")
    expect(till.locator(".buying .due strong")).to_have_text("10,00\u00a0€")
    till.wait_for_selector("form.card .primary:not([disabled])")
    # The answer is lost on its way: the purchase is recorded, and the till does not know.
    context.route("**/graphql", lambda route: (route.fetch(), route.abort()))
    till.click("form.card .primary")
    expect(till.locator("form.card .notice.bad")).to_contain_text("não se sabe se ficou pago")
    expect(till.locator("#bar .state")).to_have_attribute("data-waiting", "0")
    assert findings(till) == []
    assert not runs_over(till)
    context.unroute("**/graphql")
    # The same press again gets the first answer: it was paid once.
    till.click("form.card .primary")
    till.wait_for_selector(".done")
    expect(till.locator(".done .due strong")).to_have_text("10,00\u00a0€")
    assert balances(club, phone)["points"] == before["points"] - 200 + 10

    # Recorded another way, it is told what was paid.
    till.click("#tabs button >> nth=0")
    look_up(till, ask_member(club, phone, "number")["number"])
    enter_purchase(till, total="20", receipt=number)
    till.click("form.card .primary")
    expect(till.locator("form.card .notice.bad")).to_contain_text(
        "Pago com: 200 Pontos: 10,00\u00a0€. Falta pagar: 10,00\u00a0€."
    )


def test_without_a_network_nothing_can_be_paid_so(
    till: Page, context: BrowserContext, club: ClubServer, phone: Page
) -> None:
    scan_card(till, club, phone)
    enter_purchase(till, total="20", receipt=receipt())
    till.wait_for_selector(".pay")
    context.set_offline(True)
    till.fill("[name=total]", "30")
    expect(till.locator(".nopay")).to_have_text(
        "Sem rede não se paga com Pontos e Saldo: um pagamento assim não pode esperar."
    )
    expect(till.locator(".pay")).to_have_count(0)
    # The purchase itself can wait, paid with money alone.
    till.click("form.card .primary")
    till.wait_for_selector(".done.waiting")
    context.set_offline(False)
    expect(till.locator("#bar .state")).to_have_attribute("data-waiting", "0")
