"""The audit trail and the limits of a shift: each action is recorded with its balances, limited, and visible
to those concerned.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.services.errors import InvalidInput, NotAllowed
from domain.services.ledger import adjustments, audit_trail, purchases, queries
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import RefundRequest
from domain.services.ledger.till import ShiftLimits, Till
from domain.services.messages import outbox as operator
from domain.store import audit
from domain.store.connect import Database
from tests.loud_runtime import (
    NOON,
    deliver_all_due,
    load_outbox_row,
    new_delivery_worker,
    open_loud_runtime,
    record_event,
)
from tests.small_runtime import CASHIER, NOW, PORTO, SMALL, TILL, join, new_purchase, open_runtime

SHIFT = replace(TILL, session="shift-1", day=NOW.date(), request="req-1")
TIGHT = replace(SHIFT, limits=ShiftLimits(purchases=3, refunded=5_000, adjusted=40))
A_DAY = timedelta(days=1)


async def test_each_act_is_noted_with_who_where_why_and_what_it_changed(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=SHIFT, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
    )
    request = RefundRequest("r1", None, 4_000, ())
    await refunds.refund(
        runtime, till=SHIFT, refund_request=request, reason="broken", key="k2", now=NOW + timedelta(minutes=1)
    )
    acts = await audit_trail.find_shift_acts(runtime, till=SHIFT, first=50, now=NOW + timedelta(hours=1))
    actions = [
        (
            act.action,
            act.actor,
            act.store,
            act.request,
            act.subject,
            act.amount,
            act.reason,
            act.before,
            act.after,
        )
        for act in acts
    ]
    assert actions == [
        ("REFUND", "staff-1", "lisboa", "req-1", "r1", 4_000, "broken", {"points": 100}, {"points": 60}),
        ("PURCHASE", "staff-1", "lisboa", "req-1", "r1", 10_000, None, {"points": 0}, {"points": 100}),
    ]


async def test_a_shift_ends_at_its_bound_however_many_come_at_once(database: Database) -> None:
    runtime = await open_runtime(database)
    for member in ("ana", "rui"):
        await join(runtime, member)

    async def purchase(number: int) -> str:
        member = ("ana", "rui")[number % 2]
        try:
            await purchases.record(
                runtime,
                till=TIGHT,
                member_id=member,
                purchase_input=new_purchase(f"r{number}"),
                key=f"k{number}",
                now=NOW,
            )
        except NotAllowed as refused:
            return refused.reason
        return "recorded"

    answers = await asyncio.gather(*(purchase(number) for number in range(8)))
    assert (answers.count("recorded"), answers.count("SHIFT_LIMIT")) == (3, 5)
    assert len(await audit_trail.find_shift_acts(runtime, till=TIGHT, first=50, now=NOW)) == 3
    earned = [
        (await queries.load_member_view(runtime, member_id=member, now=NOW)).member.wallets
        for member in ("ana", "rui")
    ]
    assert sum(wallets["points"].earned for wallets in earned if wallets) == 300


async def test_what_one_shift_may_refund_and_correct_is_bounded_by_amount(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=TIGHT, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
    )
    with pytest.raises(NotAllowed, match="SHIFT_LIMIT"):
        await refunds.refund(
            runtime,
            till=TIGHT,
            refund_request=RefundRequest("r1", None, 5_001, ()),
            reason="broken",
            key="k2",
            now=NOW,
        )
    await refunds.refund(
        runtime,
        till=TIGHT,
        refund_request=RefundRequest("r1", None, 5_000, ()),
        reason="broken",
        key="k2",
        now=NOW,
    )
    await adjustments.adjust(
        runtime, till=TIGHT, member_id="ana", wallet="points", amount=30, reason="sorry", key="k3", now=NOW
    )

    async def correct(till: Till) -> int:
        words = {
            "member_id": "ana",
            "wallet": "points",
            "amount": -11,
            "reason": "sorry",
            "key": "k4",
            "now": NOW,
        }
        adjusted = await adjustments.adjust(runtime, till=till, **words)  # type: ignore[arg-type]
        return adjusted.wallet.balance

    for again in (TIGHT, replace(TIGHT, session="shift-2", store="porto")):
        with pytest.raises(NotAllowed, match="SHIFT_LIMIT"):
            await correct(again)
    assert (await queries.load_member_view(runtime, member_id="ana", now=NOW)).member.wallets[
        "points"
    ].balance == 80
    assert await correct(replace(TIGHT, staff="staff-9")) == 69
    assert await correct(replace(TIGHT, store="porto", day=NOW.date() + A_DAY)) == 58


async def test_a_store_sees_its_own_trail_alone(database: Database) -> None:
    runtime = await open_runtime(database, now=NOW - 30 * A_DAY)
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=SHIFT, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
    )
    porto = replace(PORTO, session="shift-3")
    await purchases.record(
        runtime, till=porto, member_id="ana", purchase_input=new_purchase("r2"), key="k2", now=NOW
    )
    own = await audit_trail.find_store_acts(
        runtime, till=SHIFT, store=None, since=NOW - A_DAY, until=NOW + A_DAY, first=50
    )
    every = await audit_trail.find_store_acts(
        runtime,
        till=replace(SHIFT, role="OPERATOR"),
        store=None,
        since=NOW - A_DAY,
        until=NOW + A_DAY,
        first=50,
    )
    assert [act.subject for act in own] == ["r1"]
    assert sorted(act.subject for act in every) == ["r1", "r2"]
    with pytest.raises(NotAllowed, match="OTHER_STORE"):
        await audit_trail.find_store_acts(
            runtime, till=SHIFT, store="porto", since=NOW - A_DAY, until=NOW + A_DAY, first=50
        )
    with pytest.raises(NotAllowed, match="ROLE"):
        await audit_trail.find_store_acts(
            runtime,
            till=replace(CASHIER, session="s"),
            store=None,
            since=NOW - A_DAY,
            until=NOW + A_DAY,
            first=50,
        )
    with pytest.raises(InvalidInput):
        await audit_trail.find_store_acts(
            runtime, till=SHIFT, store=None, since=NOW - timedelta(days=32), until=NOW, first=50
        )


async def test_a_refused_act_leaves_no_trail(database: Database) -> None:
    runtime = await open_runtime(database, now=NOW - 30 * A_DAY)
    await join(runtime, "ana")
    cashier = replace(CASHIER, session="shift-4")
    with pytest.raises(NotAllowed):
        await adjustments.adjust(
            runtime, till=cashier, member_id="ana", wallet="points", amount=5, reason="gift", key="a", now=NOW
        )
    assert await audit.find_between(runtime.store, since=NOW - A_DAY, until=NOW + A_DAY) == []
    assert (await queries.load_member_view(runtime, member_id="ana", now=NOW)).member.seq == 1


async def test_each_version_of_the_programme_is_noted_and_the_same_content_is_none(
    database: Database,
) -> None:
    runtime = await open_runtime(database, now=NOW)
    await runtime.programmes.publish(SMALL, now=NOW + A_DAY, by="cli:ops")
    await runtime.programmes.publish(SMALL.replace("A mug", "A cup"), now=NOW + 2 * A_DAY, by="cli:ops")
    acts = await audit.find_between(runtime.store, since=NOW, until=NOW + 3 * A_DAY)
    assert [(act.action, act.actor, act.subject, act.at) for act in acts] == [
        ("PROGRAMME_PUBLISHED", "cli:ops", "version 2", NOW + 2 * A_DAY),
        ("PROGRAMME_PUBLISHED", "cli", "version 1", NOW),
    ]


async def test_what_an_operator_sends_again_is_noted_row_by_row(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    id = await record_event(runtime, "hooked")
    await deliver_all_due(runtime, new_delivery_worker())
    assert (await load_outbox_row(runtime, id)).state == "parked"
    assert await operator.retry_parked(runtime, ids=[id, "none"], actor="cli:ops", now=NOON) == (1, ["none"])
    acts = await audit.find_between(
        runtime.store, since=NOON - timedelta(hours=1), until=NOON + timedelta(hours=1)
    )
    assert [(act.action, act.actor, act.subject, act.member) for act in acts] == [
        ("OUTBOX_RETRIED", "cli:ops", id, None)
    ]
