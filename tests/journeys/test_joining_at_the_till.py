"""A sale at a till for somebody who joins with it: it waits for their contact, and counts once, on its day."""

import asyncio
import random
from typing import Any

import pytest

from domain.services.ledger.parking import crediting
from domain.services.ledger.turn import turn
from domain.services.ledger.verification import verify
from tests.running_app import Json, RunningApp

BEA = "bea@example.com"
INVITED = """__typename ... on Problem { message } ... on NotAllowed { reason } ... on PurchaseClaimed { sameMember }
  ... on AlreadyEnrolled { customer { id name } }
  ... on InvitedAtTill { codeSentTo expiresAt sale { externalId total waitsUntil entries { wallet entryKind amount title }
    totals { wallet amount } explanation { rule applied amount } } }"""
PROOF = "__typename ... on NotEnrolled { contactProof }"
JOINED = "__typename ... on SignedIn { accessToken member { wallets { code available pending } } }"
HISTORY = """{ me { pointHistory(first: 50) { edges { node { wallet amount entryKind occurredAt availableAt purchase { externalId
  total } } } } purchases { edges { node { externalId total refunded at: occurredAt } } } } }"""
REFUNDED = """__typename ... on RefundTooLarge { refundable } ... on PurchaseRefunded { purchase { refunded } }
  ... on ParkedSaleRefunded { externalId refunded remaining waitsUntil }"""


def sale(external_id: str = "T-1", total: int = 20_000, **more: object) -> Json:
    lines = [{"sku": "onca", "category": "silver-coins", "quantity": 2, "amount": total}]
    return {"externalId": external_id, "currency": "EUR", "total": total, "lines": lines, **more}


async def invite(app: RunningApp, till: str, contact: str = BEA, *, key: str = "k", **more: Any) -> Json:
    input = {"contact": contact, "sale": sale(), "idempotencyKey": key, **more}
    return await app.mutate("enrolAtTill", input, INVITED, token=till, language="en")


async def prove(app: RunningApp, contact: str = BEA) -> str:
    """Sign in on the phone with the code that came; return the proof."""
    code = {"contact": contact, "code": app.code_sender.codes[contact]}
    refused = await app.mutate("signIn", code, PROOF)
    assert refused["__typename"] == "NotEnrolled"
    return str(refused["contactProof"])


def application(proof: str, contact: str = BEA) -> Json:
    fields = {"name": "Bea Lima", "termsVersion": "2026-01", "contactProof": proof, "idempotencyKey": "join"}
    return {**fields, ("email" if "@" in contact else "phone"): contact}


async def join(app: RunningApp, contact: str = BEA) -> Json:
    return await app.mutate("enrol", application(await prove(app, contact), contact), JOINED)


async def purchases(app: RunningApp, token: str) -> list[Json]:
    me = (await app.do(HISTORY, token=token))["me"]
    return [edge["node"] for edge in me["purchases"]["edges"]]


async def earned(app: RunningApp, token: str) -> list[tuple[str, int]]:
    me = (await app.do(HISTORY, token=token))["me"]
    nodes = [edge["node"] for edge in me["pointHistory"]["edges"]]
    return sorted((node["wallet"], node["amount"]) for node in nodes if node["purchase"] is not None)


async def refund(app: RunningApp, till: str, key: str, **what: object) -> Json:
    input = {"externalId": "T-1", "reason": "Não serviu", "idempotencyKey": key, **what}
    return await app.mutate("refundPurchase", input, REFUNDED, token=till)


