"""The programme at the console in a browser: a fault at its line, what a draft changes and makes of a story, and a
version that two operators publish; the editor under the page's own policy, by keyboard, in each language and light.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer, serve_demo
from tests.browser.page_actions import runs_over
from tests.browser.test_console import Open, desk, sign_in

__all__ = ["desk"]

BUSY = '{"data": null, "errors": [{"message": "busy", "extensions": {"code": "BUSY", "retryAfter": 1}}]}'
RATE = "amount: 1, per: 100, of: purchase.eligible"
WRITE = """([before, after]) => { const editor = ace.edit(document.querySelector('.ace-host'));
  editor.find(before); editor.replace(after); }"""


@pytest.fixture(scope="module")
def shop(demo_seed: Path) -> Iterator[DemoServer]:
    """A demo of these tests' own: they publish another programme in it."""
    with serve_demo(demo_seed) as opened:
        yield opened


def open_programme(page: Page) -> None:
    page.get_by_role("button", name="Programme").click()
    expect(page.locator(".verdict")).to_contain_text("The file is sound.")
    expect(page.locator(".ace_line").first).to_be_visible()


def rewrite(page: Page, before: str, after: str) -> None:
    """Replace one place of the draft, as somebody who types does."""
    page.evaluate(WRITE, [before, after])


def beside(page: Page, tab: str) -> None:
    page.locator(".beside .segments").get_by_role("button", name=tab).click()


def test_a_version_is_checked_tried_and_published_by_two_operators(shop: DemoServer, desk: Open) -> None:
    rita = desk()
    sign_in(rita, shop, "rita")
    open_programme(rita)
    taller = "(line) => line.offsetHeight / parseFloat(getComputedStyle(line).fontSize)"
    assert rita.locator(".ace_line").first.evaluate(taller) >= 1.4, "underscores are cut off"

    rewrite(rita, RATE, RATE.replace("100", "-5"))
    fault = rita.locator(".lines.faults li")
    expect(fault).to_contain_text("rules[0].do[0].award.per")
    expect(rita.get_by_role("button", name="Publish…")).to_be_disabled()
    fault.get_by_role("button").focus()
    rita.keyboard.press("Enter")
    line = int((fault.get_by_role("button").text_content() or "").removeprefix("Line "))
    assert rita.evaluate("ace.edit(document.querySelector('.ace-host')).getCursorPosition().row") == line - 1
    assert (findings(rita), runs_over(rita)) == ([], False)

    rewrite(rita, "per: -5", "per: 200")
    expect(rita.locator(".verdict")).to_contain_text("The file is sound.")
    beside(rita, "Changes")
    expect(rita.locator(".lines.changes li")).to_contain_text("rules[purchase].do[0].award.per")
    beside(rita, "Try it")
    rita.locator(".beside .primary").click()
    expect(rita.locator(".told")).to_contain_text("+18")

    try_on_history(rita)
    rita.reload()
    expect(rita.get_by_role("button", name="Drop this draft")).to_be_visible()
    rita.get_by_role("button", name="Publish…").click()
    expect(rita.locator("dialog .changes")).to_contain_text("200")
    assert findings(rita) == []
    rita.click("dialog .primary")
    expect(rita.locator("dialog")).to_contain_text("Say what it is for")
    rita.fill("dialog [name=note]", "Half the points")
    rita.click("dialog .primary")
    proposed = rita.locator(".proposed", has_text="Half the points")
    expect(proposed).to_contain_text("waits for approval")
    expect(proposed.get_by_role("button", name="Approve")).to_have_count(0)

    olga = desk()
    sign_in(olga, shop, "olga")
    expect(olga.locator("[data-waiting='1']")).to_be_visible()
    olga.get_by_role("button", name=re.compile("^Approvals")).click()
    version = olga.locator(".proposal", has_text="A version of the programme")
    expect(version).to_contain_text("Half the points")
    assert (findings(olga), runs_over(olga)) == ([], False)
    version.get_by_role("button", name="Programme").click()
    olga.get_by_role("button", name="What it changes").click()
    expect(olga.locator("dialog .changes")).to_contain_text("rules[purchase].do[0].award.per")
    olga.keyboard.press("Escape")
    read_its_history(olga)
    olga.get_by_role("button", name="Approve and publish").click()
    expect(olga.get_by_text("Version 2 rules since")).to_be_visible()
    expect(olga.locator("[data-waiting]")).to_have_count(0)
    go_back(olga, rita)
    add_picture(olga)
    look_at_all(olga, desk)


