"""Holds over the wire: placed by a till or a member, captured with the purchase, released, ended by time."""

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.graphql.engine.ids import decode_id, encode_id
from domain.services.ledger.verification import verify
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.till.checkout_acts import CHECKED_OUT, COUNTED, PROGRAMME, basket, give, visit_of
from tests.graphql.till.test_merging import merge
from tests.http.intake.client_story import add_client
from tests.running_app import ROOT, Json, RunningApp, open_running_app

HELD = """__typename ... on Problem { message } ... on NotAllowed { reason } ... on InsufficientBalance { missing }
  ... on PaymentNotAccepted { fault units } ... on HoldRefused { holdFault most }
  ... on PaymentHeld { hold { id wallet order amount worth use expiresAt lots { amount expiresOn } }
    wallets { id code available held } }"""
RELEASED = "__typename ... on Problem { message } ... on HoldReleased { wallets { id code available held } }"
RECORDED = """__typename ... on Problem { message } ... on NotAllowed { reason } ... on InsufficientBalance { missing }
  ... on PurchaseRecorded { purchase { total paid payment { wallet units worth } fiscal { gross parts { kind means amount } } }
    entries { wallet entryKind amount } customer { wallets { code available held } } }"""
HOME = "{ me { wallets { code available held } holds { id order amount worth } } }"


@dataclass(frozen=True)
class Shop:
    """Two tills, and Ana with 10 euros of credit in front of the one in Lisboa."""

    app: RunningApp
    ana: str
    number: str
    till: str
    porto: str
    boss: str
    visit: str

    async def hold(self, order: str, amount: int = 400, *, token: str | None = None, **more: object) -> Json:
        input = {"wallet": "credit", "amount": amount, "order": order, "total": 2_000, "member": self.visit}
        input |= {"idempotencyKey": f"hold {order} {amount}", **more}
        token = token or self.till
        if token == self.ana:
            input.pop("member")
        return await self.app.mutate("holdPayment", input, HELD, token=token)

    async def release(self, hold: str, *, token: str | None = None, key: str = "r") -> Json:
        input = {"hold": hold, "idempotencyKey": f"{key} {hold}"}
        return await self.app.mutate("releaseHold", input, RELEASED, token=token or self.till)

    async def record(
        self, number: str, *parts: Json, till: str | None = None, answer: str = RECORDED, **more: object
    ) -> Json:
        input = {"member": self.number, "externalId": number, "currency": "EUR", "total": 2_000}
        input |= {"idempotencyKey": f"record {number}", "paidWith": list(parts), **more}
        return await self.app.mutate("recordPurchase", input, answer, token=till or self.till)

    async def figures(self) -> tuple[int, int]:
        home = await self.app.do(HOME, token=self.ana)
        [credit] = [one for one in home["me"]["wallets"] if one["code"] == "credit"]
        return credit["available"], credit["held"]

    async def state(self) -> list[object]:
        counts = [await self.app.count(name) for name in COUNTED]
        return [*counts, await self.app.do(HOME, token=self.ana)]


