"""Declared events: checked by their declaration, counted once by their id in their source."""

from datetime import timedelta

import pytest

from domain.services.errors import IdempotencyKeyConflict, InvalidInput, NotAllowed
from domain.services.ledger import member_events, queries
from domain.services.ledger.member_events import EventRecorded
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from tests.small_runtime import CASHIER, NOW, SMALL, TILL, join, open_runtime

PLANS = "plans: [{code: plus, name: Plus, period: {months: 1}, trial: {days: 14}}]\n"


async def visit(runtime: Runtime, external_id: str, key: str, **event_data: object) -> EventRecorded:
    return await member_events.record(
        runtime,
        till=TILL,
        member_id="ana",
        name="visited",
        event_data={"place": "Porto", **event_data},
        occurred_at=None,
        external_id=external_id,
        key=key,
        now=NOW,
    )


async def test_an_event_counts_once_whatever_key_it_comes_with(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    first = await visit(runtime, "v1", "a")
    again, other_key = await visit(runtime, "v1", "a"), await visit(runtime, "v1", "b")
    assert [told.amount for told in first.history] == [10, 3]
    assert first == again == other_key
    assert (await queries.load_member_view(runtime, member_id="ana", now=NOW)).member.wallets[
        "points"
    ].available == 13


async def test_one_identity_is_one_event(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await visit(runtime, "v1", "a")
    with pytest.raises(IdempotencyKeyConflict):
        await visit(runtime, "v1", "b", people=3)


async def test_a_limit_says_why(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    for at in ("1", "2"):
        await visit(runtime, at, at)
    third = await visit(runtime, "3", "3")
    assert [(one.applied, one.reason) for one in third.outcomes] == [(False, "limit"), (False, "limit")]
    assert third.history == ()


async def test_a_late_event_finds_its_own_month_full(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana", at=NOW - timedelta(days=60))
    early = NOW - timedelta(days=40)

    async def late(external_id: str) -> EventRecorded:
        return await member_events.record(
            runtime,
            till=TILL,
            member_id="ana",
            name="visited",
            event_data={},
            occurred_at=early,
            external_id=external_id,
            key=external_id,
            now=NOW,
        )

    await visit(runtime, "v1", "v1")
    done = [
        await late("l1"),
        await late("l2"),
        await late("l3"),
        await visit(runtime, "v2", "v2"),
        await visit(runtime, "v3", "v3"),
    ]
    assert [one.outcomes[0].reason for one in done] == [None, None, "limit", None, "limit"]
    assert {one.outcomes[1].reason for one in done} == {"limit"}, "once for ever, whatever its time"


@pytest.mark.parametrize(
    ("name", "event_data", "field"),
    [
        ("unheard.of", {}, "name"),
        ("purchase.completed", {}, "name"),
        ("visited", {"colour": "red"}, "data.colour"),
        ("visited", {"people": "three"}, "data.people"),
        ("visited", {"people": True}, "data.people"),
        ("plan.started", {"plan": "none"}, "data.plan"),
        ("plan.started", {"plan": "plus", "until": "9999-12-31T23:59:59Z"}, "data.until"),
        ("plan.renewed", {"plan": "plus", "until": "0001-01-01T00:00:00+14:00"}, "data.until"),
        ("plan.started", {"plan": "plus", "until": "2999-12-31T23:59:59-01:00"}, "data.until"),
        ("survey.answered", {"survey": "none", "score": 3}, "data.survey"),
    ],
)
async def test_what_is_not_declared_is_named(
    database: Database, name: str, event_data: dict[str, object], field: str
) -> None:
    runtime = await open_runtime(database, SMALL + PLANS)
    await join(runtime, "ana")
    with pytest.raises(InvalidInput) as refused:
        await member_events.record(
            runtime,
            till=TILL,
            member_id="ana",
            name=name,
            event_data=event_data,
            occurred_at=None,
            external_id="e",
            key="k",
            now=NOW,
        )
    assert refused.value.field == field


async def test_a_cashier_reports_no_events(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    with pytest.raises(NotAllowed):
        await member_events.record(
            runtime,
            till=CASHIER,
            member_id="ana",
            name="visited",
            event_data={},
            occurred_at=None,
            external_id="e",
            key="k",
            now=NOW,
        )


async def test_a_plan_reported_again_is_the_same_event_though_its_end_was_completed(
    database: Database,
) -> None:
    runtime = await open_runtime(database, SMALL + PLANS)
    await join(runtime, "ana")

    async def start(key: str, **event_data: object) -> EventRecorded:
        return await member_events.record(
            runtime,
            till=TILL,
            member_id="ana",
            name="plan.started",
            event_data={"plan": "plus", **event_data},
            occurred_at=None,
            external_id="p1",
            key=key,
            now=NOW,
        )

    assert await start("a") == await start("b")
    plan = (await queries.load_member_view(runtime, member_id="ana", now=NOW)).member.plan
    assert plan is not None
    assert plan.until == NOW + timedelta(days=14)
    with pytest.raises(IdempotencyKeyConflict):
        await start("c", until="2026-12-31T00:00:00Z")
    assert [one async for one in verify(runtime.store)] == []
