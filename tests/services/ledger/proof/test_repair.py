"""A member is written anew from the journal, which is never touched, and refused where it is broken itself."""

from datetime import timedelta
from typing import Any

import pytest

from domain.model.ledger.state.ledger_state import flatten
from domain.services.ledger import purchases, redemption
from domain.services.ledger.proof.repair import JournalBroken, plan_repair, repair
from domain.services.ledger.turn import turn
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.document_store import Stale
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime


async def open_shop(database: Database) -> Runtime:
    """Two members who bought, and redeemed a voucher."""
    runtime = await open_runtime(database)
    for member in ("ana", "rui"):
        await join(runtime, member)
        await buy(runtime, member, member)
        await redemption.redeem(runtime, member_id=member, reward="mug", key="a", now=NOW)
    return runtime


async def buy(runtime: Runtime, member: str, receipt: str) -> None:
    await purchases.record(
        runtime, till=TILL, member_id=member, purchase_input=new_purchase(receipt), key=receipt, now=NOW
    )


async def rows(runtime: Runtime, collection: str) -> list[dict[str, Any]]:
    return sorted(
        [dict(row) async for row in runtime.store[collection].find({"_id": {"$gt": ""}})],
        key=lambda row: row["_id"],
    )


def flat(member: dict[str, Any]) -> dict[str, Any]:
    """A member as the fold compares them: a map that lost its last part is none."""
    return {**member, "ledger": flatten(member["ledger"])}


async def repairs(runtime: Runtime) -> list[dict[str, Any]]:
    return [act for act in await rows(runtime, "audit") if act["action"] == "MEMBER_REPAIRED"]


async def repair_ana(runtime: Runtime) -> list[str]:
    plan = await plan_repair(runtime, "ana")
    await repair(runtime.store, plan, actor="cli:eva", reason="a stray write", now=NOW)
    return [difference.path for difference in plan.differences]


@pytest.mark.parametrize(
    ("collection", "id", "change", "paths"),
    [
        ("members", "ana", {"$inc": {"ledger.wallets.points.earned": 1}}, ["wallets.points.earned"]),
        ("members", "ana", {"$unset": {"ledger.wallets.points.lots": ""}}, ["wallets.points.lots.2027-03"]),
        ("members", "ana", {"$set": {"ledger.tags": ["vip"], "recent": []}}, ["tags", "recent"]),
        ("members", "ana", {"$set": {"version": 2}}, ["version"]),
        ("vouchers", "ana-1", {"$set": {"state": "USED", "used_in": "porto"}}, ["voucher ana-1"]),
    ],
)
async def test_what_differs_is_written_as_the_journal_gives_it(
    database: Database, collection: str, id: str, change: dict[str, Any], paths: list[str]
) -> None:
    runtime = await open_shop(database)
    whole = {name: await rows(runtime, name) for name in ("members", "vouchers", "journal")}
    await runtime.store[collection].update_one({"_id": id}, change)
    assert await rows(runtime, collection) != whole[collection]

    assert await repair_ana(runtime) == paths
    assert {name: await rows(runtime, name) for name in whole} == whole
    assert [one async for one in verify(runtime.store)] == []
    act = (await repairs(runtime))[0]
    assert (act["actor"], act["action"], act["member"], act["reason"]) == (
        "cli:eva",
        "MEMBER_REPAIRED",
        "ana",
        "a stray write",
    )
    await buy(runtime, "ana", "afterwards")


async def test_a_member_who_lost_commits_is_brought_up_to_the_journal_with_what_time_brought(
    database: Database,
) -> None:
    runtime = await open_shop(database)
    (before, _) = await rows(runtime, "members")
    await turn(runtime, now=NOW + timedelta(days=31))  # the voucher expires
    (lapsed, _) = await rows(runtime, "members")
    assert lapsed["version"] == before["version"] + 2  # what the purchase gave a day later, and the voucher
    await runtime.store["members"].replace_one({"_id": "ana"}, before)

    assert "version" in await repair_ana(runtime)
    (repaired, _) = await rows(runtime, "members")
    assert flat(repaired) == flat(lapsed)
    assert (await turn(runtime, now=NOW + timedelta(days=31))).row_count == 0


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"$set": {"entries.0.amount": 99}}, "ana: entry 1 (n, wallet_n, balance)"),
        ({"$set": {"seq": 7}}, "ana: journal.seq"),
        ({"$unset": {"changes": ""}}, "ana: purchases.count"),
    ],
)
async def test_a_broken_journal_repairs_nothing(
    database: Database, change: dict[str, Any], fault: str
) -> None:
    runtime = await open_shop(database)
    await runtime.store["members"].update_one({"_id": "ana"}, {"$set": {"ledger.tags": ["vip"]}})
    await runtime.store["journal"].update_one({"_id": "ana:2"}, change)
    before = await rows(runtime, "members")
    with pytest.raises(JournalBroken) as broken:
        await plan_repair(runtime, "ana")
    assert fault in {str(one).split(" is ")[0] for one in broken.value.faults}
    assert (await rows(runtime, "members"), await repairs(runtime)) == (before, [])


async def test_a_journal_that_lost_its_end_repairs_nothing(database: Database) -> None:
    runtime = await open_shop(database)
    await runtime.store["journal"].delete_one({"_id": "ana:3"})
    with pytest.raises(JournalBroken) as broken:
        await plan_repair(runtime, "ana")
    assert [str(one) for one in broken.value.faults] == ["ana: version is 3, the journal gives only 2 rows"]


async def test_whoever_acts_between_plan_and_repair_keeps_what_they_did(database: Database) -> None:
    runtime = await open_shop(database)
    await runtime.store["members"].update_one({"_id": "ana"}, {"$set": {"ledger.tags": ["vip"]}})
    plan = await plan_repair(runtime, "ana")
    await buy(runtime, "ana", "between")
    before = await rows(runtime, "members")
    with pytest.raises(Stale):
        await repair(runtime.store, plan, actor="cli", reason="late", now=NOW)
    assert (await rows(runtime, "members"), await repairs(runtime)) == (before, [])


async def test_a_voucher_that_is_gone_is_left_for_a_person(database: Database) -> None:
    runtime = await open_shop(database)
    await runtime.store["vouchers"].delete_one({"_id": "ana-1"})
    plan = await plan_repair(runtime, "ana")
    assert (plan.differences, plan.writes) == ((), ())
    assert [str(one) for one in plan.left] == ["ana: voucher ana-1 is None, the journal gives ISSUED"]
