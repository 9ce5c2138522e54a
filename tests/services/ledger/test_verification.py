"""`verify` finds each tampered value and names its place."""

import pytest

from domain.services.ledger import purchases, redemption
from domain.services.ledger.verification import find_stale, verify
from domain.store.connect import Database
from domain.store.document_store import Busy
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime


@pytest.mark.parametrize(
    ("collection", "selector", "change", "where"),
    [
        ("members", {"_id": "ana"}, {"$inc": {"ledger.wallets.points.earned": 1}}, "wallets.points.earned"),
        (
            "members",
            {"_id": "ana"},
            {"$set": {"ledger.wallets.points.lots.2027-03": "2:51:365"}},
            "wallets.points.lots.2027-03",
        ),
        ("members", {"_id": "ana"}, {"$set": {"ledger.tags": ["vip"]}}, "tags"),
        ("journal", {"_id": "ana:2"}, {"$set": {"entries.0.amount": 99}}, "entry 1 (n, wallet_n, balance)"),
        ("vouchers", {"_id": "ana-1"}, {"$set": {"state": "USED"}}, "voucher ana-1"),
    ],
)
async def test_a_tampered_figure_is_found(
    database: Database,
    collection: str,
    selector: dict[str, str],
    change: dict[str, dict[str, object]],
    where: str,
) -> None:
    runtime = await open_runtime(database)
    for member in ("ana", "rui"):
        await join(runtime, member)
        await purchases.record(
            runtime, till=TILL, member_id=member, purchase_input=new_purchase(member), key=member, now=NOW
        )
        await redemption.redeem(runtime, member_id=member, reward="mug", key="a", now=NOW)
    assert [one async for one in verify(runtime.store)] == []
    done = await runtime.store[collection].update_one(selector, change)
    assert done.modified_count == 1
    differences = [one async for one in verify(runtime.store)]
    assert {one.member for one in differences} == {"ana"}
    assert where in {one.path for one in differences}


async def test_a_member_whose_commits_never_take_is_listed_until_one_does(database: Database) -> None:
    runtime = await open_runtime(database)
    for member in ("ana", "rui"):
        await join(runtime, member)
    row = await runtime.store["journal"].find_one({"_id": "ana:1"})
    assert row is not None
    await runtime.store["journal"].insert_one({**row, "_id": "ana:2", "seq": 2})

    async def buy(member: str, receipt: str) -> None:
        await purchases.record(
            runtime, till=TILL, member_id=member, purchase_input=new_purchase(receipt), key=receipt, now=NOW
        )

    for attempt in range(3):
        assert await find_stale(runtime.store) == []
        with pytest.raises(Busy):
            await buy("ana", f"A-{attempt}")
    await buy("rui", "R-1")
    (stale,) = await find_stale(runtime.store)
    assert (stale.member, stale.why) == ("ana", "the journal has moved on")
    assert [str(one) async for one in verify(runtime.store)] == [
        "ana: version is 1, the journal gives a row 2"
    ]

    await runtime.store["journal"].delete_one({"_id": "ana:2"})
    await buy("ana", "A-4")
    assert await find_stale(runtime.store) == []
    assert [one async for one in verify(runtime.store)] == []
