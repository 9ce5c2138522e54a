"""What a member agrees to on the phone: by channel, with every answer before it; a birthday once, and an age."""

from __future__ import annotations

import re
import secrets

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings_in_both_schemes
from tests.browser.club_server import ClubServer, join, prove_contact
from tests.browser.page_actions import runs_over
from tests.small_runtime import NUMISCOLLECT

PROGRAMME = (
    NUMISCOLLECT.read_text(encoding="utf-8")
    .replace("purpose: marketing, title", "purpose: marketing, channels: [push, email, sms], title", 1)
    .replace("currency: EUR\n", "currency: EUR\n  minimum_age: 16\n", 1)
)
MINE = "{ me { birthday consents { purpose granted channels } } }"


def test_a_member_agrees_by_channel_and_reads_what_was_answered_before(phone: Page, club: ClubServer) -> None:
    token = join(phone, club, email=f"c{id(phone)}@example.com", birthday="1990-05-17")
    phone.get_by_role("button", name="Os meus dados", exact=True).click()
    card = phone.locator("section.card", has=phone.get_by_role("heading", name="O que autorizo"))
    for name in ("E-mail", "SMS"):
        with phone.expect_response(lambda response: "PhoneConsent" in (response.request.post_data or "")):
            card.get_by_label(name, exact=True).check()
    with phone.expect_response(lambda response: "PhoneConsent" in (response.request.post_data or "")):
        card.get_by_label("E-mail", exact=True).uncheck()
    assert club.do(MINE, token=token)["me"]["consents"][0] == {
        "purpose": "marketing",
        "granted": True,
        "channels": ["SMS"],
    }
    phone.reload()
    phone.get_by_role("button", name="Os meus dados", exact=True).click()
    expect(card.get_by_label("SMS", exact=True)).to_be_checked()
    expect(card.get_by_label("E-mail", exact=True)).not_to_be_checked()
    card.get_by_text("Respostas anteriores").click()
    expect(card.locator("details li .grow")).to_have_text(
        [
            re.compile("^Aceitou em .*: E-mail, SMS"),
            re.compile("^Aceitou em .*: E-mail"),
            re.compile("^Não aceitou, em "),  # the box that was left empty at enrolment
        ]
    )
    assert not runs_over(phone)
    assert findings_in_both_schemes(phone) == []
    birthday = phone.get_by_label("Data de nascimento")
    expect(birthday).to_have_value("1990-05-17")
    assert birthday.get_attribute("readonly") is not None


def test_who_joins_gives_a_birthday_where_the_programme_asks_an_age(phone: Page, club: ClubServer) -> None:
    phone.goto(f"{club.url}/phone/")
    prove_contact(phone, f"{secrets.token_hex(5)}@example.com", club.code_for)
    birthday = phone.get_by_label("Data de nascimento")
    expect(birthday).to_have_attribute("required", "")
    expect(phone.get_by_text("É preciso ter pelo menos 16 anos.")).to_be_visible()
    assert findings_in_both_schemes(phone) == []