async def test_a_sale_waits_for_the_contact_and_counts_once_on_its_own_day(app: RunningApp) -> None:
    till = await app.hire("rui")
    invited = await invite(app, till)
    assert (invited["codeSentTo"], invited["expiresAt"]) == ("b***@example.com", "2026-03-02T10:10:00.000Z")
    assert invited["sale"] == {
        "externalId": "T-1",
        "total": 20_000,
        "waitsUntil": "2026-05-31T10:00:00.000Z",
        "entries": invited["sale"]["entries"],
        "totals": invited["sale"]["totals"],
        "explanation": invited["sale"]["explanation"],
    }
    promised = sorted((each["wallet"], each["amount"]) for each in invited["sale"]["entries"])
    stored = str([row async for row in app.process.store["parked_events"].find({"_id": {"$gt": ""}})])
    assert "bea@" not in stored  # ids are of the letters a to f: "bea" alone may be there
    assert "T-1" in stored
    app.clock.advance(days=3)
    await app.mutate("requestSignInCode", {"contact": BEA}, "challenge")
    joined = await join(app)
    token = joined["accessToken"]
    assert await purchases(app, token) == [
        {"externalId": "T-1", "total": 20_000, "refunded": 0, "at": "2026-03-02T10:00:00.000Z"}
    ]
    assert await earned(app, token) == promised == [("points", 200)]
    points = next(each for each in joined["member"]["wallets"] if each["code"] == "points")
    assert points == {"code": "points", "available": 0, "pending": 300}, "the answer has the sale already"
    assert await app.count("parked_events") == 0
    assert await app.mutate("enrol", application("used up"), "__typename") != joined
    await turn(app.process.runtime, now=app.clock())
    assert await earned(app, token) == promised
    assert [each async for each in verify(app.process.store)] == []


async def test_the_same_request_again_answers_the_same_and_another_for_the_receipt_parks_nothing(
    app: RunningApp,
) -> None:
    till = await app.hire("rui")
    first = await invite(app, till)
    code = app.code_sender.codes.pop(BEA)
    app.clock.advance(minutes=1)
    assert await invite(app, till) == first
    assert BEA not in app.code_sender.codes, "no second code for the same request"
    again = await invite(app, till, key="another")
    assert (again["sale"], app.code_sender.codes[BEA] != "") == (first["sale"], True)
    assert await app.count("parked_events") == 1
    shift = await app.process.store["shifts"].find_one({"_id": {"$gt": ""}})
    assert shift is not None
    assert (shift["purchases"], len(code)) == (1, 6)
    conflict = await invite(app, till, sale=sale(total=5))
    assert conflict["__typename"] == "IdempotencyConflict"
    token = (await join(app))["accessToken"]
    assert len(await purchases(app, token)) == 1


async def test_a_receipt_that_was_recorded_meanwhile_counts_for_whom_it_was_recorded(app: RunningApp) -> None:
    ana, till = await app.enrol_member(), await app.hire("rui")
    await invite(app, till)
    number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
    purchase = {"member": number, "idempotencyKey": "p", **sale()}
    recorded = await app.mutate("recordPurchase", purchase, "__typename", token=till)
    assert recorded["__typename"] == "PurchaseRecorded"
    token = (await join(app))["accessToken"]
    assert (await purchases(app, token), len(await purchases(app, ana))) == ([], 1)
    assert await app.count("parked_events") == 0
    claimed = await invite(app, till, "eva@example.com", key="later")
    assert (claimed["__typename"], claimed["sameMember"]) == ("PurchaseClaimed", False)
    assert (await app.count("parked_events"), "eva@example.com" in app.code_sender.codes) == (0, False)


