"""A tap reaches the figures, from a real notification and from the inbox: of a message that lies there, and of one that
went as a push alone. What goes by e-mail alone is told by nobody, and figures say so.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.club_server import ClubServer, midday_zone, prove_contact, serve_club
from tests.browser.page_actions import see_moments
from tests.browser.web_pushes import SUBSCRIBES, deliver, tap_notification, turn_on_push, watched_workers
from tests.senders.push_service import PushService, WebPushed, serving_push_service
from tests.servers import selo

PROGRAMME = """
programme: {code: taps, name: Clube, currency: EUR, timezone: Europe/Lisbon, locales: [pt]}
wallets: [{code: points, kind: points, name: Pontos}]
rules:
  - code: purchase
    title: Compras
    on: purchase.completed
    do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}, {message: thanks}, {message: offer}, {message: bill}]
messages:
  - {code: thanks, channels: [push, inbox], title: Obrigado, body: Volte sempre., link: "app://rewards"}
  - {code: offer, channels: [push], title: Hoje, body: Pague metade.}
  - {code: bill, channels: [email], title: Conta, body: Eis a conta.}
"""
BUY = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename ... on Problem { message } } }"
SALES = 2
WAIT_SECONDS = 60.0


def join_on_phone(phone: Page, club: ClubServer) -> str:
    """Join, and return the membership number."""
    phone.goto(f"{club.url}/phone/")
    prove_contact(phone, "nova@example.com", club.code_for)
    phone.fill("[name=name]", "Nova Silva")
    if phone.locator("[name=terms]").count():
        phone.check("[name=terms]")
    phone.click("form .primary")
    phone.wait_for_selector(".purse")
    token = phone.evaluate("JSON.parse(localStorage.getItem('selo-phone')).accessToken")
    zone = "mutation($z: String!) { updateProfile(input: {timezone: $z}) { member { number } } }"
    number: str = club.do(zone, {"z": midday_zone()}, token=token)["updateProfile"]["member"]["number"]
    return number


def sell(club: ClubServer, number: str, receipt: str) -> None:
    sale = {"member": number, "externalId": receipt, "currency": "EUR", "total": 4_000}
    sale["idempotencyKey"] = secrets.token_hex(8)
    answer = club.do(BUY, {"i": sale}, token=club.cashier_token())["recordPurchase"]
    assert answer["__typename"] == "PurchaseRecorded", answer


def pushed_by(service: PushService) -> dict[str, WebPushed]:
    """Wait for both pushes of a sale; return them by the message."""
    return {str(pushed.payload["kind"]): pushed for pushed in service.wait(2)}


def figures(club: ClubServer) -> dict[tuple[str, str | None], dict[str, Any]]:
    shown = selo("figures", "show", "--json", "--data", str(club.data_folder))
    assert shown.returncode == 0, shown.stderr
    return {(each["code"], each["subject"]): each for each in json.loads(shown.stdout)["figures"]}


def expect_taps(club: ClubServer, **taps: tuple[int, int]) -> dict[tuple[str, str | None], dict[str, Any]]:
    """Wait until figures count so many taps of so many messages of each kind; return them."""
    give_up_at, known = time.monotonic() + WAIT_SECONDS, dict[tuple[str, str | None], dict[str, Any]]()
    while time.monotonic() < give_up_at:
        known = figures(club)
        rates = {code: known["click_rate", code] for code in taps}
        if {code: (each["numerator"], each["denominator"]) for code, each in rates.items()} == taps:
            return known
    raise AssertionError({key: each for key, each in known.items() if key[0] == "click_rate"})


def test_taps_of_pushes_and_in_the_inbox_are_counted_and_what_nobody_tells_is_unknown(
    notifying: Browser,
) -> None:
    with (
        serving_push_service() as service,
        serve_club(PROGRAMME, {"SELO_WEB_PUSH_URL": service.url}) as club,
    ):
        context = notifying.new_context(
            locale="pt-PT",
            reduced_motion="reduce",
            permissions=["notifications"],
            viewport={"width": 390, "height": 844},
        )
        try:
            phone = context.new_page()
            phone.add_init_script(SUBSCRIBES % service.subscribe("ok").token)
            number = join_on_phone(phone, club)
            session, registrations = watched_workers(context, phone)
            sell(club, number, "R-1")  # before there is a device: pushes of it reach nobody
            see_moments(phone)
            turn_on_push(phone)
            sell(club, number, "R-2")
            pushed = pushed_by(service)
            assert "message" in pushed["thanks"].payload
            assert "tap" not in pushed["thanks"].payload
            assert "tap" in pushed["offer"].payload
            assert "message" not in pushed["offer"].payload
            for code, words, place in (
                ("thanks", ["Obrigado", "Volte sempre."], "rewards"),
                ("offer", ["Hoje", "Pague metade."], "inbox"),
            ):
                deliver(session, registrations, club.url, pushed[code])
                with phone.expect_request(lambda request: "clicked" in (request.post_data or "")) as told:
                    assert tap_notification(context) == words
                    expect(phone).to_have_url(f"{club.url}/phone/{place}")
                answer = told.value.response()
                assert answer is not None
                assert "errors" not in answer.json()
                phone.goto(f"{club.url}/phone/")
                phone.wait_for_selector(".purse")
            # The offer of the first sale reached nobody: there was no device yet.
            known = expect_taps(club, thanks=(1, SALES), offer=(1, 1))
            for code in ("open_rate", "click_rate"):
                assert (known[code, "bill"]["value"], known[code, "bill"]["numerator"]) == (None, None)
            assert known["open_rate", "offer"]["value"] is None
            phone.click(".bell")
            with phone.expect_request(lambda request: "clicked" in (request.post_data or "")):
                phone.locator("button.message").last.click()
            expect_taps(club, thanks=(2, SALES))
        finally:
            context.close()