def try_on_history(page: Page) -> None:
    """Try the draft on what happened: figures in their units beneath each other, and what leads where."""
    beside(page, "On history")
    page.fill("[name=sample]", "60")
    page.get_by_role("button", name="Try it on history").click()
    rule = page.locator(".compared tr", has_text="1 point for every euro")
    expect(rule).to_be_visible(timeout=120_000)
    expect(rule.locator("td").nth(1)).to_have_text(re.compile(r"^[0-9,]+ NumisPoints$"))
    expect(page.locator(".compared tr", has_text="NumisPoints: cost").locator("td").first).to_contain_text(
        "€"
    )
    lefts = "(tables) => tables.map((each) => each.rows[0].cells[1].getBoundingClientRect().left)"
    assert len(set(page.locator(".compared").evaluate_all(lefts))) == 1, "columns of all tables stand alike"
    assert (findings(page), runs_over(page)) == ([], False)
    rule.get_by_role("button").click()
    row = page.evaluate("ace.edit(document.querySelector('.ace-host')).getCursorPosition().row")
    line: str = page.evaluate(
        "(row) => ace.edit(document.querySelector('.ace-host')).session.getLine(row)", row
    )
    assert line.strip() == "- code: purchase"
    gains = page.get_by_role("region", name="Lose most").locator("tbody tr").first
    expect(gains.get_by_role("button")).to_have_attribute("title", "Opens the member")
    page.locator(".ace-host textarea").press("Control+f")
    search = page.locator(".ace_search_field").first
    expect(search).to_have_attribute("placeholder", "Search for")


def read_its_history(olga: Page) -> None:
    """Whoever approves a version reads what its asker tried, in their own browser."""
    waiting = olga.locator(".proposed", has_text="Half the points")
    expect(waiting).to_contain_text("Rita Nunes tried it on history.")
    waiting.get_by_role("button", name="What history says").click()
    expect(olga.locator("dialog .compared tr", has_text="NumisPoints: awarded")).to_contain_text(
        "NumisPoints"
    )
    expect(olga.locator("dialog").get_by_role("button", name="Try it on history")).to_be_enabled()
    assert (findings(olga), runs_over(olga)) == ([], False)
    olga.keyboard.press("Escape")


