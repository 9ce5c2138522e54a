"""A purchase counts once, whoever reports it and however often; a refusal changes nothing."""

from datetime import timedelta

import pytest

from domain.services.errors import IdempotencyKeyConflict, InvalidInput, NotAllowed
from domain.services.ledger import purchases, queries
from domain.services.ledger.purchase_input import PurchaseInput
from domain.services.ledger.purchases import PurchaseClaimed
from domain.services.ledger.verification import verify
from domain.store.connect import Database
from domain.store.ledger import journal
from tests.command_log import CommandLog
from tests.small_runtime import NOW, NUMISCOLLECT, PORTO, TILL, join, new_purchase, open_runtime


async def test_a_purchase_is_three_commands(database: Database, command_log: CommandLog) -> None:
    runtime = await open_runtime(database, NUMISCOLLECT.read_text())
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r0"), key="k0", now=NOW
    )
    with command_log.counting() as counted:
        result = await purchases.record(
            runtime,
            till=TILL,
            member_id="ana",
            purchase_input=new_purchase("r1"),
            key="k1",
            now=NOW + timedelta(seconds=50),
        )
    assert counted.names == ["find", "bulkWrite", "commitTransaction"]
    assert [(one.wallet, one.amount) for one in result.history] == [("points", 100)]
    assert result.purchase.remaining.total == 10_000


async def test_a_retry_answers_the_same_and_changes_nothing(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    first = await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
    )
    again = await purchases.record(
        runtime,
        till=TILL,
        member_id="ana",
        purchase_input=new_purchase("r1"),
        key="k1",
        now=NOW + timedelta(minutes=5),
    )
    assert (again.purchase, again.history, again.outcomes) == (first.purchase, first.history, first.outcomes)
    assert again.member_view.member.wallets["points"].available == 100
    assert [one async for one in verify(runtime.store)] == []


async def test_the_same_key_with_another_input_conflicts(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
    )
    with pytest.raises(IdempotencyKeyConflict):
        await purchases.record(
            runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r2"), key="k1", now=NOW
        )
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert view.member.purchases.count == 1


async def test_a_receipt_counts_once_also_under_another_key(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await join(runtime, "rui")
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
    )
    with pytest.raises(PurchaseClaimed) as mine:
        await purchases.record(
            runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k2", now=NOW
        )
    with pytest.raises(PurchaseClaimed) as others:
        await purchases.record(
            runtime, till=TILL, member_id="rui", purchase_input=new_purchase("r1"), key="k3", now=NOW
        )
    assert mine.value.same_member
    assert mine.value.purchase is not None
    assert not others.value.same_member
    assert others.value.purchase is None
    other = await purchases.record(
        runtime, till=PORTO, member_id="rui", purchase_input=new_purchase("r1"), key="k3", now=NOW
    )
    assert other.history[0].amount == 100


async def test_a_key_that_met_a_problem_is_free_again(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
    )
    with pytest.raises(PurchaseClaimed):
        await purchases.record(
            runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k2", now=NOW
        )
    result = await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r2"), key="k2", now=NOW
    )
    assert result.member_view.member.wallets["points"].available == 200


async def test_a_lapsed_key_acts_again(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
    )
    later = NOW + timedelta(days=31)
    result = await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r2"), key="k1", now=later
    )
    assert result.member_view.member.purchases.count == 2


async def test_a_quote_is_the_award_and_writes_nothing(database: Database, command_log: CommandLog) -> None:
    runtime = await open_runtime(database, NUMISCOLLECT.read_text())
    await join(runtime, "ana")
    await runtime.stock.poll()
    with command_log.counting() as counted:
        quote = await purchases.quote(
            runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1", 30_000), now=NOW
        )
    result = await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1", 30_000), key="k", now=NOW
    )
    assert counted.names == ["find"]
    row = await journal.find(runtime.store, "ana", result.history[0].seq)
    assert row is not None
    assert quote.entries == row.entries
    assert quote.outcomes == result.outcomes


async def test_staff_may_not_earn_for_themselves(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    own = type(TILL)(staff="s", role="CASHIER", store="lisboa", own_members=("ana",))
    with pytest.raises(NotAllowed) as refused:
        await purchases.record(
            runtime, till=own, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
        )
    assert refused.value.reason == "OWN_MEMBERSHIP"
    assert (await queries.load_member_view(runtime, member_id="ana", now=NOW)).member.seq == 1


@pytest.mark.parametrize(
    ("purchase", "field"),
    [
        (new_purchase("", 1), "externalId"),
        (new_purchase("r", -1), "total"),
        (new_purchase("r", 10**9 + 1), "total"),
        (new_purchase("r", occurred_at=NOW + timedelta(minutes=3)), "occurredAt"),
        (new_purchase("r", occurred_at=NOW - timedelta(days=401)), "occurredAt"),
    ],
)
async def test_a_bad_field_is_named(database: Database, purchase: PurchaseInput, field: str) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    with pytest.raises(InvalidInput) as refused:
        await purchases.record(
            runtime, till=TILL, member_id="ana", purchase_input=purchase, key="k1", now=NOW
        )
    assert refused.value.field == field


async def test_a_late_purchase_keeps_its_time_and_the_rules_of_its_day(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana", at=NOW - timedelta(days=50))
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
    )
    early = NOW - timedelta(days=40)
    result = await purchases.record(
        runtime,
        till=TILL,
        member_id="ana",
        purchase_input=new_purchase("r0", occurred_at=early),
        key="k0",
        now=NOW,
    )
    assert result.history[0].at == early
    assert str(result.history[0].expires_on) == "2027-01-21"
    assert [one async for one in verify(runtime.store)] == []
