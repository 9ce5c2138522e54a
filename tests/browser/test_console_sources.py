"""Why a shop's orders do not come, as an operator finds out by the pages alone: what was refused at the door and what
to do, and a source that is paused and resumed; a real shop's webhooks over real HTTP, in each language.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import demo_server as shops
from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over
from tests.browser.test_console import Open, desk, sign_in
from tests.browser.test_console_operations import open_part
from tests.http.intake.shop_story import signature
from tests.http.intake.test_shops import shop_order
from tests.servers import selo

__all__ = ["desk"]
SECRET = "the secret of the web shop"
SOURCES = "sources: [{code: webshop, kind: shopify, store: STORE, secrets: [WEBSHOP]}]\n"
WHY = {
    "en-GB": "Signed by another secret.",
    "pt-PT": "Assinada com outro segredo.",
    "pl-PL": "Podpisane innym sekretem.",
}
LOOKS = 60


@pytest.fixture(scope="module")
def shop(demo_seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """A demo of its own, whose web shop reports."""
    with shops.serve_demo(demo_seed, {"SELO_SOURCE_SECRETS": json.dumps({"WEBSHOP": SECRET})}) as opened:
        file = tmp_path_factory.mktemp("sources") / "sources.yaml"
        file.write_text(SOURCES.replace("STORE", opened.cashier()["store"]))
        selo("source", "publish", str(file), "--data", str(opened.data_folder))
        yield opened


def post(shop: DemoServer, number: int, *, secret: str = SECRET) -> int:
    """Post an order as the shop does; return the status of the answer."""
    now = datetime.now(UTC).isoformat()
    order = shop_order(number, email=shop.members[0]["email"], processed_at=now, created_at=now)
    raw = json.dumps(order).encode()
    headers = {
        "X-Shopify-Hmac-Sha256": signature(raw, secret),
        "X-Shopify-Topic": "orders/paid",
        "content-type": "application/json",
    }
    return httpx.post(f"{shop.url}/webhooks/webshop", content=raw, headers=headers, timeout=60).status_code


def look_until(page: Page, row: Locator, words: str) -> None:
    """Look again until a row says something: what is counted is written down every few seconds."""
    for _ in range(LOOKS):
        page.get_by_role("button", name="Look again").click()
        expect(page.locator(".skeleton")).to_have_count(0)
        if row.count() and words in row.inner_text():
            return
        page.wait_for_timeout(500)
    expect(row).to_contain_text(words)


def test_refused_webhooks_say_why_and_a_paused_source_waits_until_it_is_resumed(
    shop: DemoServer, desk: Open
) -> None:
    assert post(shop, 1) == 200
    assert [post(shop, 2, secret="a secret of before") for _ in range(2)] == [401, 401]
    assert httpx.post(f"{shop.url}/webhooks/%3Cb%3Enobody", content=b"{}", timeout=60).status_code == 404
    rita = desk()
    sign_in(rita, shop, "rita")
    rita.get_by_role("button", name="Operations").click()
    source = rita.get_by_role("region", name="Who reports").locator("tr", has_text="webshop")
    refused = rita.get_by_role("region", name="Refused at the door").locator("tr", has_text="webshop")
    look_until(rita, source, "refused since")
    expect(source).to_contain_text(WHY["en-GB"])
    expect(refused).to_contain_text("Compare the shop's secret with the server's.")
    look_until(rita, refused.locator("td.num"), "2")
    strangers = rita.locator("tr", has_text="nobody known")
    look_until(rita, strangers, "No source of that name.")
    assert "nobody known" in rita.content()
    assert "%3Cb%3E" not in rita.content()
    look_at_it(rita, desk)
    tell_on_the_overview(rita)
    pause_and_resume(rita, shop, source, refused)


def tell_on_the_overview(rita: Page) -> None:
    """A source that has been refused for over an hour needs a look, one of a minute does not."""
    rita.get_by_role("button", name="Overview").click()
    look = rita.get_by_label("Needs a look")
    expect(look).to_be_visible()
    expect(look).not_to_contain_text("refused")

    def refuse_long_ago(route: Route) -> None:
        # What the server answers of a source that is refused since the year before.
        if "refusedSince" not in (route.request.post_data or ""):
            return route.continue_()
        answer = route.fetch()
        body = answer.json()
        for source in body["data"]["sources"]:
            source["refusedSince"] = source["refusedSince"] and "2020-01-01T00:00:00Z"
        return route.fulfill(response=answer, json=body)

    rita.route("**/graphql", refuse_long_ago)
    rita.reload()
    noted = look.locator("li", has_text="1 source has been refused for over an hour")
    noted.get_by_role("button", name="Open").click()
    expect(rita.get_by_role("region", name="Who reports")).to_contain_text("refused since 1 Jan 2020")
    rita.unroute("**/graphql")


def pause_and_resume(rita: Page, shop: DemoServer, source: Locator, refused: Locator) -> None:
    """What a paused source sends is taken and waits, what another signs is refused; resumed, it is worked off."""
    press(rita, source, "Pause", "a wrong price in the shop")
    expect(source).to_contain_text("paused since")
    expect(source).to_contain_text("a wrong price in the shop")
    assert post(shop, 3) == 200
    assert post(shop, 4, secret="a secret of before") == 401
    look_until(rita, refused, "\t3\t")
    expect(source).to_contain_text("Waits")
    # One was refused after the last that was taken: paused or not, the row says so.
    expect(source).to_contain_text("refused since")
    open_part(rita, "Shops' reports")
    rita.select_option("[name=fate]", "PENDING")
    expect(rita.locator("tbody tr", has_text="webshop")).to_have_count(1)
    open_part(rita, "What waits")
    press(rita, source, "Resume", "the price is right again")
    expect(rita.locator("#toasts")).to_contain_text("1 report that waited is worked off.")
    expect(source).not_to_contain_text("paused since")
    assert post(shop, 5) == 200
    look_until(rita, source, "Counted")
    expect(source).not_to_contain_text("refused since")
    open_part(rita, "Shops' reports")
    rita.select_option("[name=fate]", "APPLIED")
    expect(rita.locator("tbody tr", has_text="webshop")).to_have_count(3)


def press(page: Page, row: Locator, button: str, reason: str) -> None:
    row.get_by_role("button", name=f"{button}: webshop").click()
    page.fill("dialog [name=reason]", reason)
    page.click("dialog .primary")
    expect(page.locator("dialog")).to_have_count(0)


def look_at_it(signed_in: Page, desk: Open) -> None:
    """The page whole and without findings while it tells of refusals, in each language."""
    storage = signed_in.evaluate("Object.entries(localStorage)")
    kinds: list[tuple[int, Literal["light", "dark"], str]] = [
        (1280, "light", "en-GB"),
        (768, "dark", "pt-PT"),
        (768, "light", "pl-PL"),
    ]
    for width, scheme, locale in kinds:
        page = desk(storage, width=width, scheme=scheme, locale=locale)
        expect(page.locator("[name=member]")).to_be_visible()
        page.locator(".ways button").last.click()
        expect(page.locator("tr", has_text=WHY[locale])).to_have_count(2)
        assert (locale, findings(page), runs_over(page)) == (locale, [], False)
