"""A member's whole story: enrols, buys three times, reaches a tier, redeems, returns half, and reads the
reason of each amount.
"""

from tests.running_app import Json, RunningApp

WALLETS = "wallets { code available pending debt earned }"
RECORD = """... on Problem { message } ... on PurchaseRecorded { purchase { id externalId total refunded store { name }
  lines { line amount quantity } }
  customer { number name wallets { code available pending } tier { current { code } } } entries { id wallet entryKind
  amount title availableAt }
  explanation { rule applied amount reason } unlocked { reward { code } } earnedBadges { level badge { code name } }
  tierChange { from to reason } }"""
REFUND = """... on Problem { message } ... on PurchaseRefunded { purchase { refunded lines { line refundedQuantity refundedAmount } }
  entries { wallet entryKind amount title } wallets { code available pending debt } }"""
HISTORY = """{ me { pointHistory(first: 50) { edges { node { wallet entryKind amount title balanceAfter occurredAt
  explanation { rule title applied wallet amount reason message } purchase { externalId } } } } } }"""

FIRST = {
    "externalId": "T-1",
    "total": 40_000,
    "lines": [
        {"sku": "onca", "name": "Onça de prata", "category": "silver-coins", "quantity": 2, "amount": 30_000},
        {"sku": "bloco", "category": "stamps", "amount": 5_000},
    ],
}
SECOND = {"externalId": "T-2", "total": 30_000, "lines": []}
THIRD = {"externalId": "T-3", "total": 10_000, "lines": []}


async def record_purchase(app: RunningApp, till: str, number: str, receipt: Json) -> Json:
    purchase = {
        "member": number,
        "currency": "EUR",
        "idempotencyKey": f"buy {receipt['externalId']}",
        **receipt,
    }
    return await app.mutate("recordPurchase", purchase, RECORD, token=till)


async def refund_purchase(app: RunningApp, till: str, key: str, **what: object) -> Json:
    refund = {"externalId": "T-1", "reason": "Não serviu", "idempotencyKey": key, **what}
    return await app.mutate("refundPurchase", refund, REFUND, token=till)


async def wallets(app: RunningApp, token: str) -> dict[str, Json]:
    rows = (await app.do("{ me { %s } }" % WALLETS, token=token))["me"]["wallets"]
    return {one["code"]: one for one in rows}


