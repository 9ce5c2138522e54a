"""Segments by the pages alone: who is in one, a message sent once and stopped, tags of a list, a file taken along; whole
at a desk and on a tablet, by day and by night, in each language.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over
from tests.browser.test_console import Open, desk, sign_in
from tests.browser.test_console_operations import open_part

__all__ = ["desk"]
PARTS = ("list", "messages", "tags", "files")
PICTURES = os.environ.get("SELO_PICTURES")


def test_a_segment_is_written_to_tagged_and_taken_along_by_the_pages_alone(
    shop: DemoServer, desk: Open
) -> None:
    rita = desk()
    sign_in(rita, shop, "rita")
    rita.get_by_role("button", name="Segments").click()
    row = rita.locator("tr", has_text="big-spenders")
    expect(row.locator("td.num")).to_have_text(re.compile("[1-9]"))
    row.get_by_role("button", name="Members: Big spenders").click()
    expect(row).to_have_count(0)  # the list of segments has gone
    numbers = rita.locator("tbody td.mono")
    expect(numbers.first).to_be_visible()
    number = numbers.first.inner_text()
    write(rita)
    tag(rita, number)
    take(rita)
    look_at_parts(rita, desk)


def write(page: Page) -> None:
    """Write to the big spenders, see whom it reaches, send it, and stop it."""
    open_part(page, "Messages")
    page.get_by_role("button", name="Write a message").click()
    page.select_option("[name=segment]", "big-spenders")
    page.get_by_role("button", name="See whom it reaches").click()
    expect(page.locator(".notice.bad")).to_contain_text("every language")
    for locale in ("en", "pt", "pl"):
        page.fill(f"[name=title-{locale}]", f"A coin fair ({locale})")
        page.fill(f"[name=body-{locale}]", "{member.name}, come and see.")
    page.get_by_role("button", name="See whom it reaches").click()
    expect(page.locator(".reach .notice.good")).to_contain_text(
        re.compile(r"It reaches [\d]+ of [\d]+ members")
    )
    expect(page.locator(".reach blockquote").first).to_contain_text("Ana Silva, come and see.")
    page.fill("[name=reason]", "the fair in May")
    page.focus("[name=at]")
    page.keyboard.type("24122031")  # a day without its time is not "now"
    page.get_by_role("button", name=re.compile("^Send it to")).click()
    expect(page.locator("[name=at]")).to_be_focused()
    expect(page.get_by_text("on its way")).to_have_count(0)
    page.fill("[name=at]", "")
    page.get_by_role("button", name=re.compile("^Send it to")).click()
    expect(page.locator("#toasts")).to_contain_text("on its way")
    job = page.locator(".job", has_text="A coin fair (en)")
    expect(job).to_have_attribute("data-state", "DONE", timeout=20_000)
    job.get_by_role("button", name="Stop").click()
    page.fill("dialog [name=reason]", "a wrong date")
    page.click("dialog .primary")
    expect(job).to_have_attribute("data-state", "STOPPED")


def tag(page: Page, number: str) -> None:
    """Tag a list of two numbers, one of which is nobody's, then the one that is somebody's."""
    open_part(page, "Tags by hand")
    page.fill("[name=numbers]", f"{number}\n0000 000 001")
    page.fill("[name=add]", "fair")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("Nobody has these numbers")).to_contain_text("0000000001")
    page.fill("[name=numbers]", number)
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".notice.good")).to_have_text("1 of 1 would change.")
    page.fill("[name=reason]", "was at the fair")
    page.get_by_role("button", name="Change the tags").click()
    expect(page.locator(".job", has_text="+fair")).to_have_attribute("data-state", "DONE", timeout=20_000)


def take(page: Page) -> None:
    """Take the members of a segment along, with their contacts."""
    open_part(page, "Files")
    page.select_option("[name=segment]", "big-spenders")
    page.check("[name=contacts]")
    page.fill("[name=reason]", "a printed letter")
    page.get_by_role("button", name="Write the file").click()
    job = page.locator(".job", has_text="a printed letter")
    expect(job).to_have_attribute("data-state", "DONE", timeout=20_000)
    with page.expect_download() as download:
        job.get_by_role("button", name="Download").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("member,status,")
    assert any("@" in line for line in lines[1:])


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
        page.goto(re.sub("/console/.*", "/console/segments", page.url))
        for place, part in enumerate(PARTS):
            button = page.locator(".parts button").nth(place)
            button.click()
            expect(button).to_have_attribute("aria-current", "page")
            expect(page.locator(".skeleton")).to_have_count(0)
            if part == "messages":
                page.locator(".primary").first.click()
            if PICTURES:
                name = f"segments-{part}-{width}-{scheme}-{locale[:2]}.png"
                page.screenshot(path=Path(PICTURES) / name, full_page=True)
            assert (part, findings(page), runs_over(page)) == (part, [], False)
