"""The till page on the real API: sign-in, serving, refunds and a manager's correction, by keyboard, without a
violation for axe.
"""

from __future__ import annotations

import secrets

import httpx
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import confirm_purchase, enter_purchase, look_up, sign_in_at_till
from tests.servers import selo

DECLINE = "mutation($i: DeclineCorrectionInput!) { declineCorrection(input: $i) { __typename } }"


def receipt() -> str:
    return f"B-{secrets.token_hex(5)}"


def test_a_wrong_password_is_told_and_leaves_nobody_signed_in(page: Page, shop: DemoServer) -> None:
    page.goto(f"{shop.url}/till/")
    page.fill("[name=username]", shop.cashier()["username"])
    page.fill("[name=password]", "not the password")
    page.click("form .primary")
    page.wait_for_selector(".notice.bad")
    assert page.input_value("[name=password]") == ""
    assert page.evaluate("localStorage.getItem('selo-till')") is None
    assert findings(page) == []


def test_a_purchase_shows_its_reasons_before_and_its_points_after(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    assert findings(page) == []
    look_up(page, shop.members[0]["number"])
    enter_purchase(page, total="182,50", receipt=receipt())
    expect(page.locator(".buying .reasons li")).not_to_have_count(0)
    promised = page.locator(".earns .figure").first.inner_text()
    assert promised.startswith("+")
    assert findings(page) == []
    confirm_purchase(page)
    # The total of the award is the quote's, to the point.
    assert page.locator(".done .total").first.inner_text().split()[0] == promised
    assert findings(page) == []


def test_the_same_receipt_again_is_refused_where_it_stands_and_follows_nobody(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    number = receipt()
    for _ in range(2):
        page.click("#tabs button >> nth=0")
        look_up(page, shop.members[1]["number"])
        enter_purchase(page, total="20", receipt=number)
        page.click("form.card .primary")
        page.wait_for_selector(".done, form.card .notice.bad")
    expect(page.locator("form.card .notice.bad")).to_be_visible()
    # The cashier has read it: nothing of it stays on the device.
    expect(page.locator("#bar .state")).to_have_attribute("data-refused", "0")
    enter_purchase(page, total="20", receipt=receipt())
    confirm_purchase(page)
    page.click("#tabs button >> nth=2")
    expect(page.locator(".queued")).to_have_count(0)


def test_a_refund_in_part_says_what_it_takes_back_before_it_does(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    number = receipt()
    look_up(page, shop.members[2]["number"])
    enter_purchase(page, total="100", receipt=number)
    confirm_purchase(page)
    expect(page.locator(".done p", has_text="NumisPontos para gastar")).to_contain_text(", pendente: ")
    page.click("#tabs button >> nth=1")
    page.fill("[name=receipt]", number)
    page.click("form.row .button")
    page.click(".segments button >> nth=1")
    page.fill("[name=amount]", "40")
    page.fill("[name=reason]", "danificado")
    page.wait_for_selector(".quote .figure.minus")
    taken = page.locator(".quote .figure").all_inner_texts()
    assert findings(page) == []
    page.click("form.stack .primary")
    page.wait_for_selector(".done")
    gone = [each.split("\n")[0].removesuffix(" ") for each in page.locator(".done .total").all_inner_texts()]
    assert gone == taken


def test_what_a_refund_takes_of_a_wallet_of_money_is_written_as_money(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    number = receipt()
    look_up(page, shop.members[2]["number"])
    enter_purchase(page, total="29,90", receipt=number)
    page.get_by_text("Artigos (opcional)").click()
    page.get_by_role("button", name="Juntar um artigo").click()
    page.fill("[name=sku]", "STAMP-1")
    page.fill("[name=category]", "stamps")
    page.fill("[name=amount]", "29,90")
    expect(page.locator(".earns strong").nth(1)).to_have_text("+1,49\u00a0€ Saldo")
    confirm_purchase(page)
    page.click("#tabs button >> nth=1")
    page.fill("[name=receipt]", number)
    page.click("form.row .button")
    expect(page.locator(".quote li").last).to_have_text("Saldo\u22121,49\u00a0€")


def test_only_a_manager_can_correct_a_balance_and_must_say_why(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[3]["number"])
    page.wait_for_selector(".face")
    expect(page.get_by_role("button", name="Corrigir saldo")).to_have_count(0)
    page.click("#bar .button.round")
    page.click("dialog .button.wide")
    page.wait_for_selector("[name=username]")
    sign_in_at_till(page, shop, shop.of_role("manager"))
    look_up(page, shop.members[3]["number"])
    page.get_by_role("button", name="Corrigir saldo").click()
    page.fill("dialog [name=amount]", "+15")
    page.click("dialog .primary")
    expect(page.locator("dialog .field.wrong")).to_have_count(1)
    assert findings(page) == []
    page.fill("dialog [name=reason]", "engano na loja")
    page.click("dialog .primary")
    page.wait_for_selector(".done")
    assert page.locator(".done .total").first.inner_text().startswith("+15")


def test_what_is_more_than_one_may_correct_alone_waits_for_an_operator(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.of_role("manager"))
    look_up(page, shop.members[3]["number"])
    page.get_by_role("button", name="Corrigir saldo").click()
    page.fill("dialog [name=amount]", "+20000")
    page.fill("dialog [name=reason]", "prémio do concurso")
    expect(page.locator("dialog")).to_contain_text("segunda pessoa")
    assert findings(page) == []
    page.get_by_role("button", name="Pedir aprovação").click()
    expect(page.locator(".toast")).to_have_text("Espera aprovação, durante 7 dias.")
    expect(page.locator("dialog")).to_have_count(0)
    # An operator reads it, and leaves nothing waiting for others who share this server.
    operator = selo(
        "token", "--staff", "rita", "--store", "@console", "--data", str(shop.data_folder)
    ).stdout.strip()
    with httpx.Client(
        base_url=shop.url, headers={"authorization": f"Bearer {operator}"}, timeout=30
    ) as client:
        read = client.post("/graphql", json={"query": "{ correctionProposals { proposal reason } }"}).json()
        [waiting] = read["data"]["correctionProposals"]
        assert waiting["reason"] == "prémio do concurso"
        variables = {"i": {"proposal": waiting["proposal"], "reason": "no such prize"}}
        declined = client.post("/graphql", json={"query": DECLINE, "variables": variables}).json()
    assert declined == {"data": {"declineCorrection": {"__typename": "CorrectionDeclined"}}}


def test_a_purchase_can_be_recorded_by_keyboard_alone(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    # Nothing holds the focus: what a USB scanner types finds its way to the field.
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type(shop.members[4]["number"])
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=total]")
    for _ in range(12):
        if page.evaluate("document.activeElement.name") == "total":
            break
        page.keyboard.press("Tab")
    page.keyboard.type("12,00")
    page.keyboard.press("Tab")
    page.keyboard.type(receipt())
    page.wait_for_selector("form.card .primary:not([disabled])")
    page.keyboard.press("Enter")
    expect(page.locator(".done .button.tall")).to_be_focused()
    page.wait_for_timeout(150)  # sooner it is the Enter of a scanner, which presses no button
    page.keyboard.press("Enter")
    page.wait_for_selector("#code")


def test_the_till_speaks_three_languages_and_remembers_the_store(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    for tag, word in (("en", "Sign in"), ("pl", "Zaloguj się"), ("pt", "Entrar")):
        page.goto(f"{shop.url}/till/")
        page.click(f"button[lang={tag}]")
        expect(page.locator("form .primary")).to_have_text(word)
        assert page.get_attribute("html", "lang") == tag
    who = shop.cashier()
    sign_in_at_till(page, shop, who)
    again = context.new_page()
    again.goto(f"{shop.url}/till/")
    again.wait_for_selector("#code")
    assert again.evaluate("JSON.parse(localStorage.getItem('selo-till-store'))") == who["store"]


def test_at_360_px_nothing_runs_over_the_edge(page: Page, shop: DemoServer) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[0]["number"])
    enter_purchase(page, total="182,50", receipt=receipt())
    page.click("details summary")
    page.click("details .button.plain")
    assert page.evaluate(
        "document.getElementById('screen').scrollWidth <= innerWidth && document.documentElement.scrollWidth"
        " <= innerWidth"
    )