async def test_a_refund_lowers_what_waits_and_its_identity_counts_once_for_good(app: RunningApp) -> None:
    till = await app.hire("rui")
    await invite(app, till)
    back = await refund(app, till, "r1", lines=[{"line": 1, "quantity": 1}], refundId="C-1")
    assert back == {
        "__typename": "ParkedSaleRefunded",
        "externalId": "T-1",
        "refunded": 10_000,
        "remaining": 10_000,
        "waitsUntil": "2026-05-31T10:00:00.000Z",
    }
    assert await refund(app, till, "r1", lines=[{"line": 1, "quantity": 1}], refundId="C-1") == back
    assert await refund(app, till, "r2", lines=[{"line": 1, "quantity": 1}], refundId="C-1") == back
    quote = '{ quoteRefund(input: {externalId: "T-1"}) { refundable entries { amount } back { money } } }'
    assert (await app.do(quote, token=till))["quoteRefund"] == {
        "refundable": 10_000,
        "entries": [],
        "back": {"money": 10_000},
    }
    assert (await refund(app, till, "r3", amount=10_001))["refundable"] == 10_000
    token = (await join(app))["accessToken"]
    assert await earned(app, token) == [("points", 100)]
    assert await refund(app, till, "r4", lines=[{"line": 1, "quantity": 1}], refundId="C-1") == back
    assert await earned(app, token) == [("points", 100)]
    rest = await refund(app, till, "r5")
    assert (rest["__typename"], rest["purchase"]["refunded"]) == ("PurchaseRefunded", 10_000)
    assert sum(amount for _, amount in await earned(app, token)) == 0
    assert [each async for each in verify(app.process.store)] == []


async def test_a_sale_that_was_wholly_returned_earns_nothing(app: RunningApp) -> None:
    till = await app.hire("rui")
    await invite(app, till)
    assert (await refund(app, till, "r1"))["remaining"] == 0
    assert (await refund(app, till, "r2"))["refundable"] == 0
    token = (await join(app))["accessToken"]
    assert await purchases(app, token) == []


async def test_after_ninety_days_nothing_waits(app: RunningApp) -> None:
    till = await app.hire("rui")
    await invite(app, till)
    app.clock.advance(days=90)
    assert (await refund(app, till, "r1"))["__typename"] == "UnknownPurchase"
    await app.mutate("requestSignInCode", {"contact": BEA}, "challenge")
    token = (await join(app))["accessToken"]
    assert await purchases(app, token) == []
    await turn(app.process.runtime, now=app.clock())
    assert await purchases(app, token) == []


async def test_a_member_is_shown_to_staff_and_nothing_is_sent_or_parked(app: RunningApp) -> None:
    await app.enrol_member()
    till = await app.hire("rui")
    app.code_sender.codes.clear()
    known = await invite(app, till, "ana@example.com")
    assert (known["__typename"], known["customer"]["name"]) == ("AlreadyEnrolled", "Ana Silva")
    counts = [await app.count(name) for name in ("parked_events", "look_ups", "requests")]
    assert (app.code_sender.codes, counts) == ({}, [0, 1, 1])
    purchase = {"member": known["customer"]["id"], "idempotencyKey": "p", **sale()}
    assert (await app.mutate("recordPurchase", purchase, "__typename", token=till))[
        "__typename"
    ] == "PurchaseRecorded"


async def test_a_member_who_gets_the_contact_later_is_credited_when_they_prove_it(app: RunningApp) -> None:
    till = await app.hire("rui")
    await invite(app, till, "+351912345678")
    token = await app.enrol_member()
    change = {"contact": "+351912345678"}
    sent = await app.mutate("changeContact", change, "... on SignInCodeRequested { challenge }", token=token)
    code = {"code": app.code_sender.codes["+351912345678"], **sent}
    await app.mutate("changeContact", {**change, **code}, "__typename", token=token)
    assert await earned(app, token) == [("points", 200)]


async def test_nobody_parks_for_themselves(app: RunningApp) -> None:
    till = await app.hire("rui", email="rui@example.com")
    refused = await invite(app, till, "rui@example.com")
    assert (refused["__typename"], refused["reason"]) == ("NotAllowed", "OWN_MEMBERSHIP")
    assert [await app.count(name) for name in ("parked_events", "shifts", "requests")] == [0, 0, 0]


