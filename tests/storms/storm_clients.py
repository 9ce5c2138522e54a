"""Clients of the crash storm: over HTTP they buy, redeem, use the voucher, return half, enter a code, hold points
and pay with them or give them up, and record the answers.

A client repeats an unanswered request with the same key until it is answered, as an app does; some give up after
the first lost connection, as a phone does that is switched off. Now and then a client repeats an answered request,
and must get the same answer.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from domain.model.ledger.holding.holds import LIVE_HOLDS
from tests.storms.storm_shop import Customer, StormShop

Act = Literal["purchase", "redeem", "use", "refund", "code", "hold", "capture", "release"]
Json = dict[str, Any]

TOTAL, BACK, HELD = 10_000, 5_000, 20
GIVES_UP, ASKS_AGAIN = 0.1, 0.1
PAUSE_SECONDS = 0.05

# Each act: the mutation, its input's type, the success, and what is selected of it.
ACTS: dict[Act, tuple[str, str, str, str]] = {
    "purchase": (
        "recordPurchase",
        "PurchaseInput",
        "PurchaseRecorded",
        "purchase { id externalId total } entries { id wallet amount }",
    ),
    "redeem": ("redeemReward", "RedeemRewardInput", "RewardRedeemed", "voucher { id code }"),
    "use": ("useVoucher", "UseVoucherInput", "VoucherAccepted", "voucher { id voucherState }"),
    "refund": (
        "refundPurchase",
        "RefundInput",
        "PurchaseRefunded",
        "purchase { id refunded } entries { id wallet amount }",
    ),
    "hold": (
        "holdPayment",
        "HoldPaymentInput",
        "PaymentHeld",
        "hold { id amount } wallets { id available held }",
    ),
    "capture": (
        "recordPurchase",
        "PurchaseInput",
        "PurchaseRecorded",
        "purchase { id paid } entries { id wallet amount }",
    ),
    "release": ("releaseHold", "ReleaseHoldInput", "HoldReleased", "wallets { id available held }"),
    "code": ("enterCode", "EnterCodeInput", "CodeEntered", "entries { id wallet amount }"),
}
QUERY = (
    "mutation M($input: %s!) { done: %s(input: $input) { __typename ... on Problem { message } ... on %s { %s"
    " } } }"
)


class GaveUp(Exception):
    """The client went away without an answer."""


@dataclass
class Tally:
    """What all clients sent and were answered. `met` counts what came instead of an answer, `broken` what
    must never come. `open_orders` are those of each member for which points may be held.
    """

    sent: dict[Act, set[str]] = field(default_factory=lambda: defaultdict(set))
    answered: dict[Act, dict[str, Json]] = field(default_factory=lambda: defaultdict(dict))
    whose: dict[str, str] = field(default_factory=dict)
    open_orders: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    met: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    asked_again: int = 0


class Client:
    """One till and the member before it."""

    def __init__(
        self, name: str, shop: StormShop, customer: Customer, http: httpx.AsyncClient, tally: Tally
    ) -> None:
        self._name, self._shop, self._customer, self._http, self._tally = name, shop, customer, http, tally
        self._chance = random.Random(name)

    async def work(self, stop: asyncio.Event) -> None:
        """Visit after visit until told to stop; the last visit is completed."""
        for number in range(100_000):
            if stop.is_set():
                return
            try:
                await self._visit(f"{self._name}-{number}")
            except GaveUp:
                continue

    async def _visit(self, receipt: str) -> None:
        customer, till = self._customer, self._shop.cashier
        self._tally.whose[receipt] = customer.member
        bought = {"member": customer.number, "externalId": receipt, "currency": "EUR", "total": TOTAL}
        await self._do("purchase", receipt, bought, till)
        await self._check_out(receipt)
        redeemed = await self._do("redeem", receipt, {"rewardId": self._shop.mug}, customer.token)
        await self._do("use", receipt, {"code": redeemed["voucher"]["code"]}, till)
        await self._do(
            "refund", receipt, {"externalId": receipt, "amount": BACK, "reason": "half of it"}, till
        )
        await self._do("code", receipt, {"code": next(self._shop.codes)}, customer.token)

    async def _check_out(self, receipt: str) -> None:
        """Hold points for two orders: one is paid with them, the other given up."""
        customer, till = self._customer, self._shop.cashier
        open_orders = self._tally.open_orders[customer.member]
        wanted = {"wallet": "points", "amount": HELD, "total": TOTAL, "ttlMinutes": 1}
        placed = []
        for order in (f"{receipt}+", f"{receipt}-"):
            open_orders.add(order)
            placed.append(await self._do("hold", order, {**wanted, "order": order}, customer.token))
        paid, given_up = (answer["hold"]["id"] for answer in placed)
        bought = {"member": customer.number, "externalId": f"{receipt}+", "currency": "EUR", "total": TOTAL}
        await self._do("capture", f"{receipt}+", {**bought, "paidWith": [{"hold": paid}]}, till)
        open_orders.remove(f"{receipt}+")
        await self._do("release", f"{receipt}-", {"hold": given_up}, customer.token)
        open_orders.remove(f"{receipt}-")

    async def _do(self, act: Act, receipt: str, fields: Json, token: str) -> Json:
        """Do one thing until it is answered. Raises GaveUp."""
        fields = {**fields, "idempotencyKey": f"{act} {receipt}"}
        self._tally.sent[act].add(receipt)
        patient = self._chance.random() >= GIVES_UP
        while (answer := await self._ask(act, fields, token)) is None:
            if not patient:
                raise GaveUp
            await asyncio.sleep(PAUSE_SECONDS)
        self._tally.answered[act][receipt] = answer
        if self._chance.random() < ASKS_AGAIN:
            while (same := await self._ask(act, fields, token)) is None:
                await asyncio.sleep(PAUSE_SECONDS)
            self._tally.asked_again += 1
            if same != answer:
                self._tally.broken.append(f"{act} {receipt}: first {answer}, then {same}")
        return answer

    async def _ask(self, act: Act, input: Json, token: str) -> Json | None:
        """Return the success; None where no answer came. Whatever else came is kept as broken."""
        name, given_as, kind, selected = ACTS[act]
        query = QUERY % (given_as, name, kind, selected)
        try:
            answer = await self._http.post(
                "/graphql",
                json={"query": query, "variables": {"input": input}},
                headers={"Authorization": f"Bearer {token}"},
            )
            body: Json = answer.json()
        except httpx.TransportError as fault:
            self._tally.met[type(fault).__name__] += 1
            return None
        if "errors" in body:
            code = body["errors"][0]["extensions"]["code"]
            self._tally.met[code] += 1
            if code not in ("BUSY", "INTERNAL"):
                self._tally.broken.append(f"{act} {input}: {body['errors']}")
                raise GaveUp
            return None
        done: Json = body["data"]["done"]
        if done["__typename"] != kind:
            if not self._is_one_too_many(done, input):
                self._tally.broken.append(f"{act} {input}: {done}")
            raise GaveUp
        self._tally.answers.append(time.monotonic())
        return done

    def _is_one_too_many(self, refused: Json, input: Json) -> bool:
        """Tell whether a hold was rightly refused: clients of this member went away from as many others as
        they may have, and each of those lasts its minute.
        """
        open_orders = self._tally.open_orders[self._customer.member]
        if refused["__typename"] != "HoldRefused" or len(open_orders) <= LIVE_HOLDS:
            return False
        open_orders.remove(input["order"])
        self._tally.met["TOO_MANY_HOLDS"] += 1
        return bool(refused["message"].startswith(f"At most {LIVE_HOLDS} orders"))
