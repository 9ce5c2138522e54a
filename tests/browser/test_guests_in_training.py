"""Guests in training: a code would be worth points to whoever enters it, so the till makes none and says so."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer
from tests.browser.page_actions import narrow_context, runs_over, sign_in_at_till
from tests.small_runtime import NUMISCOLLECT

PROGRAMME = NUMISCOLLECT.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (
            "pt-PT",
            (
                "Treino",
                "Ainda não é sócio",
                "Depois, por código",
                "valeria pontos a sério",
                "ficava mesmo sócio",
            ),
        ),
        ("en-GB", ("Training", "Not a member yet", "Later, by a code", "worth real points", "really join")),
        (
            "pl-PL",
            (
                "Szkolenie",
                "Jeszcze nie w klubie",
                "Później, kodem",
                "prawdziwe punkty",
                "naprawdę by dołączył",
            ),
        ),
    ],
)
def test_training_makes_no_code_for_a_guest_and_says_so(
    browser: Browser, club: ClubServer, locale: str, words: tuple[str, ...]
) -> None:
    training, join, later, guest, own = words
    with narrow_context(browser, locale=locale) as narrow:
        page = narrow.new_page()
        sign_in_at_till(page, club, club.cashier)
        page.click("#bar .button.round")
        page.get_by_role("button", name=training, exact=True).click()
        expect(page.locator("#bar .training")).to_be_visible()
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.post_data or ""))
        page.get_by_role("button", name=join).click()
        page.get_by_role("button", name=later).click()
        page.fill("dialog [name=amount]", "12")
        page.click("dialog .primary")
        expect(page.locator("dialog .notice.bad")).to_contain_text(guest)
        expect(page.locator(".receiptcode")).to_have_count(0)
        assert findings(page) == []
        assert not runs_over(page)
        page.locator("dialog .segments button").nth(1).click()
        expect(page.locator("dialog .notice")).to_contain_text(own)
        expect(page.locator("dialog svg.qr")).to_have_count(0)
        page.locator("dialog .segments button").nth(0).click()
        page.fill("dialog [name=contact]", "somebody@example.com")
        page.fill("dialog [name=amount]", "12")
        page.click("dialog .primary")
        expect(page.locator("dialog .notice.bad")).to_be_visible()
        assert findings(page) == []
        page.keyboard.press("Escape")
        assert [body for body in sent if "query" in body and "query TestClock" not in body] == []
        page.click("#bar .button.round")
        page.locator("dialog button", has=page.locator("svg")).filter(
            has_text=re.compile("training|treino|szkolenie", re.I)
        ).click()
        expect(page.locator("#bar .training")).to_have_count(0)
        page.click("#tabs button >> nth=2")
        expect(page.locator(".act")).to_have_count(0)
