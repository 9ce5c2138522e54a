"""Rewards at the till: points become a voucher, a voucher is used once, and everybody is told the truth."""

import asyncio

from api.graphql.engine.ids import encode_id
from tests.doors import Doors, Json

VOUCHER = (
    "id title voucherState code usedAt usedIn { name } cancellable value { amount minimum currency } cost {"
    " amount } stores { code } reward { code }"
)
REDEEMED = (
    f"__typename ... on RewardRedeemed {{ voucher {{ {VOUCHER} }} wallets {{ code available spent }} }} ..."
    " on RewardLocked { message missing locks { reason message } } ... on Problem { message }"
)
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


async def rich(doors: Doors, email: str = "ana@example.com", points: int = 1_000) -> str:
    """A member with spendable points, given by a manager."""
    token = await doors.member(email)
    number = (await doors.do("{ me { number } }", token=token))["me"]["number"]
    boss = await doors.hire(f"boss-{email.partition('@')[0]}", "MANAGER")
    given = {
        "member": number,
        "wallet": "points",
        "amount": points,
        "reason": "Teste",
        "idempotencyKey": f"give {email}",
    }
    await doors.mutate("adjustBalance", given, "__typename", token=boss)
    return token


async def reward_id(doors: Doors, code: str) -> str:
    found = (await doors.do("{ programme { rewards { id code } } }"))["programme"]["rewards"]
    id: str = next(one["id"] for one in found if one["code"] == code)
    return id


async def redeem(doors: Doors, token: str, code: str = "discount-5", key: str = "k") -> Json:
    given = {"rewardId": await reward_id(doors, code), "idempotencyKey": key}
    return await doors.mutate("redeemReward", given, REDEEMED, token=token)


