"""A hidden wallet counts for the programme and is in no answer: not to its member, nor to any employee."""

from pathlib import Path

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app

PROGRAMME = """
programme: {code: quiet, name: Quiet, currency: EUR, timezone: Europe/Lisbon, locales: [en], terms: {version: "1", url: "https://quiet.example"}}
wallets:
  - {code: points, name: Points}
  - {code: status, name: Status, hidden: true}
rules:
  - {code: base, title: Base, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}, {award: {wallet: status, fixed: 3}}]}
  - {code: secret, title: Secret, on: purchase.completed, do: [{award: {wallet: status, fixed: 40}}]}
  - {code: tell, title: Tell, on: points.awarded, limit: {times: 9, per: day}, do: [{message: got}]}
tiers: {count: {wallet: status}, window: calendar_year, ladder: [{code: basic, name: B, from: 0}, {code: gold, name: G, from: 80}]}
messages: [{code: got, channels: [inbox], title: "You got {points.amount}", body: "{points.wallet}"}]
"""
ENTRY = "wallet amount title balanceAfter explanation { rule title wallet amount }"
MINE = f"""{{ me {{
  balance {{ code }} wallets {{ code name }} tier {{ current {{ code }} qualifying }}
  pointHistory(first: 3) {{ pageInfo {{ hasNextPage endCursor }} edges {{ node {{ id {ENTRY} }} }} }}
  purchases(first: 5) {{ edges {{ node {{ explanation {{ rule wallet }} }} }} }}
  messages(first: 9) {{ edges {{ node {{ title body }} }} }}
}} programme {{ earning {{ code wallets }} }} }}"""
NEXT = f"query($after: String!) {{ me {{ pointHistory(first: 3, after: $after) {{ pageInfo {{ hasNextPage }} edges {{ node {{ {ENTRY} }} }} }} }} }}"
QUOTE = 'query($n: String!) { quotePurchase(input: {member: $n, currency: "EUR", total: 700}) { customer { wallets { code } } entries { wallet } totals { wallet } explanation { rule wallet } } }'
RECORDED = f"__typename ... on PurchaseRecorded {{ customer {{ wallets {{ code }} }} entries {{ {ENTRY} }} }}"
REFUNDED = f"__typename ... on PurchaseRefunded {{ entries {{ {ENTRY} }} wallets {{ code }} }}"
AUDIT = "{ auditTrail(first: 20) { before { wallet } after { wallet } } }"


async def test_it_is_shown_to_nobody_and_counts(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    path = tmp_path / "quiet.yaml"
    path.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=path) as app:
        token, till, boss = (
            await app.enrol_member(locale="en", termsVersion="1"),
            await app.hire("rui"),
            await app.hire("ana", "MANAGER"),
        )
        number = (await app.do("{ me { number } }", token=token))["me"]["number"]
        answers: list[object] = [await app.do(QUOTE, {"n": number}, token=till)]
        for place in range(7):
            purchase: Json = {"member": number, "externalId": f"R{place}", "currency": "EUR", "total": 700}
            answers.append(
                await app.mutate(
                    "recordPurchase", {**purchase, "idempotencyKey": f"p{place}"}, RECORDED, token=till
                )
            )
        refund: Json = {"externalId": "R6", "reason": "returned", "idempotencyKey": "r"}
        quoted = 'query { quoteRefund(input: {externalId: "R5"}) { entries { wallet } totals { wallet } } }'
        answers += [
            await app.do(quoted, token=till),
            await app.mutate("refundPurchase", refund, REFUNDED, token=till),
            mine := await app.do(MINE, token=token),
            await app.do(AUDIT, token=boss),
        ]
        after = mine["me"]["pointHistory"]["pageInfo"]["endCursor"]
        later = (await app.do(NEXT, {"after": after}, token=token))["me"]["pointHistory"]
        answers.append(later)
        assert [answer for answer in answers if "status" in str(answer) or "secret" in str(answer)] == []
        amounts = [edge["node"]["amount"] for edge in mine["me"]["pointHistory"]["edges"]]
        assert (amounts, mine["me"]["pointHistory"]["pageInfo"]["hasNextPage"]) == ([-7, 7, 7], True)
        assert [edge["node"]["amount"] for edge in later["edges"]] == [7, 7, 7]
        assert mine["me"]["tier"] == {"current": {"code": "gold"}, "qualifying": 6 * 43}
        assert mine["programme"]["earning"] == [{"code": "base", "wallets": ["points"]}]
        letters = [edge["node"]["body"] for edge in mine["me"]["messages"]["edges"]]
        assert letters == [] or set(letters) == {"Points"}
        await refuses(app, token, boss, number)


async def refuses(app: RunningApp, token: str, boss: str, number: str) -> None:
    error = await app.error(
        '{ me { pointHistory(first: 3, wallet: "status") { edges { cursor } } } }', token=token
    )
    assert error["field"] == "wallet"
    correction: Json = {
        "member": number,
        "wallet": "status",
        "amount": 1,
        "reason": "r",
        "idempotencyKey": "c",
    }
    document = "mutation($i: AdjustBalanceInput!) { adjustBalance(input: $i) { __typename } }"
    error = await app.error(document, {"i": correction}, token=boss)
    assert error["field"].endswith("wallet")
