"""The till among its neighbours: what another store's staff, a forger or a reader of the database gets is
nothing.
"""

import re
import secrets

import pytest
from structlog.testing import capture_logs

from api.graphql.engine.ids import decode_id_as
from domain.model.people import codes
from domain.services.ledger import adjustments
from domain.services.ledger.till import Till
from domain.services.people import stores
from tests.doors import NUMISCOLLECT, STORES, Doors, Json
from tests.graphql.test_refusals import state
from tests.graphql.test_scanning import card, phone, scan
from tests.graphql.test_vouchers import ACCEPTED, VOUCHER, redeem, reward_id, rich

MOVED = ("members", "journal", "vouchers", "stock", "requests", "card_steps", "outbox", "audit")


async def stood(doors: Doors) -> list[Json]:
    """Everything that a refusal must leave as it was."""
    return [dict(row) for name in MOVED async for row in doors.process.store[name].find({"_id": {"$gt": ""}})]


async def test_a_voucher_bound_to_other_stores_is_not_taken_here(doors: Doors) -> None:
    await stores.add(doors.process.store, code="faro", name="NumisCollect Faro", now=doors.clock())
    token, away, boss, here = (
        await rich(doors),
        await doors.hire("nuno", store="faro"),
        await doors.hire("olga", "OPERATOR", store="faro"),
        await doors.hire("rui", store="porto"),
    )
    voucher = (await redeem(doors, token, "coin-capsules"))["voucher"]
    given = {"code": voucher["code"], "idempotencyKey": "u"}
    before = await stood(doors)
    for caller in (away, boss):
        seen = await doors.mutate(
            "scan", given, "... on VoucherScan { usable reason }", token=caller, language="en"
        )
        assert seen == {"usable": False, "reason": "This voucher is for another store."}
        found = await doors.mutate("useVoucher", given, ACCEPTED, token=caller)
        assert (found["__typename"], found["reason"]) == ("NotAllowed", "OTHER_STORE")
    assert await stood(doors) == before
    assert (await doors.mutate("useVoucher", given, ACCEPTED, token=here))["voucher"]["usedIn"] == {
        "name": STORES["porto"]
    }


async def test_a_voucher_that_is_over_or_a_frozen_members_is_not_taken(doors: Doors) -> None:
    token, till = await rich(doors), await doors.hire("rui")
    voucher = (await redeem(doors, token, "coin-capsules"))["voucher"]
    given = {"code": voucher["code"], "idempotencyKey": "u"}
    boss = Till(staff="boss", role="MANAGER", store="lisboa")
    member = decode_id_as("Member", (await doors.do("{ me { id } }", token=token))["me"]["id"])
    await adjustments.freeze(
        doors.process.house, till=boss, member_id=member, reason="roubado", key="f", now=doors.clock()
    )
    before = await stood(doors)
    found = await doors.mutate("useVoucher", given, ACCEPTED, token=till)
    assert (found["__typename"], found["reason"]) == ("NotAllowed", "MEMBER_FROZEN")
    assert await stood(doors) == before
    await adjustments.unfreeze(
        doors.process.house, till=boss, member_id=member, reason="achado", key="g", now=doors.clock()
    )
    doors.clock.pass_(days=31)
    found = await doors.mutate("useVoucher", given, ACCEPTED, token=till)
    assert (found["__typename"], found["voucherState"], found["usedAt"]) == (
        "VoucherNotUsable",
        "EXPIRED",
        None,
    )
    seen = await doors.mutate(
        "scan", given, "... on VoucherScan { usable voucher { voucherState } }", token=till
    )
    assert seen == {"usable": False, "voucher": {"voucherState": "EXPIRED"}}


async def test_a_voucher_is_worth_what_it_was_when_issued(doors: Doors) -> None:
    token, till = await rich(doors), await doors.hire("rui")
    bought = (await redeem(doors, token))["voucher"]
    text = NUMISCOLLECT.read_text(encoding="utf-8")
    changed = text.replace("5 € de desconto", "1 € de desconto").replace(
        "value: {amount: 500, minimum: 2000}", "value: {amount: 100}"
    )
    changed = re.sub(
        r"cost: \{wallet: points, amount: 500\}", "cost: {wallet: points, amount: 900}", changed, count=1
    )
    doors.clock.pass_(minutes=1)
    await doors.process.programmes.publish(changed, now=doors.clock())
    mine = await doors.do(f"{{ me {{ vouchers {{ edges {{ node {{ {VOUCHER} }} }} }} }} }}", token=token)
    assert mine["me"]["vouchers"]["edges"] == [{"node": bought}]
    shown = (
        "... on VoucherAccepted { voucher { title value { amount minimum } cost { amount } reward { title"
        " cost { amount } } } }"
    )
    used = await doors.mutate(
        "useVoucher", {"code": bought["code"], "idempotencyKey": "u"}, shown, token=till
    )
    assert used["voucher"] == {
        "title": "5 € de desconto",
        "value": {"amount": 500, "minimum": 2_000},
        "cost": {"amount": 500},
        "reward": {"title": "1 € de desconto", "cost": {"amount": 900}},
    }


