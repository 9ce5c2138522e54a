"""A voucher is judged against the receipt that it is used on: its minimum, its dates, or nothing."""

from tests.graphql.member.voucher_acts import member_with_points, redeem
from tests.running_app import RunningApp

ON_RECEIPT = (
    "__typename ... on VoucherAccepted { judged voucher { voucherState } } ... on VoucherNotUsable { message"
    " voucherState refusalReason }"
)


async def test_a_voucher_is_judged_against_the_total_of_its_receipt(app: RunningApp) -> None:
    """discount-5 is for purchases of 20 euros or more."""
    token, till = await member_with_points(app), await app.hire("rui")
    input = {"code": (await redeem(app, token))["voucher"]["code"], "total": 1_999, "idempotencyKey": "u"}
    before = await app.count("journal")
    for language, message in (
        ("en", "This voucher is for purchases of a minimum of €20.00."),
        ("pt", "Este vale é para compras no mínimo de 20,00\xa0€."),
    ):
        refused = await app.mutate("useVoucher", input, ON_RECEIPT, token=till, language=language)
        assert refused == {
            "__typename": "VoucherNotUsable",
            "message": message,
            "voucherState": "ISSUED",
            "refusalReason": "MINIMUM",
        }
    assert await app.count("journal") == before
    accepted = await app.mutate(
        "useVoucher", {**input, "total": 2_000, "idempotencyKey": "v"}, ON_RECEIPT, token=till
    )
    assert accepted == {
        "__typename": "VoucherAccepted",
        "judged": True,
        "voucher": {"voucherState": "USED"},
    }
    again = {**input, "total": 2_000, "idempotencyKey": "v"}
    assert await app.mutate("useVoucher", again, ON_RECEIPT, token=till) == accepted
    conflict = await app.mutate("useVoucher", {**again, "total": 3_000}, ON_RECEIPT, token=till)
    assert conflict["__typename"] == "IdempotencyConflict"


async def test_a_recorded_purchase_judges_by_what_is_left_of_it(app: RunningApp) -> None:
    token, till = await member_with_points(app), await app.hire("rui", "MANAGER")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    receipt = {"member": number, "externalId": "T-1", "currency": "EUR", "total": 2_500}
    await app.mutate("recordPurchase", {**receipt, "idempotencyKey": "p"}, "__typename", token=till)
    returned = {"externalId": "T-1", "amount": 600, "reason": "x", "idempotencyKey": "r"}
    await app.mutate("refundPurchase", returned, "__typename", token=till)
    code = (await redeem(app, token))["voucher"]["code"]
    input = {"code": code, "purchase": "T-1", "total": 9_999, "idempotencyKey": "u"}
    refused = await app.mutate("useVoucher", input, ON_RECEIPT, token=till)
    assert (refused["__typename"], refused["refusalReason"]) == ("VoucherNotUsable", "MINIMUM")


async def test_a_receipt_of_a_day_before_the_voucher_is_not_for_it(app: RunningApp) -> None:
    token, till = await member_with_points(app), await app.hire("rui")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    receipt = {"member": number, "externalId": "T-1", "currency": "EUR", "total": 2_500}
    await app.mutate("recordPurchase", {**receipt, "idempotencyKey": "p"}, "__typename", token=till)
    app.clock.advance(days=1)
    till = await app.hire("eva")
    code = (await redeem(app, token))["voucher"]["code"]
    input = {"code": code, "purchase": "T-1", "idempotencyKey": "u"}
    refused = await app.mutate("useVoucher", input, ON_RECEIPT, token=till)
    assert (refused["__typename"], refused["refusalReason"]) == ("VoucherNotUsable", "DATES")


async def test_without_a_receipt_a_voucher_is_accepted_and_nothing_judged(app: RunningApp) -> None:
    token, till = await member_with_points(app), await app.hire("rui")
    code = (await redeem(app, token))["voucher"]["code"]
    input = {"code": code, "purchase": "not recorded", "idempotencyKey": "u"}
    accepted = await app.mutate("useVoucher", input, ON_RECEIPT, token=till)
    assert (accepted["__typename"], accepted["judged"]) == ("VoucherAccepted", False)
    assert await app.mutate("useVoucher", input, ON_RECEIPT, token=till) == accepted
