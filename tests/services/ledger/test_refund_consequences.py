"""What goes with a refund in the stored ledger: delayed rules, a referral of two members, vouchers and their
stock; the journal folds to what is stored after each step.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.model import event_names
from domain.model.ledger.decide import decide, new_member
from domain.model.ledger.events import Event
from domain.services.decisions import commit_decision
from domain.services.ledger import purchases, queries, redemption
from domain.services.ledger.redemption import VoucherRefused
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import PurchaseRefunded, RefundRequest
from domain.services.ledger.turn import turn
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import receipts, vouchers
from domain.store.ledger.vouchers import Voucher
from domain.store.people.details import Details
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GIVING = """
programme: {code: giving, name: Giving, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, kind: points, name: Points, debt: allow}]
rules:
  - code: purchase
    title: A point for every euro
    on: purchase.completed
    do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}]
  - code: later
    title: A point for ten euros, a day after
    on: purchase.completed
    after: {days: 1}
    do: [{award: {wallet: points, amount: 1, per: 1000, of: purchase.total}}]
  - {code: token, title: A token, on: purchase.completed, when: purchase.total >= 5000, do: [{voucher: token}]}
  - {code: hello, title: Hello, on: purchase.completed, when: purchase.first,
     do: [{award: {wallet: points, fixed: 7}}]}
rewards:
  - {code: token, title: A token, kind: product, stock: 1, voucher: {valid: {days: 30}}}
"""
REFERRING = """
programme: {code: ref, name: Ref, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, kind: points, name: Points, debt: allow}]
referral:
  qualifies: {on: purchase.completed, when: member.purchases.total >= 3000}
  wait: {days: 14}
  friend: [{award: {wallet: points, fixed: 20}}]
  referrer: [{award: {wallet: points, fixed: 30}}]
