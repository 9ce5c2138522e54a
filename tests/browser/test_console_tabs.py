"""The console's rows of tabs: one row at a desk, on a tablet and on a phone, in each language, with the chosen tab in
sight.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over
from tests.browser.test_console import Open, desk, sign_in

__all__ = ["desk"]

# Each row of the page as [rows of buttons, whether the chosen one stands wholly in it, whether a word is cut].
ROWS = """() => [...document.querySelectorAll('.tabs')].map((row) => {
  const buttons = [...row.querySelectorAll('button')], box = row.getBoundingClientRect();
  const chosen = row.querySelector('[aria-pressed="true"], [aria-current="page"]').getBoundingClientRect();
  return [new Set(buttons.map((each) => Math.round(each.getBoundingClientRect().top))).size,
    chosen.left >= box.left - 1 && chosen.right <= box.right + 1,
    buttons.some((each) => each.scrollWidth > each.clientWidth + 1)];
})"""
PLACES = ("programme?tab=versions", "results", "segments/files", "operations/audit")


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_tabs_stand_in_one_row_and_the_chosen_one_in_sight(shop: DemoServer, desk: Open, width: int) -> None:
    first = desk(width=1280)
    sign_in(first, shop, "rita")
    storage = first.evaluate("Object.entries(localStorage)")
    for locale in ("en-GB", "pt-PT", "pl-PL"):
        page = desk(storage, width=width, locale=locale)
        page.fill("[name=member]", shop.members[3]["number"])
        page.press("[name=member]", "Enter")
        page.locator(".lists .tabs button").last.click()
        seen = [page.evaluate(ROWS)]
        for place in PLACES:
            page.goto(f"{shop.url}/console/{place}")
            tabs = page.locator("#screen .tabs")
            expect(tabs).to_be_visible()
            if place == "results":
                tabs.locator("button").last.click()
                expect(tabs.locator("button").last).to_have_attribute("aria-pressed", "true")
            seen.append(page.evaluate(ROWS))
            assert not runs_over(page), (locale, place)
        assert seen == [[[1, True, False]] * 2] * 5, locale
