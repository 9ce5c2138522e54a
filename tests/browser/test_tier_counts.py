"""A programme of nights or spend: the phone shows each by its name, and so does the till."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import look_up, narrow_context, runs_over, see_moments, sign_in_at_till
from tests.servers import selo

PROGRAMME = (Path(__file__).parents[2] / "scripts" / "demo" / "programmes" / "hotel-chain.yaml").read_text(
    "utf-8"
)
RECORD = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { ... on PurchaseRecorded { purchase { id } } } }"
REPORT = "mutation($i: RecordEventInput!) { recordEvent(input: $i) { __typename } }"
SIGN_IN = (
    "mutation($i: StaffSignInInput!) { staffSignIn(input: $i) { ... on StaffSignedIn { accessToken } } }"
)
PROGRESS = (
    "{ me { tier { qualifying toNext counts { code title currency qualifying toNext toKeep fraction } } } }"
)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    with narrow_context(browser, locale="en-GB") as context:
        yield context.new_page()


def photograph(page: Page, name: str) -> None:
    """Keep a picture in light and in dark where SELO_SCREENSHOTS names a folder."""
    folder = os.environ.get("SELO_SCREENSHOTS")
    for scheme in ("light", "dark") if folder else ():
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=f"{folder}/{name}-{scheme}.png", full_page=True)


def manager_token(club: ClubServer) -> str:
    """Hire a manager, who may report stays, and return an access token."""
    data = "--data", str(club.data_folder)
    hired = selo("staff", "add", "maria", "--name", "Maria", "--store", "lisboa", "--role", "manager", *data)
    assert hired.returncode == 0, hired.stderr
    password = hired.stdout.strip().partition("password: ")[2]
    credentials = {"username": "maria", "password": password, "store": "lisboa"}
    token: str = club.do(SIGN_IN, {"i": credentials})["staffSignIn"]["accessToken"]
    return token


def test_each_count_is_shown_by_its_name(phone: Page, browser: Browser, club: ClubServer) -> None:
    token = join(phone, club, email="ana@example.com")
    number = club.do("{ me { number } }", token=token)["me"]["number"]
    cashier = club.cashier_token()
    bill = {
        "member": number,
        "externalId": "H-1",
        "currency": "EUR",
        "total": 70_000,
        "idempotencyKey": "h-1",
    }
    assert club.do(RECORD, {"i": bill}, token=cashier)["recordPurchase"]["purchase"]
    stay = {
        "member": number,
        "name": "stay.completed",
        "data": {"hotel": "lisboa", "nights": 4},
        "externalId": "S-1",
        "idempotencyKey": "s-1",
    }
    assert club.do(REPORT, {"i": stay}, token=manager_token(club)) == {
        "recordEvent": {"__typename": "EventRecorded"}
    }
    tier = club.do(PROGRESS, token=token)["me"]["tier"]
    assert tier == {
        "qualifying": 70_000,
        "toNext": 80_000,
        "counts": [
            {
                "code": "nights", "title": "Nights", "currency": None, "qualifying": 4, "toNext": 6,
                "toKeep": None, "fraction": 0.4,
            },
            {
                "code": "spend", "title": "Spend", "currency": "EUR", "qualifying": 70_000, "toNext": 80_000,
                "toKeep": None, "fraction": 70 / 150,
            },
        ],
    }  # fmt: skip
    phone.reload()
    card = phone.locator(".card.tier")
    expect(card.locator(".count")).to_have_text(["Nights6 more", "Spend€800 more"])
    expect(card).to_contain_text("To Silver, by any one of these")
    assert not runs_over(phone)
    photograph(phone, "counts-home")
    see_moments(phone)
    card.click()
    expect(phone.locator(".rung p.small").first).to_have_text("from Nights 10 or Spend €1,500")
    expect(phone.locator(".rung p.small")).to_have_count(4)
    expect(phone.get_by_text("Counted so far: Nights 4 and Spend €700.")).to_be_visible()
    assert not runs_over(phone)
    photograph(phone, "counts-ladder")


def test_what_keeps_a_tier_is_named_too(phone: Page, browser: Browser, club: ClubServer) -> None:
    token = join(phone, club, name="Bea Costa", email="bea@example.com")
    number = club.do("{ me { number } }", token=token)["me"]["number"]
    cashier = club.cashier_token()
    bill = {
        "member": number,
        "externalId": "H-2",
        "currency": "EUR",
        "total": 150_000,
        "idempotencyKey": "h-2",
    }
    assert club.do(RECORD, {"i": bill}, token=cashier)["recordPurchase"]["purchase"]
    phone.reload()
    card = phone.locator(".card.tier")
    expect(card.locator(".count")).to_have_text(["Nights25 more", "Spend€2,500 more"])
    expect(card).to_contain_text(re.compile(r"To keep it, by 31 December \d{4}: Nights 10 or Spend €1,500"))
    photograph(phone, "counts-keep")
    till = browser.new_context(viewport={"width": 820, "height": 1180}, locale="en-GB").new_page()
    sign_in_at_till(till, club, club.cashier)
    look_up(till, number)
    expect(till.locator(".face")).to_contain_text("Missing to Gold: Nights 25 or Spend €2,500")
    photograph(till, "counts-till")
    till.context.close()
    output = selo("verify", "--data", str(club.data_folder))
    assert output.returncode == 0, output.stdout + output.stderr
