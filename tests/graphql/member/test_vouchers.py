"""Rewards: points buy a voucher, a voucher is used once, and each side learns what happened."""

import asyncio

from api.graphql.engine.ids import encode_id
from tests.graphql.member.voucher_acts import member_with_points, redeem, reward_id
from tests.running_app import Json, RunningApp

GIVEN_BACK = (
    "__typename ... on VoucherGivenBack { voucher { voucherState } wallets { code available spent } } ... on"
    " VoucherNotUsable { message voucherState }"
)
ACCEPTED = (
    "__typename ... on VoucherAccepted { voucher { voucherState usedIn { name } code qr { data } } customer {"
    " name } } ... on VoucherNotUsable { message voucherState usedAt usedIn { name } } ... on NotAllowed {"
    " reason } ... on Problem { message }"
)
REVERSED = (
    "__typename ... on VoucherUseReversed { voucher { voucherState usedAt } } ... on NotAllowed { reason }"
    " ... on VoucherNotUsable { voucherState }"
)


async def test_a_voucher_is_bought_shown_used_once_and_told_when_and_where(app: RunningApp) -> None:
    token, till = await member_with_points(app), await app.hire("rui")
    first = await redeem(app, token)
    voucher = first["voucher"]
    assert (voucher["title"], voucher["voucherState"], voucher["cancellable"]) == (
        "5 € de desconto",
        "ISSUED",
        True,
    )
    assert voucher["value"] == {"amount": 500, "minimum": 2_000, "currency": "EUR"}
    assert len(voucher["code"]) == 20
    assert {w["code"]: (w["available"], w["spent"]) for w in first["wallets"]}["points"] == (500, 500)
    assert await redeem(app, token) == first

    scanned = await app.mutate(
        "scan",
        {"code": voucher["code"].lower(), "idempotencyKey": "s"},
        "... on VoucherScan { usable reason customer { name } voucher { code } }",
        token=till,
    )
    assert scanned == {
        "usable": True,
        "reason": None,
        "customer": {"name": "Ana Silva"},
        "voucher": {"code": None},
    }
    input = {"code": voucher["code"], "purchase": "T-1", "idempotencyKey": "u"}
    used = await app.mutate("useVoucher", input, ACCEPTED, token=till)
    assert used["voucher"] == {
        "voucherState": "USED",
        "usedIn": {"name": "NumisCollect Lisboa"},
        "code": None,
        "qr": None,
    }
    assert await app.mutate("useVoucher", input, ACCEPTED, token=till) == used
    app.clock.advance(minutes=3)
    again = await app.mutate(
        "useVoucher", {**input, "idempotencyKey": "v"}, ACCEPTED, token=till, language="en"
    )
    assert again == {
        "__typename": "VoucherNotUsable",
        "message": "This voucher has been used.",
        "voucherState": "USED",
        "usedAt": "2026-03-02T10:00:00.000Z",
        "usedIn": {"name": "NumisCollect Lisboa"},
    }
    mine = await app.do("{ me { vouchers(state: USED) { edges { node { voucherState } } } } }", token=token)
    assert mine["me"]["vouchers"]["edges"] == [{"node": {"voucherState": "USED"}}]


async def test_what_cannot_be_redeemed_says_what_is_missing(app: RunningApp) -> None:
    token = await app.enrol_member()
    before = await app.count("journal")
    refusal = await redeem(app, token)
    assert refusal == {
        "__typename": "RewardLocked",
        "message": "Este prémio não pode ser resgatado agora.",
        "missing": 500,
        "locks": [{"reason": "BALANCE", "message": "Em falta: 500 (NumisPontos)"}],
    }
    assert (await app.count("journal"), await app.count("vouchers"), await app.count("requests")) == (
        before,
        0,
        1,
    )
    query = "mutation($i: RedeemRewardInput!) { redeemReward(input: $i) { __typename } }"
    input = {"rewardId": encode_id("Reward", "birthday-coin"), "idempotencyKey": "k"}
    assert (await app.error(query, {"i": input}, token=token))["code"] == "NOT_FOUND"


