"""What a till may say for the fiscal record: taxes, tenders and a voucher's discount; and what is refused."""

import pytest

from domain.services.ledger import fiscal_records
from domain.services.ledger.fiscal_records import FiscalDocument
from tests.graphql.member.voucher_acts import member_with_points, redeem
from tests.running_app import Json, RunningApp
from tests.small_runtime import SMALL

RECORD = "mutation M($input: PurchaseInput!) { recordPurchase(input: $input) { __typename } }"
USE = "mutation M($input: UseVoucherInput!) { useVoucher(input: $input) { __typename } }"


async def documents(app: RunningApp) -> list[FiscalDocument]:
    today = app.clock().date()
    return [
        document
        async for document in fiscal_records.iterate_documents(
            app.process.runtime, since=today, until=today, progress=lambda days: None
        )
    ]


async def discounts(app: RunningApp) -> list[tuple[str, int]]:
    return [
        (part.code, part.amount)
        for document in await documents(app)
        for part in document.record.parts
        if part.kind == "DISCOUNT"
    ]


async def receipt_of(app: RunningApp, token: str, total: int = 2_500, number: str = "T-1") -> Json:
    member = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return {
        "member": member,
        "externalId": number,
        "currency": "EUR",
        "total": total,
        "idempotencyKey": f"buy {number}",
    }


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"taxes": [{"rate": "23%", "base": 100, "amount": 23}]}, "taxes[0].rate"),
        ({"taxes": [{"rate": "23", "base": 2_501, "amount": 23}]}, "taxes[0].base"),
        ({"tenders": [{"kind": "cash", "amount": 2_499}]}, "tenders"),
        ({"tenders": [{"kind": "", "amount": 2_500}]}, "tenders[0].kind"),
    ],
)
async def test_what_does_not_add_up_is_refused_whole(app: RunningApp, fields: Json, field: str) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    receipt = await receipt_of(app, token)
    before = await app.count("journal")
    error = await app.error(RECORD, {"input": receipt | fields}, token=till)
    assert (error["code"], error["field"]) == ("BAD_INPUT", field)
    assert await app.count("journal") == before


async def test_the_same_receipt_with_other_taxes_is_another_input(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    receipt = await receipt_of(app, token) | {"taxes": [{"rate": "23", "base": 2_032, "amount": 468}]}
    for _ in range(2):
        bought = await app.do(RECORD, {"input": receipt}, token=till)
        assert bought["recordPurchase"]["__typename"] == "PurchaseRecorded"
    other = receipt | {"taxes": [{"rate": "23", "base": 2_032, "amount": 467}]}
    conflict = await app.do(RECORD, {"input": other}, token=till)
    assert conflict["recordPurchase"]["__typename"] == "IdempotencyConflict"


async def test_a_voucher_is_a_discount_of_its_receipt_whichever_came_first(app: RunningApp) -> None:
    token, till = await member_with_points(app, points=2_000), await app.hire("rui")
    receipt = await receipt_of(app, token)
    code = (await redeem(app, token, key="k"))["voucher"]["code"]
    await app.do(RECORD, {"input": receipt}, token=till)
    assert await discounts(app) == []
    used = {"code": code, "purchase": "T-1", "idempotencyKey": "u"}
    await app.do(USE, {"input": used}, token=till)
    assert await discounts(app) == [("discount-5", 500)]
    second = (await redeem(app, token, key="l"))["voucher"]["code"]
    used = {"code": second, "purchase": "T-2", "total": 2_500, "discount": 410, "idempotencyKey": "v"}
    await app.do(USE, {"input": used}, token=till)
    assert await discounts(app) == [("discount-5", 500)]
    await app.do(RECORD, {"input": await receipt_of(app, token, 2_090, "T-2")}, token=till)
    assert await discounts(app) == [("discount-5", 500), ("discount-5", 410)]


async def test_a_use_that_is_reversed_lowers_nothing(app: RunningApp) -> None:
    token, till = await member_with_points(app), await app.hire("rui", "MANAGER")
    code = (await redeem(app, token))["voucher"]["code"]
    await app.do(RECORD, {"input": await receipt_of(app, token)}, token=till)
    used = {"code": code, "purchase": "T-1", "idempotencyKey": "u"}
    answer = "... on VoucherAccepted { voucher { id } }"
    id = (await app.mutate("useVoucher", used, answer, token=till))["voucher"]["id"]
    assert await discounts(app) == [("discount-5", 500)]
    undone = {"voucherId": id, "reason": "wrong one", "idempotencyKey": "r"}
    await app.mutate("reverseVoucherUse", undone, "__typename", token=till)
    assert await discounts(app) == []
    again = {"code": code, "purchase": "T-1", "discount": 499, "idempotencyKey": "w"}
    await app.mutate("useVoucher", again, "__typename", token=till)
    assert await discounts(app) == [("discount-5", 499)]


async def test_a_discount_names_its_receipt_and_is_within_the_vouchers_worth(app: RunningApp) -> None:
    token, till = await member_with_points(app), await app.hire("rui")
    code = (await redeem(app, token))["voucher"]["code"]
    before = await app.count("journal")
    used: Json = {"code": code, "discount": 400, "idempotencyKey": "u"}
    error = await app.error(USE, {"input": used}, token=till)
    assert (error["code"], error["field"]) == ("BAD_INPUT", "discount")
    error = await app.error(USE, {"input": used | {"purchase": "T-1", "discount": 501}}, token=till)
    assert (error["code"], error["field"]) == ("BAD_INPUT", "discount")
    assert await app.count("journal") == before


async def test_credit_of_a_hidden_wallet_is_nobodys(app: RunningApp) -> None:
    wallets = (
        "  - {code: credit, kind: money, name: C}\n  - {code: unseen, kind: money, name: U, hidden: true}\n"
    )
    programme = SMALL.replace("events:\n", f"{wallets}events:\n", 1)
    published = await app.process.programmes.publish(programme, now=app.clock())
    assert await fiscal_records.load_money_wallets(app.process.runtime, published.number) == {"credit"}
