"""What operators run, by the pages alone: somebody added, an operator by two people, what waits, shifts, the trail; whole
at a desk and on a tablet, by day and by night, in each language.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, Route, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over
from tests.browser.test_console import Open, act, desk, sign_in

__all__ = ["desk"]
PARTS = ("waiting", "intake", "outbox", "staff", "stores", "systems", "shifts", "audit")
# Where somebody who looks at the screens has them kept.
PICTURES = os.environ.get("SELO_PICTURES")


def test_an_operator_runs_staff_systems_and_what_waits_by_the_pages_alone(
    shop: DemoServer, desk: Open
) -> None:
    rita = desk()
    sign_in(rita, shop, "rita")
    rita.get_by_role("button", name="Operations").click()
    expect(rita.locator(".tile").first).to_be_visible()
    open_part(rita, "Staff")
    act(rita, "Add somebody", "new at the counter", name="Nuno Reis", username="nuno")
    expect(rita.locator("#toasts")).to_contain_text("Nuno Reis is on the list.")
    row = rita.locator("tr", has_text="Nuno Reis")
    expect(row).to_contain_text("added by rita")
    expect(rita.locator("tr", has_text="Carla Mendes")).to_contain_text("added by the command line")
    row.get_by_role("button", name="More: Nuno Reis").click()
    row.get_by_role("button", name="Shut out").click()
    rita.fill("dialog [name=reason]", "left after a day")
    rita.click("dialog .primary")
    expect(row).to_contain_text("shut out since")

    # An operator waits for a second one, who is shown the set-up key once.
    rita.get_by_role("button", name="Add somebody").click()
    for name, text in (("name", "Zita Lopes"), ("username", "zita"), ("reason", "third operator")):
        rita.fill(f"dialog [name={name}]", text)
    rita.select_option("dialog [name=role]", "OPERATOR")
    rita.click("dialog .primary")
    expect(rita.locator("#toasts")).to_contain_text("waits for a second operator")
    olga = desk()
    sign_in(olga, shop, "olga")
    olga.get_by_role("button", name=re.compile("^Approvals")).click()
    olga.locator(".proposal", has_text="zita").get_by_role("button", name="Approve", exact=True).click()
    expect(olga.locator("[data-secret='secret.setupKey']")).to_have_text(re.compile(r"[0-9A-Z-]{16,}"))
    olga.get_by_role("button", name="I have handed it on").click()
    expect(olga.locator("dialog")).to_have_count(0)
    rita.reload()
    expect(rita.locator("tr", has_text="Zita Lopes")).to_contain_text("has a set-up key")

    open_part(rita, "Audit trail")
    rita.select_option("[name=topic]", "staff")
    expect(rita.locator("tbody tr", has_text="left after a day")).to_contain_text("Shut an employee out")
    assert "topic=staff" in rita.url
    report_nothing(rita, olga)
    look_at_parts(rita, desk)


def report_nothing(rita: Page, olga: Page) -> None:
    """Give a system a key; it reports nothing, which the overview tells once it has been so for a week."""
    open_part(rita, "Systems")
    act(rita, "Add a system", "the web shop", name="web", source="web")
    expect(rita.locator("#toasts")).to_contain_text("waits for a second operator")
    olga.reload()
    olga.locator(".proposal", has_text="web").get_by_role("button", name="Approve", exact=True).click()
    olga.get_by_role("button", name="I have handed it on").click()
    rita.get_by_role("button", name="Overview").click()
    look = rita.get_by_label("Needs a look")
    expect(look).to_be_visible()
    expect(look).not_to_contain_text("reported nothing")  # it was added a minute ago

    def add_long_ago(route: Route) -> None:
        # What the server answers of a system that was added in the year before.
        if "knownSince" not in (route.request.post_data or ""):
            return route.continue_()
        answer = route.fetch()
        body = answer.json()
        for source in body["data"]["sources"]:
            source["knownSince"] = "2020-01-01T00:00:00Z"
        return route.fulfill(response=answer, json=body)

    rita.route("**/graphql", add_long_ago)
    rita.reload()
    silent = look.locator("li", has_text="1 source has reported nothing for a week")
    silent.get_by_role("button", name="Open").click()
    expect(rita.locator("tr", has_text="web")).to_contain_text("silent")
    rita.unroute("**/graphql")


def open_part(page: Page, name: str) -> None:
    button = page.locator(".parts").get_by_role("button", name=name, exact=True)
    button.click()
    expect(button).to_have_attribute("aria-current", "page")
    expect(page.locator(".skeleton")).to_have_count(0)


def look_at_parts(signed_in: Page, desk: Open) -> None:
    """Every part whole and without findings, at both widths, in both lights, in each language."""
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
        for place, part in enumerate(PARTS):
            button = page.locator(".parts button").nth(place)
            button.click()
            expect(button).to_have_attribute("aria-current", "page")
            expect(page.locator(".skeleton")).to_have_count(0)
            if PICTURES:
                page.screenshot(path=Path(PICTURES) / f"{part}-{width}-{scheme}-{locale[:2]}.png")
            assert (part, findings(page), runs_over(page)) == (part, [], False)
        page.locator(".parts button").nth(PARTS.index("staff")).click()
        page.locator(".primary").first.click()
        assert (findings(page), runs_over(page)) == ([], False)
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"adding-{width}-{scheme}-{locale[:2]}.png")