async def test_points_come_back_once(app: RunningApp) -> None:
    token = await member_with_points(app)
    voucher = (await redeem(app, token))["voucher"]["id"]
    input = {"voucherId": voucher, "idempotencyKey": "c"}
    back = await app.mutate("cancelVoucher", input, GIVEN_BACK, token=token)
    assert back["voucher"] == {"voucherState": "CANCELLED"}
    assert back["wallets"][0] == {"code": "points", "available": 1_000, "spent": 0}
    assert await app.mutate("cancelVoucher", input, GIVEN_BACK, token=token) == back
    again = await app.mutate("cancelVoucher", {**input, "idempotencyKey": "d"}, GIVEN_BACK, token=token)
    assert (again["__typename"], again["voucherState"]) == ("VoucherNotUsable", "CANCELLED")
    titles = await app.do(
        "{ me { pointHistory(first: 2) { edges { node { title amount voucher { id } } } } } }", token=token
    )
    assert [edge["node"] for edge in titles["me"]["pointHistory"]["edges"]] == [
        {"title": "Devolvido: 5 € de desconto", "amount": 500, "voucher": {"id": voucher}},
        {"title": "Resgatado: 5 € de desconto", "amount": -500, "voucher": {"id": voucher}},
    ]


async def test_somebody_elses_voucher_is_not_found(app: RunningApp) -> None:
    token, other = await member_with_points(app), await app.enrol_member("eva@example.com")
    voucher = (await redeem(app, token))["voucher"]["id"]
    query = "mutation($i: CancelVoucherInput!) { cancelVoucher(input: $i) { __typename } }"
    assert (await app.error(query, {"i": {"voucherId": voucher, "idempotencyKey": "c"}}, token=other))[
        "code"
    ] == "NOT_FOUND"
    assert (await app.error("query($id: ID!) { node(id: $id) { id } }", {"id": voucher}, token=other))[
        "code"
    ] == "NOT_FOUND"
    node = await app.do(
        "query($id: ID!) { node(id: $id) { ... on Voucher { voucherState code } } }",
        {"id": voucher},
        token=token,
    )
    assert node["node"]["voucherState"] == "ISSUED"


async def test_a_use_is_undone_by_a_manager_within_a_quarter_of_an_hour(app: RunningApp) -> None:
    token, till, boss = (
        await member_with_points(app),
        await app.hire("rui"),
        await app.hire("marta", "MANAGER"),
    )
    away = await app.hire("nuno", "MANAGER", store="porto")
    voucher, unused = [
        (await redeem(app, token, reward, key=reward))["voucher"]
        for reward in ("discount-5", "coin-capsules")
    ]
    await app.mutate("useVoucher", {"code": voucher["code"], "idempotencyKey": "u"}, ACCEPTED, token=till)
    input = {"voucherId": voucher["id"], "reason": "Engano", "idempotencyKey": "r"}
    not_usable = "... on VoucherNotUsable { message voucherState }"
    early = await app.mutate(
        "reverseVoucherUse", {**input, "voucherId": unused["id"]}, not_usable, token=boss, language="en"
    )
    assert early == {
        "message": "This voucher has not been used, and there is nothing to give back for it.",
        "voucherState": "ISSUED",
    }
    for caller, reason in ((till, "ROLE"), (away, "OTHER_STORE")):
        assert await app.mutate("reverseVoucherUse", input, REVERSED, token=caller) == {
            "__typename": "NotAllowed",
            "reason": reason,
        }
    undone = await app.mutate("reverseVoucherUse", input, REVERSED, token=boss)
    assert undone["voucher"] == {"voucherState": "ISSUED", "usedAt": None}
    assert await app.mutate("reverseVoucherUse", input, REVERSED, token=boss) == undone
    await app.mutate("useVoucher", {"code": voucher["code"], "idempotencyKey": "u2"}, ACCEPTED, token=till)
    app.clock.advance(minutes=16)
    late = await app.mutate("reverseVoucherUse", {**input, "idempotencyKey": "r2"}, REVERSED, token=boss)
    assert late == {"__typename": "NotAllowed", "reason": "TOO_LATE"}


