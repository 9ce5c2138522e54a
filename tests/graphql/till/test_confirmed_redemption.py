"""A reward redeemed at the till by a code that is sent to the member: for that reward, at that store, once."""

import asyncio

from domain.model.people.codes import membership_number
from domain.services.ledger.verification import verify
from tests.graphql.member.voucher_acts import member_with_points, reward_id
from tests.graphql.till.checkout_acts import CHECKED_OUT, basket
from tests.running_app import Json, RunningApp

ANA = "ana@example.com"
SENT = """__typename ... on Problem { message } ... on NotAllowed { reason } ... on RewardLocked { missing locks { reason } }
  ... on RedemptionCodeSent { challenge codeSentTo expiresAt }"""
REDEEMED = """__typename ... on Problem { message } ... on SignInRefused { reason attemptsLeft }
  ... on RewardLocked { missing locks { reason } } ... on RedeemedForCustomer { visit visitExpiresAt
    voucher { id code voucherState reward { code } } customer { name } wallets { code available } }"""


async def send_code(app: RunningApp, till: str, member: str, reward: str = "discount-5") -> Json:
    input = {"member": member, "rewardId": await reward_id(app, reward)}
    return await app.mutate("requestRedemptionCode", input, SENT, token=till, language="en")


async def redeem(app: RunningApp, till: str, member: str, sent: Json, **more: str) -> Json:
    input = {
        "member": member,
        "rewardId": await reward_id(app, "discount-5"),
        "code": app.code_sender.codes[ANA],
        "challenge": sent["challenge"],
        "idempotencyKey": "k",
        **more,
    }
    return await app.mutate("redeemForCustomer", input, REDEEMED, token=till, language="en")


async def number_of(app: RunningApp, token: str) -> str:
    return str((await app.do("{ me { number } }", token=token))["me"]["number"])


async def state(app: RunningApp, token: str) -> list[object]:
    counts = [await app.count(name) for name in ("journal", "vouchers", "requests", "audit")]
    return [*counts, await app.do("{ me { wallets { code available } } }", token=token)]


async def test_a_member_without_a_phone_redeems_and_uses_it_at_once(app: RunningApp) -> None:
    ana, till = await member_with_points(app), await app.hire("rui")
    number = await number_of(app, ana)
    sent = await send_code(app, till, number)
    assert (sent["codeSentTo"], sent["expiresAt"]) == ("a***@example.com", "2026-03-02T10:10:00.000Z")
    answer = await redeem(app, till, number, sent)
    assert answer["__typename"] == "RedeemedForCustomer"
    assert (answer["voucher"]["code"], answer["voucher"]["voucherState"]) == (None, "ISSUED")
    assert answer["customer"] == {"name": "Ana Silva"}
    before = await state(app, ana)
    app.clock.advance(seconds=30)
    again = await redeem(app, till, number, sent)
    assert again == answer
    assert await state(app, ana) == before
    voucher = {"voucherId": answer["voucher"]["id"]}
    used = await app.mutate(
        "checkout", basket(answer["visit"], "T-1", vouchers=[voucher]), CHECKED_OUT, token=till
    )
    assert [each["voucherState"] for each in used["vouchers"]] == ["USED"]
    actions = (await app.do("{ shiftActions { actionKind subject } }", token=till))["shiftActions"]
    assert {"actionKind": "REWARD_REDEEMED", "subject": "5 € de desconto"} in actions
    assert [each async for each in verify(app.process.store)] == []


async def test_a_code_is_for_its_reward_its_store_and_its_purpose(app: RunningApp) -> None:
    ana, till = await member_with_points(app), await app.hire("rui")
    porto, number = await app.hire("eva", store="porto"), await number_of(app, ana)
    sent = await send_code(app, till, number)
    before = await state(app, ana)
    elsewhere = await redeem(app, porto, number, sent)
    assert elsewhere["reason"] == "EXPIRED_CODE"
    other = await redeem(app, till, number, sent, rewardId=await reward_id(app, "coin-capsules"))
    assert other["reason"] == "EXPIRED_CODE"
    sign_in = {"contact": ANA, "code": app.code_sender.codes[ANA], "challenge": sent["challenge"]}
    refused = await app.mutate("signIn", sign_in, "__typename ... on SignInRefused { reason }")
    assert refused == {"__typename": "SignInRefused", "reason": "EXPIRED_CODE"}
    asked = await app.mutate("requestSignInCode", {"contact": ANA}, "challenge")
    assert (await redeem(app, till, number, asked))["reason"] == "EXPIRED_CODE"
    assert await state(app, ana) == before


async def test_wrong_codes_are_counted_and_take_nothing(app: RunningApp) -> None:
    ana, till = await member_with_points(app), await app.hire("rui")
    number = await number_of(app, ana)
    sent = await send_code(app, till, number)
    right = app.code_sender.codes[ANA]
    wrong = f"{(int(right) + 1) % 10**6:06}"
    before = await state(app, ana)
    for left in (4, 3, 2, 1, 0):
        refused = await redeem(app, till, number, sent, code=wrong)
        assert (refused["reason"], refused["attemptsLeft"]) == ("WRONG_CODE", left)
    assert (await redeem(app, till, number, sent))["reason"] == "TOO_MANY_ATTEMPTS"
    assert await state(app, ana) == before
    sent = await send_code(app, till, number)
    app.clock.advance(minutes=10)
    assert (await redeem(app, till, number, sent))["reason"] == "EXPIRED_CODE"
    assert (await state(app, ana))[:2] == before[:2]


async def test_copies_at_once_redeem_once(app: RunningApp) -> None:
    ana, till = await member_with_points(app), await app.hire("rui")
    number = await number_of(app, ana)
    sent = await send_code(app, till, number)
    answers = await asyncio.gather(*(redeem(app, till, number, sent) for _ in range(5)))
    assert [each == answers[0] for each in answers] == [True] * 5
    assert await app.count("vouchers") == 1
    spent = await redeem(app, till, number, sent, idempotencyKey="another")
    assert spent["reason"] == "EXPIRED_CODE"


async def test_nothing_is_sent_where_nothing_can_be_redeemed(app: RunningApp) -> None:
    ana, till = await app.enrol_member(), await app.hire("rui")
    number = await number_of(app, ana)
    app.code_sender.codes.clear()
    locked = await send_code(app, till, number)
    assert (locked["__typename"], [each["reason"] for each in locked["locks"]]) == (
        "RewardLocked",
        ["BALANCE"],
    )
    assert (await send_code(app, till, membership_number(7)))["__typename"] == "UnknownCode"
    assert app.code_sender.codes == {}
    looked_up = await app.process.store["look_ups"].find({"_id": {"$gt": ""}}).to_list()
    assert [each["by"] for each in looked_up] == ["NUMBER", "NUMBER"]
