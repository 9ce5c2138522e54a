"""Less usual moments on the phone page: typing errors, news while a card is shown, no network, a slow
network, and the way back.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, WebSocketRoute, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import prove_contact
from tests.browser.demo_server import DemoServer, MemberSignIn
from tests.browser.page_actions import (
    confirm_purchase,
    enter_purchase,
    look_up,
    see_moments,
    sign_in_at_till,
    sign_in_on_phone,
)


@pytest.fixture
def till(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="pt-PT", reduced_motion="reduce")
    yield context.new_page()
    context.close()


def portuguese(shop: DemoServer, page: Page, start: int) -> MemberSignIn:
    """Sign in as the first Portuguese-speaking member from `start`, so that texts can be compared exactly."""
    for member in (each for each in shop.members[start:] if each["email"]):
        page.goto(f"{shop.url}/phone/")
        page.evaluate("localStorage.clear()")
        sign_in_on_phone(page, shop, member)
        if page.evaluate("import('/phone/phone.js').then(({ phone }) => phone.me.locale)") == "pt":
            expect(page.locator("#tabs button >> nth=1")).to_have_text("Prémios")
            return member
    raise AssertionError("nobody in the demo speaks Portuguese")


def buy(till: Page, number: str, total: str) -> None:
    till.click("#tabs button >> nth=0")
    look_up(till, number)
    enter_purchase(till, total=total, receipt=f"M-{secrets.token_hex(5)}")
    confirm_purchase(till)


def test_a_mistyped_field_is_told_at_the_field_and_in_the_pages_language(
    page: Page, shop: DemoServer
) -> None:
    page.goto(f"{shop.url}/phone/")
    page.fill("[name=contact]", "abc")
    page.click("form .primary")
    wrong = page.locator(".field.wrong")
    expect(wrong.locator(".hint")).to_have_text(
        "Isto não é um e-mail nem um telefone. Escreva o telefone com o país, como +351 912 345 678."
    )
    assert page.evaluate("document.activeElement.name") == "contact"
    assert findings(page) == []
    prove_contact(page, f"{secrets.token_hex(5)}@example.com", shop.code_for)
    page.fill("[name=name]", "Ana Silva")
    page.fill("[name=birthday]", "2190-01-01")
    page.check("[name=terms]")
    page.click("form .primary")
    expect(wrong).to_have_count(1)
    expect(wrong.locator(".hint")).to_have_text("Escreva o dia em que nasceu.")
    page.fill("[name=birthday]", "1990-01-01")
    page.fill("[name=referralCode]", "nonsense")
    page.click("form .primary")
    expect(wrong).to_have_count(1)
    expect(wrong.locator(".hint")).to_contain_text("dez algarismos")
    page.fill("[name=referralCode]", "")
    page.click("form .primary")
    page.wait_for_selector(".purse")


def test_another_code_can_be_asked_for_and_is_the_one_that_counts(page: Page, shop: DemoServer) -> None:
    email = shop.members[40]["email"]
    page.goto(f"{shop.url}/phone/")
    page.fill("[name=contact]", email)
    page.click("form .primary")
    page.wait_for_selector("[name=code]")
    first = shop.code_for(email)
    page.get_by_role("button", name="Enviar outro código").click()
    expect(page.locator(".toast")).to_have_text("Vai outro código a caminho.")
    second = shop.code_for(email)
    assert findings(page) == []
    if first != second:
        page.fill("[name=code]", first)
        page.click("form .primary")
        expect(page.locator(".notice.bad")).to_be_visible()
    page.fill("[name=code]", second)
    page.click("form .primary")
    page.wait_for_selector(".purse")


def test_a_great_purchase_is_told_in_few_cards_beneath_the_code_that_is_held_up(
    page: Page, till: Page, shop: DemoServer
) -> None:
    member = portuguese(shop, page, 41)
    sign_in_at_till(till, shop, shop.cashier())
    page.click("#tabs .central")
    page.wait_for_selector(".held .qr")
    buy(till, member["number"], "900,00")
    expect(page.locator(".held > .newsarea .news").first).to_have_text(
        re.compile(r"^\+1\s\d{3} NumisPontos$")
    )
    # The code stays whole and within reach of the camera.
    assert page.evaluate("""() => {
          const code = document.querySelector(".held .qr").getBoundingClientRect();
          return [...document.querySelectorAll(".news")].every((note) => note.getBoundingClientRect().top >= code.bottom);
        }""")
    assert findings(page) == []
    page.click(".held .close")
    see_moments(page)
    page.click(".bell")
    before = page.locator(".message").count()
    buy(till, member["number"], "9000,00")
    expect(page.locator("#news .news").first).to_be_visible()
    page.wait_for_timeout(1000)
    assert 1 <= page.locator("#news .news").count() <= 4
    texts = page.locator("#news .news").all_inner_texts()
    assert len(set(texts)) == len(texts)
    # And whoever looks at the inbox sees the message come in.
    expect(page.locator(".message")).not_to_have_count(before)
    expect(page.locator(".bell .count")).to_have_count(0)


def test_the_back_button_closes_then_leads_home_then_leaves(page: Page, shop: DemoServer) -> None:
    page.goto(f"{shop.url}/till/manifest.webmanifest")
    portuguese(shop, page, 45)
    expect(page).to_have_title("Início · Clube NumisCollect")
    page.click("#tabs .central")
    page.wait_for_selector(".held .qr")
    page.go_back()
    expect(page.locator("dialog")).to_have_count(0)
    page.click("#tabs button >> nth=1")
    expect(page).to_have_title("Prémios · Clube NumisCollect")
    page.click("#tabs button >> nth=3")
    page.click("#tabs button >> nth=4")
    page.go_back()
    expect(page).to_have_title("Início · Clube NumisCollect")
    page.go_back()
    expect(page.locator(".purse")).to_have_count(0)


def test_a_double_tap_opens_a_reward_and_redeems_nothing(page: Page, shop: DemoServer) -> None:
    sign_in_on_phone(page, shop, shop.members[49])
    page.click("#tabs button >> nth=1")
    held = page.locator(".ticket").count()
    page.dblclick(".tile >> nth=0")
    page.wait_for_timeout(700)
    expect(page.locator("dialog.sheet .reward")).to_be_visible()
    if page.locator("dialog .primary").count():
        page.dblclick("dialog .primary")
    expect(page.locator(".held")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".ticket")).to_have_count(held)


def test_what_was_read_last_stands_at_once_while_it_is_read_afresh(page: Page, shop: DemoServer) -> None:
    portuguese(shop, page, 50)
    balance = page.locator(".sum").inner_text()
    waiting: list[Route] = []
    slow = True

    def hold(route: Route) -> None:
        if slow:
            waiting.append(route)
        else:
            route.continue_()

    page.route("**/graphql", hold)
    page.reload()
    expect(page.locator(".sum")).to_have_text(balance)
    page.click("#tabs button >> nth=4")
    expect(page.locator(".entry").first).to_be_visible()
    slow = False
    for route in waiting:
        route.continue_()
    # The answer moves nobody away from where they have gone meanwhile.
    expect(page.locator("#bar .chip")).to_have_count(0)
    expect(page).to_have_title("Histórico · Clube NumisCollect")


def test_without_a_network_it_says_since_when_and_catches_up(
    context: BrowserContext, page: Page, till: Page, shop: DemoServer
) -> None:
    member = portuguese(shop, page, 54)
    sign_in_at_till(till, shop, shop.cashier())
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    before = page.locator(".entry").first.inner_text()
    context.set_offline(True)
    expect(page.locator("#bar .net")).to_have_text(re.compile(r"^Sem rede, dados das \d\d:\d\d$"))
    assert findings(page) == []
    buy(till, member["number"], "37,00")
    context.set_offline(False)
    expect(page.locator("#bar .net")).to_have_text("")
    expect(page.locator(".entry").first).not_to_have_text(before)
    expect(page.locator(".entry .figure").first).to_have_text(re.compile(r"^\+"))


def test_a_socket_that_stays_away_is_told_quietly_and_comes_back(page: Page, shop: DemoServer) -> None:
    open_ones: list[WebSocketRoute] = []
    cut = False

    def pass_on(socket: WebSocketRoute) -> None:
        if cut:
            socket.close(code=1001)
        else:
            socket.connect_to_server()
            open_ones.append(socket)

    page.route_web_socket(re.compile("/graphql$"), pass_on)
    portuguese(shop, page, 58)
    expect(page.locator("#bar .net")).to_have_text("")
    page.wait_for_function("import('/phone/phone.js').then(({ phone }) => phone.live === true)")
    cut = True
    for socket in open_ones:
        socket.close(code=1001)
    expect(page.locator("#bar .net")).to_have_text("A ligar de novo")
    expect(page.locator(".purse")).to_be_visible()
    cut = False
    expect(page.locator("#bar .net")).to_have_text("", timeout=40_000)


def test_a_session_that_ended_says_why_somebody_must_sign_in_again(page: Page, shop: DemoServer) -> None:
    portuguese(shop, page, 62)
    page.evaluate("""() => {
          const kept = JSON.parse(localStorage.getItem("selo-phone"));
          Object.assign(kept, { accessToken: "x", refreshToken: "y", accessTokenExpiresAt: "2020-01-01T00:00:00Z" });
          localStorage.setItem("selo-phone", JSON.stringify(kept));
        }""")
    page.reload()
    expect(page.locator("[name=contact]")).to_be_visible()
    # The other notice is a demo's own: where its codes are.
    expect(page.locator(".notice").first).to_have_text("A sua sessão terminou. Entre de novo.")
    assert findings(page) == []


def test_a_browser_that_was_removed_still_shows_a_card_that_counts(
    page: Page, till: Page, shop: DemoServer
) -> None:
    portuguese(shop, page, 66)
    page.click("#bar .button:last-child")
    own = page.locator("li", has_text="este")
    expect(own).to_have_count(1)
    own.get_by_role("button", name="Remover").click()
    expect(own).to_have_count(0)
    page.click("#tabs .central")
    page.wait_for_selector(".held .qr")
    code = page.get_attribute(".held .lightcard", "data-code") or ""
    sign_in_at_till(till, shop, shop.cashier())
    look_up(till, code)
    expect(till.locator(".face")).to_be_visible()


def test_an_end_is_the_last_whole_day_or_the_minute(page: Page, shop: DemoServer) -> None:
    portuguese(shop, page, 70)
    page.click("#tabs button >> nth=3")
    # The programme file says: until 2027-01-15, that day included.
    expect(page.locator(".badges li", has_text="Caça de inverno")).to_contain_text(
        "Até 15 de janeiro de 2027"
    )
    texts = page.evaluate("""async () => {
          // The page's own copy, which speaks its language: it comes joined.
          const { ending } = (await import("/phone/app.js")).modules["/shared/format.js"];
          return ["2027-01-16T00:00:00Z", "2027-01-15T13:05:00Z", "2027-06-30T23:00:00Z"].map((at) => ending(at, "Europe/Lisbon"));
        }""")
    assert texts == ["15 de janeiro de 2027", "15 de janeiro de 2027, 13:05", "30 de junho de 2027"]


FIGURES = """async (tag) => {
  const words = await import("/shared/words.js");
  const { money, number, percent, signed, instant } = await import("/shared/format.js");
  await words.speak(["en", "pt", "pl"], async (tag) => (await import(`/phone/words/${tag}.js`)).default, tag);
  const zone = "Europe/Lisbon";
  return [number(1457), money(145750, "EUR"), money(5, "JPY"), percent(12.5), signed(-1457), instant("2024-03-05T09:07:00Z", zone),
    ...[1, 2, 5, 22].map((count) => words.t("inbox.unread", { count }))].map((text) => text.replace(/[\\u00a0\\u202f]/g, " "));
}"""


ENGLISH = ("1,457", "€1,457.50", "JP¥5", "12.5%", "\u22121,457", "5 Mar 2024, 09:07")
PORTUGUESE = ("1 457", "1 457,50 €", "5 JP¥", "12,5%", "\u22121 457", "5/03/2024, 09:07")
POLISH = ("1 457", "1 457,50 €", "5 JPY", "12,5%", "\u22121 457", "5 mar 2024, 09:07")


@pytest.mark.parametrize(
    ("tag", "figures", "counts"),
    [
        ("en", ENGLISH, ("1 unread message", "2 unread messages", "5 unread messages", "22 unread messages")),
        (
            "pt",
            PORTUGUESE,
            ("1 mensagem por ler", "2 mensagens por ler", "5 mensagens por ler", "22 mensagens por ler"),
        ),
        (
            "pl",
            POLISH,
            (
                "1 nieprzeczytana wiadomość",
                "2 nieprzeczytane wiadomości",
                "5 nieprzeczytanych wiadomości",
                "22 nieprzeczytane wiadomości",
            ),
        ),
    ],
)
def test_figures_days_and_counts_are_written_as_the_language_writes_them(
    page: Page, pages_url: str, tag: str, figures: tuple[str, ...], counts: tuple[str, ...]
) -> None:
    page.goto(f"{pages_url}/phone/")
    assert page.evaluate(FIGURES, tag) == [*figures, *counts]


# A browser that offers to put pages on the home screen, and pushes to none.
INSTALLABLE = """
delete window.PushManager;
window.offerInstall = () => {
  const event = new Event("beforeinstallprompt", { cancelable: true });
  event.prompt = async () => { window.asked = (window.asked ?? 0) + 1; };
  dispatchEvent(event);
  return event.defaultPrevented;
};
"""


def test_who_has_earned_something_is_offered_the_home_screen_once(page: Page, shop: DemoServer) -> None:
    page.add_init_script(INSTALLABLE)
    sign_in_on_phone(page, shop, shop.members[16])
    assert page.evaluate("window.offerInstall()"), "the browser's own bar comes at no other time"
    offering = page.locator(".offering")
    expect(offering).to_contain_text("NumisCollect")
    assert findings(page) == []
    offering.locator(".primary").click()
    expect(offering).to_have_count(0)
    assert page.evaluate("window.asked") == 1
    page.reload()
    page.wait_for_selector(".purse")
    page.evaluate("window.offerInstall()")
    page.wait_for_timeout(5_000)
    expect(offering).to_have_count(0)
