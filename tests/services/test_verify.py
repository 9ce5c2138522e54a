"""Verify finds what was tampered with, wherever it stands, and names it."""

import pytest

from domain.services.ledger import purchases, redemption
from domain.services.ledger.verification import verify
from domain.store.connect import Database
from tests.houses import NOW, TILL, bought, join, open_house


@pytest.mark.parametrize(
    ("collection", "asked", "change", "where"),
    [
        ("members", {"_id": "ana"}, {"$inc": {"ledger.wallets.points.earned": 1}}, "wallets.points.earned"),
        (
            "members",
            {"_id": "ana"},
            {"$set": {"ledger.wallets.points.lots.2027-03-02.0": 51}},
            "wallets.points.lots.2027-03-02",
        ),
        ("members", {"_id": "ana"}, {"$set": {"ledger.tags": ["vip"]}}, "tags"),
        ("journal", {"_id": "ana:2"}, {"$set": {"entries.0.amount": 99}}, "entry 1 (n, wallet_n, balance)"),
        ("vouchers", {"_id": "ana-1"}, {"$set": {"state": "USED"}}, "voucher ana-1"),
    ],
)
async def test_a_tampered_figure_is_found(
    database: Database,
    collection: str,
    asked: dict[str, str],
    change: dict[str, dict[str, object]],
    where: str,
) -> None:
    house = await open_house(database)
    for member in ("ana", "rui"):
        await join(house, member)
        await purchases.record(
            house, till=TILL, member_id=member, purchase_input=bought(member), key=member, now=NOW
        )
        await redemption.redeem(house, member_id=member, reward="mug", key="a", now=NOW)
    assert [one async for one in verify(house.store)] == []
    done = await house.store[collection].update_one(asked, change)
    assert done.modified_count == 1
    found = [one async for one in verify(house.store)]
    assert {one.member for one in found} == {"ana"}
    assert where in {one.path for one in found}
