"""A survey's question on the phone page: answered by one tap, in each language, at 360 px and with a screen
reader.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import close_moments, narrow_context, runs_over
from tests.small_runtime import NUMISCOLLECT

RULE = "    after: {days: 3}\n    limit: {times: 1, per: month}\n    do: [{survey: satisfaction}]\n"
VISIT = (
    '  - {code: visit, kind: csat, question: {pt: "Gostou da visita?", en: "Did you enjoy your visit?", pl:'
    ' "Jak oceniasz wizytę?"}}\n'
)
THANKS = (
    "  - {code: answered, title: Thanks, on: survey.answered, do: [{award: {wallet: cashback, fixed:"
    " 150}}]}\n"
)
BUY = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }"


def _asking() -> str:
    """The example programme, but it asks at once, two questions, and thanks for each answer."""
    text = NUMISCOLLECT.read_text(encoding="utf-8")
    assert RULE in text
    text = text.replace(RULE, "    do: [{survey: satisfaction}, {survey: visit}]\n")
    return text.replace("surveys:\n", f"surveys:\n{VISIT}").replace("rules:\n", f"rules:\n{THANKS}", 1)


PROGRAMME = _asking()


@pytest.fixture
def narrow(browser: Browser) -> Iterator[BrowserContext]:
    with narrow_context(browser, scheme="dark") as context:
        yield context


def receive_survey(page: Page, club: ClubServer, email: str) -> str:
    """Join, buy, and open the inbox with its questions; returns the member's token."""
    token = join(page, club, email=email)
    # The first purchase is a moment of its own: it is closed where it stands in the way.
    close_moments(page)
    number = club.do("{ me { number } }", token=token)["me"]["number"]
    bought = {"member": number, "externalId": email, "currency": "EUR", "total": 100, "idempotencyKey": email}
    club.do(BUY, {"i": bought}, token=club.cashier_token())
    expect(page.locator(".bell .count")).to_have_text("3")  # the welcome, and both questions
    page.click(".bell")
    expect(page.locator(".scores")).to_have_count(2)
    return token


def test_a_question_is_answered_by_one_tap_and_thanked_for(club: ClubServer, narrow: BrowserContext) -> None:
    page = narrow.new_page()
    token = receive_survey(page, club, "ana@example.com")
    assert findings(page) == []
    assert not runs_over(page)
    likely = page.get_by_role("group", name="Recomendaria a NumisCollect?")
    expect(likely.get_by_role("button")).to_have_text([str(score) for score in range(11)])
    expect(page.get_by_role("group", name="Gostou da visita?").get_by_role("button")).to_have_text(
        ["1", "2", "3", "4", "5"]
    )
    small = page.locator(".scores .button").evaluate_all(
        "all => all.filter(one => one.offsetWidth < 40 || one.offsetHeight < 44).length"
    )
    assert small == 0

    likely.get_by_role("button", name="10", exact=True).press("Enter")
    thanks = page.locator(".thanks")
    expect(thanks).to_have_text("Obrigado. A sua resposta: 10")
    expect(thanks).to_be_focused()
    expect(page.locator(".scores")).to_have_count(1)
    assert findings(page) == []
    inbox = club.do("{ me { messages(first: 5) { edges { node { survey { code score } } } } } }", token=token)
    scores = {
        one["node"]["survey"]["code"]: one["node"]["survey"]["score"]
        for one in inbox["me"]["messages"]["edges"]
        if one["node"]["survey"]
    }
    assert scores == {"satisfaction": 10, "visit": None}
    expect(page.locator("#news")).to_contain_text("Thanks: +1,50")  # what the programme gives for an answer

    page.reload()
    page.click(".bell")
    expect(page.locator(".thanks")).to_have_text("Obrigado. A sua resposta: 10")
    expect(page.locator(".scores")).to_have_count(1)


def test_without_a_network_the_same_tap_again_counts_once(club: ClubServer, narrow: BrowserContext) -> None:
    page = narrow.new_page()
    receive_survey(page, club, "eva@example.com")
    narrow.set_offline(True)
    page.locator(".scores .button >> nth=0").click()
    expect(page.locator(".notice.bad")).to_have_count(1)
    assert findings(page) == []
    narrow.set_offline(False)
    page.locator(".scores .button >> nth=0").click()
    expect(page.locator(".thanks")).to_have_count(1)
    expect(page.locator(".notice.bad")).to_have_count(0)


@pytest.mark.parametrize(
    ("tag", "words", "thanks"),
    [
        ("en-GB", "Did you enjoy your visit?", "Thank you. Your answer: 4"),
        ("pl-PL", "Jak oceniasz wizytę?", "Dziękujemy. Twoja odpowiedź: 4"),
    ],
)
def test_it_is_asked_and_thanked_for_in_the_members_language(
    browser: Browser, club: ClubServer, tag: str, words: str, thanks: str
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale=tag, reduced_motion="reduce")
    page = context.new_page()
    receive_survey(page, club, f"{tag.lower()}@example.com")
    assert findings(page) == []
    page.get_by_role("group", name=words).get_by_role("button", name="4", exact=True).click()
    expect(page.locator(".thanks")).to_have_text(thanks)
    context.close()
