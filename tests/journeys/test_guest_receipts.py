"""A guest's receipt claimed by its code: once, on its own date, for whom it is right."""

import asyncio
from typing import Any

from domain.services.ledger.verification import verify
from tests.running_app import Json, RunningApp

RECORDED = """__typename ... on Problem { message } ... on NotAllowed { reason } ... on PurchaseClaimed { sameMember }
  ... on GuestPurchaseRecorded { code sale { externalId total waitsUntil totals { wallet amount } } }"""
CLAIMED = """__typename ... on Problem { message } ... on ReceiptRefused { reason triesLeft retryAfter }
  ... on ReceiptClaimed { countedBefore purchase { externalId total refunded occurredAt entries { wallet amount }
    explanation { rule applied } } member { wallets { code pending } } }"""
PURCHASES = "{ me { purchases { edges { node { externalId total refunded } } } } }"


def sale(external_id: str = "G-1", total: int = 20_000, **more: object) -> Json:
    return {"externalId": external_id, "currency": "EUR", "total": total, **more}


async def record(app: RunningApp, till: str, *, key: str = "k", **more: Any) -> Json:
    input = {"sale": sale(**more), "idempotencyKey": key}
    return await app.mutate("recordGuestPurchase", input, RECORDED, token=till, language="en")


async def claim(app: RunningApp, token: str, code: str) -> Json:
    return await app.mutate("claimReceipt", {"code": code}, CLAIMED, token=token, language="en")


async def purchases(app: RunningApp, token: str) -> list[Json]:
    me = (await app.do(PURCHASES, token=token))["me"]
    return [edge["node"] for edge in me["purchases"]["edges"]]


async def refund(app: RunningApp, till: str, key: str = "r", **what: object) -> Json:
    input = {"externalId": "G-1", "reason": "Não serviu", "idempotencyKey": key, **what}
    return await app.mutate("refundPurchase", input, "__typename", token=till)


async def record_for(app: RunningApp, till: str, token: str) -> Json:
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    purchase = {"member": number, "idempotencyKey": "p", **sale()}
    return await app.mutate("recordPurchase", purchase, "__typename", token=till)


