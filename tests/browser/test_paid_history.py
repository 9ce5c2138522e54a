"""What members see of paying with points: their worth at the till, and in the history what paid and came back."""

from __future__ import annotations

import os

from playwright.sync_api import Browser, expect

from tests.browser.club_server import ClubServer, Json, join
from tests.browser.page_actions import see_moments

PROGRAMME = """
programme: {code: club, name: Club, currency: EUR, timezone: Europe/Lisbon, locales: [en, pt, pl]}
wallets:
  - {code: points, name: {en: Points, pt: Pontos, pl: Punkty}, pay: {units: 100, worth: 500, minimum: 200, share: 50}}
  - {code: credit, name: {en: Credit, pt: Saldo, pl: Kredyt}, kind: money}
rules:
  - code: base
    title: {en: One a cent, pt: Um por cêntimo, pl: Jeden za grosz}
    on: purchase.completed
    do:
      - award: {wallet: points, amount: 1, per: 10, of: purchase.eligible}
      - award: {wallet: credit, amount: 10, per: 100, of: purchase.eligible}
"""
RECORD = (
    "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename ... on Problem { message } } }"
)
HOLD = "mutation($i: HoldPaymentInput!) { holdPayment(input: $i) { ... on PaymentHeld { hold { id } } } }"
RELEASE = "mutation($i: ReleaseHoldInput!) { releaseHold(input: $i) { __typename } }"
REFUND = "mutation($i: RefundInput!) { refundPurchase(input: $i) { __typename } }"
SCAN = "mutation($i: ScanInput!) { scan(input: $i) { ... on CustomerScan { visit } } }"


def visit(club: ClubServer, member: str) -> str:
    """Return the visit of a member whose card the till scans."""
    code = club.do("{ me { card { code } } }", token=member)["me"]["card"]["code"]
    scanned = club.do(SCAN, {"i": {"code": code, "idempotencyKey": code}}, token=club.cashier_token())
    token: str = scanned["scan"]["visit"]
    return token


def buy(club: ClubServer, member: str, number: str, total: int, **more: object) -> None:
    """Record a purchase."""
    receipt: Json = {"externalId": number, "currency": "EUR", "total": total, "idempotencyKey": number}
    done = club.do(RECORD, {"i": {"member": member, **receipt, **more}}, token=club.cashier_token())
    assert done["recordPurchase"]["__typename"] == "PurchaseRecorded", done


def test_a_phone_tells_what_points_are_worth_and_what_paid_for_a_purchase(
    browser: Browser, club: ClubServer
) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale="en-GB", reduced_motion="reduce"
    )
    page = context.new_page()
    member, folder = join(page, club, email="ana@example.com"), os.environ.get("SELO_SHOTS")
    worth = page.locator(".purse .small", has_text="At the till").or_(
        page.locator(".purse .small", has_text="From ")
    )
    expect(worth).to_have_text(
        "From 200 on you pay at the till with them, worth €10.00. Up to 50% of a purchase."
    )
    here = visit(club, member)
    buy(club, here, "first", 6_500)  # 650 points, 6.50 of credit
    page.reload()
    expect(worth).to_have_text("At the till worth €30.00. Up to 50% of a purchase.")
    order: Json = {"wallet": "credit", "amount": 250, "order": "order", "total": 1_000}
    held = club.do(HOLD, {"i": {**order, "idempotencyKey": "once"}}, token=member)["holdPayment"]["hold"]
    page.reload()
    expect(page.locator(".purse")).to_contain_text("Credit: €2.50 held while an order is being paid")
    given_up = {"hold": held["id"], "idempotencyKey": "given up"}
    assert club.do(RELEASE, {"i": given_up}, token=member)["releaseHold"] == {"__typename": "HoldReleased"}
    page.reload()
    expect(page.locator(".purse")).not_to_contain_text("held while")
    paid = [{"wallet": "points", "units": 400}, {"wallet": "credit", "units": 250}]
    buy(club, here, "second", 10_000, payWith=paid)
    refund = {"externalId": "second", "amount": 5_000, "reason": "returned", "idempotencyKey": "once"}
    assert club.do(REFUND, {"i": refund}, token=club.cashier_token())["refundPurchase"] == {
        "__typename": "PurchaseRefunded"
    }
    page.reload()
    if folder:
        page.wait_for_selector(".purse .sum")
        page.screenshot(path=f"{folder}/home.png")
    see_moments(page)
    page.click("#tabs button >> nth=4")
    page.locator(".entry").filter(has_text="€100.00").first.click()
    facts = page.locator("dialog .facts >> nth=1").locator("li")
    # 100.00 of 22.50 by wallets; half of it comes back: 38.75 in money, 200 points and 1.25 of credit.
    expect(facts).to_have_text(
        [
            "400 Points€20.00",
            "Credit€2.50",
            "Paid otherwise€77.50",
            "Came back€38.75, 200 Points and €1.25 Credit",
        ]
    )
    assert not page.evaluate("document.querySelector('dialog').scrollWidth > innerWidth")
    if folder:
        page.screenshot(path=f"{folder}/entry.png")
    context.close()
