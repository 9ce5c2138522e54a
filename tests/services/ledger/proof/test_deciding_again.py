"""A shop's journals, decided again by the versions that ruled, are what is stored; a changed rule is found."""

from datetime import timedelta

import pytest

from domain.model.figures.backtest.history import RulingVersions
from domain.model.id_ranges import ALL_IDS
from domain.services.ledger import purchases, redemption
from domain.services.ledger.proof.deciding_again import read_ruling_versions
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import RefundRequest
from domain.services.ledger.turn import turn
from domain.services.ledger.verification import prove_range
from domain.services.runtime import Runtime
from domain.store.connect import Database
from tests.small_runtime import NOW, SMALL, TILL, join, new_purchase, open_runtime


@pytest.fixture
async def shop(database: Database) -> Runtime:
    """A year of two members under two versions: purchases, one of them late, a refund, a voucher, what lapses."""
    runtime = await open_runtime(database)
    for member in ("ana", "rui"):
        await join(runtime, member)
        await purchases.record(
            runtime, till=TILL, member_id=member, purchase_input=new_purchase(member), key=member, now=NOW
        )
    await redemption.redeem(runtime, member_id="ana", reward="mug", key="a", now=NOW)
    await turn(runtime, now=NOW + timedelta(days=2))
    then = NOW + timedelta(days=3)
    await runtime.programmes.publish(SMALL.replace("amount: 1, per: 100", "amount: 2, per: 100"), now=then)
    for receipt, bought_at in (("new", then), ("late", then - timedelta(hours=20))):
        await purchases.record(
            runtime,
            till=TILL,
            member_id="ana",
            purchase_input=new_purchase(receipt, occurred_at=bought_at),
            key=receipt,
            now=then + timedelta(minutes=1),
        )
    await refunds.refund(
        runtime,
        till=TILL,
        refund_request=RefundRequest("new", amount=4_000),
        reason="broken",
        key="r",
        now=then + timedelta(hours=1),
    )
    await turn(runtime, now=NOW + timedelta(days=500))
    return runtime


async def test_what_is_decided_again_is_what_is_stored(shop: Runtime) -> None:
    proof = await prove_range(shop.store, ALL_IDS, versions=await read_ruling_versions(shop.programmes))
    assert (proof.members, [str(one) for one in proof.differences]) == (2, [])


async def test_a_rule_that_gives_another_amount_is_found_at_its_first_row(shop: Runtime) -> None:
    versions = await read_ruling_versions(shop.programmes)
    changed = RulingVersions({**versions.programmes, 2: versions.programmes[1]}, versions.published_at)
    proof = await prove_range(shop.store, ALL_IDS, versions=changed)
    assert {one.member for one in proof.differences} == {"ana"}
    rows = {one.path.split()[1] for one in proof.differences}
    assert len(rows) == 1
    row = await shop.store["journal"].find_one({"_id": f"ana:{rows.pop()}"})
    assert row is not None
    assert (row["version"], row["event"]["purchase"]["external_id"]) == (2, "new")