async def test_enrol_buy_climb_collect_refund_and_read_why(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    me = (
        await app.do(
            "{ me { number name tier { current { code } } balance { available pending } } }", token=token
        )
    )["me"]
    assert me["balance"] == {"available": 0, "pending": 100}
    assert me["tier"]["current"]["code"] == "bronze"

    # Three purchases: 400 € with coins and stamps, 300 € that lifts the tier, 100 € at the new tier's rate.
    first = await record_purchase(app, till, me["number"], FIRST)
    assert [(e["wallet"], e["entryKind"], e["amount"]) for e in first["entries"]] == [
        ("points", "AWARD", 400),
        ("points", "AWARD", 200),
        ("cashback", "AWARD", 250),
    ]
    assert [(b["badge"]["code"], b["level"]) for b in first["earnedBadges"]] == [("collector", 1)]
    assert first["tierChange"] is None
    app.clock.advance(days=1)
    second = await record_purchase(app, till, me["number"], SECOND)
    assert [(e["entryKind"], e["amount"]) for e in second["entries"]] == [("AWARD", 300), ("AWARD", 200)]
    assert second["tierChange"] == {"from": "bronze", "to": "prata", "reason": "reached"}
    app.clock.advance(days=1)
    third = await record_purchase(app, till, me["number"], THIRD)
    assert [(e["entryKind"], e["amount"]) for e in third["entries"]] == [("AWARD", 100), ("BONUS", 25)]
    held = await wallets(app, token)
    assert held["points"] == {"code": "points", "available": 0, "pending": 1_325, "debt": 0, "earned": 1_325}

    # Pending becomes spendable by time alone.
    app.clock.advance(days=12)
    assert (await wallets(app, token))["points"]["available"] == 100 + 600
    app.clock.advance(days=2)
    held = await wallets(app, token)
    assert (held["points"]["available"], held["points"]["pending"]) == (1_325, 0)
    assert (held["cashback"]["available"], held["cashback"]["pending"]) == (250, 0)
    rewards = await app.do(
        "{ me { rewards(state: UNLOCKED) { edges { node { reward { code } } } } } }", token=token
    )
    assert "discount-5" in [edge["node"]["reward"]["code"] for edge in rewards["me"]["rewards"]["edges"]]

    # The first purchase goes back in two parts: one coin of two, then the rest. What goes back adds up to
    # what came.
    first_refund = await refund_purchase(app, till, "refund 1", lines=[{"line": 1, "quantity": 1}])
    assert first_refund["purchase"]["refunded"] == 15_000
    assert first_refund["purchase"]["lines"][0] == {
        "line": 1,
        "refundedQuantity": 1,
        "refundedAmount": 15_000,
    }
    assert [(e["wallet"], e["entryKind"], e["amount"]) for e in first_refund["entries"]] == [
        ("points", "CLAWBACK", -150)
    ]
    two = await refund_purchase(app, till, "refund 2")
    assert two["purchase"]["refunded"] == 40_000
    assert [(e["wallet"], e["amount"]) for e in two["entries"]] == [("points", -450), ("cashback", -250)]
    assert {w["code"]: w["available"] for w in two["wallets"]} == {"points": 725, "cashback": 0}

    await explains_every_amount_in_portuguese(app, token)


async def explains_every_amount_in_portuguese(app: RunningApp, token: str) -> None:
    entries = [edge["node"] for edge in (await app.do(HISTORY, token=token))["me"]["pointHistory"]["edges"]]
    assert [(one["wallet"], one["amount"], one["title"]) for one in entries] == [
        ("cashback", -250, "Devolução de uma compra"),
        ("points", -450, "Devolução de uma compra"),
        ("points", -150, "Devolução de uma compra"),
        ("points", 25, "Bónus: 1 ponto por cada euro"),
        ("points", 100, "1 ponto por cada euro"),
        ("points", 200, "200 pontos acima de 250 €"),
        ("points", 300, "1 ponto por cada euro"),
        ("cashback", 250, "5% de volta em selos"),
        ("points", 200, "200 pontos acima de 250 €"),
        ("points", 400, "1 ponto por cada euro"),
        ("points", 100, "Boas-vindas"),
    ]
    for entry in entries:
        counted = [one for one in entry["explanation"] if one["applied"]]
        if entry["title"] == "Devolução de uma compra":  # what it took of each rule
            assert {one["wallet"] for one in counted} == {entry["wallet"]}
            assert sum(one["amount"] for one in counted) == entry["amount"]
        else:
            assert [(one["wallet"], one["amount"], one["title"]) for one in counted] == [
                (entry["wallet"], entry["amount"], entry["title"])
            ]
        assert all(one["reason"] for one in entry["explanation"] if not one["applied"])
        assert all((one["message"] is None) is (one["reason"] is None) for one in entry["explanation"])
    why = {
        (one["reason"], one["message"]) for entry in entries for one in entry["explanation"] if one["reason"]
    }
    assert why >= {("when", "a condição não se cumpre")}
    assert [one["purchase"] and one["purchase"]["externalId"] for one in entries] == [
        *["T-1"] * 3,
        *["T-3"] * 2,
        *["T-2"] * 2,
        *["T-1"] * 3,
        None,
    ]
    balances = [one["balanceAfter"] for one in entries if one["wallet"] == "points"]
    assert balances == [725, 1_175, 1_325, 1_300, 1_200, 1_000, 700, 500, 100]
