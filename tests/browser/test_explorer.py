"""GraphiQL as an app developer uses it: the query of each tab works with a token, and live activity shows as
it happens.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo_server import DemoServer


def ask(shop: DemoServer, query: str, variables: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.post(
        f"{shop.url}/graphql", json={"query": query, "variables": variables}, headers=headers, timeout=30
    ).json()
    assert "errors" not in answer, answer
    payload: dict[str, Any] = next(iter(answer["data"].values()))
    return payload


@pytest.fixture
def member(shop: DemoServer) -> str:
    """An access token of the demo's second member."""
    contact = shop.members[1]["email"]
    ask(
        shop,
        "mutation($c: String!) { requestSignInCode(input: {contact: $c}) { expiresAt } }",
        {"c": contact},
    )
    query = "mutation($i: SignInInput!) { signIn(input: $i) { ... on SignedIn { accessToken } } }"
    token: str = ask(shop, query, {"i": {"contact": contact, "code": shop.code_for(contact)}})["accessToken"]
    return token


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def put_token(page: Page, token: str) -> None:
    """Write a token under the tab's headers, over the one that stands there."""
    page.locator(".graphiql-editor-tool .CodeMirror:visible").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(f'{{ "Authorization": "Bearer {token}" }}')


def test_the_tabs_ask_what_an_app_asks_and_live_activity_shows_as_it_happens(
    page: Page, shop: DemoServer, member: str
) -> None:
    page.goto(f"{shop.url}/graphql")
    answer = page.locator(".result-window")
    run = page.locator(".graphiql-execute-button")
    run.click()
    expect(answer).to_contain_text("NumisCollect")
    open_tab(page, "Home")
    put_token(page, member)
    run.click()
    expect(answer).to_contain_text("available")
    open_tab(page, "Live")
    put_token(page, "junk")
    run.click()
    expect(answer).to_contain_text("Closed with 4403")
    put_token(page, member)
    run.click()
    staff = shop.cashier()
    signed = (
        "mutation($i: StaffSignInInput!) { staffSignIn(input: $i) { ... on StaffSignedIn { accessToken } } }"
    )
    till = ask(shop, signed, {"i": {each: staff[each] for each in ("username", "password", "store")}})[
        "accessToken"
    ]
    buy = (
        "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { ... on PurchaseRecorded { entries {"
        " amount } } } }"
    )
    for at in range(100):  # whoever listens from now on hears nothing of what was before
        key = f"explorer-{at}"
        bought = {
            "member": shop.members[1]["number"],
            "externalId": key,
            "currency": "EUR",
            "total": 2000,
            "idempotencyKey": key,
        }
        assert ask(shop, buy, {"i": bought}, till)["entries"]
        if answer.get_by_text("BalanceChanged").count() > 0:
            break
        page.wait_for_timeout(200)
    expect(answer).to_contain_text("BalanceChanged")
