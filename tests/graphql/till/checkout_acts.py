"""What tests of checkouts do: a small programme with a voucher and store credit, a member with both, and a
basket.
"""

from base64 import urlsafe_b64decode

from domain.model.people import codes
from tests.graphql.member.voucher_acts import redeem
from tests.running_app import Json, RunningApp

PROGRAMME = """
programme: {code: paying, name: Paying, currency: EUR, timezone: Europe/Lisbon, locales: [en, pt], terms: {version: "2026-01", url: "https://paying.example/t"}}
wallets:
  - {code: points, name: {en: Points, pt: Pontos}}
  - {code: credit, name: {en: Credit, pt: Saldo}, kind: money}
rules:
  - {code: base, title: {en: Base, pt: Base}, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}]}
  - {code: used, title: {en: Used, pt: Usado}, on: voucher.used, do: [{award: {wallet: points, fixed: 3}}]}
rewards:
  - {code: five, title: {en: 5 off, pt: Menos 5}, kind: discount_amount, value: {amount: 500, minimum: 2000}, cost: {wallet: points, amount: 50}, voucher: {valid: {days: 60}}}
  - {code: porto, title: {en: Porto, pt: Porto}, kind: product, cost: {wallet: points, amount: 1}, voucher: {stores: [porto]}}
"""
CHECKED_OUT = """__typename ... on Problem { message } ... on NotAllowed { reason } ... on InsufficientBalance { missing }
  ... on VoucherNotUsable { refusalReason voucherState voucherId } ... on PaymentNotAccepted { fault }
  ... on PurchaseClaimed { sameMember }
  ... on CheckedOut { purchase { id externalId total paid payment { wallet units }
      fiscal { gross parts { means amount } } } entries { wallet entryKind amount }
    explanation { rule amount } vouchers { id voucherState usedIn { code } } customer { wallets { code available } } }"""
COUNTED = ("journal", "receipts", "audit", "requests", "shifts")


async def give(app: RunningApp, number: str, boss: str, **amounts: int) -> None:
    """Correct a member's balances up, as a manager."""
    for wallet, amount in amounts.items():
        input = {"member": number, "wallet": wallet, "amount": amount, "reason": "Teste"}
        key = {"idempotencyKey": f"give {number} {wallet}"}
        given = await app.mutate("adjustBalance", {**input, **key}, "__typename", token=boss)
        assert given == {"__typename": "BalanceAdjusted"}


async def visit_of(app: RunningApp, token: str, till: str, key: str = "s") -> str:
    """Scan a member's card; return the visit that this opens."""
    input = {"installationId": "phone-1", "platform": "IOS"}
    secret = (await app.mutate("registerDevice", input, "cardSecret", token=token))["cardSecret"]
    raw = urlsafe_b64decode(secret + "==")
    card = codes.make_card(raw[:8], secret=raw[8:], step=codes.step_at(app.clock()))
    scan = {"code": card, "idempotencyKey": f"{key} {card}"}
    visit: str = (await app.mutate("scan", scan, "... on CustomerScan { visit }", token=till))["visit"]
    return visit


async def vouchers_of(app: RunningApp, token: str, count: int, reward: str = "five") -> list[Json]:
    """Have a member redeem so many vouchers; return them."""
    return [(await redeem(app, token, reward, f"{reward} {at}"))["voucher"] for at in range(count)]


def basket(member: str, number: str, *, total: int = 2_000, **more: object) -> Json:
    """Return the input of a checkout, under the key of its receipt's number."""
    return {
        "member": member,
        "externalId": number,
        "currency": "EUR",
        "total": total,
        "idempotencyKey": f"checkout {number}",
        **more,
    }