@pytest.fixture
async def shop(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[Shop]:
    file = tmp_path / "paying.yaml"
    file.write_text(PROGRAMME.replace("locales: [en, pt]", "locales: [en, pt, pl]"), encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as app:
        ana, boss, till = await app.enrol_member(), await app.hire("boss", "MANAGER"), await app.hire("rui")
        porto = await app.hire("eva", store="porto")
        number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
        await give(app, number, boss, credit=1_000)
        yield Shop(app, ana, number, till, porto, boss, await visit_of(app, ana, till))
        assert [each async for each in verify(app.process.store)] == []


async def test_a_till_holds_records_with_it_and_refunds_a_part(shop: Shop) -> None:
    await shop.hold("warm", 100)
    with shop.app.command_log.counting() as counted:
        held = await shop.hold("O-1", 400)
    assert [command.name for command in counted.commands] == ["find", "bulkWrite", "commitTransaction"]
    hold = held["hold"]
    assert (hold["order"], hold["amount"], hold["worth"], hold["use"]) == ("O-1", 400, 400, "DISCOUNT")
    assert (hold["expiresAt"], hold["lots"]) == (
        "2026-03-02T10:30:00.000Z",
        [{"amount": 400, "expiresOn": None}],
    )
    assert await shop.figures() == (500, 500)
    assert await shop.hold("O-1", 400) == held  # the same key
    await shop.record("warm", total=100)
    with shop.app.command_log.counting() as counted:
        await shop.record("T-1", {"hold": hold["id"], "units": 300}, answer="__typename", member=shop.visit)
    assert [command.name for command in counted.commands] == ["find", "bulkWrite", "commitTransaction"]
    recorded = await shop.record("T-1", {"hold": hold["id"], "units": 300}, member=shop.visit)
    assert recorded["purchase"] == {
        "total": 2_000,
        "paid": 1_700,
        "payment": [{"wallet": "credit", "units": 300, "worth": 300}],
        "fiscal": {
            "gross": 2_000,
            "parts": [
                {"kind": "DISCOUNT", "means": "WALLET", "amount": 300},
                {"kind": "PAYMENT", "means": "TENDER", "amount": 1_700},
            ],
        },
    }
    assert [(one["entryKind"], one["amount"]) for one in recorded["entries"]] == [
        ("SPEND", -300),
        ("AWARD", 17),
    ]
    assert await shop.figures() == (600, 100)
    refund = {"externalId": "T-1", "amount": 1_000, "reason": "one back", "idempotencyKey": "f"}
    answer = "... on PurchaseRefunded { back { money wallets { units } } }"
    back = await shop.app.mutate("refundPurchase", refund, answer, token=shop.till)
    assert back == {"back": {"money": 850, "wallets": [{"units": 150}]}}
    acts = await shop.app.do("{ shiftActions { actionKind subject } }", token=shop.till)
    assert {"actionKind": "PAYMENT_HELD", "subject": "O-1"} in acts["shiftActions"]


async def test_a_member_holds_of_their_own_sees_it_and_gives_it_up(shop: Shop) -> None:
    hold = (await shop.hold("O-1", token=shop.ana, ttlMinutes=60, use="PAYMENT"))["hold"]
    assert (hold["use"], hold["expiresAt"]) == ("PAYMENT", "2026-03-02T11:00:00.000Z")
    replaced = (await shop.hold("O-1", 900, token=shop.ana))["hold"]
    home = (await shop.app.do(HOME, token=shop.ana))["me"]
    assert home["holds"] == [{"id": replaced["id"], "order": "O-1", "amount": 900, "worth": 900}]
    gone = await shop.record("T-1", {"hold": hold["id"]})
    assert gone == {
        "__typename": "HoldNotUsable",
        "message": "What was held for this order is no longer there.",
    }
    sixth = [await shop.hold(f"O-{number}", 1, token=shop.ana) for number in range(2, 7)][-1]
    assert sixth["message"].startswith("Só pode pagar 5 encomendas")  # in her language
    for held in (await shop.app.do(HOME, token=shop.ana))["me"]["holds"]:
        if held["order"] != "O-1":
            await shop.release(held["id"], token=shop.ana)
    bob = await shop.app.enrol_member("bob@example.com")
    assert (await shop.release(replaced["id"], token=bob))["__typename"] == "HoldNotUsable"
    released = await shop.release(replaced["id"], token=shop.ana)
    assert [(one["code"], one["available"], one["held"]) for one in released["wallets"]] == [
        ("points", 0, 0),
        ("credit", 1_000, 0),
    ]
    assert await shop.release(replaced["id"], token=shop.ana) == released
    assert (await shop.release(replaced["id"], token=shop.ana, key="2"))["__typename"] == "HoldNotUsable"
    third = (await shop.hold("O-2", token=shop.ana))["hold"]  # any till that is told it takes it
    assert (await shop.record("P-1", {"hold": third["id"]}, till=shop.porto))[
        "__typename"
    ] == "PurchaseRecorded"


async def test_what_cannot_be_held_or_captured_changes_nothing(shop: Shop) -> None:
    hold = (await shop.hold("O-1"))["hold"]["id"]
    before = await shop.state()
    refused = [
        await shop.hold("O-2", 700),
        await shop.hold("O-3", member=shop.number),
        await shop.hold("O-4", total=300),
        await shop.hold("O-1", 400, total=1_999),
        await shop.record("T-1", {"hold": hold, "units": 401}),
        await shop.record("T-2", {"hold": hold}, till=shop.porto),
        await shop.record("T-3", {"hold": hold}, total=300),
        await shop.release(hold, token=shop.porto),
        await shop.release(_other(hold)),
    ]
    assert [(one["__typename"], one.get("reason") or one.get("fault")) for one in refused] == [
        ("InsufficientBalance", None),
        ("NotAllowed", "PRESENCE"),
        ("PaymentNotAccepted", "SHARE"),
        ("IdempotencyConflict", None),
        ("HoldNotUsable", None),
        ("NotAllowed", "OTHER_STORE"),
        ("PaymentNotAccepted", None),
        ("NotAllowed", None),
        ("HoldNotUsable", None),
    ]
    query = "mutation($i: HoldPaymentInput!) { holdPayment(input: $i) { __typename } }"
    good = {"wallet": "credit", "amount": 1, "order": "O", "total": 9, "idempotencyKey": "k"}
    for wrong, field in (
        ({"wallet": "points"}, "wallet"),
        ({"amount": 0}, "amount"),
        ({"order": ""}, "order"),
        ({"total": -1}, "total"),
        ({"ttlMinutes": 10_081}, "ttlMinutes"),
        ({"member": shop.visit}, "member"),
    ):
        error = await shop.app.error(query, {"i": {**good, **wrong}}, token=shop.ana)
        assert error == {"code": "BAD_INPUT", "field": field}
    for units in (0, -100):
        answer = await shop.app.error(
            "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }",
            {"i": {**basket(shop.number, "T", paidWith=[{"hold": hold, "units": units}])}},
            token=shop.till,
        )
        assert answer == {"code": "BAD_INPUT", "field": "paidWith[0].units"}
    both = {"payWith": [{"wallet": "credit", "units": 1}], "member": shop.visit}
    query = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }"
    input = {"externalId": "T", "currency": "EUR", "total": 2_000, "idempotencyKey": "k", **both}
    error = await shop.app.error(query, {"i": {**input, "paidWith": [{"hold": hold}]}}, token=shop.till)
    assert error == {"code": "BAD_INPUT", "field": "paidWith"}
    assert await shop.state() == before
    for number in range(2, 6):
        assert (await shop.hold(f"O-{number}", 10))["__typename"] == "PaymentHeld"
    sixth = await shop.hold("O-6", 10)
    assert (sixth["holdFault"], sixth["most"]) == ("TOO_MANY_HOLDS", 5)


def _other(hold: str) -> str:
    """Return the id of a hold of the same member that never was."""
    kind, key = decode_id(hold)
    return encode_id(kind, f"{key.partition(':')[0]}:{'0' * 24}")


async def test_a_quote_and_a_checkout_take_holds_too(shop: Shop) -> None:
    hold = (await shop.hold("O-1"))["hold"]["id"]
    quote = "query($i: QuoteInput!) { quotePurchase(input: $i) { paid totals { wallet amount } } }"
    input = {"member": shop.number, "currency": "EUR", "total": 2_000, "paidWith": [{"hold": hold}]}
    quoted = (await shop.app.do(quote, {"i": input}, token=shop.till))["quotePurchase"]
    assert quoted == {
        "paid": 1_600,
        "totals": [{"wallet": "points", "amount": 16}, {"wallet": "credit", "amount": -400}],
    }
    bad = {**input, "paidWith": [{"hold": _other(hold)}]}
    assert (await shop.app.error(quote, {"i": bad}, token=shop.till))["field"] == "paidWith"
    basket_of = basket(shop.number, "T-1", paidWith=[{"hold": hold}])
    answer = await shop.app.mutate("checkout", basket_of, CHECKED_OUT, token=shop.till)
    assert (answer["__typename"], answer["purchase"]["paid"]) == ("CheckedOut", 1_600)


@pytest.mark.parametrize("by_key", [True, False])
@pytest.mark.parametrize("command", [[sys.executable, "checkout.py"], ["node", "checkout.mjs"]])
async def test_the_client_of_a_web_shop_run_twice_acts_once(
    shop: Shop, command: list[str], by_key: bool
) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip("node is not on this machine")
    seller = shop.app.fresh_token(shop.till)
    if by_key:
        scopes = ["purchases:write", "refunds:write"]
        seller = (await add_client(shop.app, scopes=scopes)).key
    told = {"SELO_URL": str(shop.app.client.base_url), "SELO_NUMBER": shop.number, "SELO_WALLET": "credit"}
    told |= {"SELO_CUSTOMER": shop.app.fresh_token(shop.ana), "SELO_SHOP": seller, "SELO_ORDER": "web-1"}
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT / "scripts" / "clients", env={**os.environ, **told}, stdout=PIPE, stderr=PIPE
        )
        out, faults = await process.communicate()
        assert process.returncode == 0, faults.decode()
        assert json.loads(out) == {"worth": 100, "paid": 1_900, "money": 950, "units": 50}
        assert await shop.figures() == (950, 0)