async def test_a_mistyped_contact_is_put_right_by_the_same_employee_within_ten_minutes(
    app: RunningApp,
) -> None:
    till, other = await app.hire("rui"), await app.hire("eva")
    await invite(app, till, "bae@example.com")
    claimed = await invite(app, other, key="eva")
    assert claimed["__typename"] == "PurchaseClaimed"
    app.clock.advance(minutes=9)
    assert (await invite(app, till, key="right"))["__typename"] == "InvitedAtTill"
    token = (await join(app))["accessToken"]
    assert len(await purchases(app, token)) == 1


@pytest.mark.parametrize(
    ("contact", "field"), [("912", "contact"), ("nobody", "contact"), ("a@b", "contact")]
)
async def test_what_is_no_contact_is_refused(app: RunningApp, contact: str, field: str) -> None:
    query = "mutation($i: EnrolAtTillInput!) { enrolAtTill(input: $i) { __typename } }"
    till = await app.hire("rui")
    refused = await app.error(
        query, {"i": {"contact": contact, "sale": sale(), "idempotencyKey": "k"}}, token=till
    )
    assert refused == {"code": "BAD_INPUT", "field": field}
    assert [await app.count(name) for name in ("parked_events", "shifts", "requests")] == [0, 0, 0]


async def test_an_invitation_needs_no_sale(app: RunningApp) -> None:
    till = await app.hire("rui")
    invited = await invite(app, till, sale=None)
    assert (invited["__typename"], invited["sale"]) == ("InvitedAtTill", None)
    actions = (await app.do("{ shiftActions { actionKind subject } }", token=till))["shiftActions"]
    assert actions == [{"actionKind": "MEMBER_INVITED", "subject": ""}]
    assert (await join(app))["__typename"] == "SignedIn"


async def test_what_a_crash_left_is_credited_by_the_turn(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = await app.hire("rui")
    await invite(app, till)
    proof = await prove(app)

    async def die(*_: object, **__: object) -> list[object]:
        raise ConnectionResetError("the process was killed here")

    with monkeypatch.context() as patch:
        patch.setattr(crediting, "credit_member", die)
        answer = await app.ask(
            "mutation($i: EnrolInput!) { enrol(input: $i) { __typename } }", {"i": application(proof)}
        )
        assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert (await app.count("members"), await app.count("parked_events")) == (1, 1)
    app.clock.advance(seconds=20)
    report = await turn(app.process.runtime, now=app.clock())
    assert report.fired_count == 1
    await app.mutate("requestSignInCode", {"contact": BEA}, "challenge")
    token = await app.sign_in(BEA)
    assert await earned(app, token) == [("points", 200)]
    assert (await purchases(app, token))[0]["at"] == "2026-03-02T10:00:00.000Z"


async def test_fifty_flaky_tries_count_once(app: RunningApp) -> None:
    till, chance = await app.hire("rui"), random.Random(13)
    invitations = [invite(app, till, key=f"k{n % 4}") for n in range(12)]
    answers = await asyncio.gather(*invitations)
    assert {each["__typename"] for each in answers} == {"InvitedAtTill"}
    assert await app.count("parked_events") == 1
    proof = await prove(app)
    mutation = "mutation($i: EnrolInput!) { enrol(input: $i) { ... on SignedIn { accessToken } } }"

    async def flaky(number: int) -> str | None:
        asking = asyncio.create_task(app.ask(mutation, {"i": application(proof)}))
        if number % 3 == 0:
            await asyncio.sleep(chance.uniform(0, 0.1))
            asking.cancel()
            return None
        answer = await asking
        if number % 5 == 0:
            await turn(app.process.runtime, now=app.clock())
        token: str = answer["data"]["enrol"]["accessToken"]
        return token

    tokens = [token for token in await asyncio.gather(*map(flaky, range(50))) if token is not None]
    assert [await app.count(name) for name in ("members", "parked_events", "receipts")] == [1, 0, 1]
    assert await earned(app, tokens[0]) == [("points", 200)]
    assert [each async for each in verify(app.process.store)] == []
