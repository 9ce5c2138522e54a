"""For you, what one wants to be told, and a challenge that one does not want, on the phone."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import narrow_context, runs_over
from tests.small_runtime import NUMISCOLLECT

HUNT = '    during: {from: "2026-11-15", until: "2027-01-15"}\n'
OPEN_HUNT = (
    '    accept: true\n    during: {until: "2099-01-15"}\n    do: [{award: {wallet: points, fixed: 100}}]\n'
)
PROGRAMME = NUMISCOLLECT.read_text(encoding="utf-8").replace(HUNT, OPEN_HUNT)


def test_a_member_chooses_what_is_for_them(browser: Browser, club: ClubServer) -> None:
    with narrow_context(browser, locale="pl-PL") as narrow:
        page = narrow.new_page()
        join(page, club, email="for.you@example.com")
        page.goto(f"{club.url}/phone/")
        hunt = page.locator(".challenge", has_text="Zimowe łowy")
        expect(hunt).to_contain_text("Każdy nowy poziom daje: 100 NumisPunkty")
        assert findings(page) == []
        hunt.get_by_role("button", name="To nie dla mnie").click()
        expect(hunt).to_have_count(0)
        page.goto(f"{club.url}/phone/badges")
        expect(hunt.get_by_role("button", name="Podejmij wyzwanie")).to_be_visible()
        expect(hunt.get_by_role("button", name="To nie dla mnie")).to_have_count(0)

        page.goto(f"{club.url}/phone/")
        page.get_by_role("button", name="Dla Ciebie").click()
        expect(page.locator("#screen h1")).to_have_text("Dla Ciebie")
        expect(page.locator("#screen .notice")).to_contain_text("Zgódź się na polecenia")
        assert findings(page) == []
        assert not runs_over(page)
        page.get_by_role("button", name="Przejdź do moich zgód").click()

        push = page.locator("[name=notify-service-PUSH]")
        expect(push).to_be_checked()
        expect(page.locator("[name=notify-marketing-PUSH]")).to_be_disabled()
        push.uncheck()
        expect(page.locator(".toast")).to_contain_text("Zapisano")
        page.reload()
        expect(push).not_to_be_checked()
        assert findings(page) == []
        assert not runs_over(page)
