"""A message's link leads where the console's hint says: to a place of the phone page, or to another page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, join

PROGRAMME = """
programme: {code: links, name: Clube, currency: EUR, timezone: Europe/Lisbon, locales: [pt], terms: {version: "1", url: "https://club.example/terms"}}
wallets: [{code: points, kind: points, name: Pontos}]
rules:
  - {code: welcome, title: Bem-vindo, on: member.enrolled, do: [{message: path}, {message: shop}, {message: app}, {message: elsewhere}]}
messages:
  - {code: path, channels: [inbox], title: Por caminho, body: Olá., link: "/phone/rewards"}
  - {code: shop, channels: [inbox], title: À loja, body: Olá., link: "https://shop.example/sale?a=1"}
  - {code: app, channels: [inbox], title: À app, body: Olá., link: "app://badges"}
  - {code: elsewhere, channels: [inbox], title: A lado nenhum, body: Olá., link: "app://cart"}
"""


@pytest.mark.intercepts
def test_a_message_in_the_inbox_leads_where_its_link_says(page: Page, club: ClubServer) -> None:
    """Links are told as they stand at the server's own address, which no browser of a test reaches."""

    def at_home(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("https://club.selo.example.com", club.url))

    page.route("**/graphql", at_home)
    join(page, club)
    for title, place in (("Por caminho", "/phone/rewards"), ("À app", "/phone/badges")):
        page.goto(f"{club.url}/phone/inbox")
        page.get_by_role("button", name=title).click()
        expect(page).to_have_url(f"{club.url}{place}")
    page.goto(f"{club.url}/phone/inbox")
    shop = page.get_by_role("button", name="À loja")
    expect(shop).to_contain_text("shop.example")
    assert findings(page) == []
    with page.expect_popup() as opened:
        shop.click()
    opened.value.close()
    expect(page).to_have_url(f"{club.url}/phone/inbox")
    expect(page.locator(".message", has_text="A lado nenhum")).to_be_visible()
    expect(page.get_by_role("button", name="A lado nenhum")).to_have_count(0)
