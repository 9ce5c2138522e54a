"""The pages and a contact that changes: the phone asks for both codes, the mail brings the link, and the page
behind it undoes the change.
"""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join
from tests.running_app import NUMISCOLLECT

PROGRAMME = NUMISCOLLECT.read_text(encoding="utf-8")
ANA, NEW = "ana@example.com", "nova@example.com"


def undo_link(club: ClubServer) -> str:
    """Return the link of the notice that was mailed to Ana, at the address where the server listens."""
    for to, mail in reversed(club.mailbox.mails):
        said = "".join(part.get_content() for part in mail.iter_parts())
        if to == [ANA] and (link := re.search(r"https://club\.selo\.example\.com(/undo/#[\w-]+)", said)):
            return club.url + link[1]
    raise AssertionError("no link was mailed")


def test_a_member_changes_an_address_and_its_former_owner_undoes_it(
    page: Page, context: BrowserContext, club: ClubServer
) -> None:
    join(page, club, email=ANA)
    page.get_by_role("button", name="Os meus dados").click()
    page.locator("li", has_text="E-mail").get_by_role("button").click()
    page.fill("dialog [name=contact]", NEW)
    page.click("dialog form .primary")
    page.wait_for_selector("dialog [name=code]")
    expect(page.locator("dialog [name=current-code]")).to_have_count(0)  # who has just joined is who they are
    page.fill("dialog [name=code]", club.code_for(NEW))
    page.click("dialog form .primary")
    expect(page.locator("#screen")).to_contain_text(NEW)

    owner = context.new_page()
    sent: list[str] = []
    owner.on("request", lambda request: sent.append(request.url))
    link = undo_link(club)
    owner.goto(link)
    expect(owner.get_by_role("button")).to_be_visible()
    assert findings(owner) == []
    token = link.partition("#")[2]
    assert token not in owner.url
    assert [url for url in sent if token in url] == []  # a fragment never leaves the browser
    owner.get_by_role("button").click()
    expect(owner.get_by_role("status")).to_contain_text("Está desfeito.")
    assert findings(owner) == []
    expect(page.locator("[name=contact]")).to_be_visible()  # the other tab is signed out as well

    owner.goto(f"{club.url}/phone/")
    owner.goto(link)
    owner.get_by_role("button").click()
    expect(owner.get_by_role("status")).to_contain_text("Esta ligação já foi usada")
    owner.goto("about:blank")
    owner.goto(f"{club.url}/undo/")
    expect(owner.get_by_role("status")).to_contain_text("Esta ligação não está completa.")
