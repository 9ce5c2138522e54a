"""An employee stays known with their own membership, whatever contacts they give it: nobody credits themselves."""

import pytest

from domain.services.people import staff
from tests.running_app import PASSWORD, Json, RunningApp

PROBLEM = "__typename ... on NotAllowed { reason }"
REFUSED = {"__typename": "NotAllowed", "reason": "OWN_MEMBERSHIP"}


async def number_of(app: RunningApp, member: str) -> str:
    number: str = (await app.do("{ me { number } }", token=member))["me"]["number"]
    return number


async def move_to(app: RunningApp, member: str, contact: str) -> None:
    await app.mutate("changeContact", {"contact": contact}, "__typename", token=member)
    code = {"contact": contact, "code": app.code_sender.codes[contact]}
    moved = await app.mutate("changeContact", code, "__typename", token=member)
    assert moved == {"__typename": "ContactChanged"}


async def buy(app: RunningApp, till: str, number: str, receipt: str = "A") -> Json:
    input = {"member": number, "externalId": receipt, "currency": "EUR", "total": 9_000}
    return await app.mutate("recordPurchase", {**input, "idempotencyKey": receipt}, PROBLEM, token=till)


async def test_another_address_hides_no_membership_that_was_known_at_the_hiring(app: RunningApp) -> None:
    ana = await app.enrol_member()
    await app.hire("ana", email="ana@example.com")
    await move_to(app, ana, "hidden@example.com")
    app.clock.advance(minutes=1)
    signed_in = {"username": "ana", "password": PASSWORD, "store": "lisboa"}
    till = await app.mutate("staffSignIn", signed_in, "... on StaffSignedIn { accessToken }")
    assert await buy(app, till["accessToken"], await number_of(app, ana)) == REFUSED


async def test_a_membership_that_begins_and_moves_within_a_shift_is_refused_at_once(app: RunningApp) -> None:
    till = await app.hire("ana", "MANAGER", email="ana@example.com")
    ana = await app.enrol_member()
    number = await number_of(app, ana)
    assert await buy(app, till, number) == REFUSED
    await move_to(app, ana, "hidden@example.com")
    assert await buy(app, till, number) == REFUSED
    adjust = {"member": number, "wallet": "points", "amount": 5, "reason": "x", "idempotencyKey": "a"}
    assert await app.mutate("adjustBalance", adjust, PROBLEM, token=till) == REFUSED
    event = {"member": number, "name": "social.shared", "externalId": "s", "idempotencyKey": "b"}
    assert await app.mutate("recordEvent", event, PROBLEM, token=till) == REFUSED
    freeze = {"member": number, "reason": "x", "idempotencyKey": "c"}
    assert await app.mutate("freezeMember", freeze, PROBLEM, token=till) == REFUSED


async def test_a_membership_that_passes_through_an_employees_contact_is_theirs(app: RunningApp) -> None:
    till = await app.hire("ana", phone="+351 912 345 678")
    ana = await app.enrol_member("another@example.com")
    assert (await buy(app, till, await number_of(app, ana), "before"))["__typename"] == "PurchaseRecorded"
    await move_to(app, ana, "+351912345678")
    await move_to(app, ana, "+351912345679")
    assert await buy(app, till, await number_of(app, ana)) == REFUSED


async def test_a_colleague_of_the_same_contact_is_refused_and_another_is_not(app: RunningApp) -> None:
    one, two = await app.hire("ana", email="ana@example.com"), await app.hire("eva", email="ana@example.com")
    other = await app.hire("rui", email="rui@example.com")
    ana = await app.enrol_member()
    await move_to(app, ana, "hidden@example.com")
    number = await number_of(app, ana)
    assert [await buy(app, till, number) for till in (one, two)] == [REFUSED, REFUSED]
    assert (await buy(app, other, number))["__typename"] == "PurchaseRecorded"


@pytest.mark.parametrize("way", ["by hand", "by scan"])
async def test_a_voucher_of_their_own_is_refused_after_another_address_too(app: RunningApp, way: str) -> None:
    till, colleague = await app.hire("ana", "MANAGER", email="ana@example.com"), await app.hire("rui")
    ana = await app.enrol_member()
    number = await number_of(app, ana)
    await buy(app, colleague, number)
    await move_to(app, ana, "hidden@example.com")
    app.clock.advance(days=15)
    rewards = await app.do("{ programme { rewards { id cost { amount } } } }")
    cheapest = min(rewards["programme"]["rewards"], key=lambda reward: reward["cost"]["amount"])
    balance = {"member": number, "wallet": "points", "amount": 2_000, "reason": "x", "idempotencyKey": "a"}
    manager = await app.hire("mia", "MANAGER")
    assert (await app.mutate("adjustBalance", balance, PROBLEM, token=manager))["__typename"] == (
        "BalanceAdjusted"
    )
    redeem = {"rewardId": cheapest["id"], "idempotencyKey": "r"}
    bought = await app.mutate("redeemReward", redeem, "... on RewardRedeemed { voucher { code } }", token=ana)
    code = bought["voucher"]["code"]
    if way == "by hand":
        use = {"code": code, "idempotencyKey": "u"}
        assert await app.mutate("useVoucher", use, PROBLEM, token=till) == REFUSED
    else:
        scanned = await app.mutate(
            "scan", {"code": code, "idempotencyKey": "u"}, "... on VoucherScan { usable }", token=till
        )
        assert scanned == {"usable": False}


async def test_who_is_hired_by_a_number_stays_their_own_as_well(app: RunningApp) -> None:
    ana = await app.enrol_member()
    number = await number_of(app, ana)
    till = await app.hire("ana", member_number=number)
    await move_to(app, ana, "hidden@example.com")
    assert await buy(app, till, number) == REFUSED
    [employee] = [each for each in await staff.list_staff(app.process.store) if each.username == "ana"]
    row = await app.process.store["members"].find_one({"_id": employee.member})
    assert row is not None
    assert row["employees"] == [employee.id]