async def test_a_receipt_is_credited_once_on_its_own_date_to_who_enters_its_code(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    recorded = await record(app, till)
    assert recorded["sale"] == {
        "externalId": "G-1",
        "total": 20_000,
        "waitsUntil": "2026-05-31T10:00:00.000Z",
        "totals": [{"wallet": "points", "amount": 200}],
    }
    code = recorded["code"]
    assert [len(part) for part in code.split("-")] == [4, 4, 2]
    stored = [row async for row in app.process.store["parked_events"].find({})]
    stored += [row async for row in app.process.store["receipt_codes"].find({})]
    assert code.replace("-", "") not in str(stored), "the database holds its digest alone"
    app.clock.advance(days=3)
    token = await app.sign_in_again("ana@example.com")
    claimed = await claim(app, token, code.lower().replace("-", " "))
    assert claimed["purchase"] == {
        "externalId": "G-1",
        "total": 20_000,
        "refunded": 0,
        "occurredAt": "2026-03-02T10:00:00.000Z",
        "entries": [{"wallet": "points", "amount": 200}],
        "explanation": claimed["purchase"]["explanation"],
    }
    assert claimed["countedBefore"] is False
    again = await claim(app, token, code)
    assert again == {**claimed, "countedBefore": True}
    assert (len(await purchases(app, token)), await app.count("parked_events")) == (1, 0)
    assert [each async for each in verify(app.process.store)] == []


async def test_a_member_who_joins_after_the_purchase_is_credited_on_its_date(app: RunningApp) -> None:
    till = await app.hire("rui")
    code = (await record(app, till))["code"]
    app.clock.advance(days=40)
    token = await app.enrol_member()
    claimed = await claim(app, token, code)
    assert claimed["purchase"]["occurredAt"] == "2026-03-02T10:00:00.000Z"
    assert (await claim(app, token, code))["countedBefore"] is True
    assert [each async for each in verify(app.process.store)] == []


async def test_of_two_members_at_once_one_is_credited(app: RunningApp) -> None:
    tokens = [await app.enrol_member(), await app.enrol_member("bea@example.com")]
    till = await app.hire("rui")
    code = (await record(app, till))["code"]
    answers = await asyncio.gather(*(claim(app, tokens[n % 2], code) for n in range(8)))
    winners = {n % 2 for n, each in enumerate(answers) if each["__typename"] == "ReceiptClaimed"}
    assert len(winners) == 1
    losers = [each for n, each in enumerate(answers) if n % 2 not in winners]
    assert {(each["reason"], each["message"]) for each in losers} == {
        ("CLAIMED", "Este talão já conta para outra pessoa.")
    }
    assert sorted([len(await purchases(app, each)) for each in tokens]) == [0, 1]
    assert await app.count("receipts") == 1


async def test_what_was_returned_earns_nothing_and_the_rest_of_a_partial_return_does(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    code = (await record(app, till))["code"]
    assert (await refund(app, till, amount=5_000))["__typename"] == "ParkedSaleRefunded"
    claimed = await claim(app, token, code)
    assert claimed["purchase"]["entries"] == [{"wallet": "points", "amount": 150}]
    other = (await record(app, till, key="k2", external_id="G-2"))["code"]
    await refund(app, till, "r2", externalId="G-2")
    refused = await claim(app, token, other)
    assert (refused["reason"], refused["triesLeft"]) == ("RETURNED", None)
    assert len(await purchases(app, token)) == 1


async def test_a_returned_receipt_that_is_recorded_again_stays_returned(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    code = (await record(app, till))["code"]
    await refund(app, till)
    app.clock.advance(minutes=11)
    again = await record(app, till, key="again")
    assert (again["code"], again["sale"]["total"], again["sale"]["totals"]) == (code, 0, [])
    assert (await claim(app, token, code))["reason"] == "RETURNED"
    assert await purchases(app, token) == []


async def test_after_the_till_recorded_it_the_code_is_only_good_for_that_member(app: RunningApp) -> None:
    ana, bea = await app.enrol_member(), await app.enrol_member("bea@example.com")
    till = await app.hire("rui")
    code = (await record(app, till))["code"]
    assert (await record_for(app, till, ana))["__typename"] == "PurchaseRecorded"
    assert (await claim(app, bea, code))["reason"] == "CLAIMED"
    counted = await claim(app, ana, code)
    assert (counted["countedBefore"], counted["purchase"]["externalId"]) == (True, "G-1")
    assert [len(await purchases(app, each)) for each in (ana, bea)] == [1, 0]
    refused = await record(app, till, key="late")
    assert (refused["__typename"], refused["sameMember"]) == ("PurchaseClaimed", False)


async def test_a_claimed_receipt_is_not_recorded_for_another(app: RunningApp) -> None:
    ana, bea = await app.enrol_member(), await app.enrol_member("bea@example.com")
    till = await app.hire("rui")
    code = (await record(app, till))["code"]
    await claim(app, ana, code)
    assert (await record_for(app, till, bea))["__typename"] == "PurchaseClaimed"
    assert (await refund(app, till))["__typename"] == "PurchaseRefunded"
    assert (await claim(app, ana, code))["purchase"]["refunded"] == 20_000
    assert [each async for each in verify(app.process.store)] == []


async def test_the_same_receipt_has_the_same_code_and_its_total_is_put_right_within_ten_minutes(
    app: RunningApp,
) -> None:
    till = await app.hire("rui")
    first = await record(app, till)
    assert await record(app, till) == first
    assert (await record(app, till, total=5))["__typename"] == "IdempotencyConflict"
    right = await record(app, till, key="right", total=9_000)
    assert (right["code"], right["sale"]["total"]) == (first["code"], 9_000)
    app.clock.advance(minutes=11)
    late = await record(app, till, key="late", total=1)
    assert (late["code"], late["sale"]["total"]) == (first["code"], 9_000), "what waits stays"
    acts = (await app.do("{ shiftActions { actionKind subject amount } }", token=till))["shiftActions"]
    assert sorted(each["amount"] for each in acts) == [9_000, 9_000, 20_000]


async def test_wrong_codes_share_the_days_tries_with_all_others(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    code = (await record(app, till))["code"]
    for left in range(9, -1, -1):
        refused = await claim(app, token, f"WRONG{left}")
        assert (refused["reason"], refused["triesLeft"]) == ("UNKNOWN", left)
    refused = await claim(app, token, code)
    assert (refused["reason"], refused["retryAfter"]) == ("TOO_MANY_TRIES", 14 * 3600)
    assert await purchases(app, token) == []
    app.clock.advance(days=1)
    token = await app.sign_in_again("ana@example.com")
    assert (await claim(app, token, code))["__typename"] == "ReceiptClaimed"


async def test_who_recorded_it_claims_it_for_nobody(app: RunningApp) -> None:
    token = await app.enrol_member()
    till = await app.hire("rui", email="ana@example.com")
    await app.do("{ staff { id } }", token=till)
    code = (await record(app, till))["code"]
    assert (await claim(app, token, code))["reason"] == "OWN_SALE"
    assert (await purchases(app, token), await app.count("parked_events")) == ([], 1)


async def test_who_asked_for_the_code_of_a_colleagues_sale_claims_it_for_nobody(app: RunningApp) -> None:
    token = await app.enrol_member()
    rui, eva = await app.hire("rui"), await app.hire("eva", email="ana@example.com")
    code = (await record(app, rui))["code"]
    asked = await record(app, eva, key="asked again", total=1)
    assert (asked["code"], asked["sale"]["total"]) == (code, 20_000), "what rui recorded stands"
    assert (await claim(app, token, code))["reason"] == "OWN_SALE"
    assert (await purchases(app, token), await app.count("parked_events")) == ([], 1)
    other = await app.enrol_member("bea@example.com")
    assert (await claim(app, other, code))["__typename"] == "ReceiptClaimed"


async def test_after_ninety_days_and_while_frozen_nothing_is_credited(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("eva", role="MANAGER")
    code = (await record(app, till))["code"]
    customer = (await app.do("{ me { number } }", token=token))["me"]["number"]
    found = await app.do('{ findCustomer(contact: "ana@example.com") { id } }', token=till)
    freeze = {"member": found["findCustomer"]["id"], "reason": "Dúvida", "idempotencyKey": customer}
    await app.mutate("freezeMember", freeze, "__typename", token=till)
    assert (await claim(app, token, code))["reason"] == "FROZEN"
    app.clock.advance(days=90)
    bea = await app.enrol_member("bea@example.com")
    assert (await claim(app, bea, code))["reason"] == "OVER"
    assert [await purchases(app, each) for each in (await app.sign_in_again("ana@example.com"), bea)] == [
        [],
        [],
    ]
