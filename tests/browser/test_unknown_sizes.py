"""What nobody knows is a dash at the console, with the reason beside it: a segment before anybody was counted, and
whether a message without the inbox was read.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import runs_over
from tests.browser.test_console_operations import open_part
from tests.browser.test_voices import open_console

PROGRAMME = """
programme: {code: club, name: {en: Club, pt: Clube, pl: Klub}, currency: EUR, timezone: Europe/Lisbon, locales: [en, pt, pl]}
wallets: [{code: points, name: {en: Points, pt: Pontos, pl: Punkty}}]
segments:
  - {code: new, name: {en: New here, pt: Novos, pl: Nowi}, when: member.purchases.count == 0}
consents: [{purpose: news, title: {en: News, pt: Notícias, pl: Nowości}, wording: {en: I want news, pt: Quero, pl: Chcę}, wordingVersion: 1}]
"""
PICTURES = os.environ.get("SELO_PICTURES")
Scheme = Literal["light", "dark"]
LOOKS: list[tuple[int, Scheme, str, str]] = [
    (390, "light", "pl-PL", "Jeszcze nie policzono"),
    (768, "dark", "pt-PT", "Ainda por contar"),
    (1280, "light", "en-GB", "Not counted yet"),
]
AGREE = 'mutation { setConsent(input: {purpose: "news", granted: true, wordingVersion: 1}) { __typename } }'


def test_what_nobody_knows_is_a_dash_with_its_reason(browser: Browser, club: ClubServer, page: Page) -> None:
    for width, scheme, locale, reason in LOOKS:
        olga = open_console(browser, club, "operator", width=width, scheme=scheme, locale=locale)
        olga.goto(f"{club.url}/console/segments")
        expect(olga.locator("tbody td.num")).to_have_text(re.compile(f"^–{reason}"))
        photograph(olga, f"uncounted-{width}")
        assert (width, findings(olga), runs_over(olga)) == (width, [], False)
        assert olga.locator(".table").evaluate("table => table.scrollWidth - table.clientWidth") == 0, width
    open_part(olga, "Messages")
    olga.get_by_role("button", name="Write a message").click()
    expect(olga.locator("[name=segment] option")).to_have_text("New here (–)")
    token = join(page, club)
    club.do(AGREE, token=token)
    open_part(olga, "Segments")
    wait_until_counted(olga)
    send_by_mail(olga)
    job = olga.locator(".job", has_text="By mail (en)")
    expect(job.locator(".fates li").nth(1).locator(".figure")).to_have_text("–")
    expect(job).to_contain_text("Only the inbox tells of reading; this went without it.")
    photograph(olga, "fates-1280")
    assert findings(olga) == []


def photograph(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def wait_until_counted(page: Page) -> None:
    """Read the list anew until the worker has counted who joined."""
    size = page.locator("tbody td.num")
    for _ in range(60):
        page.reload()
        expect(size).to_be_visible()
        if size.inner_text() == "1":
            return
    expect(size).to_have_text("1")


def send_by_mail(page: Page) -> None:
    """Write to all who are new, by mail alone, and send it."""
    open_part(page, "Messages")
    page.get_by_role("button", name="Write a message").click()
    page.uncheck("[name=inbox]")
    page.check("[name=email]")
    for locale in ("en", "pt", "pl"):
        page.fill(f"[name=title-{locale}]", f"By mail ({locale})")
        page.fill(f"[name=body-{locale}]", "Hello.")
    page.get_by_role("button", name="See whom it reaches").click()
    expect(page.locator(".reach .notice.good")).to_be_visible()
    page.fill("[name=reason]", "a test of the dash")
    page.get_by_role("button", name=re.compile("^Send it to")).click()
