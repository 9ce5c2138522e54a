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
