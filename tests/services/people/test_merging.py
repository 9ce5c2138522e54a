"""Merging two memberships, over the real database: what they held, what led to them, and undoing it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.model.ledger.decision import MergeRefused
from domain.services.decisions import load_member
from domain.services.errors import NotAllowed
from domain.services.ledger import adjustments, purchases, queries, redemption
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import PurchaseRefunded, RefundRequest
from domain.services.ledger.turn import turn
from domain.services.ledger.verification import verify
from domain.services.merging.merge import MembersMerged, merge
from domain.services.merging.undo import MergeUndone, undo_merge
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.service_actor import ServiceActor
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import journal, members
from domain.store.requests import request_key
from tests.identity_harness import RecordingCodeSender
from tests.small_runtime import NOW, SMALL, TILL, join, new_purchase, open_runtime

MANAGER = ServiceActor("staff-1", "MANAGER", "lisboa")
LATER = NOW + timedelta(hours=1)
PENDING = SMALL.replace("debt: allow}", "debt: allow, pending: {days: 14}}")
FORGIVING = SMALL.replace("debt: allow}", "debt: forgive, pending: {days: 1}}")


async def club(
    database: Database, text: str = SMALL, *, who: tuple[str, ...] = ("ana", "bob")
) -> IdentityRuntime:
    """Members who bought for 100 euros each."""
    runtime: Runtime = await open_runtime(database, text)
    identity = IdentityRuntime.of(runtime, secret=bytes(32), code_sender=RecordingCodeSender())
    for member in who:
        await join(identity, member)
        await buy(identity, member, f"first-{member}")
    return identity


async def buy(
    runtime: Runtime, member: str, receipt: str, total: int = 10_000, *, now: datetime = NOW
) -> purchases.PurchaseRecorded:
    return await purchases.record(
        runtime,
        till=TILL,
        member_id=member,
        purchase_input=new_purchase(receipt, total),
        key=receipt,
        now=now,
    )


async def merge_two(
    identity: IdentityRuntime,
    source: str = "ana",
    into: str = "bob",
    *,
    now: datetime = LATER,
    key: str = "m",
) -> MembersMerged:
    request = request_key(
        scope="store:lisboa", key=f"{key}:{source}", operation="merge", request_input={"into": into}
    )
    return await merge(
        identity, actor=MANAGER, source=source, into=into, reason="The same person", request=request, now=now
    )


async def undo(
    identity: IdentityRuntime, source: str = "ana", *, now: datetime = LATER, key: str = "u"
) -> MergeUndone:
    request = request_key(scope="store:lisboa", key=key, operation="undo", request_input={"of": source})
    return await undo_merge(
        identity, actor=MANAGER, source=source, reason="A mistake", request=request, now=now
    )


async def available(runtime: Runtime, member: str, *, now: datetime = LATER) -> int:
    view = await queries.load_member_view(runtime, member_id=member, now=now)
    return view.member.wallets["points"].available


async def differences(runtime: Runtime) -> list[str]:
    return [str(each) async for each in verify(runtime.store)]


async def test_points_receipts_and_counts_of_two_memberships_are_held_by_one(database: Database) -> None:
    identity = await club(database)
    result = await merge_two(identity)
    member = result.member_view.member
    assert (member.id, result.closed_number) == ("bob", "0000ana")
    assert member.wallets["points"].available == 200
    assert (member.purchases.count, member.purchases.standing, member.purchases.total) == (1, 2, 20_000)
    closed = await members.find(identity.store, "ana")
    assert closed is not None
    assert (closed.status, closed.member.merged_into) == ("merged", "bob")
    assert closed.member.wallets["points"].balance == 0
    assert (await load_member(identity, "ana")).member.id == "bob"
    row = await journal.find(identity.store, "bob", 3)
    assert row is not None
    assert [(entry.kind, entry.amount, entry.balance) for entry in row.entries] == [("TRANSFER", 100, 200)]
    assert await differences(identity) == []


async def test_the_same_key_answers_again_and_another_is_refused(database: Database) -> None:
    identity = await club(database)
    await merge_two(identity)
    again = await merge_two(identity)
    assert (again.member_view.member.wallets["points"].available, again.closed_number) == (200, "0000ana")
    with pytest.raises(MergeRefused) as refused:
        await merge_two(identity, key="another")
    assert refused.value.reason == "CLOSED"
    assert await available(identity, "bob") == 200


async def test_what_cannot_be_merged_is_refused(database: Database) -> None:
    identity = await club(database)
    with pytest.raises(MergeRefused) as same:
        await merge_two(identity, "ana", "ana")
    assert same.value.reason == "SAME"
    await adjustments.freeze(identity, till=TILL, member_id="bob", reason="why", key="f", now=NOW)
    for source, into in (("ana", "bob"), ("bob", "ana")):
        with pytest.raises(MergeRefused) as frozen:
            await merge_two(identity, source, into)
        assert frozen.value.reason == "FROZEN"
    request = request_key(scope="store:lisboa", key="c", operation="merge", request_input={})
    with pytest.raises(NotAllowed) as cashier:
        await merge(
            identity,
            actor=replace(MANAGER, role="CASHIER"),
            source="ana",
            into="bob",
            reason="why",
            request=request,
            now=LATER,
        )
    assert cashier.value.reason == "ROLE"
    assert await differences(identity) == []


async def test_a_refund_of_the_closed_membership_takes_from_the_other(database: Database) -> None:
    identity = await club(database)
    await merge_two(identity)
    result = await refunds.refund(
        identity,
        till=TILL,
        refund_request=RefundRequest("first-ana", amount=4_000),
        reason="broken",
        key="r",
        now=LATER,
    )
    assert isinstance(result, PurchaseRefunded)
    assert result.purchase.remaining.total == 6_000
    assert result.wallets["points"].available == 160
    assert await available(identity, "bob") == 160
    view = await queries.load_member_view(identity, member_id="bob", now=LATER)
    assert (view.member.purchases.standing, view.member.purchases.total) == (2, 16_000)
    assert await differences(identity) == []


async def test_a_refund_takes_the_points_that_wait_first(database: Database) -> None:
    identity = await club(database, PENDING)
    await adjustments.adjust(
        identity, till=TILL, member_id="bob", wallet="points", amount=30, reason="why", key="a", now=NOW
    )
    await merge_two(identity)
    await refunds.refund(
        identity, till=TILL, refund_request=RefundRequest("first-ana"), reason="broken", key="r", now=LATER
    )
    view = await queries.load_member_view(identity, member_id="bob", now=LATER)
    points = view.member.wallets["points"]
    assert (points.available, points.pending, points.debt) == (30, 100, 0)
    assert await differences(identity) == []


async def test_what_the_other_cannot_give_is_owed_or_forgiven(database: Database) -> None:
    identity = await club(database)
    await merge_two(identity)
    for reward in ("mug", "mug", "mug", "mug"):
        await redemption.redeem(
            identity, member_id="bob", reward=reward, key=str(await available(identity, "bob")), now=LATER
        )
    await refunds.refund(
        identity, till=TILL, refund_request=RefundRequest("first-ana"), reason="broken", key="r", now=LATER
    )
    view = await queries.load_member_view(identity, member_id="bob", now=LATER)
    assert view.member.wallets["points"].debt == 100
    assert await differences(identity) == []


async def test_under_forgive_awards_make_up_for_what_was_written_off(database: Database) -> None:
    identity = await club(database, FORGIVING)
    day = NOW + timedelta(days=2)
    await merge_two(identity, now=day)
    for key in "abcd":
        await redemption.redeem(identity, member_id="bob", reward="mug", key=key, now=day)
    await refunds.refund(
        identity, till=TILL, refund_request=RefundRequest("first-ana"), reason="broken", key="r", now=day
    )
    view = await queries.load_member_view(identity, member_id="bob", now=day)
    points = view.member.wallets["points"]
    assert (points.debt, sum(each.amount for each in points.write_offs)) == (0, 100)
    await buy(identity, "bob", "after", 15_000, now=day)
    view = await queries.load_member_view(identity, member_id="bob", now=day)
    assert view.member.wallets["points"].pending == 50
    assert await differences(identity) == []


async def test_debt_is_repaid_by_what_comes(database: Database) -> None:
    identity = await club(database)
    for key in "ab":
        await redemption.redeem(identity, member_id="bob", reward="mug", key=key, now=NOW)
    await refunds.refund(
        identity,
        till=TILL,
        refund_request=RefundRequest("first-bob", amount=7_000),
        reason="broken",
        key="r",
        now=NOW,
    )
    await merge_two(identity)
    view = await queries.load_member_view(identity, member_id="bob", now=LATER)
    points = view.member.wallets["points"]
    assert (points.available, points.debt, points.earned) == (30, 0, 130)
    assert await differences(identity) == []


async def test_a_voucher_of_the_closed_membership_is_used_and_cancelled(database: Database) -> None:
    identity = await club(database)
    await adjustments.adjust(
        identity, till=TILL, member_id="ana", wallet="points", amount=20, reason="why", key="a", now=NOW
    )
    first = await redemption.redeem(identity, member_id="ana", reward="mug", key="one", now=NOW)
    second = await redemption.redeem(identity, member_id="ana", reward="mug", key="two", now=NOW)
    await merge_two(identity)
    code = queries.voucher_code(identity, first.voucher)
    assert code is not None
    use = await redemption.use(identity, till=TILL, code=code, key="use", now=LATER)
    assert (use.voucher.state, use.member_view.member.id) == ("USED", "bob")
    back = await redemption.cancel(
        identity, member_id="bob", voucher_id=second.voucher.id, key="back", now=LATER
    )
    assert back.voucher.state == "CANCELLED"
    assert back.wallets["points"].available == await available(identity, "bob") == 170
    assert await differences(identity) == []


async def test_a_purchase_that_names_the_closed_membership_counts_for_the_other(database: Database) -> None:
    identity = await club(database)
    await merge_two(identity)
    result = await buy(identity, "ana", "offline", 5_000, now=LATER)
    assert (result.purchase.member, result.member_view.member.id) == ("bob", "bob")
    assert (await buy(identity, "ana", "offline", 5_000, now=LATER)).purchase.member == "bob"
    assert await available(identity, "bob") == 250
    assert await differences(identity) == []


async def test_a_rule_with_a_delay_gives_to_the_other(database: Database) -> None:
    identity = await club(database)
    await merge_two(identity)
    tomorrow = NOW + timedelta(days=2)
    await turn(identity, now=tomorrow)
    assert await available(identity, "bob", now=tomorrow) == 210
    await refunds.refund(
        identity, till=TILL, refund_request=RefundRequest("first-ana"), reason="broken", key="r", now=tomorrow
    )
    assert await available(identity, "bob", now=tomorrow) == 105
    assert await differences(identity) == []


async def test_a_chain_leads_to_its_end(database: Database) -> None:
    identity = await club(database, who=("ana", "bob", "eva"))
    await merge_two(identity, "ana", "bob")
    await merge_two(identity, "bob", "eva")
    closed = await members.find(identity.store, "ana")
    assert closed is not None
    assert closed.member.merged_into == "eva"
    assert await available(identity, "eva") == 300
    await refunds.refund(
        identity, till=TILL, refund_request=RefundRequest("first-ana"), reason="broken", key="r", now=LATER
    )
    assert await available(identity, "eva") == 200
    assert await differences(identity) == []


async def test_an_undone_merge_leaves_both_as_they_were(database: Database) -> None:
    identity = await club(database)
    await merge_two(identity)
    await buy(identity, "bob", "since", 3_000, now=LATER)
    result = await undo(identity, now=LATER + timedelta(hours=2))
    assert [view.member.wallets["points"].available for view in (result.reopened, result.member_view)] == [
        100,
        130,
    ]
    assert (result.reopened.status, result.reopened.member.joined_at) == ("active", NOW)
    assert (result.member_view.member.purchases.standing, result.reopened.member.purchases.standing) == (2, 1)
    await buy(identity, "ana", "again", 2_000, now=LATER + timedelta(hours=3))
    assert await available(identity, "ana", now=LATER + timedelta(hours=3)) == 120
    assert await differences(identity) == []
    await merge_two(identity, key="once more", now=LATER + timedelta(hours=4))
    assert await available(identity, "bob", now=LATER + timedelta(hours=4)) == 250
    assert await differences(identity) == []


async def test_undoing_is_refused_where_it_cannot_be(database: Database) -> None:
    identity = await club(database, who=("ana", "bob", "eva"))

    async def reason(source: str, *, now: datetime = LATER) -> str:
        with pytest.raises(MergeRefused) as refused:
            await undo(identity, source, now=now, key=f"{source}{now}")
        return refused.value.reason

    assert await reason("ana") == "NOT_MERGED"
    await merge_two(identity, "ana", "bob")
    assert await reason("ana", now=LATER + timedelta(days=1, minutes=1)) == "TOO_LATE"
    for key in "abc":
        await redemption.redeem(identity, member_id="bob", reward="mug", key=key, now=LATER)
    assert await reason("ana") == "SPENT"
    await merge_two(identity, "eva", "bob")
    await refunds.refund(
        identity, till=TILL, refund_request=RefundRequest("first-eva"), reason="broken", key="r", now=LATER
    )
    assert await reason("eva") == "CHANGED"
    assert await differences(identity) == []


async def test_merges_and_purchases_at_once(database: Database) -> None:
    identity = await club(database, who=("ana", "bob", "eva"))
    acts = [
        merge_two(identity, "ana", "bob", key="1"),
        merge_two(identity, "bob", "ana", key="2"),
        merge_two(identity, "eva", "bob", key="3"),
        *(
            buy(identity, who, f"{who}-{n}", 1_000, now=LATER)
            for who in ("ana", "bob", "eva")
            for n in range(4)
        ),
    ]
    results = await asyncio.gather(*acts, return_exceptions=True)
    for result in results:
        assert not isinstance(result, BaseException) or isinstance(result, MergeRefused), result
    await turn(identity, now=LATER)
    open_members = [
        stored
        for who in ("ana", "bob", "eva")
        if (stored := await members.find(identity.store, who)) is not None and stored.status == "active"
    ]
    balances = [stored.member.wallets["points"].balance for stored in open_members]
    assert sum(balances) == 300 + 12 * 10
    assert sum(stored.member.purchases.standing for stored in open_members) == 15
    assert await differences(identity) == []
    assert datetime.now(UTC).tzinfo is not None
