"""Stamp cards and challenges on the phone and at the till: drawn, in words for who does not see, and taken up by one
tap.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import findings_in_both_schemes
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import look_up, runs_over, see_moments, sign_in_at_till

CAFE = Path(__file__).parents[2] / "scripts" / "demo" / "programmes" / "cafe.yaml"
RECORD = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { ... on PurchaseRecorded { customer { number } } } }"


def _january_now() -> str:
    """The café, whose January is now."""
    today = datetime.now(UTC).date()
    now = f'from: "{today - timedelta(days=3)}", until: "{today + timedelta(days=20)}"'
    text = CAFE.read_text(encoding="utf-8")
    assert text.count('from: "2027-01-01", until: "2027-01-31"') == 1
    return text.replace('from: "2027-01-01", until: "2027-01-31"', now)


PROGRAMME = _january_now()


def buy_lattes(club: ClubServer, number: str, count: int, receipt: str) -> None:
    input = {
        "member": number,
        "externalId": receipt,
        "currency": "EUR",
        "total": count * 300,
        "lines": [{"sku": "l", "category": "latte", "quantity": count, "amount": count * 300}],
        "idempotencyKey": receipt,
    }
    recorded = club.do(RECORD, {"i": input}, token=club.cashier_token())["recordPurchase"]
    assert recorded["customer"]["number"] == number


def test_a_card_fills_before_the_members_eyes_and_a_challenge_is_taken_up(
    phone: Page, club: ClubServer
) -> None:
    token = join(phone, club, email="collects@example.com")
    number = club.do("{ me { number } }", token=token)["me"]["number"]
    buy_lattes(club, number, 7, "first")
    assert see_moments(phone) == ["A sua primeira compra conta"]
    phone.click("#tabs button >> nth=3")
    card = phone.get_by_role("img", name="7 de 10 carimbos")
    expect(card.locator(".place")).to_have_count(10)
    expect(card.locator(".place.full")).to_have_count(7)
    # The challenge is offered, with what its goal will be set by.
    challenge = phone.locator(".challenge", has_text="Desafio de janeiro")
    expect(challenge).to_contain_text("O seu objetivo é fixado quando aceitar.")
    assert [findings_in_both_schemes(phone), runs_over(phone)] == [[], False]
    challenge.get_by_role("button", name="Aceitar o desafio").click()
    expect(challenge).to_contain_text("0 de 2")  # half of one visit, and two more
    expect(challenge.get_by_role("button")).to_have_count(0)
    assert [findings_in_both_schemes(phone), runs_over(phone)] == [[], False]
    # What the till records is seen at once: the card is full, twice, and begins anew.
    buy_lattes(club, number, 15, "second")
    assert "Cartão completo: Cartão de bebidas" in see_moments(phone)
    expect(phone.get_by_role("img", name="2 de 10 carimbos").locator(".place.full")).to_have_count(2)
    expect(phone.locator(".chip.gold", has_text="2 cartões completos")).to_be_visible()
    expect(challenge).to_contain_text("1 de 2")
    phone.click("#tabs button >> nth=0")
    expect(phone.locator(".stampbutton", has_text="Cartão de bebidas")).to_contain_text("2 de 10 carimbos")
    assert [findings_in_both_schemes(phone), runs_over(phone)] == [[], False]


def test_the_cashier_sees_what_a_customer_collects(browser: Browser, club: ClubServer, phone: Page) -> None:
    email = f"caixa-{datetime.now(UTC).timestamp()}@example.com"
    token = join(phone, club, email=email)
    member = club.do("{ me { number badges { badge { id code } } } }", token=token)["me"]
    ids = {each["badge"]["code"]: each["badge"]["id"] for each in member["badges"]}
    accept = "mutation($i: AcceptChallengeInput!) { acceptChallenge(input: $i) { __typename } }"
    club.do(accept, {"i": {"badgeId": ids["january"], "idempotencyKey": "k"}}, token=token)
    buy_lattes(club, member["number"], 4, email)
    till = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="pt-PT", reduced_motion="reduce"
    ).new_page()
    sign_in_at_till(till, club, club.cashier)
    look_up(till, member["number"])
    card = till.get_by_role("img", name="4 de 10 carimbos")
    expect(card.locator(".place.full")).to_have_count(4)
    # Five and five, as on the phone.
    tops = card.locator(".place").evaluate_all("all => all.map((each) => each.offsetTop)")
    assert tops[:5] == [tops[0]] * 5
    assert tops[5:] == [tops[5]] * 5
    assert tops[5] > tops[0]
    expect(till.locator("li", has_text="Desafio de janeiro")).to_contain_text("1 de 2")
    assert [findings_in_both_schemes(till), runs_over(till)] == [[], False]
    till.context.close()
