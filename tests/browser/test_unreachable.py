"""The pages while their server refuses or is unreachable: they say so in their own words and recover by
themselves.
"""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import look_up, sign_in_at_till, sign_in_on_phone
from tests.servers import quick_folder, selo, serve_selo
from tests.small_runtime import SMALL

REFUSED = '{"errors":[{"message":"Too many requests.","extensions":{"code":"RATE_LIMITED","retryAfter":20}}]}'
TOLD = {
    "phone": "Demasiadas tentativas. Espere 20 s.",
    "till": "Demasiadas tentativas ou códigos errados. Espere 20 s.",
}
NO_STORE = "Ainda não há nenhuma loja. Quem gere este servidor acrescenta uma com: selo store add"
SMALL_PHONE = {"width": 360, "height": 740}


def refuse(route: Route) -> None:
    route.fulfill(status=429, content_type="application/json", body=REFUSED)


@pytest.mark.parametrize(
    ("name", "ready"), [("phone", "form .primary:not([disabled])"), ("till", "[name=store]")]
)
def test_a_page_refused_at_its_first_question_says_so_and_asks_again_by_itself(
    page: Page, shop: DemoServer, name: str, ready: str
) -> None:
    page.route("**/graphql", refuse)
    page.goto(f"{shop.url}/{name}/")
    expect(page.locator(".notice.bad")).to_have_text(TOLD[name])
    expect(page.locator(ready)).to_have_count(0)
    assert findings(page) == []
    page.unroute("**/graphql")
    expect(page.locator(ready)).to_be_visible()
    expect(page.locator(".notice.bad")).to_have_count(0)


def test_a_till_without_a_store_says_who_adds_one_and_goes_on_once_it_is_there(page: Page) -> None:
    with quick_folder() as folder:
        file, data_folder = folder / "programme.yaml", folder / "data"
        file.write_text(SMALL, encoding="utf-8")
        with serve_selo(data_folder, "--programme", str(file)) as served:
            page.goto(f"{served.url}/till/")
            expect(page.locator(".notice")).to_have_text(
                "Ainda não há nenhuma loja. Quem gere este servidor acrescenta uma com: selo store add"
            )
            expect(page.locator("form")).to_have_count(0)
            assert findings(page) == []
            assert (
                selo("store", "add", "lisboa", "--name", "Lisboa", "--data", str(data_folder)).returncode == 0
            )
            expect(page.locator("[name=store]")).to_have_value("lisboa")
            expect(page.locator(".notice")).to_have_count(0)


def test_a_phone_without_a_network_offers_to_try_again_and_squeezes_nothing(
    page: Page, shop: DemoServer
) -> None:
    page.set_viewport_size(SMALL_PHONE)  # type: ignore[arg-type]
    # No worker: it fetches past what is routed here, and keeps each picture that was seen.
    page.add_init_script("delete Navigator.prototype.serviceWorker")
    page.route("**/media/**", lambda route: route.abort())
    sign_in_on_phone(page, shop, shop.members[76])
    page.wait_for_function("import('/phone/phone.js').then(({ phone }) => phone.live === true)")
    page.wait_for_load_state("networkidle")
    page.route("**/graphql", lambda route: route.abort())
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#bar .net .chip")).to_be_visible()
    buttons = page.locator("#bar .button").evaluate_all(
        "(all) => all.map((each) => each.getBoundingClientRect().toJSON())"
    )
    assert [(each["width"], each["height"]) for each in buttons] == [(48, 48), (48, 48)]
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    # A picture that cannot be had is a drawing, not a broken frame.
    expect(page.locator(".offer .picture.sign").first).to_be_visible()
    expect(page.locator("img.picture:visible")).to_have_count(0)
    again = page.get_by_role("button", name=re.compile("Try again|Tentar de novo|Spróbuj ponownie"))
    for screen, there in (("#bar .bell", ".empty, .message"), ("#bar .button:last-child", "[name=name]")):
        page.click(screen)
        expect(again).to_be_visible()
        assert findings(page) == []
        page.unroute("**/graphql")
        again.click()
        expect(page.locator(there).first).to_be_visible()
        expect(again).to_have_count(0)
        page.route("**/graphql", lambda route: route.abort())


def test_a_kept_purchase_that_the_server_cannot_take_says_why_in_the_cashiers_language(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    context.set_offline(True)
    look_up(page, shop.members[77]["number"])
    page.fill("[name=total]", "20")
    page.fill("[name=receipt]", f"U-{secrets.token_hex(5)}")
    page.click("form.card .primary")
    page.wait_for_selector(".done.waiting")
    # As from a tablet whose clock stood still for years.
    page.evaluate("""async () => {
          const { database } = await import("/till/till.js");
          const [row] = await (await database).all("queue");
          await (await database).put("queue", { ...row, purchase: { ...row.purchase, occurredAt: "2001-01-01T00:00:00Z" } });
        }""")
    context.set_offline(False)
    expect(page.locator("#bar .state")).to_have_attribute("data-refused", "1")
    page.click("#tabs button >> nth=2")
    expect(page.locator(".queued .notice.bad")).to_have_text(
        "O relógio deste dispositivo está errado, ou a compra é antiga demais. Acerte o relógio."
    )