async def test_another_stores_and_ones_own_voucher_is_not_taken(app: RunningApp) -> None:
    token = await member_with_points(app)
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    own = await app.hire("ana", member_number=number)
    capsules = (await redeem(app, token, "coin-capsules"))["voucher"]
    assert [store["code"] for store in capsules["stores"]] == ["lisboa", "porto"]
    before = await app.count("journal")
    input = {"code": capsules["code"], "idempotencyKey": "u"}
    assert (await app.mutate("useVoucher", input, ACCEPTED, token=own))["reason"] == "OWN_MEMBERSHIP"
    scanned = await app.mutate(
        "scan", input, "... on VoucherScan { usable reason }", token=own, language="en"
    )
    assert scanned == {"usable": False, "reason": "Nobody serves their own membership. Ask a colleague."}
    assert await app.count("journal") == before


async def test_a_stock_of_which_three_are_left_gives_three_to_twelve_at_once(app: RunningApp) -> None:
    await app.process.store["stock"].update_one({"_id": "coin-capsules"}, {"$set": {"issued": 197}})
    tokens = [await app.enrol_member(f"m{at}@example.com") for at in range(12)]
    boss = await app.hire("marta", "MANAGER")
    for at, token in enumerate(tokens):
        number = (await app.do("{ me { number } }", token=token))["me"]["number"]
        input = {
            "member": number,
            "wallet": "points",
            "amount": 150,
            "reason": "Teste",
            "idempotencyKey": f"give {at}",
        }
        await app.mutate("adjustBalance", input, "__typename", token=boss)
    results = await asyncio.gather(*(redeem(app, token, "coin-capsules") for token in tokens))
    assert sorted(one["__typename"] for one in results) == ["RewardLocked"] * 9 + ["RewardRedeemed"] * 3
    locked = next(one for one in results if one["__typename"] == "RewardLocked")
    assert [lock["reason"] for lock in locked["locks"]] == ["STOCK"]
    row = await app.process.store["stock"].find_one({"_id": "coin-capsules"})
    assert row is not None
    assert (row["issued"], await app.count("vouchers")) == (200, 3)


async def test_fifty_uses_of_one_voucher_take_it_once(app: RunningApp) -> None:
    token, till = await member_with_points(app), await app.hire("rui")
    code = (await redeem(app, token))["voucher"]["code"]
    uses = (
        app.mutate("useVoucher", {"code": code, "idempotencyKey": f"u{at}"}, ACCEPTED, token=till)
        for at in range(50)
    )
    results = await asyncio.gather(*uses)
    assert sorted(one["__typename"] for one in results) == ["VoucherAccepted"] + ["VoucherNotUsable"] * 49
    refused = [one for one in results if one["__typename"] == "VoucherNotUsable"]
    assert all(
        (one["usedAt"], one["usedIn"]) == ("2026-03-02T10:00:00.000Z", {"name": "NumisCollect Lisboa"})
        for one in refused
    )


async def test_a_picture_of_the_code_in_both_forms_and_no_silly_size(app: RunningApp) -> None:
    token = await member_with_points(app)
    await redeem(app, token)
    query = (
        "query($f: QrFormat, $s: Int) { me { vouchers { edges { node { qr(format: $f, size: $s) { mediaType"
        " data } } } } } }"
    )
    svg = (await app.do(query, {"f": "SVG", "s": 300}, token=token))["me"]["vouchers"]["edges"][0]["node"][
        "qr"
    ]
    assert (svg["mediaType"], svg["data"][:4]) == ("image/svg+xml", "<svg")
    png = (await app.do(query, {"f": "PNG", "s": 300}, token=token))["me"]["vouchers"]["edges"][0]["node"][
        "qr"
    ]
    assert (png["mediaType"], png["data"][:22]) == ("image/png", "data:image/png;base64,")
    assert await app.error(query, {"f": "PNG", "s": 10**6}, token=token) == {
        "code": "BAD_INPUT",
        "field": "size",
    }


