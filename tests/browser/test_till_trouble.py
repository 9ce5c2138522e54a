"""Errors at the till are shown where they happened, in the cashier's language, with what to do and a way
back.
"""

from __future__ import annotations

import re
import secrets
import time

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import (
    confirm_purchase,
    enter_purchase,
    look_up,
    redeem_voucher,
    sign_in_at_till,
)

NARROW = {"width": 360, "height": 740}


def receipt() -> str:
    return f"T-{secrets.token_hex(5)}"


def unknown_voucher() -> str:
    return "V" + "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(19))


def test_an_amount_that_is_none_is_told_once_its_field_is_left(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, shop.members[30]["number"])
    page.fill("[name=total]", "abc")
    expect(page.locator(".field.wrong")).to_have_count(0)
    page.press("[name=total]", "Tab")
    expect(page.locator(".field.wrong .hint")).to_have_text("Um valor, como 12,50")
    assert findings(page) == []
    enter_purchase(page, total="12,50", receipt=receipt())
    expect(page.locator(".field.wrong")).to_have_count(0)


def test_more_than_is_left_is_refused_before_it_is_asked_and_in_money(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    number = receipt()
    look_up(page, shop.members[31]["number"])
    enter_purchase(page, total="1182,50", receipt=number)
    confirm_purchase(page)
    page.click("#tabs button >> nth=1")
    page.fill("[name=receipt]", number)
    page.click("form.row .button")
    page.click(".segments button >> nth=1")
    page.fill("[name=amount]", "1182,51")
    expect(page.locator(".field.wrong .hint")).to_have_text(
        re.compile(r"^Só se podem devolver mais 1\s182,50\s€$")
    )
    expect(page.locator("form.stack .primary")).to_be_disabled()
    page.fill("[name=amount]", "1182,50")
    expect(page.locator("form.stack .primary")).to_be_enabled()
    expect(page.locator(".field.wrong")).to_have_count(0)


def test_a_manager_puts_a_membership_on_hold_and_lets_it_go_on(page: Page, shop: DemoServer) -> None:
    number = shop.members[32]["number"]
    sign_in_at_till(page, shop, shop.cashier())
    look_up(page, number)
    page.wait_for_selector(".face")
    expect(page.get_by_role("button", name="Suspender")).to_have_count(0)
    page.evaluate("localStorage.removeItem('selo-till')")
    sign_in_at_till(page, shop, shop.of_role("manager"))
    look_up(page, number)
    page.get_by_role("button", name="Suspender").click()
    page.click("dialog .primary")
    expect(page.locator("dialog .field.wrong .hint")).to_have_text("Diga porquê: fica registado")
    assert findings(page) == []
    page.fill("dialog [name=reason]", "cartão perdido")
    page.click("dialog .primary")
    expect(page.locator(".notice.bad")).to_contain_text("Esta adesão está suspensa")
    expect(page.locator("[name=total]")).to_have_count(0)
    assert findings(page) == []
    page.get_by_role("button", name="Retomar").click()
    page.fill("dialog [name=reason]", "cartão encontrado")
    page.click("dialog .primary")
    expect(page.locator("[name=total]")).to_be_visible()
    expect(page.locator(".notice.bad")).to_have_count(0)
    page.click("#tabs button >> nth=2")
    done = page.locator("h2:has-text('Feito neste turno') + .lines strong")
    expect(done).to_have_text(["Adesão retomada", "Adesão suspensa"])


def test_a_correction_of_money_is_told_in_money_on_the_list_of_the_shift(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.of_role("manager"))
    look_up(page, shop.members[35]["number"])
    page.get_by_role("button", name="Corrigir saldo").click()
    page.select_option("dialog [name=wallet]", "cashback")
    page.fill("dialog [name=amount]", "+1,25")
    page.fill("dialog [name=reason]", "engano na loja")
    page.click("dialog .primary")
    page.wait_for_selector(".done")
    page.click("#tabs button >> nth=2")
    first = page.locator("h2:has-text('Feito neste turno') + .lines li").first
    expect(first.locator(".figure")).to_have_text("1,25\u00a0€")
    expect(first.locator("div.grow")).to_contain_text("Correção Saldo")


def test_a_till_locked_by_wrong_codes_says_so_and_for_how_long(browser: Browser, shop: DemoServer) -> None:
    context = browser.new_context(locale="pl-PL", reduced_motion="reduce")
    page = context.new_page()
    sign_in_at_till(page, shop, next(each for each in shop.staff if each["store"] == "porto"))
    notice = page.locator(".notice.bad")
    for _ in range(12):
        look_up(page, unknown_voucher())
        expect(page.locator(".looking")).to_have_count(0)
        expect(notice).to_be_visible()
        if "prób" in notice.inner_text():
            break
        assert notice.inner_text() == "Żadne członkostwo i żaden kupon nie ma tego kodu."
    expect(notice).to_have_text(re.compile(r"^Za dużo prób lub błędnych kodów\. Poczekaj \d+ s\.$"))
    # What was typed stands there, to be sent again.
    assert page.input_value("#code").startswith("V")
    context.close()


def test_a_session_that_ended_says_why_somebody_must_sign_in_again(page: Page, shop: DemoServer) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    page.evaluate("""() => {
          const kept = JSON.parse(localStorage.getItem("selo-till"));
          Object.assign(kept, { accessToken: "x", refreshToken: "y", accessTokenExpiresAt: "2020-01-01T00:00:00Z" });
          localStorage.setItem("selo-till", JSON.stringify(kept));
        }""")
    look_up(page, shop.members[30]["number"])
    expect(page.locator("[name=username]")).to_be_visible()
    expect(page.locator(".notice")).to_have_text("A sua sessão terminou. Entre de novo; nada se perdeu.")
    sign_in_at_till(page, shop, shop.cashier())
    page.click("#bar .button.round")
    page.click("dialog .button.wide")
    # Whoever signs out knows why they are.
    expect(page.locator("[name=username]")).to_be_visible()
    expect(page.locator(".notice")).to_have_count(0)


@pytest.mark.intercepts
def test_a_slow_answer_shows_that_it_is_waited_for_and_a_second_tap_sends_nothing(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    recorded: list[str] = []

    def slowly(route: Route) -> None:
        if "recordPurchase" in (route.request.post_data or ""):
            recorded.append(route.request.post_data or "")
        time.sleep(0.8)
        route.continue_()

    page.route("**/graphql", slowly)
    page.fill("#code", shop.members[33]["number"])
    page.press("#code", "Enter")
    expect(page.locator(".looking")).to_contain_text(shop.members[33]["number"])
    enter_purchase(page, total="20", receipt=receipt())
    page.dblclick("form.card .primary")
    expect(page.locator("form.card .primary[aria-busy=true]")).to_be_disabled()
    page.wait_for_selector(".done")
    assert len(recorded) == 1


def test_a_voucher_used_elsewhere_in_the_meantime_turns_the_whole_screen(
    page: Page, browser: Browser, shop: DemoServer
) -> None:
    manager = shop.of_role("manager")
    context = browser.new_context(locale="pt-PT", reduced_motion="reduce")
    code = redeem_voucher(page, context, shop, shop.members[34])
    other = context.new_page()
    sign_in_at_till(other, shop, manager)
    for till in (page, other):
        till.click("#tabs button >> nth=0")
        look_up(till, code)
        expect(till.locator(".verdict.good")).to_be_visible()
    page.click(".button.good")
    page.wait_for_selector(".done.good")
    other.click(".button.good")
    expect(other.locator(".verdict.bad strong")).to_have_text(
        re.compile("Já foi usado|Already used|Już użyty")
    )
    expect(other.locator(".verdict.bad")).to_contain_text("NumisCollect Lisboa")
    expect(other.locator(".button.good")).to_have_count(0)
    assert findings(other) == []
    context.close()


@pytest.mark.intercepts
def test_an_acceptance_whose_answer_was_lost_and_that_was_taken_back_since_is_told_as_it_is(
    page: Page, browser: Browser, shop: DemoServer
) -> None:
    context = browser.new_context(locale="pt-PT", reduced_motion="reduce")
    code = redeem_voucher(page, context, shop, shop.members[36])
    page.click("#tabs button >> nth=0")
    look_up(page, code)
    sent: list[str] = []

    def lost(route: Route) -> None:
        if "useVoucher" not in (route.request.post_data or ""):
            route.continue_()
            return
        sent.append(route.request.post_data or "")
        route.fetch()
        route.abort()

    page.route("**/graphql", lost)
    page.click(".button.good")
    expect(page.locator("form .notice.bad")).to_be_visible()
    other = context.new_page()
    sign_in_at_till(other, shop, shop.of_role("manager"))
    look_up(other, code)
    other.get_by_role("button", name="Anular").click()
    other.fill("dialog [name=reason]", "era outro vale")
    other.click("dialog .primary")
    expect(other.locator(".done.good h1")).to_have_text("O vale pode ser usado de novo")

    page.unroute("**/graphql")
    page.click(".button.good")
    expect(page.locator(".verdict.bad strong")).to_have_text("Anulado")
    expect(page.locator(".verdict.bad")).to_contain_text("Foi aceite e um gerente anulou.")
    expect(page.locator(".done, .button.good")).to_have_count(0)
    assert findings(page) == []
    page.get_by_label("Voltar").click()
    look_up(page, code)
    expect(page.locator(".verdict.good")).to_be_visible()
    assert len(sent) >= 1
    context.close()


def test_the_back_button_closes_leads_to_scanning_and_only_then_leaves(page: Page, shop: DemoServer) -> None:
    page.goto(f"{shop.url}/phone/manifest.webmanifest")
    sign_in_at_till(page, shop, shop.of_role("manager"))
    expect(page).to_have_title("Ler · Caixa Clube NumisCollect")
    look_up(page, shop.members[30]["number"])
    page.get_by_role("button", name="Corrigir saldo").click()
    page.go_back()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page).to_have_title("Compra · Caixa Clube NumisCollect")
    page.click("#tabs button >> nth=2")
    expect(page).to_have_title("Turno · Caixa Clube NumisCollect")
    page.go_back()
    expect(page.locator("#code")).to_be_visible()
    expect(page).to_have_title("Ler · Caixa Clube NumisCollect")
    page.go_back()
    expect(page).to_have_url(re.compile("manifest"))


def test_at_360_px_what_matters_is_read_whole_and_nothing_hides_what_is_typed(
    page: Page, shop: DemoServer
) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    sign_in_at_till(page, shop, shop.cashier())
    name = page.locator(".where strong")
    assert name.inner_text() == "NumisCollect Lisboa"
    assert name.evaluate(
        "(element) => element.scrollWidth <= element.clientWidth && element.scrollHeight <="
        " element.clientHeight + 1"
    )
    box = page.locator(".typed .button").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 360 - 16
    look_up(page, shop.members[0]["number"])
    enter_purchase(page, total="1182,50", receipt=receipt())
    # The button stands in sight, and not over the field.
    expect(page.locator("form.card .primary")).to_be_in_viewport(ratio=1)
    assert page.evaluate("""() => {
          const field = document.querySelector("[name=receipt]");
          const { left, top, width, height } = field.getBoundingClientRect();
          return [0.05, 0.5, 0.95].every((part) => document.elementFromPoint(left + width / 2, top + height * part) === field);
        }""")
    confirm_purchase(page)
    unit = page.locator(".done .unit").first
    assert unit.evaluate("(element) => element.getClientRects().length") == 1


def test_every_target_at_the_till_is_44_px_at_least(page: Page, shop: DemoServer) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    small = """() => [...document.querySelectorAll("button, input, select, summary, a, label.choice")]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && element.type !== "checkbox")
      .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
      .filter(([, { width, height }]) => Math.min(width, height) < 44).map(([text]) => text)"""
    page.goto(f"{shop.url}/till/")
    page.wait_for_selector("[name=username]")
    assert page.evaluate(small) == []
    sign_in_at_till(page, shop, shop.of_role("manager"))
    assert page.evaluate(small) == []
    look_up(page, shop.members[0]["number"])
    enter_purchase(page, total="182,50", receipt=receipt())
    page.click("details summary")
    page.click("details .button.plain")
    assert page.evaluate(small) == []
    page.get_by_role("button", name="Corrigir saldo").click()
    assert page.evaluate(small) == []
