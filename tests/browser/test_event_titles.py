"""A member reads in the history which event an entry is for, by the title that the programme file gives it."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import sign_in_on_phone

SIGN_IN = "mutation($i: StaffSignInInput!) { answer: staffSignIn(input: $i) { ... on StaffSignedIn { accessToken } } }"
RECORD = "mutation($i: RecordEventInput!) { answer: recordEvent(input: $i) { ... on EventRecorded { entries { amount } } } }"


def do(shop: DemoServer, query: str, input: dict[str, Any], token: str | None = None) -> Any:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    body = {"query": query, "variables": {"i": input}}
    return httpx.post(f"{shop.url}/graphql", json=body, headers=headers).json()["data"]["answer"]


def test_an_entry_says_which_event_it_is_for(page: Page, shop: DemoServer) -> None:
    manager = shop.of_role("manager")
    credentials = {name: manager[name] for name in ("username", "password", "store")}
    token = do(shop, SIGN_IN, credentials)["accessToken"]
    key = secrets.token_hex(5)
    event = {"name": "event.attended", "externalId": key, "idempotencyKey": key}
    assert do(shop, RECORD, {"member": shop.members[3]["number"], **event}, token)["entries"]
    sign_in_on_phone(page, shop, shop.members[3])
    page.locator("button.entry", has_text="50 pontos por evento").first.click()
    expect(page.locator("dialog")).to_contain_text("Participou num evento")
    assert findings(page) == []
