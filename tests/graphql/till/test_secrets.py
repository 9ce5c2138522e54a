"""What staff of another store, a forger or a reader of the database can learn from the till: nothing."""

import re
import secrets

import pytest
from structlog.testing import capture_logs

from api.graphql.engine.ids import decode_id_as
from domain.model.people import codes
from domain.services.ledger import adjustments
from domain.services.ledger.till import Till
from domain.services.people import stores
from tests.graphql.member.test_vouchers import ACCEPTED
from tests.graphql.member.voucher_acts import VOUCHER, member_with_points, redeem, reward_id
from tests.graphql.till.test_refusals import state
from tests.graphql.till.test_scanning import card, phone, scan
from tests.running_app import NUMISCOLLECT, STORES, Json, RunningApp

MOVED = ("members", "journal", "vouchers", "stock", "requests", "card_steps", "outbox", "audit")


async def ledger_counts(app: RunningApp) -> list[Json]:
    """Everything that a refusal must not change."""
    return [dict(row) for name in MOVED async for row in app.process.store[name].find({"_id": {"$gt": ""}})]


async def test_a_voucher_bound_to_other_stores_is_not_taken_here(app: RunningApp) -> None:
    await stores.add(app.process.store, code="faro", name="NumisCollect Faro", now=app.clock())
    token, away, boss, here = (
        await member_with_points(app),
        await app.hire("nuno", store="faro"),
        await app.hire("olga", "OPERATOR", store="faro"),
        await app.hire("rui", store="porto"),
    )
    voucher = (await redeem(app, token, "coin-capsules"))["voucher"]
    input = {"code": voucher["code"], "idempotencyKey": "u"}
    before = await ledger_counts(app)
    for caller in (away, boss):
        scanned = await app.mutate(
            "scan", input, "... on VoucherScan { usable reason }", token=caller, language="en"
        )
        assert scanned == {"usable": False, "reason": "This voucher is for another store."}
        result = await app.mutate("useVoucher", input, ACCEPTED, token=caller)
        assert (result["__typename"], result["reason"]) == ("NotAllowed", "OTHER_STORE")
    assert await ledger_counts(app) == before
    assert (await app.mutate("useVoucher", input, ACCEPTED, token=here))["voucher"]["usedIn"] == {
        "name": STORES["porto"]
    }


async def test_a_voucher_that_is_over_or_a_frozen_members_is_not_taken(app: RunningApp) -> None:
    token, till = await member_with_points(app), await app.hire("rui")
    voucher = (await redeem(app, token, "coin-capsules"))["voucher"]
    input = {"code": voucher["code"], "idempotencyKey": "u"}
    boss = Till(staff="boss", role="MANAGER", store="lisboa")
    member = decode_id_as("Member", (await app.do("{ me { id } }", token=token))["me"]["id"])
    await adjustments.freeze(
        app.process.runtime, till=boss, member_id=member, reason="roubado", key="f", now=app.clock()
    )
    before = await ledger_counts(app)
    result = await app.mutate("useVoucher", input, ACCEPTED, token=till)
    assert (result["__typename"], result["reason"]) == ("NotAllowed", "MEMBER_FROZEN")
    assert await ledger_counts(app) == before
    await adjustments.unfreeze(
        app.process.runtime, till=boss, member_id=member, reason="achado", key="g", now=app.clock()
    )
    app.clock.advance(days=31)
    result = await app.mutate("useVoucher", input, ACCEPTED, token=till)
    assert (result["__typename"], result["voucherState"], result["usedAt"]) == (
        "VoucherNotUsable",
        "EXPIRED",
        None,
    )
    scanned = await app.mutate(
        "scan", input, "... on VoucherScan { usable voucher { voucherState } }", token=till
    )
    assert scanned == {"usable": False, "voucher": {"voucherState": "EXPIRED"}}


async def test_a_voucher_is_worth_what_it_was_when_issued(app: RunningApp) -> None:
    token, till = await member_with_points(app), await app.hire("rui")
    bought = (await redeem(app, token))["voucher"]
    text = NUMISCOLLECT.read_text(encoding="utf-8")
    changed = text.replace("5 € de desconto", "1 € de desconto").replace(
        "value: {amount: 500, minimum: 2000}", "value: {amount: 100}"
    )
    changed = re.sub(
        r"cost: \{wallet: points, amount: 500\}", "cost: {wallet: points, amount: 900}", changed, count=1
    )
    app.clock.advance(minutes=1)
    await app.process.programmes.publish(changed, now=app.clock())
    mine = await app.do(f"{{ me {{ vouchers {{ edges {{ node {{ {VOUCHER} }} }} }} }} }}", token=token)
    assert mine["me"]["vouchers"]["edges"] == [{"node": bought}]
    shown = (
        "... on VoucherAccepted { voucher { title value { amount minimum } cost { amount } reward { title"
        " cost { amount } } } }"
    )
    used = await app.mutate("useVoucher", {"code": bought["code"], "idempotencyKey": "u"}, shown, token=till)
    assert used["voucher"] == {
        "title": "5 € de desconto",
        "value": {"amount": 500, "minimum": 2_000},
        "cost": {"amount": 500},
        "reward": {"title": "1 € de desconto", "cost": {"amount": 900}},
    }


