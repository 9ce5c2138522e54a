"""The history of one wallet has its own pages, and its cursors are valid for no other list."""

from tests.running_app import Json, RunningApp

PAGE = """query($after: String, $wallet: WalletCode) { me { pointHistory(first: 2, after: $after, wallet: $wallet) {
  edges { cursor node { id wallet amount } } pageInfo { hasNextPage endCursor } } } }"""


async def page(app: RunningApp, token: str, after: str | None = None, wallet: str | None = None) -> Json:
    connection: Json = (await app.do(PAGE, {"after": after, "wallet": wallet}, token=token))["me"][
        "pointHistory"
    ]
    return connection


async def test_a_wallet_is_paged_by_itself_and_its_cursors_are_junk_elsewhere(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    for at in range(3):
        line = {"sku": "stamp", "category": "stamps", "amount": 2_000}
        purchase = {
            "member": number,
            "externalId": f"R{at}",
            "currency": "EUR",
            "total": 2_000,
            "lines": [line],
            "idempotencyKey": f"k{at}",
        }
        await app.mutate("recordPurchase", purchase, "__typename", token=till)
    first = await page(app, token, wallet="cashback")
    assert [(edge["node"]["wallet"], edge["node"]["amount"]) for edge in first["edges"]] == [
        ("cashback", 100)
    ] * 2
    last = await page(app, token, first["pageInfo"]["endCursor"], "cashback")
    assert ([edge["node"]["amount"] for edge in last["edges"]], last["pageInfo"]["hasNextPage"]) == (
        [100],
        False,
    )
    assert len({edge["node"]["id"] for edge in (*first["edges"], *last["edges"])}) == 3
    whole = await page(app, token)
    for cursor, wallet in (
        (first["pageInfo"]["endCursor"], None),
        (whole["pageInfo"]["endCursor"], "cashback"),
    ):
        refused = await app.error(PAGE, {"after": cursor, "wallet": wallet}, token=token)
        assert refused == {"code": "BAD_INPUT", "field": "after"}


async def test_a_history_of_one_store_is_of_its_purchases_and_refunds_alone(app: RunningApp) -> None:
    token = await app.enrol_member()
    tills = {"lisboa": await app.hire("rui"), "porto": await app.hire("eva", store="porto")}
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    for at in range(30):
        purchase = {
            "member": number,
            "externalId": f"R{at}",
            "currency": "EUR",
            "total": 1_000 + 100 * at,
            "idempotencyKey": f"k{at}",
        }
        store = "porto" if at in (1, 4) else "lisboa"
        await app.mutate("recordPurchase", purchase, "__typename", token=tills[store])
    refund = {"externalId": "R4", "reason": "torn", "idempotencyKey": "r"}
    await app.mutate("refundPurchase", refund, "__typename", token=tills["porto"])
    query = """query($s: String) { me { pointHistory(first: 5, store: $s) { totalCount edges { node { amount } }
      pageInfo { hasNextPage } } } }"""

    async def amounts(store: str | None) -> list[int]:
        history = (await app.do(query, {"s": store}, token=token))["me"]["pointHistory"]
        return [edge["node"]["amount"] for edge in history["edges"]]

    assert await amounts("porto") == [-14, 14, 11]
    assert await amounts("lisboa") == [39, 38, 37, 36, 35]
    assert await amounts("nowhere") == []
    assert await amounts(None) == [-14, 39, 38, 37, 36]
    with app.command_log.counting() as counted:
        await amounts("lisboa")
    # The newest five and their stores, then one window more, since one of the five was elsewhere.
    assert [str(command) for command in counted.commands] == ["find(members)", *["find(journal)"] * 3]
