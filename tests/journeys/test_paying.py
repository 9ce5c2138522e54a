"""A purchase paid in part with points and store credit, and refunded in three parts: over GraphQL as in a
simulation, to the cent.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.model.programme import load
from domain.model.simulate import simulate
from domain.services.ledger.verification import verify
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app

PROGRAMME = """
programme: {code: paying, name: Paying, currency: EUR, timezone: Europe/Lisbon, locales: [en, pt], ineligible: [gift-card]}
wallets:
  - {code: points, name: {en: Points, pt: Pontos}, pay: {units: 100, worth: 500, minimum: 200, share: 50}}
  - {code: credit, name: {en: Credit, pt: Saldo}, kind: money}
rules:
  - {code: base, title: {en: Base, pt: Base}, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}]}
  - {code: coins, title: {en: Coins, pt: Moedas}, on: purchase.completed, do: [{award: {wallet: credit, amount: 5, per: 100, of: {lines: 'line.category == "coins"'}}}]}
"""
PART = "wallet name units worth"
BACK = f"back {{ money wallets {{ {PART} }} }}"
PURCHASE = f"purchase {{ total refunded paid payment {{ {PART} }} {BACK} }}"
ENTRIES = "entries { wallet entryKind amount title }"
RECORD = f"""__typename ... on Problem {{ message }} ... on NotAllowed {{ reason }}
  ... on InsufficientBalance {{ missing }} ... on PaymentNotAccepted {{ wallet fault units }}
  ... on PurchaseRecorded {{ {PURCHASE} {ENTRIES} customer {{ wallets {{ code available spent pay {{ units worth }} }} }} }}"""
REFUND = f"__typename ... on PurchaseRefunded {{ {PURCHASE} {ENTRIES} {BACK} wallets {{ code available }} }}"
QUOTE = f"""query($i: QuoteInput!) {{ quotePurchase(input: $i) {{ paid payment {{ {PART} }} {ENTRIES} totals {{ wallet amount }}
  payable {{ wallet available units worth terms {{ units worth step minimum share earns }} }} }} }}"""
QUOTE_REFUND = f"query($i: QuoteRefundInput!) {{ quoteRefund(input: $i) {{ refundable {BACK} {ENTRIES} }} }}"
LINES = [
    {"sku": "onca", "category": "coins", "quantity": 3, "amount": 6_000},
    {"sku": "vale", "category": "gift-card", "amount": 2_000},
]
RECEIPT: Json = {"currency": "EUR", "total": 10_000, "lines": LINES}
PAY_WITH = [{"wallet": "points", "units": 500}, {"wallet": "credit", "units": 333}]


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "paying.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as running:
        yield running


class Till:
    """A till that serves Ana, and the lines of an events file that say the same."""

    def __init__(self, app: RunningApp, ana: str, cashier: str, manager: str) -> None:
        self.app, self.ana, self.cashier, self.manager = app, ana, cashier, manager
        self.lines: list[Json] = [self._line("member.enrolled", {"name": "Ana"})]
        self.visit, self.shown = "", Json()

    def _line(self, name: str, event_data: Json) -> Json:
        at = self.app.clock().isoformat()
        return {"at": at, "member": "ana", "name": name, "source": "till", "data": event_data}

    async def scan(self) -> None:
        """Scan the card that Ana shows."""
        code = (await self.app.do("{ me { card { code } } }", token=self.ana))["me"]["card"]["code"]
        answer = "... on CustomerScan { visit canPay customer { number } }"
        input = {"code": code, "idempotencyKey": f"scan {code}"}
        self.shown = await self.app.mutate("scan", input, answer, token=self.cashier)
        self.visit = self.shown["visit"]

    async def give(self, wallet: str, amount: int) -> None:
        """Add to a balance."""
        given = {"member": self.visit, "wallet": wallet, "amount": amount, "reason": "test"}
        answer = await self.app.mutate(
            "adjustBalance", {**given, "idempotencyKey": wallet}, "__typename", token=self.manager
        )
        assert answer == {"__typename": "BalanceAdjusted"}
        self.lines.append(
            self._line("balance.adjusted", {k: given[k] for k in ("wallet", "amount", "reason")})
        )

    async def quote(self, **more: Any) -> Json:
        """Quote the receipt."""
        quoted: Json = (
            await self.app.do(
                QUOTE, {"i": {"member": self.visit, **RECEIPT, **more}}, token=self.cashier, language="en"
            )
        )["quotePurchase"]
        return quoted

    async def record(self, number: str, **more: Any) -> Json:
        """Record the receipt."""
        input = {
            "member": self.visit,
            "externalId": number,
            "idempotencyKey": f"buy {number}",
            **RECEIPT,
            **more,
        }
        answer = await self.app.mutate("recordPurchase", input, RECORD, token=self.cashier, language="en")
        if answer["__typename"] == "PurchaseRecorded":
            fields = {key: value for key, value in {**RECEIPT, **more}.items() if key != "currency"}
            self.lines.append(
                self._line("purchase.completed", {"externalId": number, "store": "lisboa", **fields})
            )
        return answer

    async def refund(self, key: str, **what: Any) -> Json:
        """Refund a part of the receipt, after a quote that says the same."""
        input: Json = {"externalId": "T-1", **what}
        quoted = (await self.app.do(QUOTE_REFUND, {"i": input}, token=self.cashier, language="en"))[
            "quoteRefund"
        ]
        more = {"reason": "returned", "idempotencyKey": key}
        answer = await self.app.mutate(
            "refundPurchase", {**input, **more}, REFUND, token=self.cashier, language="en"
        )
        again = await self.app.mutate(
            "refundPurchase", {**input, **more}, REFUND, token=self.cashier, language="en"
        )
        assert again == answer
        assert (quoted["back"], quoted["entries"]) == (answer["back"], answer["entries"])
        self.lines.append(self._line("purchase.refunded", input))
        return answer


async def open_till(app: RunningApp) -> Till:
    """Return a till at which Ana has 600 points and 4.00 of credit."""
    ana = await app.enrol_member(locale="en", termsVersion="1")
    till = Till(app, ana, await app.hire("rui"), await app.hire("eva", "MANAGER"))
    await till.scan()
    await till.give("points", 600)
    await till.give("credit", 400)
    return till


def moved(entries: list[Json]) -> list[tuple[str, str, int]]:
    return [(one["wallet"], one.get("entryKind") or one["kind"], one["amount"]) for one in entries]


async def test_a_purchase_paid_with_wallets_is_one_story_over_graphql_and_in_a_simulation(
    app: RunningApp,
) -> None:
    # 100.00 less the gift card's 20.00: 80.00 may be paid so, half of it with points: 600 of 800. Of credit
    # all 4.00.
    till = await open_till(app)
    terms = {"units": 100, "worth": 500, "step": 100, "minimum": 200, "share": 50, "earns": False}
    quoted = await till.quote()
    assert (quoted["paid"], quoted["payment"]) == (10_000, [])
    assert quoted["payable"][0] == {
        "wallet": "points", "available": 600, "units": 600, "worth": 3_000, "terms": terms
    }  # fmt: skip
    assert [(one["units"], one["worth"]) for one in quoted["payable"]] == [(600, 3_000), (400, 400)]

    # 500 points are 25.00, 3.33 of credit: 28.33, of which the coins' 60.00 carry 60/80: 21.2475, and the 20.00
    # that the lines leave out 7.0825. Floored 21.24 and 7.08; the last cent goes to the largest remainder,
    # the coins: 21.25. 51.67 of the purchase earn 51 points, 38.75 of coins 1.93 of credit.
    quoted = await till.quote(payWith=PAY_WITH)
    recorded = await till.record("T-1", payWith=PAY_WITH)
    assert moved(recorded["entries"]) == [
        ("points", "SPEND", -500),
        ("credit", "SPEND", -333),
        ("points", "AWARD", 51),
        ("credit", "AWARD", 193),
    ]
    assert recorded["entries"] == quoted["entries"]
    assert [one["title"] for one in recorded["entries"]][:2] == ["Paid for a purchase"] * 2
    assert recorded["purchase"] == {
        "total": 10_000,
        "refunded": 0,
        "paid": quoted["paid"],
        "payment": quoted["payment"],
        "back": {"money": 0, "wallets": [{**part, "units": 0, "worth": 0} for part in quoted["payment"]]},
    }
    assert quoted["paid"] == 10_000 - 2_833
    assert [(part["units"], part["worth"]) for part in quoted["payment"]] == [(500, 2_500), (333, 333)]

    backs = []
    for key, what in (("a", {"lines": [{"line": 1, "quantity": 1}]}), ("b", {"amount": 3_333}), ("c", {})):
        app.clock.advance(days=1)
        backs.append((await till.refund(key, **what))["back"])
    # 20.00: money 71.67 x 20 / 100 = 14.334, 14.33; value 5.67; 500 x 5.67 / 28.33 = 100.07, 333 x ... = 66.6.
    assert (backs[0]["money"], [part["units"] for part in backs[0]["wallets"]]) == (1_433, [100, 66])
    assert sum(back["money"] for back in backs) == 7_167
    assert [sum(back["wallets"][place]["units"] for back in backs) for place in (0, 1)] == [500, 333]
    assert [sum(back["wallets"][place]["worth"] for back in backs) for place in (0, 1)] == [2_500, 333]
    held = (await app.do("{ me { wallets { code available debt earned spent } } }", token=till.ana))["me"][
        "wallets"
    ]
    assert held == [
        {"code": "points", "available": 600, "debt": 0, "earned": 0, "spent": 0},
        {"code": "credit", "available": 400, "debt": 0, "earned": 0, "spent": 0},
    ]
    await _history_says_so(till)
    await _is_as_simulated(till, recorded, backs)
    assert [str(one) async for one in verify(app.process.store)] == []


async def _history_says_so(till: Till) -> None:
    history = (
        "{ me { pointHistory(first: 20) { edges { node { title amount purchase { externalId paid } } } } } }"
    )
    nodes = [
        edge["node"] for edge in (await till.app.do(history, token=till.ana))["me"]["pointHistory"]["edges"]
    ]
    assert [one["title"] for one in nodes].count("Payment given back") == 6
    assert [one["amount"] for one in nodes if one["title"] == "Paid for a purchase"] == [-333, -500]
    assert {one["purchase"]["paid"] for one in nodes if one["purchase"]} == {7_167}


async def _is_as_simulated(till: Till, recorded: Json, backs: list[Json]) -> None:
    answers: list[Any] = list(simulate(load(PROGRAMME), (json.dumps(one) for one in till.lines)))
    bought, *refunded = [one for one in answers if one.get("event", "").startswith("purchase.")]
    assert moved(bought["entries"]) == moved(recorded["entries"])
    assert bought["payment"]["paid"] == recorded["purchase"]["paid"]
    for answer, back in zip(
        [bought["payment"], *(one["back"] for one in refunded)], [None, *backs], strict=True
    ):
        parts = recorded["purchase"]["payment"] if back is None else back["wallets"]
        assert answer["wallets"] == [
            {key: part[key] for key in ("wallet", "units", "worth")} for part in parts
        ]
        assert back is None or answer["money"] == back["money"]


@pytest.mark.parametrize(
    ("pay_with", "kind", "figures"),
    [
        ({"points": 700}, "InsufficientBalance", {"missing": 100}),
        ({"points": 900}, "PaymentNotAccepted", {"wallet": "points", "fault": "SHARE", "units": 800}),
        ({"points": 100}, "PaymentNotAccepted", {"wallet": "points", "fault": "MINIMUM", "units": 200}),
        ({"points": 250}, "PaymentNotAccepted", {"wallet": "points", "fault": "STEP", "units": 100}),
        ({"credit": 401}, "InsufficientBalance", {"missing": 1}),
    ],
)
async def test_a_payment_that_does_not_fit_is_refused_with_what_would_and_changes_nothing(
    app: RunningApp, pay_with: dict[str, int], kind: str, figures: Json
) -> None:
    till = await open_till(app)
    parts = [{"wallet": wallet, "units": units} for wallet, units in pay_with.items()]
    refused = await till.record("T-1", payWith=parts)
    assert refused["__typename"] == kind
    assert {name: refused[name] for name in figures} == figures
    error = await app.error(
        QUOTE, {"i": {"member": till.visit, **RECEIPT, "payWith": parts}}, token=till.cashier
    )
    assert (error["code"], error["field"].partition("[")[0]) == ("BAD_INPUT", "payWith")
    held = (
        await app.do("{ me { wallets { available spent } purchases { edges { cursor } } } }", token=till.ana)
    )["me"]
    assert [one["available"] for one in held["wallets"]] == [600, 400]
    assert held["purchases"]["edges"] == []


async def test_paying_takes_a_card_that_was_shown_within_five_minutes(app: RunningApp) -> None:
    till = await open_till(app)
    assert till.shown["canPay"] is True
    number = till.shown["customer"]["number"]
    typed = await app.mutate(
        "scan",
        {"code": number, "idempotencyKey": "typed"},
        "... on CustomerScan { visit canPay }",
        token=till.cashier,
    )
    assert typed["canPay"] is False
    for member in (number, typed["visit"]):
        refused = await till.record("T-1", member=member, payWith=PAY_WITH)
        assert (refused["__typename"], refused["reason"]) == ("NotAllowed", "PRESENCE")
        assert refused["message"] == "Scan the customer's card: paying with a balance takes a fresh code."
    at = app.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    recorded = await till.record("T-1", payWith=PAY_WITH, occurredAt=at)
    assert recorded["purchase"]["paid"] == 7_167
    app.clock.advance(minutes=6)
    # The same request is answered again; another takes a fresh code, also for a time gone by. To earn it is not.
    assert (await till.record("T-1", payWith=PAY_WITH, occurredAt=at)) == recorded
    late = await till.record("T-2", payWith=PAY_WITH, occurredAt=at)
    assert late["__typename"] == "ExpiredCode"
    assert (await till.record("T-2", occurredAt=at))["__typename"] == "PurchaseRecorded"
