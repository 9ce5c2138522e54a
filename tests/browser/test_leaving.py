"""A membership deleted on the phone page, with what is lost said before, and kept by signing in again."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import narrow_context, runs_over

PROGRAMME = """
programme: {code: club, name: Clube, currency: EUR, timezone: Europe/Lisbon, locales: [pt, en, pl]}
wallets: [{code: points, name: Pontos}]
rules: [{code: hello, title: Boas-vindas, on: member.enrolled, do: [{award: {wallet: points, fixed: 10}}, {voucher: mug}]}]
rewards: [{code: mug, title: Caneca, kind: product}]
"""
ANA = "ana@example.com"


def test_a_member_deletes_the_membership_and_keeps_it_after_all(browser: Browser, club: ClubServer) -> None:
    with narrow_context(browser) as context:
        page = context.new_page()
        join(page, club, email=ANA)
        page.click("#bar .button:last-child")
        page.get_by_role("button", name="Ver o que se perde").click()
        section = page.locator("section.leaving")
        expect(section.locator("li", has_text="Pontos")).to_contain_text("10")
        expect(section.locator("li", has_text="Caneca")).to_be_visible()
        assert [findings(page), runs_over(page)] == [[], False]
        page.get_by_role("button", name="Manter a minha adesão").click()
        page.get_by_role("button", name="Ver o que se perde").click()
        club.mailbox.mails.clear()
        page.get_by_role("button", name="Enviem-me um código").click()
        page.fill("section.leaving [name=code]", "000000")
        page.get_by_role("button", name="Eliminar a minha adesão de vez").click()
        expect(section.locator(".notice")).to_be_visible()
        page.fill("section.leaving [name=code]", club.code_for(ANA))
        page.get_by_role("button", name="Eliminar a minha adesão de vez").click()
        expect(page.get_by_text("Até lá pode mantê-la").first).to_be_visible()
        page.wait_for_selector("[name=contact]")
        club.mailbox.mails.clear()
        page.fill("[name=contact]", ANA)
        page.click("form .primary")
        page.fill("[name=code]", club.code_for(ANA))
        page.click("form .primary")
        expect(page.get_by_role("heading", name="A sua adesão está a ser eliminada")).to_be_visible()
        assert [findings(page), runs_over(page)] == [[], False]
        page.get_by_role("button", name="Manter a minha adesão").click()
        page.wait_for_selector(".purse")
