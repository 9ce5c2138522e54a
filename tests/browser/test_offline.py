"""Without a network the till keeps confirmed purchases and sends each once: after lost connections, closed
pages and lost answers.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, Route, expect

from tests.browser.conftest import CHROMIUM, PHONE
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import (
    confirm_purchase,
    enter_purchase,
    look_up,
    sign_in_at_till,
    sign_in_on_phone,
)


def test_three_purchases_wait_through_a_closed_page_and_count_exactly_once(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    member = shop.members[5]
    phone = context.new_page()
    sign_in_on_phone(phone, shop, member)
    sign_in_at_till(page, shop, shop.cashier())
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    receipts = [f"off-{secrets.token_hex(5)}" for _ in range(3)]
    context.set_offline(True)
    for number, total in zip(receipts, ("10", "20", "30"), strict=True):
        page.click("#tabs button >> nth=0")
        look_up(page, member["number"])
        enter_purchase(page, total=total, receipt=number)
        confirm_purchase(page)
        assert "waiting" in (page.get_attribute(".done", "class") or "")
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "3")
    page.close()
    again = context.new_page()
    again.goto(f"{shop.url}/till/")
    again.wait_for_selector("#code")
    expect(again.locator("#bar .state")).to_have_attribute("data-waiting", "3")
    context.set_offline(False)
    expect(again.locator("#bar .state")).to_have_attribute("data-waiting", "0", timeout=20_000)
    expect(again.locator("#bar .state")).to_have_attribute("data-refused", "0")
    again.click("#tabs button >> nth=1")
    for number, total in zip(receipts, ("10,00", "20,00", "30,00"), strict=True):
        again.fill("[name=receipt]", number)
        again.click("form.row .button")
        expect(again.locator("h2", has_text=number)).to_be_visible()
        expect(again.locator("form.stack")).to_contain_text(total)
    assert awards(context, shop) == [10, 20, 30]


def awards(context: BrowserContext, shop: DemoServer) -> list[int]:
    """The plain awards among the member's newest entries, as their own phone shows them, smallest first."""
    phone = context.new_page()
    phone.goto(f"{shop.url}/phone/")
    phone.wait_for_selector(".purse")
    amounts: list[int] = phone.evaluate("""async () => {
          const { phone } = await import("/phone/phone.js");
          return phone.me.history
            .filter(({ entryKind, wallet }) => entryKind === "AWARD" && wallet === "points")
            .filter(({ amount, occurredAt }) => [10, 20, 30].includes(amount) && Date.now() - Date.parse(occurredAt) < 120_000)
            .map(({ amount }) => amount);
        }""")
    return sorted(amounts)


def test_an_answer_that_is_lost_on_its_way_back_is_asked_for_again_and_counts_once(
    page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    number = f"lost-{secrets.token_hex(5)}"
    recorded: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        if "recordPurchase" in (route.request.post_data or "") and not recorded:
            recorded.append(route.fetch().text())
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/graphql", lose_the_first_answer)
    look_up(page, shop.members[6]["number"])
    enter_purchase(page, total="55", receipt=number)
    confirm_purchase(page)
    # The server has it, the till does not know: it stands as waiting, and is sent again by itself, until the
    # same key is answered.
    assert "PurchaseRecorded" in recorded[0]
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")
    expect(page.locator("#bar .state")).to_have_attribute("data-refused", "0")


def test_a_voucher_is_never_accepted_without_a_network(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    sign_in_at_till(page, shop, shop.cashier())
    context.set_offline(True)
    look_up(page, "V0000-00000-00000-00000")
    expect(page.locator(".notice.bad")).to_be_visible()
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")


@pytest.mark.parametrize("cuts", [1, 2])
def test_what_waits_outlives_the_browser(
    playwright: Playwright, tmp_path: Path, shop: DemoServer, cuts: int
) -> None:
    number = f"kill-{secrets.token_hex(5)}"
    options = {
        "executable_path": CHROMIUM,
        "args": ["--no-sandbox"],
        "viewport": PHONE,
        "locale": "pt-PT",
        "reduced_motion": "reduce",
    }
    for turn in range(cuts + 1):
        profile = playwright.chromium.launch_persistent_context(str(tmp_path / "profile"), **options)  # type: ignore[arg-type]
        page = profile.pages[0]
        if turn == 0:
            sign_in_at_till(page, shop, shop.cashier())
            page.evaluate("navigator.serviceWorker.ready.then(() => true)")
            profile.set_offline(True)
            look_up(page, shop.members[7]["number"])
            enter_purchase(page, total="15", receipt=number)
            confirm_purchase(page)
        else:
            profile.set_offline(turn < cuts)
            page.goto(f"{shop.url}/till/")
            page.wait_for_selector("#code")
            expect(page.locator("#bar .state")).to_have_attribute(
                "data-waiting", "1" if turn < cuts else "0", timeout=20_000
            )
        profile.close()
