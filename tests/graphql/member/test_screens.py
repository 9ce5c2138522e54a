"""What a screen needs of a member: one reward, Nodes, purchases with all that belongs to them, filters, a quote."""

from __future__ import annotations

from api.graphql.engine.ids import decode_id, encode_id
from tests.running_app import Json, RunningApp


async def number_of(app: RunningApp, token: str) -> str:
    number: str = (await app.do("{ me { number } }", token=token))["me"]["number"]
    return number


async def buy(app: RunningApp, till: str, number: str, name: str, total: int) -> None:
    purchase = {"member": number, "externalId": name, "currency": "EUR", "total": total}
    recorded = await app.mutate(
        "recordPurchase", {**purchase, "idempotencyKey": f"{till[-8:]}{name}"}, "__typename", token=till
    )
    assert recorded["__typename"] == "PurchaseRecorded"


async def adjust(app: RunningApp, manager: str, number: str, amount: int) -> None:
    correction = {"member": number, "wallet": "points", "amount": amount, "reason": "shown"}
    key = {"idempotencyKey": f"adjust {amount}"}
    assert (await app.mutate("adjustBalance", {**correction, **key}, "__typename", token=manager))[
        "__typename"
    ] == "BalanceAdjusted"


async def test_one_reward_by_its_code_costs_one_command(app: RunningApp) -> None:
    token = await app.enrol_member(locale="en")
    await app.process.runtime.stock.poll()
    query = """query($code: String!) { me { reward(code: $code) { id rewardState missing locks { reason }
      reward { code title } } } }"""
    with app.command_log.counting() as counted:
        reward = (await app.do(query, {"code": "coin-capsules"}, token=token))["me"]["reward"]
    assert [str(command) for command in counted.commands] == ["find(members)"]
    assert reward.pop("id")
    assert reward == {
        "rewardState": "LOCKED",
        "missing": 150,
        "locks": [{"reason": "BALANCE"}],
        "reward": {"code": "coin-capsules", "title": "Coin capsules"},
    }
    for code in ("birthday-coin", "nothing"):  # the first is only given
        assert (await app.do(query, {"code": code}, token=token))["me"]["reward"] is None


async def test_what_a_member_has_is_fetched_again_by_its_id_and_by_nobody_else(app: RunningApp) -> None:
    token, other = await app.enrol_member(), await app.enrol_member("eva@example.com")
    till = await app.hire("rui")
    me = (
        await app.do(
            """{ me { balance { id available } tier { id qualifying } badges { id progress badge { code } }
            reward(code: "discount-5") { id missing } } }""",
            token=token,
        )
    )["me"]
    node = """query($id: ID!) { node(id: $id) { __typename id ... on Wallet { available }
      ... on TierProgress { qualifying } ... on BadgeProgress { progress badge { code } }
      ... on MemberReward { missing } } }"""
    expected: list[tuple[str, Json]] = [
        ("Wallet", me["balance"]),
        ("TierProgress", me["tier"]),
        ("BadgeProgress", me["badges"][0]),
        ("MemberReward", me["reward"]),
    ]
    for kind, shown in expected:
        again = (await app.do(node, {"id": shown["id"]}, token=token))["node"]
        assert again == {"__typename": kind, **shown}
        for caller in (other, till, None):
            assert (await app.error(node, {"id": shown["id"]}, token=caller))["code"] == "NOT_FOUND"


async def test_a_secret_badge_is_no_node_before_it_is_earned(app: RunningApp) -> None:
    token = await app.enrol_member()
    _, key = decode_id((await app.do("{ me { id } }", token=token))["me"]["id"])
    node = "query($id: ID!) { node(id: $id) { id } }"
    hidden = encode_id("BadgeProgress", f"{key}:first-night")
    assert (await app.error(node, {"id": hidden}, token=token))["code"] == "NOT_FOUND"


async def test_a_purchase_has_its_entries_its_refunds_and_its_vouchers(app: RunningApp) -> None:
    token, manager = await app.enrol_member(locale="en"), await app.hire("maria", "MANAGER")
    number = await number_of(app, token)
    await adjust(app, manager, number, 600)
    rewards = (await app.do("{ programme { rewards { id code } } }"))["programme"]["rewards"]
    discount = next(one["id"] for one in rewards if one["code"] == "discount-5")
    redeem = {"rewardId": discount, "idempotencyKey": "redeem"}
    voucher = (
        await app.mutate("redeemReward", redeem, "... on RewardRedeemed { voucher { id code } }", token=token)
    )["voucher"]
    await buy(app, manager, number, "R1", 9_000)
    used = {"code": voucher["code"], "purchase": "R1", "total": 9_000, "idempotencyKey": "use"}
    accepted = await app.mutate("useVoucher", used, "__typename", token=manager)
    assert accepted["__typename"] == "VoucherAccepted"
    refund = {"externalId": "R1", "amount": 4_000, "reason": "broken", "idempotencyKey": "back"}
    await app.mutate("refundPurchase", refund, "__typename", token=manager)
    query = """{ me { purchases(first: 5) { edges { node { externalId refunded
      entries { entryKind amount } vouchers { id voucherState } explanation { rule amount applied } } } } } }"""
    await app.do(query, token=token)
    with app.command_log.counting() as counted:
        [edge] = (await app.do(query, token=token))["me"]["purchases"]["edges"]
    assert edge["node"]["entries"] == [
        {"entryKind": "AWARD", "amount": 90},
        {"entryKind": "CLAWBACK", "amount": -40},
    ]
    assert edge["node"]["vouchers"] == [{"id": voucher["id"], "voucherState": "USED"}]
    assert edge["node"]["explanation"][0] == {"rule": "purchase", "amount": 90, "applied": True}
    assert sorted(str(command) for command in counted.commands) == [
        "find(journal)",
        "find(journal)",
        "find(members)",
        "find(receipts)",
        "find(vouchers)",
    ]


