"""A receipt put right at the till, over the wire: what the cashier, the member and the trail see of it."""

import pytest

from tests.graphql.member.voucher_acts import member_with_points, redeem
from tests.running_app import Json, RunningApp

CORRECTED = """__typename ... on PurchaseCorrected { changed purchase { id externalId total refunded occurredAt
  explanation { rule applied amount } entries { amount } } entries { id amount title entryKind }
  totals { wallet amount } wallets { code pending available } }
  ... on CorrectionRefused { message refusalReason returned voucher { reward { code } } }
  ... on NotAllowed { reason } ... on Problem { message }"""


async def bought(app: RunningApp, till: str, total: int = 8_900, **more: object) -> str:
    """A member who bought once; return their access token."""
    token = await app.enrol_member()
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    receipt: Json = {"member": number, "externalId": "T-1", "currency": "EUR", "total": total, **more}
    recorded = await app.mutate(
        "recordPurchase", {**receipt, "idempotencyKey": "p"}, "__typename", token=till
    )
    assert recorded == {"__typename": "PurchaseRecorded"}
    return token


async def correct(app: RunningApp, till: str, total: int, key: str = "c", **more: object) -> Json:
    input = {"externalId": "T-1", "total": total, "idempotencyKey": key, **more}
    language = more.pop("language", None)
    return await app.mutate(
        "correctPurchase",
        {name: value for name, value in input.items() if name != "language"},
        CORRECTED,
        token=till,
        language=str(language) if language else None,
    )


async def test_a_mistyped_total_is_put_right_and_said_so(app: RunningApp) -> None:
    till = await app.hire("rui")
    token = await bought(app, till)
    done = await correct(app, till, 9_800)
    assert (done["__typename"], done["changed"]) == ("PurchaseCorrected", True)
    assert (done["purchase"]["total"], done["purchase"]["refunded"]) == (9_800, 0)
    assert [(one["title"], one["amount"]) for one in done["entries"]] == [
        ("Compra corrigida: 1 ponto por cada euro", 9)
    ]
    assert done["totals"] == [{"wallet": "points", "amount": 9}]
    assert ("purchase", True, 98) in [
        (one["rule"], one["applied"], one["amount"]) for one in done["purchase"]["explanation"]
    ]
    history = (
        await app.do(
            "{ me { pointHistory(first: 1) { edges { node { title amount purchase { total } explanation {"
            " title amount } } } } } }",
            token=token,
        )
    )["me"]["pointHistory"]["edges"][0]["node"]
    assert (history["amount"], history["purchase"]) == (9, {"total": 9_800})
    assert history["title"].startswith("Compra corrigida: ")


async def test_the_same_key_answers_the_same(app: RunningApp) -> None:
    till = await app.hire("rui")
    await bought(app, till)
    first = await correct(app, till, 9_800)
    before = {name: await app.count(name) for name in ("journal", "audit", "outbox", "agenda", "requests")}
    assert await correct(app, till, 9_800) == first
    assert (await correct(app, till, 9_801))["__typename"] == "IdempotencyConflict"
    unchanged = await correct(app, till, 9_800, key="other")
    assert (unchanged["changed"], unchanged["entries"]) == (False, [])
    assert before == {name: await app.count(name) for name in before}


async def test_after_ten_minutes_it_takes_a_manager(app: RunningApp) -> None:
    till, other = await app.hire("rui"), await app.hire("eva")
    boss = await app.hire("marta", "MANAGER")
    await bought(app, till)
    assert (await correct(app, other, 9_800))["reason"] == "ROLE"
    app.clock.advance(minutes=11)
    assert (await correct(app, till, 9_800))["reason"] == "ROLE"
    assert (await correct(app, boss, 9_800, reason="mistyped"))["changed"] is True
    trail = await app.do("{ shiftActions(first: 5) { actionKind amount subject } }", token=boss)
    assert trail["shiftActions"][0] == {"actionKind": "PURCHASE_CORRECTED", "amount": 9_800, "subject": "T-1"}


async def test_a_voucher_that_asks_for_more_refuses_it(app: RunningApp) -> None:
    """discount-5 is for purchases of 20 euros or more."""
    token, till = await member_with_points(app), await app.hire("rui")
    code = (await redeem(app, token))["voucher"]["code"]
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    receipt = {"member": number, "externalId": "T-1", "currency": "EUR", "total": 2_500}
    await app.mutate("recordPurchase", {**receipt, "idempotencyKey": "p"}, "__typename", token=till)
    use = {"code": code, "purchase": "T-1", "idempotencyKey": "u"}
    assert await app.mutate("useVoucher", use, "__typename", token=till) == {"__typename": "VoucherAccepted"}
    refused = await correct(app, till, 1_000)
    assert (refused["__typename"], refused["refusalReason"]) == ("CorrectionRefused", "VOUCHER_MINIMUM")
    assert refused["voucher"] == {"reward": {"code": "discount-5"}}
    assert (await correct(app, till, 2_300, key="d"))["changed"] is True


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "€89.00 of this receipt"),
        ("pt", "Já foram devolvidos 89,00\xa0€"),
        ("pl", "zwrócono już 89,00\xa0€"),
    ],
)
async def test_below_what_was_returned_it_names_the_remedy(app: RunningApp, language: str, text: str) -> None:
    till = await app.hire("rui")
    await bought(app, till, 10_000)
    part = {"externalId": "T-1", "amount": 8_900, "reason": "x", "idempotencyKey": "r"}
    await app.mutate("refundPurchase", part, "__typename", token=till)
    refused = await correct(app, till, 8_900, language=language)
    assert (refused["refusalReason"], refused["returned"]) == ("BELOW_RETURNED", 8_900)
    assert text in refused["message"]