"""


async def buy(runtime: Runtime, number: str = "r1", *, total: int = 10_000, hours: int = 0) -> None:
    await purchases.record(
        runtime,
        till=TILL,
        member_id="ana",
        purchase_input=new_purchase(number, total),
        key=number,
        now=NOW + hours * HOUR,
    )


async def give_back(
    runtime: Runtime,
    amount: int | None = None,
    *,
    number: str = "r1",
    hours: int = 1,
    key: str = "a",
    refund_id: str | None = None,
) -> PurchaseRefunded:
    refunded = await refunds.refund(
        runtime,
        till=TILL,
        refund_request=RefundRequest(number, amount=amount, refund_id=refund_id),
        reason="broken",
        key=key,
        now=NOW + hours * HOUR,
    )
    assert isinstance(refunded, PurchaseRefunded)
    return refunded


async def balance(runtime: Runtime, member: str = "ana", *, days: int = 30) -> int:
    view = await queries.load_member_view(runtime, member_id=member, now=NOW + days * DAY)
    wallets = view.member.wallets
    return wallets["points"].balance if "points" in wallets else 0


async def is_clean(runtime: Runtime) -> bool:
    return [difference async for difference in verify(runtime.store)] == []


async def token_of(runtime: Runtime, member: str = "ana") -> Voucher:
    (voucher,) = await vouchers.find_by_member(runtime.store, member, before=2, first=1)
    return voucher


async def code_of(runtime: Runtime) -> str:
    code = vouchers.code_of(runtime.store, await token_of(runtime))
    assert code is not None
    return code


async def tokens_issued(runtime: Runtime) -> int:
    row = await runtime.store["stock"].find_one({"_id": "token"})
    assert row is not None
    issued: int = row["issued"]
    return issued


async def opened(database: Database, text: str = GIVING) -> Runtime:
    runtime = await open_runtime(database, text)
    await join(runtime, "ana")
    return runtime


# ---------------------------------------------------------------- delayed rules
async def test_a_delayed_rule_gives_nothing_for_a_returned_purchase(database: Database) -> None:
    runtime = await opened(database)
    await buy(runtime)
    await give_back(runtime)
    done = await turn(runtime, now=NOW + DAY)
    assert done.fired_count == 1
    assert await balance(runtime) == 0
    assert await is_clean(runtime)


async def test_a_delayed_rule_is_judged_on_what_is_kept(database: Database) -> None:
    runtime = await opened(database)
    await buy(runtime)
    await give_back(runtime, 4_000)
    await turn(runtime, now=NOW + DAY)
    assert await balance(runtime) == 60 + 6 + 7
    await give_back(runtime, key="b", hours=30)
    assert await balance(runtime) == 0
    assert await is_clean(runtime)


async def test_what_a_delayed_rule_gave_goes_in_parts_and_a_key_answers_again(database: Database) -> None:
    runtime = await opened(database)
    await buy(runtime)
    await turn(runtime, now=NOW + DAY)
    assert await balance(runtime) == 117
    first = await give_back(runtime, 4_000, hours=30)
    assert await balance(runtime) == 60 + 6 + 7
    second = await give_back(runtime, key="b", hours=31)
    assert await balance(runtime) == 0
    again = [await give_back(runtime, 4_000, hours=40), await give_back(runtime, key="b", hours=40)]
    assert [done.history for done in again] == [first.history, second.history]
    assert await balance(runtime) == 0
    assert await is_clean(runtime)


async def test_a_delayed_rule_that_fires_while_a_refund_is_decided_goes_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await opened(database)
    await buy(runtime)
    find, fired_counts = receipts.find, list[int]()

    async def find_and_fire(*args: object) -> receipts.StoredReceipt | None:
        receipt = await find(*args)  # type: ignore[arg-type]
        if not fired_counts:
            fired_counts.append(0)
            fired_counts.append((await turn(runtime, now=NOW + 30 * HOUR)).fired_count)
        return receipt

    monkeypatch.setattr(receipts, "find", find_and_fire)
    await give_back(runtime, hours=30)
    assert fired_counts == [0, 1]
    assert await balance(runtime) == 0
    assert await is_clean(runtime)


# ---------------------------------------------------------------- purchases that stand
async def test_after_a_whole_return_the_next_purchase_is_the_first(database: Database) -> None:
    runtime = await opened(database)
    await buy(runtime, total=100)
    await give_back(runtime)
    await buy(runtime, "r2", total=100, hours=2)
    assert await balance(runtime, days=0) == 1 + 7
    await buy(runtime, "r3", total=100, hours=3)
    assert await balance(runtime, days=0) == 2 + 7
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW + DAY)
    totals = view.member.purchases
    assert (totals.count - totals.returned, totals.total) == (2, 200)
    assert await is_clean(runtime)


async def test_a_purchase_of_0_is_returned_once(database: Database) -> None:
    runtime = await opened(database)
    await buy(runtime, total=0)
    assert await balance(runtime, days=0) == 7
    done = await give_back(runtime)
    assert done.purchase.remaining.is_returned
    assert await balance(runtime, days=0) == 0
    with pytest.raises(refunds.RefundTooLarge) as refused:
        await give_back(runtime, key="b")
    assert refused.value.refundable == 0
    assert await is_clean(runtime)


# ---------------------------------------------------------------- vouchers
async def test_an_unused_voucher_is_cancelled_with_its_stock(database: Database) -> None:
    runtime = await opened(database)
    await buy(runtime)
    code = await code_of(runtime)
    assert await tokens_issued(runtime) == 1
    await give_back(runtime, 5_001)
    assert (await token_of(runtime)).state == "CANCELLED"
    assert await tokens_issued(runtime) == 0
    with pytest.raises(VoucherRefused) as refused:
        await redemption.use(runtime, till=TILL, code=code, key="use", now=NOW + 2 * HOUR)
    assert refused.value.voucher.state == "CANCELLED"
    await give_back(runtime, key="b")
    assert await tokens_issued(runtime) == 0
    assert await is_clean(runtime)
    await buy(runtime, "r2", hours=3)
    assert await tokens_issued(runtime) == 1
    assert await is_clean(runtime)


async def test_a_used_voucher_stays_and_goes_when_its_use_is_reversed(database: Database) -> None:
    runtime = await opened(database)
    await buy(runtime)
    code = await code_of(runtime)
    await redemption.use(runtime, till=TILL, code=code, key="use", now=NOW + HOUR)
    await give_back(runtime)
    token = await token_of(runtime)
    assert (token.state, await tokens_issued(runtime)) == ("USED", 1)
    assert await is_clean(runtime)

    async def reverse() -> redemption.VoucherUse:
        return await redemption.reverse(
            runtime,
            till=TILL,
            voucher_id=token.id,
            reason="a mistake",
            key="back",
            now=NOW + HOUR + timedelta(minutes=5),
        )

    done = [await reverse(), await reverse()]
    assert [answer.voucher.state for answer in done] == ["CANCELLED", "CANCELLED"]
    assert (await token_of(runtime)).state == "CANCELLED"
    assert await tokens_issued(runtime) == 0
    with pytest.raises(VoucherRefused):
        await redemption.use(runtime, till=TILL, code=code, key="again", now=NOW + 2 * HOUR)
    assert await is_clean(runtime)


# ---------------------------------------------------------------- referrals
async def join_referred(runtime: Runtime, member: str, *, by: str) -> None:
    details = Details(name=member.title(), locale="en", timezone="Europe/Lisbon")
    event = Event(
        f"enrol:{member}", event_names.ENROLLED, NOW, "selo", {"referredBy": by}, profile=details.profile
    )
    published = runtime.programmes.current()
    decision = decide(
        published.programme, new_member(member, f"0000{member}"), event, now=NOW, version=published.number
    )
    await commit_decision(runtime, published, decision, now=NOW, details=details)


async def referral_rows(runtime: Runtime) -> list[str]:
    query = {"member": "rui", "event.name": {"$in": ["referral.qualified", "referral.unmade"]}}
    return [row["event"]["name"] async for row in runtime.store["journal"].find(query).sort("seq", 1)]


async def referring(database: Database) -> Runtime:
    runtime = await open_runtime(database, REFERRING)
    await join(runtime, "rui")
    await join_referred(runtime, "ana", by="rui")
    await buy(runtime, total=5_000)
    return runtime


async def test_a_referral_is_made_and_unmade_over_both_members(database: Database) -> None:
    runtime = await referring(database)
    await turn(runtime, now=NOW + 14 * DAY)
    assert (await balance(runtime), await balance(runtime, "rui")) == (20, 30)
    assert await is_clean(runtime)
    await give_back(runtime, 2_000, hours=24 * 15)
    await turn(runtime, now=NOW + 15 * DAY)
    assert (await balance(runtime), await balance(runtime, "rui")) == (20, 30)
    await give_back(runtime, 1, hours=24 * 16, key="b")
    await turn(runtime, now=NOW + 16 * DAY)
    assert (await balance(runtime), await balance(runtime, "rui")) == (0, 0)
    assert await referral_rows(runtime) == ["referral.qualified", "referral.unmade"]
    await give_back(runtime, 1, hours=24 * 17, key="b")
    await turn(runtime, now=NOW + 17 * DAY)
    assert await referral_rows(runtime) == ["referral.qualified", "referral.unmade"]
    assert await is_clean(runtime)


async def test_a_referral_made_again_gives_once(database: Database) -> None:
    runtime = await referring(database)
    await turn(runtime, now=NOW + 14 * DAY)
    await give_back(runtime, hours=24 * 15)
    await buy(runtime, "r2", total=5_000, hours=24 * 16)
    await turn(runtime, now=NOW + 31 * DAY)
    assert (await balance(runtime, days=40), await balance(runtime, "rui", days=40)) == (20, 30)
    assert await referral_rows(runtime) == ["referral.qualified", "referral.unmade", "referral.qualified"]
    assert await is_clean(runtime)


async def test_a_returned_purchase_makes_no_referral(database: Database) -> None:
    runtime = await referring(database)
    await give_back(runtime, 2_001, hours=24)
    await turn(runtime, now=NOW + 14 * DAY)
    assert (await balance(runtime), await balance(runtime, "rui")) == (0, 0)
    assert await referral_rows(runtime) == []
    assert await is_clean(runtime)
