"""Each row of "What works" has an address, which a colleague opens, and finds the row in sight."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over
from tests.browser.test_console import Open, desk, sign_in

__all__ = ["desk"]
PICTURES = os.environ.get("SELO_PICTURES")


def photograph(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=False)


def open_results(page: Page, *, query: str = "") -> None:
    expect(page.locator("[name=member]")).to_be_visible()
    page.goto(re.sub("/console/.*", f"/console/results{query}", page.url))
    expect(page.locator(".daytable.results, .histogram").first).to_be_visible()


def test_each_row_of_what_works_has_an_address_that_a_colleague_opens(shop: DemoServer, desk: Open) -> None:
    rita = desk()
    sign_in(rita, shop, "rita")
    open_results(rita, query="?period=90")
    storage = rita.evaluate("Object.entries(localStorage)")
    for tab in ("rules", "rewards", "messages"):
        rita.locator(".segments button").nth(tab_place(rita, tab)).click()
        link = rita.locator(".rowlink").last
        expect(link).to_be_visible()
        text = link.inner_text()
        link.click()
        address = re.escape(f"tab={tab}") if tab != "rules" else ""
        expect(rita).to_have_url(
            re.compile(f"results\\?period=90&.*{address}.*row=[^&]+|results\\?period=90&row=")
        )
        colleague = desk(storage, width=390)
        expect(colleague.locator("[name=member]")).to_be_visible()
        colleague.goto(rita.url)
        same = colleague.locator(".rowlink").filter(has_text=text.splitlines()[0]).last
        expect(same).to_be_focused()
        expect(same).to_be_in_viewport()
        expect(colleague).to_have_url(rita.url)
        colleague.reload()
        expect(same).to_be_focused()
        expect(colleague.locator("tr[aria-current]")).to_have_count(1)
        assert (tab, findings(colleague), runs_over(colleague)) == (tab, [], False)
        photograph(colleague, f"row-{tab}-390")
    rita.locator(".segments button").first.click()
    expect(rita).to_have_url(re.compile(r"results\?period=90$"))


def tab_place(page: Page, tab: str) -> int:
    """Return the place of a tab in the row."""
    names = ["rules", "rewards", "messages", "surveys", "codes", "boards", "challenges", "foryou", "standing"]
    assert page.locator(".segments button").count() == len(names)
    return names.index(tab)
