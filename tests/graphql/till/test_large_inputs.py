"""Receipts and events that are too large are refused at the door, by the field that is at fault, and change
nothing.
"""

import pytest

from tests.running_app import Json, RunningApp

LINE: Json = {"sku": "S-1", "amount": 1}
LONG = "x" * 5_000


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"lines": [LINE] * 501}, "lines"),
        ({"lines": [LINE, {**LINE, "sku": LONG}]}, "lines[1].sku"),
        ({"lines": [{**LINE, "name": LONG}]}, "lines[0].name"),
        ({"lines": [{**LINE, "category": LONG}]}, "lines[0].category"),
        ({"lines": [{**LINE, "quantity": 2_000_000_000}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "amount": 2_000_000_000}]}, "lines[0].amount"),
        ({"externalId": LONG}, "externalId"),
        ({"total": 2_000_000_000}, "total"),
    ],
)
async def test_a_receipt_that_is_too_large_names_its_field(app: RunningApp, fields: Json, field: str) -> None:
    till, number = await _till_and_member(app)
    before = await app.count("journal")
    purchase = {"member": number, "externalId": "r1", "currency": "EUR", "total": 90_000, **fields}
    for mutation, kind in (("recordPurchase", "PurchaseInput"), ("quotePurchase", "QuoteInput")):
        sent = {**purchase, "idempotencyKey": "k"}
        if kind == "QuoteInput":
            if field == "externalId":
                continue
            sent = {name: value for name, value in purchase.items() if name != "externalId"}
        word = "mutation" if kind == "PurchaseInput" else "query"
        query = f"{word} M($input: {kind}!) {{ {mutation}(input: $input) {{ __typename }} }}"
        refusal = await app.error(query, {"input": sent}, token=till)
        assert (refusal["code"], refusal["field"]) == ("BAD_INPUT", field)
    assert await app.count("journal") == before


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"data": {LONG: 1}}, "data.xxx"),
        ({"data": {f"f{n}": n for n in range(5_000)}}, "data.f0"),
        ({"data": {"network": LONG}}, "data.network"),
        ({"data": {"network": ["x"] * 5_000}}, "data.network"),
        ({"externalId": LONG}, "externalId"),
        ({"name": LONG}, "name"),
    ],
)
async def test_an_event_that_is_too_large_names_its_field(app: RunningApp, fields: Json, field: str) -> None:
    till, number = await _till_and_member(app)
    before = await app.count("journal")
    event = {"member": number, "name": "social.shared", "externalId": "e1", "idempotencyKey": "k", **fields}
    query = "mutation M($input: RecordEventInput!) { recordEvent(input: $input) { __typename } }"
    body = await app.ask(query, {"input": event}, token=till)
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert error["extensions"]["field"].startswith(field)
    assert len(str(error)) < 500
    assert await app.count("journal") == before


async def _till_and_member(app: RunningApp) -> tuple[str, str]:
    member = await app.enrol_member()
    number: str = (await app.do("{ me { number } }", token=member))["me"]["number"]
    return await app.hire("rui", "MANAGER"), number
