"""A kept purchase belongs to who made it: no sign-in but their own sends it, or a manager's who takes it over."""

from __future__ import annotations

import secrets

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer, StaffSignIn
from tests.browser.page_actions import (
    confirm_purchase,
    enter_purchase,
    fill_sign_in,
    look_up,
    sign_in_at_till,
)

DRAIN = "import('/till/queue.js').then(({ drain }) => drain())"


def record_without_network(context: BrowserContext, page: Page, number: str) -> str:
    """Record a purchase that waits on the device; return its receipt."""
    receipt = f"W-{secrets.token_hex(5)}"
    context.set_offline(True)
    look_up(page, number)
    enter_purchase(page, total="20", receipt=receipt)
    confirm_purchase(page)
    expect(page.locator(".done.waiting")).to_be_visible()
    return receipt


def sign_out(page: Page) -> None:
    page.click("#bar .button.round")
    page.click("dialog .button.wide")
    expect(page.locator("[name=username]")).to_be_visible()


def change_shift(context: BrowserContext, page: Page, shop: DemoServer, who: StaffSignIn) -> None:
    """The one who recorded goes, the network comes back, and somebody else signs in."""
    sign_out(page)
    context.set_offline(False)
    sign_in_at_till(page, shop, who)


def sent_purchases(page: Page) -> list[str]:
    sent: list[str] = []

    def note(text: str | None) -> None:
        if "recordPurchase" in (text or ""):
            sent.append(text or "")

    page.on("request", lambda request: note(request.post_data))
    return sent


def test_a_cashiers_own_purchase_is_not_awarded_by_a_colleagues_sign_in(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    own = shop.members[100]["number"]
    rui = shop.hire("Rui", member_number=own)
    sign_in_at_till(page, shop, rui)
    receipt = record_without_network(context, page, own)
    sign_out(page)
    expect(page.locator(".notice")).to_have_text(
        "1 compra está guardada neste dispositivo. Segue quando Rui entrar, ou quando um gerente a assumir."
    )
    assert findings(page) == []
    context.set_offline(False)
    sent = sent_purchases(page)
    sign_in_at_till(page, shop, shop.cashier())
    expect(page.locator(".toast")).to_have_text(
        "Há compras de Rui neste dispositivo: ficam à espera de quem as fez, ou de um gerente."
    )
    page.evaluate(DRAIN)
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "1")
    page.click("#tabs button >> nth=2")
    kept = page.locator(".queued", has_text=receipt)
    expect(kept.locator(".notice")).to_have_text("à espera de Rui, ou de um gerente")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.getElementById('screen').scrollWidth") == 360
    expect(kept.locator("button")).to_have_count(0)
    expect(page.get_by_role("button", name="Enviar agora")).to_have_count(0)
    assert findings(page) == []
    assert sent == []

    sign_out(page)
    sign_in_at_till(page, shop, rui)
    expect(page.locator("#bar .state")).to_have_attribute("data-refused", "1")
    page.click("#tabs button >> nth=2")
    expect(kept.locator(".notice.bad")).to_be_visible()
    assert len(sent) == 1


def test_nobody_sells_before_the_screen_that_tells_of_a_kept_sale_is_here(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    slow: list[Route] = []

    def hold(route: Route) -> None:
        slow.append(route)

    context.route("**/screens/success.js", hold)
    page.goto(f"{shop.url}/till/")
    fill_sign_in(page, shop.cashier())
    with page.expect_response(lambda response: "staffSignIn" in (response.request.post_data or "")):
        page.click("form .primary")
    page.evaluate("import('/till/screens/scan.js')")  # the screen to come is here, and waits for the other
    expect(page.locator("#code")).to_have_count(0)
    for route in slow:
        route.continue_()
    expect(page.locator("#code")).to_be_visible()
    record_without_network(context, page, shop.members[105]["number"])
    context.set_offline(False)
    page.evaluate(DRAIN)
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")


def test_a_purchase_waits_for_its_maker_and_is_sent_when_they_are_back(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    rui = shop.hire("Rui")
    sign_in_at_till(page, shop, rui)
    record_without_network(context, page, shop.members[101]["number"])
    change_shift(context, page, shop, shop.cashier())
    sent = sent_purchases(page)
    # The colleague's own goes out, past the one that waits.
    look_up(page, shop.members[102]["number"])
    enter_purchase(page, total="10", receipt=f"W-{secrets.token_hex(5)}")
    confirm_purchase(page)
    expect(page.locator(".done.good")).to_be_visible()
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "1")
    sign_out(page)
    sign_in_at_till(page, shop, rui)
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")
    expect(page.locator("#bar .state")).to_have_attribute("data-refused", "0")
    assert len(sent) == 2


def test_a_manager_sends_a_colleagues_purchase_by_name_alone(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.hire("Eva"))
    receipt = record_without_network(context, page, shop.members[103]["number"])
    change_shift(context, page, shop, shop.of_role("manager"))
    sent = sent_purchases(page)
    page.evaluate(DRAIN)
    assert sent == []
    page.click("#tabs button >> nth=2")
    kept = page.locator(".queued", has_text=receipt)
    kept.get_by_role("button", name="Enviar em meu nome").click()
    expect(page.locator("dialog")).to_contain_text("Esta compra foi feita por Eva.")
    expect(page.locator("dialog")).to_contain_text(shop.members[103]["number"])
    assert findings(page) == []
    page.click("dialog .primary")
    expect(kept).to_have_count(0)
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")
    done = page.locator("h2:has-text('Feito neste turno') + .lines")
    page.click("#tabs button >> nth=2")
    expect(done).to_contain_text(receipt)
    assert len(sent) == 1


def test_what_one_began_to_send_is_not_sent_by_the_next_who_signs_in_meanwhile(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.hire("Ivo"))
    record_without_network(context, page, shop.members[104]["number"])
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "refreshSession" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/graphql", hold)
    page.evaluate("""() => {
      const kept = JSON.parse(localStorage.getItem("selo-till"));
      localStorage.setItem("selo-till", JSON.stringify({ ...kept, givenAt: kept.givenAt - 3_600_000 }));
    }""")
    sent = sent_purchases(page)
    context.set_offline(False)
    with page.expect_request(lambda request: "refreshSession" in (request.post_data or "")):
        page.evaluate("() => { import('/till/queue.js').then(({ drain }) => drain()); }")
    carla = shop.cashier()
    page.evaluate(
        """async ([username, password, store]) => {
          const { session } = await import("/till/till.js");
          const { SIGN_IN } = await import("/till/queries.js");
          session.end();
          const { staffSignIn } = await session.askPublic(SIGN_IN, { input: { username, password, store } });
          session.begin(staffSignIn, { staff: staffSignIn.staff, since: new Date().toISOString() });
        }""",
        [carla["username"], carla["password"], carla["store"]],
    )
    for route in held:
        route.continue_()
    # The line is free again once the one that began to send has given up.
    page.evaluate(DRAIN)
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "1")
    assert sent == []
    assert page.evaluate("JSON.parse(localStorage.getItem('selo-till')).about.staff.name") == "Carla Mendes"