async def test_what_redeeming_and_giving_back_changed_elsewhere_comes_with_the_answer(
    app: RunningApp,
) -> None:
    token = await member_with_points(app, points=500)
    member = "member { id balance { available } rewards { edges { node { rewardState reward { code } } } } }"
    input = {"rewardId": await reward_id(app, "discount-5"), "idempotencyKey": "k"}
    me = (await app.do("{ me { id } }", token=token))["me"]["id"]
    selection = f"... on RewardRedeemed {{ voucher {{ id }} {member} }}"
    done = await app.mutate("redeemReward", input, selection, token=token)
    states = {
        edge["node"]["reward"]["code"]: edge["node"]["rewardState"]
        for edge in done["member"]["rewards"]["edges"]
    }
    assert (done["member"]["id"], done["member"]["balance"]["available"], states["discount-5"]) == (
        me,
        0,
        "LOCKED",
    )
    assert await app.mutate("redeemReward", input, selection, token=token) == done
    back = {"voucherId": done["voucher"]["id"], "idempotencyKey": "back"}
    returned = await app.mutate("cancelVoucher", back, f"... on VoucherGivenBack {{ {member} }}", token=token)
    states = {
        edge["node"]["reward"]["code"]: edge["node"]["rewardState"]
        for edge in returned["member"]["rewards"]["edges"]
    }
    assert (returned["member"]["balance"]["available"], states["discount-5"]) == (500, "UNLOCKED")
    again = await app.mutate("redeemReward", input, selection, token=token)
    assert (again["voucher"], again["member"]["balance"]["available"]) == (
        done["voucher"],
        500,
    ), "the voucher of then, the member of now"


async def test_what_is_left_of_a_limited_reward_comes_with_the_answer_too(app: RunningApp) -> None:
    token = await member_with_points(app)
    left = "rewards { edges { node { reward { code stock } } } }"
    before = await app.do(f"{{ me {{ {left} }} }}", token=token)
    input = {"rewardId": await reward_id(app, "coin-capsules"), "idempotencyKey": "k"}
    done = await app.mutate(
        "redeemReward",
        input,
        f"... on RewardRedeemed {{ voucher {{ id reward {{ stock }} }} member {{ {left} }} }}",
        token=token,
    )
    back = {"voucherId": done["voucher"]["id"], "idempotencyKey": "back"}
    returned = await app.mutate(
        "cancelVoucher", back, f"... on VoucherGivenBack {{ member {{ {left} }} }}", token=token
    )
    assert done["voucher"]["reward"] == {"stock": 199}
    assert [capsules(each) for each in (before["me"], done["member"], returned["member"])] == [200, 199, 200]


def capsules(member: Json) -> int | None:
    """The remaining stock of the capsules."""
    stocks = {
        edge["node"]["reward"]["code"]: edge["node"]["reward"]["stock"] for edge in member["rewards"]["edges"]
    }
    stock: int | None = stocks["coin-capsules"]
    return stock


async def test_redeeming_and_giving_back_read_the_member_once(app: RunningApp) -> None:
    token = await member_with_points(app)
    await app.do("{ me { number } }", token=token)
    await app.process.runtime.stock.poll()
    with app.command_log.counting() as counted:
        voucher = (await redeem(app, token))["voucher"]
    assert [command.name for command in counted.commands] == ["find", "bulkWrite", "commitTransaction"]
    cancel = {"voucherId": voucher["id"], "idempotencyKey": "back"}
    with app.command_log.counting() as counted:
        back = await app.mutate("cancelVoucher", cancel, GIVEN_BACK, token=token)
    assert back["voucher"] == {"voucherState": "CANCELLED"}
    assert [str(command) for command in counted.commands][:2] == ["find(vouchers)", "find(members)"]
    assert [command.name for command in counted.commands][2:] == ["bulkWrite", "commitTransaction"]
