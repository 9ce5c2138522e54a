"""The overview at the console in a browser: figures against the period before, days as picture and table, filters in
the address, what each campaign came to; an analyst sees figures and no person.
"""

from __future__ import annotations

import re
from typing import Literal

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over
from tests.browser.test_console import Open, desk, rows_of, sign_in

__all__ = ["desk"]

COUNTED_MS = 180_000
LOOKS = 80
ASKED = "performance.getEntriesByType('resource').map((each) => each.name)"


def test_an_operator_reads_the_period_and_what_each_campaign_came_to(shop: DemoServer, desk: Open) -> None:
    rita = desk()
    sign_in(rita, shop, "rita")
    rita.get_by_role("button", name="Overview").click()
    rita.select_option("[name=period]", "365")
    expect(rita.locator(".eight > li")).to_have_count(8)
    # The table beside the picture has a row for each day, and the figures' sum.
    table = rita.get_by_role("region", name="Receipts by day, as a table")
    expect(table.locator("tbody tr")).to_have_count(365)
    # The worker counts what the demo came with; the page follows it by itself.
    expect(rita.get_by_text("is still being counted")).to_have_count(0, timeout=COUNTED_MS)
    expect(rita.locator(".eight")).to_contain_text("from")
    expect(rita.locator(".uplot")).to_have_count(2)
    assert rita.url.endswith("/console/overview?period=365")
    by_store = rita.get_by_role("region", name="Store by store").locator("tbody tr")
    whole, sold = receipts_that_agree(rita, table, by_store)
    assert all(len(row) == 6 and row[4].endswith("%") and row[5][-4:].isdigit() for row in sold), sold

    read_all_figures(rita)
    rita.select_option("[name=store]", "lisboa")
    expect(rita).to_have_url(f"{shop.url}/console/overview?period=365&store=lisboa")
    rita.route("**/graphql", sell_nothing_in_lisboa)
    rita.reload()
    expect(rita.get_by_label("Needs a look")).to_contain_text(
        "1 store has had no receipt for 30 days: NumisCollect Lisboa"
    )
    rita.unroute("**/graphql")
    expect(rita.locator("[name=store]")).to_have_value("lisboa")
    # What is of all stores does not stand beside what is of one.
    expect(rita.locator(".eight > li")).to_have_count(3)
    expect(rita.get_by_text("Members, points and goals are of all stores")).to_be_visible()
    expect(rita.get_by_text("All figures")).to_have_count(0)
    expect(by_store).to_have_count(0)
    here = rita.locator(".eight > li", has_text="Receipts").locator(".value-line").inner_text()
    assert 0 < int(here.replace(",", "")) < int(whole.replace(",", ""))

    rita.get_by_role("button", name="What works").click()
    rita.select_option("[name=period]", "365")
    rule = rita.locator(".results tr", has_text="1 point for every euro")
    expect(rule).to_contain_text("NumisPoints")
    expect(rule).to_contain_text("cannot be told: nobody is held out")
    expect(rita.locator(".results tr", has_text="Reminder of a full cart")).to_contain_text("held out")
    expect(rita.locator(".results tr", has_text="Reminder of a full cart")).to_contain_text("Measured from")
    rita.get_by_role("button", name="Messages", exact=True).click()
    variants = rita.get_by_role("region", name="Variants of Happy birthday, …")
    expect(variants.locator("tbody tr")).to_contain_text(["50% of members", "50% of members"])
    expect(variants.locator("tbody tr").nth(1)).to_contain_text("coin")
    look_at_all(rita, desk)


def receipts_that_agree(page: Page, days: Locator, stores: Locator) -> tuple[str, list[list[str]]]:
    """Return the figure of receipts, and the cells of each store, once the days and the stores sum up to it:
    the worker may count another purchase between two readings.
    """
    for _ in range(LOOKS):
        expect(stores.first).to_be_visible()
        by_day = [int(cell) for cell in days.locator("tbody tr td:nth-child(2)").all_text_contents()]
        whole = page.locator(".eight > li", has_text="Receipts").locator(".value-line").inner_text()
        sold = [row.split("\t") for row in stores.all_inner_texts()]
        sums = sum(by_day), sum(int(row[1].replace(",", "")) for row in sold)
        if sums == (int(whole.replace(",", "")),) * 2 and sums[0] > 0:
            return whole, sold
        page.wait_for_timeout(250)
    raise AssertionError(f"days and stores sum up to {sums}, the figure is {whole}")


