"""A message tried on one member by the page, before the others get it: it lies in their inbox, marked, in each language."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings_in_both_schemes
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over
from tests.browser.test_console import Open, desk, sign_in
from tests.browser.test_console_operations import open_part

__all__ = ["desk"]
PICTURES = os.environ.get("SELO_PICTURES")
LOCALES = ("en", "pt", "pl")


def test_a_message_is_tried_on_one_member_by_the_page(shop: DemoServer, desk: Open) -> None:
    rita = desk()
    sign_in(rita, shop, "rita")
    rita.get_by_role("button", name="Segments").click()
    rita.get_by_role("button", name="Members: Big spenders").click()
    members = rita.get_by_role("region", name="Big spenders").locator("tbody td.mono")
    expect(members.first).to_be_visible()
    numbers = members.all_inner_texts()
    write(rita)
    number = try_on_first_who_agreed(rita, numbers)
    storage = rita.evaluate("Object.entries(localStorage)")
    for locale in ("en-GB", "pt-PT", "pl-PL"):
        look_at_form(desk(storage, locale=locale), locale)
    rita.fill("[name=trial]", "nobody@example.com")
    rita.get_by_role("button", name="Send a test", exact=True).click()
    expect(rita.locator(".trial .hint")).to_have_text("Nobody has this number or contact.")
    look_at_inbox(rita, number)


def look_at_form(page: Page, locale: str) -> None:
    """See the form with what it answers whole and without findings, at every width, by day and by night."""
    expect(page.locator("[name=member]")).to_be_visible()
    page.goto(re.sub("/console/.*", "/console/segments/messages", page.url))
    page.locator(".row .button.primary").click()
    for tag in LOCALES:
        page.fill(f"[name=title-{tag}]", "{programme.name}")
        page.fill(f"[name=body-{tag}]", "{member.name}, {member.balance}")
    page.click(".writing .primary")
    page.locator(".trial .button").click()
    expect(page.locator("[name=trial]")).to_have_attribute("aria-invalid", "true")
    for width in (390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.locator(".trial").scroll_into_view_if_needed()
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"trial-{width}-{locale[:2]}.png")
        assert (width, findings_in_both_schemes(page), runs_over(page)) == (width, [], False)


def write(page: Page) -> None:
    """Write a message to the big spenders and see whom it reaches."""
    open_part(page, "Messages")
    page.get_by_role("button", name="Write a message").click()
    page.select_option("[name=segment]", "big-spenders")
    for locale in LOCALES:
        page.fill(f"[name=title-{locale}]", f"A trial ({locale})")
        page.fill(f"[name=body-{locale}]", "{member.name}, come and see.")
    page.get_by_role("button", name="See whom it reaches").click()
    expect(page.locator(".reach .notice.good")).to_be_visible()


def try_on_first_who_agreed(page: Page, numbers: list[str]) -> str:
    """Send it to the first of some members whom it reaches; who did not agree is told, and gets nothing."""
    for number in numbers:
        page.fill("[name=trial]", number)
        page.get_by_role("button", name="Send a test", exact=True).click()
        answer = page.locator(".trial .notice.good, .trial .field.wrong .hint")
        expect(answer).to_have_text(
            re.compile("The test is on its way, in 3 languages|It does not reach this member: no consent")
        )
        if "on its way" in answer.inner_text():
            return number
    raise AssertionError("nobody of the page agreed")


def look_at_inbox(page: Page, number: str) -> None:
    """See the three of them at the member's record, and that none is among those that were sent."""
    open_part(page, "Messages")
    expect(page.get_by_text("A trial (en)")).to_have_count(0)
    page.goto(re.sub("/console/.*", "/console/", page.url))
    page.fill("[name=member]", number)
    page.press("[name=member]", "Enter")
    page.get_by_role("button", name="Messages", exact=True).click()
    for mark, locale in (("[Test]", "en"), ("[Teste]", "pt"), ("[Test]", "pl")):
        expect(page.get_by_text(f"{mark} A trial ({locale})").first).to_be_visible(timeout=20_000)