async def test_points_that_come_back_lapse_when_they_would_have(app: RunningApp) -> None:
    token = await member_with_points(app, points=600)
    query = "{ me { balance { available expiring { amount on } } } }"
    before = await app.do(query, token=token)
    voucher = (await redeem(app, token))["voucher"]["id"]
    app.clock.advance(days=10)
    await app.mutate(
        "cancelVoucher", {"voucherId": voucher, "idempotencyKey": "c"}, "__typename", token=token
    )
    assert await app.do(query, token=token) == before


async def test_no_code_or_secret_stands_in_the_database_or_the_log(
    app: RunningApp, capfd: pytest.CaptureFixture[str]
) -> None:
    token, till = await member_with_points(app), await app.hire("rui")
    with capture_logs() as logged:
        input = {"installationId": "phone-1", "platform": "IOS"}
        secret = (await app.mutate("registerDevice", input, "cardSecret", token=token))["cardSecret"]
        device = await phone(app, token)
        shown, server = (
            card(app, device),
            (await app.do("{ me { card { code } } }", token=token))["me"]["card"]["code"],
        )
        await scan(app, till, shown)
        await scan(app, till, server, key="t")
        voucher = (await redeem(app, token))["voucher"]["code"]
        await scan(app, till, voucher, key="v")
        await app.mutate("useVoucher", {"code": voucher, "idempotencyKey": "u"}, "__typename", token=till)
        await app.mutate(
            "useVoucher", {"code": voucher[:-1] + "*", "idempotencyKey": "w"}, "__typename", token=till
        )
    stored_text = ""
    for name in await app.process.store.mongo.list_collection_names():
        stored_text += "".join(
            [repr(row) async for row in app.process.store[name].find({"_id": {"$gt": ""}})]
        )
    said = "".join(capfd.readouterr()) + repr(logged)
    assert len(stored_text) > 10_000
    for hidden in (secret, device[1].hex(), repr(device[1]), shown, server, voucher, voucher[1:]):
        assert hidden not in stored_text
        assert hidden not in said


async def test_codes_that_are_no_codes_of_ours_are_told_apart_for_staff(app: RunningApp) -> None:
    token, till = await member_with_points(app), await app.hire("rui")
    voucher, device = (await redeem(app, token))["voucher"]["code"], await phone(app, token)
    shown = card(app, device)
    foreign = codes.make_voucher(secrets.token_bytes(12))
    before = await state(app)
    unknown = [
        foreign,
        voucher[:-1] + ("0" if voucher[-1] != "0" else "1"),
        shown[:-2] + ("A" if shown[-2] != "A" else "B") + shown[-1],
        "https://example.com/V" + voucher,
        "5601234567890",
        "",
    ]
    for at, text in enumerate(unknown):
        result = await scan(app, till, text, key=f"k{at}")
        assert result["__typename"] == "UnknownCode", text
        assert text not in result["message"] or not text
    assert await state(app) == before
    # The till was not locked by these six, and a card that is merely late is told as such.
    app.clock.advance(minutes=2)
    assert (await scan(app, till, shown, key="late"))["__typename"] == "ExpiredCode"


@pytest.mark.parametrize(
    ("format", "size", "fine"),
    [("SVG", 64, True), ("PNG", 2048, True), ("SVG", 63, False), ("PNG", 2049, False)],
)
async def test_a_card_is_drawn_in_64_to_2048_pixels(
    app: RunningApp, format: str, size: int, fine: bool
) -> None:
    token = await app.enrol_member()
    query = "query($f: QrFormat, $s: Int) { me { card { qr(format: $f, size: $s) { mediaType } } } }"
    answer = await app.ask(query, {"f": format, "s": size}, token=token)
    assert ("errors" not in answer) is fine
    if not fine:
        assert answer["errors"][0]["extensions"] == {"code": "BAD_INPUT", "field": "size"}


async def test_a_member_or_nobody_at_all_reads_no_codes(app: RunningApp) -> None:
    token, other, till = (
        await member_with_points(app),
        await app.enrol_member("eva@example.com"),
        await app.hire("rui"),
    )
    voucher = (await redeem(app, token))["voucher"]
    before = await ledger_counts(app)
    for name, input in (
        ("useVoucher", {"code": voucher["code"], "idempotencyKey": "u"}),
        ("scan", {"code": voucher["code"], "idempotencyKey": "s"}),
        ("reverseVoucherUse", {"voucherId": voucher["id"], "reason": "x", "idempotencyKey": "r"}),
    ):
        query = f"mutation($i: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $i) {{ __typename }} }}"
        assert (await app.error(query, {"i": input}))["code"] == "UNAUTHENTICATED"
        assert (await app.error(query, {"i": input}, token=other))["code"] == "FORBIDDEN"
    query = "mutation($i: RedeemRewardInput!) { redeemReward(input: $i) { __typename } }"
    input = {"rewardId": await reward_id(app, "discount-5"), "idempotencyKey": "x"}
    assert (await app.error(query, {"i": input}, token=till))["code"] == "FORBIDDEN"
    assert await ledger_counts(app) == before