async def test_of_twenty_checkouts_with_one_hold_one_captures_it(shop: Shop) -> None:
    holds = await asyncio.gather(*(shop.hold("O-1", 400 + at) for at in range(20)))
    assert {each["__typename"] for each in holds} == {"PaymentHeld"}
    home = (await shop.app.do(HOME, token=shop.ana))["me"]
    [live] = home["holds"]  # one an order, whoever came last
    assert (await shop.figures())[1] == live["amount"]
    answers = await asyncio.gather(*(shop.record(f"T-{at}", {"hold": live["id"]}) for at in range(20)))
    kinds = sorted(each["__typename"] for each in answers)
    assert kinds == [*["HoldNotUsable"] * 19, "PurchaseRecorded"]
    assert await shop.figures() == (1_000 - live["amount"], 0)


async def test_a_capture_beside_the_end_of_a_hold_pays_once_and_leaves_nothing_held(shop: Shop) -> None:
    holds = [(await shop.hold(f"O-{at}", 200))["hold"]["id"] for at in range(4)]
    shop.app.clock.advance(minutes=30)
    acts = [shop.record(f"T-{at}", {"hold": hold}) for at, hold in enumerate(holds)]
    acts += [shop.release(hold) for hold in holds] + [
        shop.record(f"S-{at}", {"hold": hold}) for at, hold in enumerate(holds)
    ]
    answers = [one["__typename"] for one in await asyncio.gather(*acts)]
    paid = answers.count("PurchaseRecorded")
    assert all([answers[at], answers[at + 4], answers[at + 8]].count("HoldNotUsable") == 2 for at in range(4))
    assert await shop.figures() == (1_000 - 200 * paid, 0)
    rows = shop.app.process.store["journal"].find({"_id": {"$gt": ""}}, {"event.name": 1})
    assert [row["event"]["name"] async for row in rows].count("hold.lapsed") == 4


async def test_what_was_held_of_a_merged_membership_may_be_paid_late_by_the_other(shop: Shop) -> None:
    hold = (await shop.hold("O-1"))["hold"]["id"]
    bob = await shop.app.enrol_member("bob@example.com")
    number = (await shop.app.do("{ me { number } }", token=bob))["me"]["number"]
    assert (await merge(shop.app, shop.boss, shop.number, number))["__typename"] == "MembersMerged"
    recorded = await shop.record("T-1", {"hold": hold}, till=shop.till)
    assert recorded["customer"]["wallets"][1] == {"code": "credit", "available": 600, "held": 0}
    assert (await shop.record("T-2", {"hold": hold}))["__typename"] == "HoldNotUsable"
