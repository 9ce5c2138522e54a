"""The till's clock may be wrong: what is recorded at once tells no time, what waited tells the server's."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from playwright.sync_api import Error as PlaywrightError

from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import confirm_purchase, enter_purchase, look_up, sign_in_at_till
from tests.browser.test_sessions_last import MINUTES_20, WRONG_CLOCK


def sent_inputs(page: Page, word: str = "recordPurchase") -> list[dict[str, Any]]:
    """Return the list that collects the inputs of a mutation that a page sends."""
    inputs: list[dict[str, Any]] = []

    def note(text: str | None) -> None:
        if word in (text or ""):
            inputs.append(json.loads(text or "")["variables"]["input"])

    page.on("request", lambda request: note(request.post_data))
    return inputs


@pytest.mark.parametrize("ahead", [1000, MINUTES_20, -MINUTES_20])
def test_a_till_with_a_wrong_clock_records_at_once_and_later_by_the_servers_time(
    context: BrowserContext, page: Page, shop: DemoServer, ahead: int
) -> None:
    context.add_init_script(WRONG_CLOCK % ahead)
    sign_in_at_till(page, shop, shop.cashier())
    inputs = sent_inputs(page)
    look_up(page, shop.members[105]["number"])
    enter_purchase(page, total="20", receipt=f"C-{secrets.token_hex(5)}")
    confirm_purchase(page)
    expect(page.locator(".done.good")).to_be_visible()
    assert "occurredAt" not in inputs[0]
    page.click(".done .button")
    context.set_offline(True)
    look_up(page, shop.members[105]["number"])
    enter_purchase(page, total="20", receipt=f"C-{secrets.token_hex(5)}")
    made_at = datetime.now(UTC)
    confirm_purchase(page)
    context.set_offline(False)
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")
    expect(page.locator("#bar .state")).to_have_attribute("data-refused", "0")
    told = datetime.fromisoformat(inputs[-1]["occurredAt"])
    assert abs(told - made_at) < timedelta(seconds=60)


@pytest.mark.parametrize("is_recorded", [True, False])
def test_a_purchase_without_an_answer_is_sent_late_with_its_own_time_and_counts_once(
    context: BrowserContext, page: Page, shop: DemoServer, is_recorded: bool
) -> None:
    context.add_init_script(WRONG_CLOCK % 0)
    sign_in_at_till(page, shop, shop.cashier())
    inputs = sent_inputs(page)
    lost: list[str] = []

    def lose(route: Route) -> None:
        if "recordPurchase" in (route.request.post_data or ""):
            lost.append(route.fetch().text() if is_recorded else "")
            with contextlib.suppress(PlaywrightError):  # the page may have given up by itself: lost as well
                route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/graphql", lose)
    look_up(page, shop.members[106]["number"])
    enter_purchase(page, total="20", receipt=f"C-{secrets.token_hex(5)}")
    confirm_purchase(page)
    expect(page.locator(".done.waiting")).to_be_visible()
    before = len(inputs)
    assert {each.get("occurredAt") for each in inputs} == {None}
    # Three minutes go by without a network.
    page.evaluate("() => { window.aheadMs += 180_000; }")
    page.unroute("**/graphql")
    page.evaluate("import('/till/queue.js').then(({ drain }) => drain())")
    expect(page.locator("#bar .state")).to_have_attribute("data-waiting", "0")
    expect(page.locator("#bar .state")).to_have_attribute("data-refused", "0")
    # It may have been tried again by itself before the network came back: with the same key, so that it counts once.
    first, late = inputs[0], [each for each in inputs[before:] if each.get("occurredAt")]
    assert len({each["idempotencyKey"] for each in late}) == 1
    assert late[0]["idempotencyKey"] != first["idempotencyKey"]
    assert abs(datetime.fromisoformat(late[0]["occurredAt"]).timestamp() - time.time()) < 120
    page.click("#tabs button >> nth=1")
    page.fill("[name=receipt]", first["externalId"])
    page.click("form.row .button")
    expect(page.locator("form.stack")).to_contain_text("20,00")


def test_a_scan_is_not_called_old_by_a_fast_clock(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    context.add_init_script(WRONG_CLOCK % MINUTES_20)
    sign_in_at_till(page, shop, shop.cashier())
    page.evaluate(
        """async ([number]) => {
          const { session, go } = await import("/till/till.js");
          const { FIND } = await import("/till/queries.js");
          const { findCustomer: customer } = await session.ask(FIND, { contact: number });
          const visitExpiresAt = new Date(session.now() + 300_000).toISOString();
          go("customer", { customer, visit: "v", visitExpiresAt });
          await new Promise((resolve) => setTimeout(resolve, 50));
        }""",
        [shop.members[107]["number"]],
    )
    expect(page.locator(".face")).to_be_visible()
    expect(page.locator("form.card .notice.bad")).to_have_count(0)
