"""What members say, by the pages alone: words beside a score from the phone to the console, and a nickname that service
takes away, of which its member is told kindly.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path
from typing import Literal

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import narrow_context, runs_over, see_moments
from tests.browser.test_console import rows_of
from tests.browser.test_survey import PROGRAMME, receive_survey
from tests.servers import selo

__all__ = ["PROGRAMME"]
WORDS = "A bit slow\nbut <b>kind</b>"
PICTURES = os.environ.get("SELO_PICTURES")
JOIN = "mutation($i: JoinLeaderboardInput!) { joinLeaderboard(input: $i) { __typename } }"
KINDLY = {
    "en-GB": ("was taken away", "We took your nickname away", "Use this nickname"),
    "pt-PT": ("foi retirada", "Retirámos a sua alcunha", "Usar esta alcunha"),
    "pl-PL": ("usunięto", "został usunięty", "Użyj tego pseudonimu"),
}


def open_console(
    browser: Browser,
    club: ClubServer,
    role: str,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    locale: str = "en-GB",
) -> Page:
    """Hire somebody, and sign them in at the console; return its page."""
    username = f"{role}-{secrets.token_hex(3)}"
    output = selo(
        *("staff", "add", username, "--name", "Sara", "--role", role, "--data", str(club.data_folder))
    ).stdout
    password, setup_key = (
        re.findall(pattern, output)[0]
        for pattern in (r"password: (\S+)", r"set-up key for the second factor: (.+)")
    )
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale=locale, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{club.url}/console/")
    for name, text in (("username", username), ("password", password)):
        page.fill(f"[name={name}]", text)
    page.press("[name=password]", "Enter")
    page.fill("[name=setup-key]", setup_key)
    page.press("[name=setup-key]", "Enter")
    secret = (page.text_content(".secret") or "").replace(" ", "")
    page.fill("[name=second-factor]", pyotp.TOTP(secret).now())
    page.press("[name=second-factor]", "Enter")
    page.check("[name=kept]")
    page.click(".card .primary")
    expect(page.locator("nav.ways")).to_be_visible()
    return page


def look(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert (name, findings(page), runs_over(page)) == (name, [], False)


def test_words_beside_a_score_reach_service_by_score_and_analysts_without_a_name(
    browser: Browser, club: ClubServer
) -> None:
    with narrow_context(browser, locale="en-GB") as narrow:
        phone = narrow.new_page()
        token = receive_survey(phone, club, "words@example.com")
        number = club.do("{ me { number } }", token=token)["me"]["number"]
        asked = phone.locator("li", has=phone.get_by_role("group", name="Did you enjoy your visit?"))
        asked.get_by_label("Anything to add? (optional)").fill(f"  {WORDS} ")
        look(phone, "phone-words")
        asked.get_by_role("button", name="2", exact=True).click()
        expect(phone.locator(".thanks")).to_have_text("Thank you. Your answer: 2")
        expect(phone.locator(".own-words")).to_have_text(WORDS)
        phone.locator(".scores").get_by_role("button", name="9", exact=True).click()
        expect(phone.locator(".thanks")).to_have_count(2)
        phone.reload()
        phone.click(".bell")
        expect(phone.locator(".own-words")).to_have_text(WORDS)
        look(phone, "phone-answered")
    sara = open_console(browser, club, "service")
    sara.get_by_role("button", name="Voices").click()
    expect(sara.locator(".comments, .empty")).to_have_count(1)
    sara.select_option("[name=survey]", "visit")
    comment = sara.locator(".comments li")
    expect(comment).to_contain_text("A bit slow")
    expect(comment.locator(".note-text b")).to_have_count(0)
    expect(comment.locator(".score")).to_have_text("2")
    look(sara, "comments")
    sara.select_option("[name=lowest]", "3")
    expect(sara.locator(".empty")).to_have_text("Nobody has written anything with these scores yet.")
    sara.select_option("[name=lowest]", "1")
    sara.get_by_role("button", name=number).click()
    expect(sara.locator("h1")).to_have_text("Ana Silva")
    ada = open_console(browser, club, "analyst")
    ada.get_by_role("button", name="Voices").click()
    ada.select_option("[name=survey]", "visit")
    expect(ada.locator(".comments li")).to_contain_text("A bit slow")
    expect(ada.locator(".comments button")).to_have_count(0)
    expect(ada.locator("nav.parts button")).to_have_text(["Survey comments"])
    look(ada, "comments-analyst")


@pytest.mark.parametrize("locale", list(KINDLY))
def test_a_nickname_is_taken_away_and_its_member_is_told_kindly_and_chooses_another(
    browser: Browser, club: ClubServer, locale: str
) -> None:
    gone, replaced, button = KINDLY[locale]
    with narrow_context(browser, locale=locale) as narrow:
        phone = narrow.new_page()
        token = join(phone, club, email=f"{locale.lower()}@example.com")
        number = club.do("{ me { number } }", token=token)["me"]["number"]
        playing = {"code": "collectors", "nickname": f"Vilão {locale}"}
        club.do(JOIN, {"i": playing}, token=token)
        buy = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }"
        bought = {"member": number, "externalId": locale, "currency": "EUR", "total": 9_000}
        club.do(buy, {"i": {**bought, "idempotencyKey": locale}}, token=club.cashier_token())
        see_moments(phone)
        sara = open_console(
            browser, club, "service", locale="en-GB", width=768 if locale == "pl-PL" else 1280
        )
        sara.goto(f"{club.url}/console/voices/nicknames")
        take_away(sara, f"Vilão {locale}", "")
        expect(sara.locator("tr", has_text=number)).to_contain_text("taken away")
        phone.goto(f"{club.url}/phone/boards")
        expect(phone.locator("#screen .notice")).to_contain_text(gone)
        look(phone, f"taken-{locale}")
        phone.fill("[name=nickname]", f"v i l a o {locale}")
        phone.get_by_role("button", name=button).click()
        expect(phone.locator("#screen .field.wrong")).to_have_count(1)
        phone.fill("[name=nickname]", f"Coruja {locale}")
        phone.get_by_role("button", name=button).click()
        expect(phone.locator("#screen .notice")).to_have_count(0)
        sara.reload()
        take_away(sara, f"Coruja {locale}", f"Mocho {locale}")
        expect(sara.locator("tr", has_text=number)).to_contain_text(f"Mocho {locale}")
        phone.reload()
        expect(phone.locator("#screen .notice")).to_contain_text(replaced)
        expect(phone.locator("#screen .notice")).to_contain_text(f"Mocho {locale}")
        look(phone, f"replaced-{locale}")
        phone.fill("[name=nickname]", f"Lince {locale}")
        phone.get_by_role("button", name=button).click()
        expect(phone.locator("#screen .notice")).to_have_count(0)
    sara.get_by_role("button", name=number).click()
    sara.get_by_role("button", name="Trail").click()
    expect(sara.locator(".lists")).to_contain_text("Took a nickname away")
    expect(sara.locator(".lists")).to_contain_text("it insults a colleague")


def take_away(sara: Page, nickname: str, instead: str) -> None:
    row = sara.locator("tr", has_text=nickname)
    row.get_by_role("button", name=f"Take away: {nickname}").click()
    if instead:
        sara.fill("dialog [name=instead]", "ana@example.com")
        sara.fill("dialog [name=reason]", "it insults a colleague")
        sara.click("dialog .primary")
        expect(sara.locator("dialog .notice.bad")).to_contain_text("This is no nickname")
        sara.fill("dialog [name=instead]", instead)
    sara.fill("dialog [name=reason]", "it insults a colleague")
    look(sara, f"taking-{nickname}")
    sara.click("dialog .primary")
    expect(sara.locator("#toasts")).to_contain_text(f"“{nickname}” is taken away.")


@pytest.mark.parametrize(("locale", "scheme"), [("pt-PT", "dark"), ("pl-PL", "light")])
def test_both_parts_are_whole_in_each_language_on_a_tablet(
    browser: Browser, club: ClubServer, locale: str, scheme: Literal["light", "dark"]
) -> None:
    page = open_console(browser, club, "operator", width=768, scheme=scheme, locale=locale)
    for part in ("comments", "nicknames"):
        page.goto(f"{club.url}/console/voices/{part}")
        expect(page.locator("#screen select").first).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        look(page, f"{part}-{locale}")
        assert rows_of(page, ".ways button") == 1


def test_figures_of_leaderboards_challenges_and_recommendations_stand_at_the_console_and_in_the_shell(
    browser: Browser, club: ClubServer
) -> None:
    with narrow_context(browser, locale="en-GB") as narrow:
        phone = narrow.new_page()
        token = join(phone, club, email="figures@example.com")
        club.do(JOIN, {"i": {"code": "collectors", "nickname": "Figura"}}, token=token)
        number = club.do("{ me { number } }", token=token)["me"]["number"]
        bought = {"member": number, "externalId": "figures", "currency": "EUR", "total": 9_000}
        buy = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }"
        club.do(buy, {"i": {**bought, "idempotencyKey": "figures"}}, token=club.cashier_token())
        see_moments(phone)
    walks: tuple[tuple[str, str, Literal["light", "dark"], tuple[str, str, str, str]], ...] = (
        ("analyst", "en-GB", "light", ("What works", "Leaderboards", "Challenges", "Take part")),
        ("operator", "pl-PL", "dark", ("Co działa", "Rankingi", "Wyzwania", "Biorą udział")),
        ("operator", "pt-PT", "light", ("O que resulta", "Classificações", "Desafios", "Participam")),
    )
    for role, locale, scheme, words in walks:
        page = open_console(browser, club, role, width=1280, scheme=scheme, locale=locale)
        results, boards, challenges, players = words
        page.get_by_role("button", name=results).click()
        page.get_by_role("button", name=boards, exact=True).click()
        expect(page.locator("#screen .uplot")).to_have_count(1)
        table = page.locator("#screen .results")
        expect(table.locator("thead")).to_contain_text(players)
        row = table.locator("tbody tr")
        expect(row).to_have_count(1)
        taking_part, joined = row.locator("td").nth(0), row.locator("td").nth(1)
        assert int(joined.inner_text()) >= int(taking_part.inner_text()) >= 1
        assert "Figura" not in page.inner_text("#screen")
        look(page, f"boards-{locale}")
        page.get_by_role("button", name=challenges, exact=True).click()
        expect(page.locator("#screen .results tbody tr").first).to_be_visible()
        look(page, f"challenges-{locale}")
    shown = selo("figures", "show", "--data", str(club.data_folder)).stdout
    assert re.search(
        r"^leaderboard collectors from \d{4}-\d\d-01: [1-9]\d* take part, [1-9]\d* joined", shown, re.M
    )
    assert re.search(r"^challenge \S+: ", shown, re.M)
    assert "recommended, product: 0 opened, 0 taken" in shown
    for_machines = json.loads(selo("figures", "show", "--json", "--data", str(club.data_folder)).stdout)
    [board] = for_machines["leaderboards"]
    assert board["joined"] >= board["periods"][0]["spread"]["players"] >= 1
    assert for_machines["recommendations"]["reward"] == {"opened": 0, "taken": 0}
    assert all(each["reached"] >= 0 for each in for_machines["challenges"])
    assert "Figura" not in shown