def add_picture(page: Page) -> None:
    """Add a photograph, which is made small on this device, and what is none."""
    beside(page, "Pictures")
    photo = BytesIO()
    Image.effect_noise((1600, 1200), 12).convert("RGB").save(photo, "JPEG", quality=95)
    sent = {"name": "coin.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    page.set_input_files("[name=picture]", sent)  # type: ignore[arg-type]
    expect(page.locator(".pictures li")).to_contain_text("1,024 × 768, Olga")
    natural = "document.querySelector('.pictures img').naturalWidth"
    page.wait_for_function(f"{natural} === 1024")
    page.set_input_files(
        "[name=picture]", {"name": "coin.png", "mimeType": "image/png", "buffer": b"<script>"}
    )
    expect(page.get_by_role("alert")).to_contain_text("no picture that can be used")
    expect(page.locator(".pictures li")).to_have_count(1)


def go_back(olga: Page, rita: Page) -> None:
    """Publish the first version anew; what it would change is asked for again where the server is busy."""
    beside(olga, "Versions")
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        if not refused and "ConsoleDifference" in (route.request.post_data or ""):
            refused.append(BUSY)
            route.fulfill(content_type="application/json", body=BUSY)
        else:
            route.continue_()

    olga.route("**/graphql", refuse_once)
    first = olga.locator(".versions li").filter(has=olga.get_by_role("heading", name="Version 1"))
    first.get_by_role("button", name="Go back to it").click()
    expect(olga.locator(".lines.changes li")).to_contain_text("100")
    assert refused == [BUSY]
    olga.unroute("**/graphql")
    expect(olga.get_by_role("button", name="Publish…")).to_be_enabled()
    olga.get_by_role("button", name="Publish…").click()
    olga.fill("dialog [name=note]", "Back to before")
    olga.click("dialog .primary")
    expect(olga.locator(".proposed")).to_contain_text("Back to before")
    rita.reload()
    rita.get_by_role("button", name="Approve and publish").click()
    expect(rita.get_by_text("Version 3 rules since")).to_be_visible()
    olga.reload()
    expect(olga.get_by_text("Version 3 rules since")).to_be_visible()


def look_at_all(signed_in: Page, desk: Open) -> None:
    """Every part whole and without findings, at both widths, in both lights, in each language."""
    storage = signed_in.evaluate("Object.entries(localStorage)")
    kinds: list[tuple[int, Literal["light", "dark"], str]] = [
        (1280, "dark", "en-GB"),
        (768, "light", "pt-PT"),
        (768, "dark", "pl-PL"),
    ]
    for width, scheme, locale in kinds:
        page = desk(storage, width=width, scheme=scheme, locale=locale)
        page.locator(".ways button").filter(has_text="Program").click()
        expect(page.locator(".verdict")).to_be_visible()
        read_a_fault(page, locale)
        for place in range(6):
            page.locator(".beside .segments button").nth(place).click()
            expect(page.locator(".beside .skeleton")).to_have_count(0)
            assert (place, findings(page), runs_over(page)) == (place, [], False)
        page.locator(".ace-host textarea").press("Control+f")
        words = page.locator(".ace_search [placeholder], .ace_search [title]").evaluate_all(
            "(all) => all.map((each) => each.placeholder || each.title).filter((word) => word !== 'Alt-Enter')"
        )
        english = {
            "Search for",
            "Replace with",
            "RegExp Search",
            "CaseSensitive Search",
            "Toggle Replace mode",
        }
        assert len(words) == 7
        assert bool(english & set(words)) == (locale == "en-GB"), words


def read_a_fault(page: Page, locale: str) -> None:
    """Beside the editor and at its line a fault is said in the language of the page."""
    said = {
        "en-GB": "-7 is too small → write 1 or more",
        "pt-PT": "-7 é pequeno demais → escreva 1 ou mais",
        "pl-PL": "-7 to za mało → napisz 1 lub więcej",
    }[locale]
    expect(page.locator(".ace_line").first).to_be_visible()
    rewrite(page, RATE, RATE.replace("100", "-7"))
    fault = page.locator(".lines.faults li")
    expect(fault.locator("p").nth(1)).to_have_text(said.split(" → ")[0])
    expect(fault.locator("p").nth(2)).to_have_text(said.split(" → ")[1])
    assert fault.locator("[lang]").count() == 0, "it is of the page's language"
    marks = page.evaluate("ace.edit(document.querySelector('.ace-host')).session.getAnnotations()")
    line = page.evaluate(
        "ace.edit(document.querySelector('.ace-host')).session.getLine(%d)" % marks[0]["row"]
    )
    assert [(each["text"], "per: -7" in line) for each in marks] == [
        (f"rules[0].do[0].award.per: {said}", True)
    ]
    rewrite(page, "per: -7", "per: 100")
    expect(page.locator(".lines.faults li")).to_have_count(0)


def test_the_first_view_of_the_console_fetches_no_editor(shop: DemoServer, desk: Open) -> None:
    page = desk()
    names: list[str] = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    assert [name for name in names if "ace-" in name or "uplot" in name or "/programme/" in name] == []
