"""Adjustments: managers only, with a reason in the audit trail; a frozen membership earns nothing and keeps
the rest.
"""

from datetime import timedelta

import pytest

from domain.model.ledger.decision import BalanceTooLow, MemberFrozen
from domain.services.errors import InvalidInput, NotAllowed, NotFound
from domain.services.ledger import adjustments, purchases, queries
from domain.services.ledger.verification import verify
from domain.store import audit
from domain.store.connect import Database
from tests.small_runtime import CASHIER, NOW, TILL, join, new_purchase, open_runtime


async def test_a_correction_is_kept_with_its_reason(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    done = await adjustments.adjust(
        runtime, till=TILL, member_id="ana", wallet="points", amount=30, reason="sorry", key="a", now=NOW
    )
    again = await adjustments.adjust(
        runtime, till=TILL, member_id="ana", wallet="points", amount=30, reason="sorry", key="a", now=NOW
    )
    trail = await audit.find_between(runtime.store, since=NOW, until=NOW + timedelta(days=1), member="ana")
    assert (done.history_entry.amount, done.wallet.available) == (30, 30)
    assert again.history_entry == done.history_entry
    assert [(one.actor, one.action, one.reason, one.before, one.after) for one in trail] == [
        ("staff-1", "ADJUSTMENT", "sorry", {"points": 0}, {"points": 30})
    ]
    assert [one async for one in verify(runtime.store)] == []


async def test_below_zero_is_refused_and_leaves_the_key_free(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    with pytest.raises(BalanceTooLow) as refused:
        await adjustments.adjust(
            runtime, till=TILL, member_id="ana", wallet="points", amount=-5, reason="sorry", key="a", now=NOW
        )
    assert refused.value.missing == 5
    done = await adjustments.adjust(
        runtime, till=TILL, member_id="ana", wallet="points", amount=7, reason="sorry", key="a", now=NOW
    )
    assert done.wallet.available == 7


@pytest.mark.parametrize("amount", [0, 10**9 + 1, -(10**9) - 1])
async def test_nothing_and_too_much_are_no_corrections(database: Database, amount: int) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    with pytest.raises(InvalidInput, match="with a minus to take away") as refused:
        await adjustments.adjust(
            runtime,
            till=TILL,
            member_id="ana",
            wallet="points",
            amount=amount,
            reason="gift",
            key="a",
            now=NOW,
        )
    assert refused.value.field == "amount"
    assert (await queries.load_member_view(runtime, member_id="ana", now=NOW)).member.seq == 1


async def test_a_cashier_may_not(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    with pytest.raises(NotAllowed) as refused:
        await adjustments.adjust(
            runtime, till=CASHIER, member_id="ana", wallet="points", amount=5, reason="gift", key="a", now=NOW
        )
    assert refused.value.reason == "ROLE"
    assert (await queries.load_member_view(runtime, member_id="ana", now=NOW)).member.seq == 1


async def test_unknown_wallets_and_members_are_told_apart(database: Database) -> None:
    runtime = await open_runtime(database)
    with pytest.raises(InvalidInput):
        await adjustments.adjust(
            runtime, till=TILL, member_id="ana", wallet="gold", amount=5, reason="gift", key="a", now=NOW
        )
    with pytest.raises(NotFound):
        await adjustments.adjust(
            runtime, till=TILL, member_id="ana", wallet="points", amount=5, reason="gift", key="a", now=NOW
        )


async def test_a_frozen_member_earns_nothing_until_thawed(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    frozen = await adjustments.freeze(
        runtime, till=TILL, member_id="ana", reason="a stolen phone", key="a", now=NOW
    )
    assert frozen.member.frozen
    with pytest.raises(MemberFrozen):
        await purchases.record(
            runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k", now=NOW
        )
    later = NOW + timedelta(hours=1)
    await adjustments.unfreeze(runtime, till=TILL, member_id="ana", reason="found again", key="b", now=later)
    done = await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k", now=later
    )
    assert done.history[0].amount == 100
    trail = await audit.find_between(runtime.store, since=NOW, until=NOW + timedelta(days=1), member="ana")
    assert [one.action for one in trail] == ["PURCHASE", "MEMBER_UNFROZEN", "MEMBER_FROZEN"]