def read_all_figures(page: Page) -> None:
    """Every other figure by its name; money as money, and the change of a score in points."""
    page.get_by_text("All figures").click()
    figures = page.get_by_role("region", name="All figures")
    names = figures.locator("th[scope=row]").all_text_contents()
    assert {"Recommendation, NPS: Would you recommend NumisCollect?", "Invitations that counted"} <= set(
        names
    )
    assert [name for name in names if "_" in name.partition(":")[0]] == []
    lapsed = [
        name for name in names if name.startswith("Lapsed of what was awarded in a month: NumisPoints, ")
    ]
    assert any(name.endswith("2026") for name in lapsed)
    credit = figures.locator("tr", has_text="Spent of what was awarded: Store credit")
    expect(credit.locator("td").nth(1)).to_contain_text(
        re.compile(r"^€[0-9,]+\.[0-9]{2} of €[0-9,]+\.[0-9]{2}$")
    )
    expect(figures.locator("tr", has_text="NPS").locator("td").nth(2)).not_to_contain_text("%")
    owed = page.locator(".eight > li", has_text="Liability")
    expect(owed).to_contain_text(
        re.compile(r"What members hold at the end, [0-9,]+ NumisPoints, at €0\.00[0-9]* a unit: the price")
    )
    expect(owed).to_contain_text("By month of lapse: What works, Tiers and segments.")
    credit = figures.locator("tr", has_text="Liability: Store credit")
    expect(credit).to_contain_text(re.compile(r"What members hold at the end, €[0-9,.]+, at €0\.0"))
    expect(figures.locator("tr", has_text="Outstanding: NumisPoints")).to_contain_text("at no price")


def sell_nothing_in_lisboa(route: Route) -> None:
    """Answer as the server does, but for the last receipts of one store."""
    if "ConsoleQuietStores" not in (route.request.post_data or ""):
        return route.continue_()
    answer = route.fetch()
    body = answer.json()
    lisboa, porto = body["data"]["figures"]["stores"]
    assert lisboa["receipts"] > 0 < porto["receipts"]
    lisboa.update(receipts=0, lastReceiptOn="2026-01-02")
    return route.fulfill(response=answer, json=body)


def look_at_all(signed_in: Page, desk: Open) -> None:
    """Both pages whole and without findings, at both widths, in both lights, in each language."""
    storage = signed_in.evaluate("Object.entries(localStorage)")
    kinds: list[tuple[int, Literal["light", "dark"], str]] = [
        (1280, "light", "en-GB"),
        (768, "light", "pt-PT"),
        (768, "dark", "pl-PL"),
    ]
    for width, scheme, locale in kinds:
        page = desk(storage, width=width, scheme=scheme, locale=locale)
        expect(page.locator(".ways button").first).to_be_visible()
        assert rows_of(page, ".ways button") == 1
        page.locator(".ways button").nth(2).click()
        expect(page.locator(".uplot")).to_have_count(2)
        page.locator("details summary").click()
        # What stands half beneath the bar, as it was scrolled to, is small to axe.
        page.evaluate(
            "[document.scrollingElement, document.getElementById('screen')].forEach((one) => one.scrollTo(0, 0))"
        )
        assert (findings(page), runs_over(page)) == ([], False)
        page.locator(".ways button").nth(3).click()
        expect(page.locator(".results").first).to_be_visible()
        for place in range(6):
            page.locator(".segments button").nth(place).click()
            assert (place, findings(page), runs_over(page)) == (place, [], False)


def test_a_period_without_anything_says_so(shop: DemoServer, desk: Open) -> None:
    olga = desk()
    sign_in(olga, shop, "olga")
    olga.goto(f"{shop.url}/console/overview?period=own&from=2001-01-01&to=2001-01-31")
    expect(olga.get_by_text("Nothing happened in this period.")).to_be_visible()
    olga.fill("[name=to]", "2000-01-01")
    olga.keyboard.press("Tab")
    expect(olga.get_by_role("alert")).to_contain_text("Choose a first day before the last one")
    assert findings(olga) == []
    # Nobody was invited then: two counts, and no share of nothing.
    olga.goto(f"{shop.url}/console/results?period=own&from=2001-01-01&to=2001-01-31")
    olga.get_by_role("button", name="Invitations, codes").click()
    invitations = olga.get_by_role("region", name="Invitations", exact=True)
    expect(invitations).to_contain_text("Invited friends who joined: 0.")
    expect(invitations.locator(".big")).to_have_count(0)


def test_figures_that_are_still_counted_say_so_until_they_are_whole(shop: DemoServer, desk: Open) -> None:
    olga = desk()
    sign_in(olga, shop, "olga")
    answers = iter(["2026-11-30T12:21:00Z"])

    def count_late(route: Route) -> None:
        # What the server answers while its worker is behind, and then once it is not.
        if "ConsoleFigures" not in (route.request.post_data or ""):
            return route.continue_()
        answer = route.fetch()
        body = answer.json()
        body["data"]["figures"]["waitingSince"] = next(answers, None)
        return route.fulfill(response=answer, json=body)

    olga.route("**/graphql", count_late)
    olga.clock.install()
    olga.get_by_role("button", name="Overview").click()
    behind = olga.get_by_text("is still being counted")
    expect(behind).to_be_visible()
    assert findings(olga) == []
    olga.clock.run_for(20_000)
    expect(behind).to_have_count(0)
