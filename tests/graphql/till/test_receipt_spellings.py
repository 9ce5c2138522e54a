"""A receipt's number is one number however it is spelled; what was recorded under another spelling stays found."""

import pytest

from domain.store.requests import joined_hash
from tests.running_app import Json, RunningApp

SPELLINGS = ["R-1", " R-1", "R-1\u00a0", "\u200eR-1", "R\u200b-1", "Ｒ-１", "R-1\t", "R\u00ad-1\ufeff"]
RECORDED = (
    "__typename ... on PurchaseRecorded { purchase { externalId } } ... on PurchaseClaimed { sameMember }"
)


def purchase(member: str, number: str, key: str) -> Json:
    return {"member": member, "externalId": number, "currency": "EUR", "total": 5_000, "idempotencyKey": key}


async def member_and_till(app: RunningApp) -> tuple[str, str]:
    ana, till = await app.enrol_member(), await app.hire("rui", "MANAGER")
    return (await app.do("{ me { number } }", token=ana))["me"]["number"], till


@pytest.mark.parametrize("first", ["R-1", " Ｒ-１\u200b"])
async def test_a_receipt_spelled_in_many_ways_earns_once(app: RunningApp, first: str) -> None:
    number, till = await member_and_till(app)
    recorded = await app.mutate("recordPurchase", purchase(number, first, "k"), RECORDED, token=till)
    assert recorded == {"__typename": "PurchaseRecorded", "purchase": {"externalId": "R-1"}}
    for at, spelling in enumerate(SPELLINGS):
        again = await app.mutate("recordPurchase", purchase(number, spelling, f"k{at}"), RECORDED, token=till)
        assert again == {"__typename": "PurchaseClaimed", "sameMember": True}
    assert await app.count("receipts") == 1


async def test_a_refund_finds_it_by_any_spelling_and_its_own_identity_counts_once(app: RunningApp) -> None:
    number, till = await member_and_till(app)
    await app.mutate("recordPurchase", purchase(number, "R-1", "k"), RECORDED, token=till)
    left = []
    for at, spelling in enumerate(SPELLINGS):
        refund = {
            "externalId": spelling,
            "amount": 1_000,
            "reason": "returned",
            "refundId": spelling,
            "idempotencyKey": f"f{at}",
        }
        answer = "... on PurchaseRefunded { purchase { refunded } }"
        left.append((await app.mutate("refundPurchase", refund, answer, token=till))["purchase"]["refunded"])
    assert left == [1_000] * len(SPELLINGS)


async def test_what_an_earlier_version_recorded_is_found_by_the_same_spelling(app: RunningApp) -> None:
    number, till = await member_and_till(app)
    await app.mutate("recordPurchase", purchase(number, "R-1", "k"), RECORDED, token=till)
    receipts = app.process.store["receipts"]
    row = await receipts.find_one({"_id": {"$gt": ""}})
    assert row is not None
    await receipts.delete_one({"_id": row["_id"]})
    earlier = joined_hash("purchase", "till", row["store"], " R-1")
    await receipts.insert_one({**row, "_id": earlier})
    again = await app.mutate("recordPurchase", purchase(number, " R-1", "k2"), RECORDED, token=till)
    assert again == {"__typename": "PurchaseClaimed", "sameMember": True}
    refund = {"externalId": " R-1", "reason": "returned", "idempotencyKey": "f"}
    answer = "... on PurchaseRefunded { purchase { refunded } }"
    assert (await app.mutate("refundPurchase", refund, answer, token=till)) == {
        "purchase": {"refunded": 5_000}
    }