async def test_a_voucher_is_bought_shown_used_once_and_told_when_and_where(doors: Doors) -> None:
    token, till = await rich(doors), await doors.hire("rui")
    first = await redeem(doors, token)
    voucher = first["voucher"]
    assert (voucher["title"], voucher["voucherState"], voucher["cancellable"]) == (
        "5 € de desconto",
        "ISSUED",
        True,
    )
    assert voucher["value"] == {"amount": 500, "minimum": 2_000, "currency": "EUR"}
    assert len(voucher["code"]) == 20
    assert {w["code"]: (w["available"], w["spent"]) for w in first["wallets"]}["points"] == (500, 500)
    assert await redeem(doors, token) == first

    scanned = await doors.mutate(
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
    given = {"code": voucher["code"], "purchase": "T-1", "idempotencyKey": "u"}
    used = await doors.mutate("useVoucher", given, ACCEPTED, token=till)
    assert used["voucher"] == {
        "voucherState": "USED",
        "usedIn": {"name": "NumisCollect Lisboa"},
        "code": None,
        "qr": None,
    }
    assert await doors.mutate("useVoucher", given, ACCEPTED, token=till) == used
    doors.clock.pass_(minutes=3)
    again = await doors.mutate(
        "useVoucher", {**given, "idempotencyKey": "v"}, ACCEPTED, token=till, language="en"
    )
    assert again == {
        "__typename": "VoucherNotUsable",
        "message": "This voucher has been used.",
        "voucherState": "USED",
        "usedAt": "2026-03-02T10:00:00.000Z",
        "usedIn": {"name": "NumisCollect Lisboa"},
    }
    mine = await doors.do("{ me { vouchers(state: USED) { edges { node { voucherState } } } } }", token=token)
    assert mine["me"]["vouchers"]["edges"] == [{"node": {"voucherState": "USED"}}]


async def test_what_cannot_be_redeemed_says_what_is_missing(doors: Doors) -> None:
    token = await doors.member()
    before = await doors.count("journal")
    found = await redeem(doors, token)
    assert found == {
        "__typename": "RewardLocked",
        "message": "Este prémio não pode ser resgatado agora.",
        "missing": 500,
        "locks": [{"reason": "BALANCE", "message": "Em falta: 500 (NumisPontos)"}],
    }
    assert (await doors.count("journal"), await doors.count("vouchers"), await doors.count("requests")) == (
        before,
        0,
        1,
    )
    query = "mutation($i: RedeemRewardInput!) { redeemReward(input: $i) { __typename } }"
    given = {"rewardId": encode_id("Reward", "birthday-coin"), "idempotencyKey": "k"}
    assert (await doors.error(query, {"i": given}, token=token))["code"] == "NOT_FOUND"


async def test_points_come_back_once(doors: Doors) -> None:
    token = await rich(doors)
    voucher = (await redeem(doors, token))["voucher"]["id"]
    given = {"voucherId": voucher, "idempotencyKey": "c"}
    back = await doors.mutate("cancelVoucher", given, GIVEN_BACK, token=token)
    assert back["voucher"] == {"voucherState": "CANCELLED"}
    assert back["wallets"][0] == {"code": "points", "available": 1_000, "spent": 0}
    assert await doors.mutate("cancelVoucher", given, GIVEN_BACK, token=token) == back
    again = await doors.mutate("cancelVoucher", {**given, "idempotencyKey": "d"}, GIVEN_BACK, token=token)
    assert (again["__typename"], again["voucherState"]) == ("VoucherNotUsable", "CANCELLED")
    titles = await doors.do(
        "{ me { pointHistory(first: 2) { edges { node { title amount voucher { id } } } } } }", token=token
    )
    assert [edge["node"] for edge in titles["me"]["pointHistory"]["edges"]] == [
        {"title": "Devolvido: 5 € de desconto", "amount": 500, "voucher": {"id": voucher}},
        {"title": "Resgatado: 5 € de desconto", "amount": -500, "voucher": {"id": voucher}},
    ]


async def test_somebody_elses_voucher_is_not_found(doors: Doors) -> None:
    token, other = await rich(doors), await doors.member("eva@example.com")
    voucher = (await redeem(doors, token))["voucher"]["id"]
    query = "mutation($i: CancelVoucherInput!) { cancelVoucher(input: $i) { __typename } }"
    assert (await doors.error(query, {"i": {"voucherId": voucher, "idempotencyKey": "c"}}, token=other))[
        "code"
    ] == "NOT_FOUND"
    assert (await doors.error("query($id: ID!) { node(id: $id) { id } }", {"id": voucher}, token=other))[
        "code"
    ] == "NOT_FOUND"
    node = await doors.do(
        "query($id: ID!) { node(id: $id) { ... on Voucher { voucherState code } } }",
        {"id": voucher},
        token=token,
    )
    assert node["node"]["voucherState"] == "ISSUED"


async def test_a_use_is_undone_by_a_manager_within_a_quarter_of_an_hour(doors: Doors) -> None:
    token, till, boss = await rich(doors), await doors.hire("rui"), await doors.hire("marta", "MANAGER")
    away = await doors.hire("nuno", "MANAGER", store="porto")
    voucher, unused = [
        (await redeem(doors, token, reward, key=reward))["voucher"]
        for reward in ("discount-5", "coin-capsules")
    ]
    await doors.mutate("useVoucher", {"code": voucher["code"], "idempotencyKey": "u"}, ACCEPTED, token=till)
    given = {"voucherId": voucher["id"], "reason": "Engano", "idempotencyKey": "r"}
    told = "... on VoucherNotUsable { message voucherState }"
    early = await doors.mutate(
        "reverseVoucherUse", {**given, "voucherId": unused["id"]}, told, token=boss, language="en"
    )
    assert early == {
        "message": "This voucher has not been used, and there is nothing to give back for it.",
        "voucherState": "ISSUED",
    }
    for caller, reason in ((till, "ROLE"), (away, "OTHER_STORE")):
        assert await doors.mutate("reverseVoucherUse", given, REVERSED, token=caller) == {
            "__typename": "NotAllowed",
            "reason": reason,
        }
    undone = await doors.mutate("reverseVoucherUse", given, REVERSED, token=boss)
    assert undone["voucher"] == {"voucherState": "ISSUED", "usedAt": None}
    assert await doors.mutate("reverseVoucherUse", given, REVERSED, token=boss) == undone
    await doors.mutate("useVoucher", {"code": voucher["code"], "idempotencyKey": "u2"}, ACCEPTED, token=till)
    doors.clock.pass_(minutes=16)
    late = await doors.mutate("reverseVoucherUse", {**given, "idempotencyKey": "r2"}, REVERSED, token=boss)
    assert late == {"__typename": "NotAllowed", "reason": "TOO_LATE"}


async def test_another_stores_and_ones_own_voucher_is_not_taken(doors: Doors) -> None:
    token = await rich(doors)
    number = (await doors.do("{ me { number } }", token=token))["me"]["number"]
    own = await doors.hire("ana", member_number=number)
    capsules = (await redeem(doors, token, "coin-capsules"))["voucher"]
    assert [store["code"] for store in capsules["stores"]] == ["lisboa", "porto"]
    before = await doors.count("journal")
    given = {"code": capsules["code"], "idempotencyKey": "u"}
    assert (await doors.mutate("useVoucher", given, ACCEPTED, token=own))["reason"] == "OWN_MEMBERSHIP"
    seen = await doors.mutate("scan", given, "... on VoucherScan { usable reason }", token=own, language="en")
    assert seen == {"usable": False, "reason": "Nobody serves their own membership. Ask a colleague."}
    assert await doors.count("journal") == before


async def test_a_stock_of_which_three_are_left_gives_three_to_twelve_at_once(doors: Doors) -> None:
    await doors.process.store["stock"].update_one({"_id": "coin-capsules"}, {"$set": {"issued": 197}})
    tokens = [await doors.member(f"m{at}@example.com") for at in range(12)]
    boss = await doors.hire("marta", "MANAGER")
    for at, token in enumerate(tokens):
        number = (await doors.do("{ me { number } }", token=token))["me"]["number"]
        given = {
            "member": number,
            "wallet": "points",
            "amount": 150,
            "reason": "Teste",
            "idempotencyKey": f"give {at}",
        }
        await doors.mutate("adjustBalance", given, "__typename", token=boss)
    found = await asyncio.gather(*(redeem(doors, token, "coin-capsules") for token in tokens))
    assert sorted(one["__typename"] for one in found) == ["RewardLocked"] * 9 + ["RewardRedeemed"] * 3
    locked = next(one for one in found if one["__typename"] == "RewardLocked")
    assert [lock["reason"] for lock in locked["locks"]] == ["STOCK"]
    row = await doors.process.store["stock"].find_one({"_id": "coin-capsules"})
    assert row is not None
    assert (row["issued"], await doors.count("vouchers")) == (200, 3)


async def test_fifty_uses_of_one_voucher_take_it_once(doors: Doors) -> None:
    token, till = await rich(doors), await doors.hire("rui")
    code = (await redeem(doors, token))["voucher"]["code"]
    uses = (
        doors.mutate("useVoucher", {"code": code, "idempotencyKey": f"u{at}"}, ACCEPTED, token=till)
        for at in range(50)
    )
    found = await asyncio.gather(*uses)
    assert sorted(one["__typename"] for one in found) == ["VoucherAccepted"] + ["VoucherNotUsable"] * 49
    refused = [one for one in found if one["__typename"] == "VoucherNotUsable"]
    assert all(
        (one["usedAt"], one["usedIn"]) == ("2026-03-02T10:00:00.000Z", {"name": "NumisCollect Lisboa"})
        for one in refused
    )


async def test_a_picture_of_the_code_in_both_forms_and_no_silly_size(doors: Doors) -> None:
    token = await rich(doors)
    await redeem(doors, token)
    query = (
        "query($f: QrFormat, $s: Int) { me { vouchers { edges { node { qr(format: $f, size: $s) { mediaType"
        " data } } } } } }"
    )
    svg = (await doors.do(query, {"f": "SVG", "s": 300}, token=token))["me"]["vouchers"]["edges"][0]["node"][
        "qr"
    ]
    assert (svg["mediaType"], svg["data"][:4]) == ("image/svg+xml", "<svg")
    png = (await doors.do(query, {"f": "PNG", "s": 300}, token=token))["me"]["vouchers"]["edges"][0]["node"][
        "qr"
    ]
    assert (png["mediaType"], png["data"][:22]) == ("image/png", "data:image/png;base64,")
    assert await doors.error(query, {"f": "PNG", "s": 10**6}, token=token) == {
        "code": "BAD_INPUT",
        "field": "size",
    }


async def test_what_redeeming_and_giving_back_changed_elsewhere_comes_with_the_answer(doors: Doors) -> None:
    token = await rich(doors, points=500)
    member = "member { id balance { available } rewards { edges { node { rewardState reward { code } } } } }"
    given = {"rewardId": await reward_id(doors, "discount-5"), "idempotencyKey": "k"}
    me = (await doors.do("{ me { id } }", token=token))["me"]["id"]
    asked = f"... on RewardRedeemed {{ voucher {{ id }} {member} }}"
    done = await doors.mutate("redeemReward", given, asked, token=token)
    states = {
        edge["node"]["reward"]["code"]: edge["node"]["rewardState"]
        for edge in done["member"]["rewards"]["edges"]
    }
    assert (done["member"]["id"], done["member"]["balance"]["available"], states["discount-5"]) == (
        me,
        0,
        "LOCKED",
    )
    assert await doors.mutate("redeemReward", given, asked, token=token) == done
    back = {"voucherId": done["voucher"]["id"], "idempotencyKey": "back"}
    returned = await doors.mutate(
        "cancelVoucher", back, f"... on VoucherGivenBack {{ {member} }}", token=token
    )
    states = {
        edge["node"]["reward"]["code"]: edge["node"]["rewardState"]
        for edge in returned["member"]["rewards"]["edges"]
    }
    assert (returned["member"]["balance"]["available"], states["discount-5"]) == (500, "UNLOCKED")
    again = await doors.mutate("redeemReward", given, asked, token=token)
    assert (again["voucher"], again["member"]["balance"]["available"]) == (
        done["voucher"],
        500,
    ), "the voucher of then, the member of now"


async def test_what_is_left_of_a_limited_reward_comes_with_the_answer_too(doors: Doors) -> None:
    token = await rich(doors)
    left = "rewards { edges { node { reward { code stock } } } }"
    before = await doors.do(f"{{ me {{ {left} }} }}", token=token)
    given = {"rewardId": await reward_id(doors, "coin-capsules"), "idempotencyKey": "k"}
    done = await doors.mutate(
        "redeemReward",
        given,
        f"... on RewardRedeemed {{ voucher {{ id reward {{ stock }} }} member {{ {left} }} }}",
        token=token,
    )
    back = {"voucherId": done["voucher"]["id"], "idempotencyKey": "back"}
    returned = await doors.mutate(
        "cancelVoucher", back, f"... on VoucherGivenBack {{ member {{ {left} }} }}", token=token
    )
    assert done["voucher"]["reward"] == {"stock": 199}
    assert [capsules(each) for each in (before["me"], done["member"], returned["member"])] == [200, 199, 200]


def capsules(member: Json) -> int | None:
    """What is left of the capsules."""
    found = {
        edge["node"]["reward"]["code"]: edge["node"]["reward"]["stock"] for edge in member["rewards"]["edges"]
    }
    stock: int | None = found["coin-capsules"]
    return stock