async def test_lists_are_filtered_by_kind_time_and_store_and_counted_where_they_are_whole(
    app: RunningApp,
) -> None:
    token, manager = await app.enrol_member(), await app.hire("maria", "MANAGER")
    porto, number = await app.hire("paulo", store="porto"), await number_of(app, token)
    await buy(app, manager, number, "R1", 1_000)
    app.clock.advance(days=1)
    await buy(app, porto, number, "R2", 2_000)
    await adjust(app, manager, number, 7)
    app.clock.advance(days=1)
    await buy(app, manager, number, "R3", 3_000)
    query = """query($kinds: [EntryKind!], $since: DateTime, $until: DateTime, $store: String, $first: Int) { me {
      pointHistory(kinds: $kinds, since: $since, until: $until, first: $first) {
        totalCount edges { node { amount } } pageInfo { hasNextPage } }
      purchases(store: $store, since: $since, until: $until, first: $first) {
        totalCount edges { node { externalId } } pageInfo { hasNextPage } } } }"""

    async def listed(**variables: object) -> tuple[list[int], int | None, list[str], int | None]:
        me = (await app.do(query, dict(variables), token=token))["me"]
        history, purchases = me["pointHistory"], me["purchases"]
        return (
            [edge["node"]["amount"] for edge in history["edges"]],
            history["totalCount"],
            [edge["node"]["externalId"] for edge in purchases["edges"]],
            purchases["totalCount"],
        )

    assert await listed() == ([30, 7, 20, 10, 100], 5, ["R3", "R2", "R1"], 3)
    assert await listed(first=2) == ([30, 7], 5, ["R3", "R2"], 3)
    assert await listed(kinds=["ADJUST"]) == ([7], None, ["R3", "R2", "R1"], 3)
    assert await listed(store="porto") == ([30, 7, 20, 10, 100], 5, ["R2"], None)
    second_day = {"since": "2026-03-03T00:00:00Z", "until": "2026-03-04T00:00:00Z"}
    assert await listed(**second_day) == ([7, 20], None, ["R2"], None)
    assert await listed(kinds=["SPEND"], store="nowhere") == ([], None, [], None)


async def test_a_filtered_list_goes_on_from_where_it_was_searched(app: RunningApp) -> None:
    token, manager = await app.enrol_member(), await app.hire("maria", "MANAGER")
    number = await number_of(app, token)
    await adjust(app, manager, number, 7)
    for at in range(30):
        await buy(app, manager, number, f"R{at}", 100)
    query = """query($after: String) { me { pointHistory(first: 2, after: $after, kinds: [ADJUST, AWARD]) {
      edges { node { amount } } pageInfo { hasNextPage endCursor } } } }"""
    amounts, after = [], None
    while True:
        page = (await app.do(query, {"after": after}, token=token))["me"]["pointHistory"]
        amounts += [edge["node"]["amount"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert amounts == [1] * 30 + [7, 100]


async def test_a_members_own_quote_is_what_a_till_then_records(app: RunningApp) -> None:
    token, till = await app.enrol_member(locale="en"), await app.hire("rui")
    number = await number_of(app, token)
    query = """{ me { quote(total: 30000, store: "lisboa", lines: [{sku: "s", category: "stamps", amount: 2000}]) {
      entries { wallet amount title } totals { wallet amount } unlocks { reward { code } } tierAfter { code }
      explanation { rule amount applied } } } }"""
    quote = (await app.do(query, token=token))["me"]["quote"]
    assert quote["totals"] == [{"wallet": "points", "amount": 500}, {"wallet": "cashback", "amount": 100}]
    assert (quote["tierAfter"], [one["reward"]["code"] for one in quote["unlocks"]]) == (None, [])
    assert await app.count("receipts") == 0
    lines = [{"sku": "s", "category": "stamps", "amount": 2_000}]
    purchase = {"member": number, "externalId": "R1", "currency": "EUR", "total": 30_000, "lines": lines}
    recorded = await app.mutate(
        "recordPurchase",
        {**purchase, "idempotencyKey": "k"},
        "... on PurchaseRecorded { entries { wallet amount title } }",
        token=till,
    )
    assert [(one["wallet"], one["amount"]) for one in recorded["entries"]] == [
        (one["wallet"], one["amount"]) for one in quote["entries"]
    ]
    refused = await app.error(
        '{ me { quote(total: 100, store: "nowhere") { totals { amount } } } }', token=token
    )
    assert (refused["code"], refused["field"]) == ("BAD_INPUT", "store")
    refused = await app.error("{ me { quote(total: -1) { totals { amount } } } }", token=token)
    assert (refused["code"], refused["field"]) == ("BAD_INPUT", "total")
