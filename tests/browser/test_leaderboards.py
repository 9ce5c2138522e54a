"""Leaderboards on the phone: taking part under a nickname, standing, and leaving."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import narrow_context, runs_over
from tests.small_runtime import NUMISCOLLECT

BOARD = "count: {wallet: points}, per: month, top: 100"
PRIZES = ", do: {1: [{award: {wallet: points, fixed: 1500}}], 10: [{award: {wallet: cashback, fixed: 250}}]}"
PROGRAMME = NUMISCOLLECT.read_text(encoding="utf-8").replace(BOARD, BOARD + PRIZES)
SAID = {"pt-PT": ("Primeiro lugar", "Lugares 1 a 10"), "pl-PL": ("Pierwsze miejsce", "Miejsca od 1 do 10")}


def test_a_member_takes_part_under_a_nickname_and_leaves(browser: Browser, club: ClubServer) -> None:
    for locale, taking_part in (("pt-PT", "Está a participar"), ("pl-PL", "Bierzesz udział")):
        with narrow_context(browser, locale=locale) as narrow:
            page = narrow.new_page()
            join(page, club, email=f"{locale[:2]}.player@example.com")
            page.goto(f"{club.url}/phone/boards")
            first, ten = SAID[locale]
            expect(page.locator("li", has_text=first)).to_contain_text(re.compile(r"1.500 Numis"))
            expect(page.locator("li", has_text=ten)).to_contain_text(re.compile("2,50\\s€"))
            page.fill("[name=nickname]", "ana@example.com")
            page.keyboard.press("Enter")
            expect(page.locator("#screen .field.wrong, #screen .notice.bad")).to_have_count(1)
            assert findings(page) == []
            page.fill("[name=nickname]", f"Coruja {locale[:2]}")
            page.keyboard.press("Enter")
            expect(page.locator("#screen section.card")).to_contain_text(taking_part)
            assert findings(page) == []
            assert not runs_over(page)
            page.locator("#screen section.card .button.plain").click()
            expect(page.locator("[name=nickname]")).to_be_visible()
