"""The pages with a programme unlike the example: none of their languages, three wallets, money first, and
three decimals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.club_server import ClubServer, join, prove_contact
from tests.browser.page_actions import (
    confirm_purchase,
    enter_purchase,
    look_up,
    narrow_context,
    runs_over,
    see_moments,
    sign_in_at_till,
)

PROGRAMME = """
programme: {code: atelier, name: Atelier, currency: KWD, timezone: Asia/Kuwait, locales: [de-AT, fr]}
wallets:
  - {code: back, name: {de-AT: Guthaben, fr: Cagnotte}, kind: money, pending: {days: 30}}
  - {code: gems, name: {de-AT: Steine, fr: Gemmes}}
  - {code: karma, name: {de-AT: Außerordentlich umweltfreundliche Karmapunkte für den Planeten, fr: Karma}}
rules:
  - code: back
    title: {de-AT: 3 % zurück, fr: 3 % remboursés}
    on: purchase.completed
    do:
      - award: {wallet: back, amount: 3, per: 100, of: purchase.total}
      - award: {wallet: gems, amount: 1, per: 1000, of: purchase.total}
rewards:
  - {code: bag, title: {de-AT: Tasche, fr: Sac}, cost: {wallet: gems, amount: 20}}
  - {code: tree, title: {de-AT: Baum, fr: Arbre}, cost: {wallet: back, amount: 3000}}
"""
KUWAIT = ZoneInfo("Asia/Kuwait")
LINES = "element => new Set([...element.getClientRects()].map((each) => each.top)).size"


@pytest.fixture
def german(browser: Browser) -> Iterator[Page]:
    """A narrow phone that speaks German, as the page does not."""
    with narrow_context(browser, locale="de-DE") as context:
        yield context.new_page()


def test_a_member_joins_a_programme_that_speaks_no_language_of_the_page(
    german: Page, club: ClubServer
) -> None:
    token = join(german, club, email="ana@example.com")
    assert club.do("{ me { locale } }", token=token)["me"]["locale"] == "de-AT"
    expect(german.locator(".hello")).to_have_text("Hello, Ana")
    expect(german.locator(".purse .unit")).to_have_text("Guthaben")
    # The sum is one figure on one line, and the longest wallet's name leaves the card as it is.
    sum_ = german.locator(".purse .sum")
    expect(sum_).to_have_text("KWD\N{NO-BREAK SPACE}0.000")
    assert sum_.evaluate(LINES) == 1
    assert german.locator(".purse .button").evaluate(
        "element => element.getBoundingClientRect().right <= innerWidth"
    )
    assert not runs_over(german)
    # A language that only the page speaks is the page's alone: the member is written to as before.
    german.click("#bar .button:last-child")
    german.click(".segments button[lang=pl]")
    expect(german.locator("html")).to_have_attribute("lang", "pl")
    assert club.do("{ me { locale } }", token=token)["me"]["locale"] == "de-AT"


def test_terms_that_stand_nowhere_are_accepted_without_a_link(german: Page, club: ClubServer) -> None:
    german.goto(f"{club.url}/phone/")
    prove_contact(german, "cara@example.com", club.code_for)
    expect(german.locator(".choice [name=terms]")).to_be_visible()
    expect(german.locator(".choice a")).to_have_count(0)


def test_each_amount_says_of_which_wallet_it_is(german: Page, browser: Browser, club: ClubServer) -> None:
    token = join(german, club, email="bea@example.com")
    till = browser.new_context(locale="en-GB", timezone_id="America/New_York").new_page()
    sign_in_at_till(till, club, club.cashier)
    look_up(till, club.do("{ me { number } }", token=token)["me"]["number"])
    enter_purchase(till, total="45.250", receipt="r-1")
    # The gems can be spent at once, so the day is the other wallet's alone.
    expect(till.locator(".quote .small.quiet")).to_have_count(1)
    assert (till.text_content(".quote .small.quiet") or "").startswith("Guthaben to spend from ")
    before = datetime.now(KUWAIT)
    confirm_purchase(till)
    # What was done when is told by the programme's clock, wherever the tablet believes that it is.
    till.click("#tabs button >> nth=2")
    done = till.locator(".why", has_text="Ana Silva").first
    expect(done).to_contain_text(re.compile(f", ({before:%H:%M}|{before + timedelta(minutes=1):%H:%M})$"))
    till.goto(f"{club.url}/till/")
    look_up(till, club.do("{ me { number } }", token=token)["me"]["number"])
    expect(till.locator(".shelf .figure")).to_have_text(["20 Steine"])
    till.context.close()
    # What a reward still lacks beside what is on its way is said in the same words on both screens.
    assert see_moments(german)
    lacks = "Still missing: KWD\N{NO-BREAK SPACE}1.643"
    expect(german.locator(".offer", has_text="Baum").locator(".small").last).to_have_text(lacks)
    german.click("#tabs button >> nth=1")
    have = (
        "You have KWD\N{NO-BREAK SPACE}1.357, 45 Steine and 0 Außerordentlich umweltfreundliche Karmapunkte"
        " für den Planeten."
    )
    expect(german.locator("#screen p.quiet").first).to_have_text(have)
    expect(german.locator(".tile.locked .small").last).to_have_text(lacks)