async def test_points_that_come_back_lapse_when_they_would_have(doors: Doors) -> None:
    token = await rich(doors, points=600)
    query = "{ me { balance { available expiring { amount on } } } }"
    before = await doors.do(query, token=token)
    voucher = (await redeem(doors, token))["voucher"]["id"]
    doors.clock.pass_(days=10)
    await doors.mutate(
        "cancelVoucher", {"voucherId": voucher, "idempotencyKey": "c"}, "__typename", token=token
    )
    assert await doors.do(query, token=token) == before


async def test_no_code_or_secret_stands_in_the_database_or_the_log(
    doors: Doors, capfd: pytest.CaptureFixture[str]
) -> None:
    token, till = await rich(doors), await doors.hire("rui")
    with capture_logs() as logged:
        given = {"installationId": "phone-1", "platform": "IOS"}
        secret = (await doors.mutate("registerDevice", given, "cardSecret", token=token))["cardSecret"]
        device = await phone(doors, token)
        shown, server = (
            card(doors, device),
            (await doors.do("{ me { card { code } } }", token=token))["me"]["card"]["code"],
        )
        await scan(doors, till, shown)
        await scan(doors, till, server, key="t")
        voucher = (await redeem(doors, token))["voucher"]["code"]
        await scan(doors, till, voucher, key="v")
        await doors.mutate("useVoucher", {"code": voucher, "idempotencyKey": "u"}, "__typename", token=till)
        await doors.mutate(
            "useVoucher", {"code": voucher[:-1] + "*", "idempotencyKey": "w"}, "__typename", token=till
        )
    kept = ""
    for name in await doors.process.store.mongo.list_collection_names():
        kept += "".join([repr(row) async for row in doors.process.store[name].find({"_id": {"$gt": ""}})])
    said = "".join(capfd.readouterr()) + repr(logged)
    assert len(kept) > 10_000
    for hidden in (secret, device[1].hex(), repr(device[1]), shown, server, voucher, voucher[1:]):
        assert hidden not in kept
        assert hidden not in said


async def test_codes_that_are_no_codes_of_ours_are_told_apart_for_staff(doors: Doors) -> None:
    token, till = await rich(doors), await doors.hire("rui")
    voucher, device = (await redeem(doors, token))["voucher"]["code"], await phone(doors, token)
    shown = card(doors, device)
    foreign = codes.make_voucher(secrets.token_bytes(12))
    before = await state(doors)
    unknown = [
        foreign,
        voucher[:-1] + ("0" if voucher[-1] != "0" else "1"),
        shown[:-2] + ("A" if shown[-2] != "A" else "B") + shown[-1],
        "https://example.com/V" + voucher,
        "5601234567890",
        "",
    ]
    for at, text in enumerate(unknown):
        found = await scan(doors, till, text, key=f"k{at}")
        assert found["__typename"] == "UnknownCode", text
        assert text not in found["message"] or not text
    assert await state(doors) == before
    # The till was not locked by these six, and a card that is merely late is told as such.
    doors.clock.pass_(minutes=2)
    assert (await scan(doors, till, shown, key="late"))["__typename"] == "ExpiredCode"


@pytest.mark.parametrize(
    ("format", "size", "fine"),
    [("SVG", 64, True), ("PNG", 2048, True), ("SVG", 63, False), ("PNG", 2049, False)],
)
async def test_a_card_is_drawn_in_64_to_2048_pixels(doors: Doors, format: str, size: int, fine: bool) -> None:
    token = await doors.member()
    query = "query($f: QrFormat, $s: Int) { me { card { qr(format: $f, size: $s) { mediaType } } } }"
    answer = await doors.ask(query, {"f": format, "s": size}, token=token)
    assert ("errors" not in answer) is fine
    if not fine:
        assert answer["errors"][0]["extensions"] == {"code": "BAD_INPUT", "field": "size"}


async def test_a_member_or_nobody_at_all_reads_no_codes(doors: Doors) -> None:
    token, other, till = await rich(doors), await doors.member("eva@example.com"), await doors.hire("rui")
    voucher = (await redeem(doors, token))["voucher"]
    before = await stood(doors)
    for name, given in (
        ("useVoucher", {"code": voucher["code"], "idempotencyKey": "u"}),
        ("scan", {"code": voucher["code"], "idempotencyKey": "s"}),
        ("reverseVoucherUse", {"voucherId": voucher["id"], "reason": "x", "idempotencyKey": "r"}),
    ):
        query = f"mutation($i: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $i) {{ __typename }} }}"
        assert (await doors.error(query, {"i": given}))["code"] == "UNAUTHENTICATED"
        assert (await doors.error(query, {"i": given}, token=other))["code"] == "FORBIDDEN"
    query = "mutation($i: RedeemRewardInput!) { redeemReward(input: $i) { __typename } }"
    given = {"rewardId": await reward_id(doors, "discount-5"), "idempotencyKey": "x"}
    assert (await doors.error(query, {"i": given}, token=till))["code"] == "FORBIDDEN"
    assert await stood(doors) == before
