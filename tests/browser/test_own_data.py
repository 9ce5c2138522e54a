"""The member's own data, as a file of the device: one tap, the file once, and what goes wrong said in words."""

from __future__ import annotations

import json

from playwright.sync_api import Browser, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import narrow_context, runs_over

PROGRAMME = """
programme: {code: club, name: Clube, currency: EUR, timezone: Europe/Lisbon, locales: [pt, en, pl]}
wallets: [{code: points, name: Pontos}]
rules: [{code: hello, title: Boas-vindas, on: member.enrolled, do: [{award: {wallet: points, fixed: 10}}]}]
"""


def test_a_member_downloads_their_data(browser: Browser, club: ClubServer) -> None:
    with narrow_context(browser) as context:
        page = context.new_page()
        join(page, club, email="ana@example.com")
        page.click("#bar .button:last-child")
        button = page.get_by_role("button", name="Descarregar o ficheiro")
        with page.expect_download() as download:
            button.click()
        assert download.value.suggested_filename == "my-data.json"
        file = json.loads(download.value.path().read_text(encoding="utf-8"))
        assert (file["profile"]["email"], file["about"]["by"]) == ("ana@example.com", "member")
        assert [row["event"] for row in file["history"]] == ["member.enrolled"]
        expect(page.locator(".toast", has_text="Os seus dados estão a ser descarregados")).to_be_visible()
        # An answer that breaks off leaves no half a file, and says so where it was asked for.
        context.route("**/export/*", lambda route: route.abort())
        button.click()
        expect(page.locator("section", has_text="Os meus dados").locator(".notice")).to_be_visible()
        assert [findings(page), runs_over(page)] == [[], False]
