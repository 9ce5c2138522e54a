"""Somebody with everything: whatever the API lets a member do, so that an erasure has all of it to find."""

from __future__ import annotations

import base64
import hmac
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.model import event_names
from domain.model.intake.signatures import SignedBody
from domain.model.ledger.events import Event, Purchase
from domain.model.people.sign_in import contact_hash
from domain.model.programme.messages import PROFILING
from domain.services.club.openings import note_opened
from domain.services.intake import publishing, rounds
from domain.services.intake.log import receive
from domain.services.intake.registry import SourceRegistry
from domain.services.ledger.fiscal_records import FiscalDocument, iterate_documents
from domain.services.ledger.turn import turn
from domain.services.ledger.verification import verify
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.people import data_exports, stores
from domain.services.senders import Senders
from domain.store.figures.lease import LeaseHolder
from domain.store.ledger.parked_events import WAITING, ParkedEvent
from domain.store.prepare import COLLECTIONS
from tests.folding import fold_waiting
from tests.loud_runtime import RecordingPushSender
from tests.running_app import Json, RunningApp
from tests.services.ledger.parking_steps import park_event

PROGRAMME = """
programme: {code: club, name: {pt: Clube, en: Club}, currency: EUR, timezone: Europe/Lisbon, locales: [pt, en], terms: {version: "2026-01", url: /terms}}
wallets:
  - {code: points, name: {pt: Pontos, en: Points}, pay: {units: 1, worth: 10}, expiry: {after: {months: 12}}}
  - {code: stars, name: {pt: Estrelas, en: Stars}}
rules:
  - {code: base, title: {pt: Compras, en: Purchases}, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}, {message: thanks}, {survey: nice}]}
  - {code: size, title: {pt: Tamanho, en: Size}, on: purchase.completed, when: 'member.attributes.nickname == "Zuzia-Sokół"', do: [{award: {wallet: stars, fixed: 3}}]}
  - {code: later, title: {pt: Depois, en: Later}, on: purchase.completed, after: {days: 30}, do: [{award: {wallet: stars, fixed: 5}}]}
segments: [{code: fans, name: {pt: Fãs, en: Fans}, when: 'member.attributes.nickname == "Zuzia-Sokół"'}]
referral: {qualifies: {on: purchase.completed}, friend: [{award: {wallet: stars, fixed: 1}}], referrer: [{award: {wallet: stars, fixed: 2}}]}
rewards:
  - {code: mug, title: {pt: Caneca, en: Mug}, kind: product, cost: {wallet: points, amount: 10}, stock: 50}
consents: [{purpose: marketing, title: {pt: Notícias, en: News}, wording: {pt: Quero receber notícias, en: I want news}, wordingVersion: 1}]
leaderboards: [{code: best, name: {pt: Melhores, en: Best}, count: {wallet: points}, per: month, do: {1: [{award: {wallet: stars, fixed: 1}}]}}]
attributes: [{name: nickname, kind: string, title: {pt: Alcunha, en: Nickname}, by: member}]
codes: [{code: SPRING, title: {pt: Primavera, en: Spring}}]
surveys: [{code: nice, question: {pt: "Gostou, {member.name}?", en: "Nice, {member.name}?"}, kind: csat}]
messages:
  - {code: thanks, channels: [inbox, push, email], purpose: service, title: {pt: Obrigado, en: Thanks}, body: {pt: "Olá {member.name}", en: "Hello {member.name}"}}
"""
EMAIL, NEW_EMAIL = "zuzanna.wieczorek@sokol.example", "zw-nowy@sokol.example"
PHONE = "+351912345678"
# What of the person is searched for, whatever its case, once they are erased. Their number comes with them.
TRACES = (
    *("Wieczorek", "Zuzanna", "sokol.example", "912345678", "912 345 678", "1987-05-21", "Zuzia", "Sokół"),
    *("zuzia-iphone", "cAMq1-zzQ0Wb8vXyPushes", "talked to Zuza", "rude on the phone"),
    *("Dawna", "1986-04-20", "had two of Zuza", "Queen of coins", "Queen in her former"),
)
FORMER_EMAIL = "zw-dawna@sokol.example"
SHOP_SECRET = "shop secret"
SOURCES = "sources: [{code: shop, kind: shopify, store: online, secrets: [SHOP_SECRET]}]"
PUSH = "cAMq1-zzQ0Wb8vXyPushes"


@dataclass(frozen=True)
class Person:
    """Somebody who did everything: their sign-in, id, number, and the secrets that they hold."""

    token: str
    id: str
    number: str
    secrets: tuple[str, ...]

    @property
    def traces(self) -> tuple[str, ...]:
        """What must be nowhere once they are erased."""
        return (*TRACES, self.number, *self.secrets)


async def live(app: RunningApp, email: str = EMAIL) -> Person:
    """Enrol somebody by an invitation, and let them do everything; return them."""
    rui = await app.enrol_member("rui@example.com", name="Rui Costa")
    invitation = (await app.do("{ me { referral { code } } }", token=rui))["me"]["referral"]["code"]
    consent = {"purpose": "marketing", "granted": True, "wordingVersion": 1}
    await app.enrol_member(
        email, name="Zuzanna Wieczorek", birthday="1987-05-21", referralCode=invitation, consents=[consent]
    )
    sent = await app.mutate("requestSignInCode", {"contact": email}, "challenge")
    token = await app.sign_in(email, **sent, installationId="zuzia-iphone")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    await app.enrol_member("ola@example.com", name="Ola Nowak", referralCode=number)
    cashier, manager = await app.hire("eva"), await app.hire("maria", "MANAGER")
    await app.mutate(
        "setAttributes",
        {"attributes": [{"name": "nickname", "value": "Zuzia-Sokół"}]},
        "__typename",
        token=token,
    )
    await app.mutate("setConsent", {**consent, "granted": False}, "__typename", token=token)
    await _register(app, token)
    former = await _join_twice(app, number, cashier, manager)
    vouchers = await _buy(app, token, number, cashier, manager)
    await app.mutate("enterCode", {"code": "spring", "idempotencyKey": "c"}, "__typename", token=token)
    await app.mutate("enterCode", {"code": "Zuzia", "idempotencyKey": "c2"}, "__typename", token=token)
    await _answer(app, token)
    await _change_contacts(app, token, email)
    await app.do("mutation { exportMyData { path } }", token=token)
    await app.do("query($n: String!) { findCustomer(contact: $n) { id } }", {"n": number}, token=cashier)
    found = await app.do('{ findCustomers(nameBegins: "Wiecz") { id } }', token=cashier)
    assert len(found["findCustomers"]) == 1
    await app.mutate("requestSignInCode", {"contact": NEW_EMAIL}, "challenge")
    application = {"name": "Zuzanna Wieczorek", "email": NEW_EMAIL, "termsVersion": "2026-01", "locale": "pt"}
    await app.mutate("enrol", {**application, "idempotencyKey": "again"}, "__typename")
    contact = await app.process.store["contacts"].find_one({"_id": f"number:{number}"})
    assert contact is not None
    member_id = contact["member"]
    await data_exports.load_records(app.process.runtime, member_id=member_id, now=app.clock())
    await _wait_for_contact(app)
    await _buy_online(app)
    await _be_served_at_the_console(app, number)
    await _play(app, token, "Queen of coins")
    await note_opened(
        app.process.runtime,
        member_id=member_id,
        consents=[PROFILING],
        kind="reward",
        code="mug",
        now=app.clock(),
    )
    await fold_waiting(app.process.runtime, LeaseHolder(app.clock), now=app.clock())
    return Person(token, member_id, number, (*vouchers, *former))


async def _join_twice(app: RunningApp, number: str, cashier: str, manager: str) -> tuple[str, ...]:
    """Let them have had another membership, which was merged; return what of it leads to them."""
    token = await app.enrol_member(FORMER_EMAIL, name="Zuzanna Dawna", birthday="1986-04-20")
    former = (await app.do("{ me { number } }", token=token))["me"]["number"]
    await _play(app, token, "Queen in her former")
    purchase = {"member": former, "externalId": "r0", "currency": "EUR", "total": 3_000}
    await app.mutate("recordPurchase", {**purchase, "idempotencyKey": "r0"}, "__typename", token=cashier)
    reward = (await app.do("{ programme { rewards { id } } }"))["programme"]["rewards"][0]["id"]
    answer = "... on RewardRedeemed { voucher { code } }"
    redemption = {"rewardId": reward, "idempotencyKey": "v0"}
    code = (await app.mutate("redeemReward", redemption, answer, token=token))["voucher"]["code"]
    merging = {"closing": former, "into": number, "reason": "had two of Zuza", "idempotencyKey": "m"}
    merged = await app.mutate("mergeMembers", merging, "__typename", token=manager)
    assert merged["__typename"] == "MembersMerged"
    return former, code


async def _be_served_at_the_console(app: RunningApp, number: str) -> None:
    """Let service write a note about them, tag them, and ask for a gift and for corrections of a file."""
    sara = await app.hire("sara", "SERVICE")
    note = {"member": number, "text": "Zuzia rang twice about her coin"}
    await app.mutate("addServiceNote", note, "__typename", token=sara)
    tags = {"member": number, "add": ["vip"], "remove": [], "reason": "talked to Zuza", "idempotencyKey": "t"}
    changed = await app.mutate("changeTags", tags, "... on TagsChanged { tags }", token=sara)
    assert "vip" in changed["tags"]
    reward = (await app.do("{ programme { rewards { code } } }"))["programme"]["rewards"][0]["code"]
    gift = {"member": number, "reward": reward, "reason": "talked to Zuza", "idempotencyKey": "g"}
    rows = [{"number": number, "wallet": "points", "amount": 5}]
    file = {"rows": rows, "reason": "talked to Zuza", "idempotencyKey": "f"}
    for name, input in (("giveReward", {**gift, "withApproval": True}), ("proposeCorrections", file)):
        assert await app.mutate(name, input, "__typename", token=sara) == {"__typename": "StaffProposed"}


async def _play(app: RunningApp, token: str, nickname: str) -> None:
    """Have them stand on the leaderboard."""
    joined = await app.mutate(
        "joinLeaderboard", {"code": "best", "nickname": nickname}, "__typename", token=token
    )
    assert joined["__typename"] == "LeaderboardJoined"


async def _wait_for_contact(app: RunningApp) -> None:
    """Leave a sale that a system knows their contact of."""
    id, now = "a sale of the fair", app.clock()
    sale = Purchase("f-1", 5_000, "EUR", "lisboa")
    event = Event(f"purchase:{id}", event_names.PURCHASED, now, "fair", purchase=sale)
    hashes = (contact_hash(app.process.runtime.secret, f"email:{NEW_EMAIL}"),)
    parked = ParkedEvent(id, "fair", "purchase", hashes, event, now, now + WAITING)
    await park_event(app.process.runtime, parked, now=now)


async def _buy_online(app: RunningApp) -> None:
    """Let a shop report an order of theirs that is credited, and one that waits for a person."""
    runtime, now = app.process.runtime, app.clock()
    await stores.add(app.process.store, code="online", name="Online", now=now)
    await publishing.publish(runtime, text=SOURCES, files={}, now=now)
    registry = SourceRegistry(app.process.store)
    source = await registry.find("shop")
    assert source is not None
    for number, currency in ((1, "EUR"), (2, "USD")):
        raw = json.dumps(_shop_order(number, currency)).encode()
        signature = base64.b64encode(hmac.digest(SHOP_SECRET.encode(), raw, "sha256")).decode()
        headers = {"x-shopify-hmac-sha256": signature, "x-shopify-topic": "orders/paid"}
        secrets = {"SHOP_SECRET": SHOP_SECRET}
        await receive(runtime, source, SignedBody(raw, headers), secrets_by_name=secrets, now=now)
    await rounds.run_round(runtime, registry, now=now)
    rows = app.process.store["intake_deliveries"].find({"_id": {"$gt": ""}}, {"state": 1})
    assert sorted([row["state"] async for row in rows]) == ["applied", "parked"]


def _shop_order(number: int, currency: str) -> Json:
    line = {"id": number, "sku": "MUG", "price": "20.00", "quantity": 1, "current_quantity": 1}
    return {
        "id": number,
        "name": f"#{number}",
        "email": EMAIL,
        "customer": {"id": 77},
        "currency": currency,
        "financial_status": "paid",
        "test": False,
        "taxes_included": True,
        "total_tax": "0.00",
        "total_price": "20.00",
        "line_items": [line],
        "shipping_lines": [],
        "refunds": [],
        **dict.fromkeys(("processed_at", "created_at", "updated_at"), "2026-03-02T09:00:00Z"),
    }


async def _register(app: RunningApp, token: str) -> None:
    device = {"installationId": "zuzia-iphone", "platform": "ANDROID", "token": PUSH, "tokenKind": "FID"}
    await app.mutate("registerDevice", {**device, "idempotencyKey": "d"}, "__typename", token=token)


async def _buy(app: RunningApp, token: str, number: str, cashier: str, manager: str) -> tuple[str, ...]:
    for receipt, pay_with in (("r1", []), ("r2", [{"wallet": "points", "units": 5}])):
        purchase = {
            "member": number,
            "externalId": receipt,
            "currency": "EUR",
            "total": 9_000,
            "lines": [{"sku": "m-1", "name": "Moeda", "category": "coins", "amount": 9_000}],
            "payWith": pay_with,
            "idempotencyKey": receipt,
        }
        recorded = await app.mutate("recordPurchase", purchase, "__typename", token=cashier)
        assert recorded["__typename"] == ("PurchaseRecorded" if not pay_with else recorded["__typename"])
    back = {"externalId": "r1", "amount": 1_000, "reason": "rude on the phone", "idempotencyKey": "b"}
    await app.mutate("refundPurchase", back, "__typename", token=cashier)
    correction = {"wallet": "points", "amount": 20, "reason": "talked to Zuza", "idempotencyKey": "adj"}
    await app.mutate("adjustBalance", {"member": number, **correction}, "__typename", token=manager)
    reward = (await app.do("{ programme { rewards { id } } }"))["programme"]["rewards"][0]["id"]
    codes = []
    for key in ("v1", "v2"):
        answer = "... on RewardRedeemed { voucher { code } }"
        redeemed = await app.mutate(
            "redeemReward", {"rewardId": reward, "idempotencyKey": key}, answer, token=token
        )
        codes.append(redeemed["voucher"]["code"])
    used = {"code": codes[0], "idempotencyKey": "u"}
    assert (await app.mutate("useVoucher", used, "__typename", token=cashier))[
        "__typename"
    ] == "VoucherAccepted"
    return tuple(codes)


async def _answer(app: RunningApp, token: str) -> None:
    """Have letters delivered, answer the question, and leave a letter and a message that wait."""
    worker = DeliveryWorker(Senders(push=RecordingPushSender()))
    while (await run_round(app.process.runtime, worker, now=app.clock())).due_count:
        pass
    query = "{ me { messages(first: 20) { edges { node { id survey { code } } } } } }"
    letters = (await app.do(query, token=token))["me"]["messages"]["edges"]
    question = next(edge["node"]["id"] for edge in letters if edge["node"]["survey"])
    answer = {"message": question, "score": 5, "comment": "Zuzia was served well", "idempotencyKey": "s"}
    assert (await app.mutate("answerSurvey", answer, "__typename", token=token))[
        "__typename"
    ] == "SurveyAnswered"


async def _change_contacts(app: RunningApp, token: str, email: str) -> None:
    del email  # it is held a while, so it stays theirs too
    for contact in (PHONE, NEW_EMAIL):
        asked = await app.mutate(
            "changeContact", {"contact": contact}, "... on SignInCodeRequested { challenge }", token=token
        )
        proof = {"challenge": asked["challenge"], "code": app.code_sender.codes[contact]}
        changed = await app.mutate("changeContact", {"contact": contact, **proof}, "__typename", token=token)
        assert changed["__typename"] == "ContactChanged"


# ---------------------------------------------------------------- what is left
async def dump(app: RunningApp) -> str:
    """All that every collection holds, as one text."""
    return "\n".join(
        [
            f"{name} {json.dumps(row, default=_plain, ensure_ascii=False)}"
            for name in COLLECTIONS
            async for row in app.process.store[name].find({"_id": {"$gt": ""}})
        ]
    )


def _plain(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def found_in(text: str, traces: tuple[str, ...]) -> list[str]:
    """The traces that a text holds, whatever their case."""
    lowered = text.lower()
    return [trace for trace in traces if trace.lower() in lowered]


async def fiscal(app: RunningApp) -> list[FiscalDocument]:
    """All fiscal documents."""
    days = iterate_documents(
        app.process.runtime, since=date(2026, 3, 1), until=date(2026, 3, 31), progress=lambda _: None
    )
    return [document async for document in days]


async def totals(app: RunningApp) -> Counter[tuple[str, str]]:
    """The sums of all entries by wallet and kind."""
    sums: Counter[tuple[str, str]] = Counter()
    async for row in app.process.store["journal"].find({"_id": {"$gt": ""}}):
        for entry in row.get("entries", ()):
            sums[entry["wallet"], entry["kind"]] += entry["amount"]
    return sums


async def balances(app: RunningApp, member: str) -> Json:
    """What the lots of a member's wallets hold, less what they owe."""
    row = await app.process.store["members"].find_one({"_id": member})
    assert row is not None
    wallets = row["ledger"].get("wallets", {})
    return {code: sum(lot[0] for lot in wallet.get("lots", ())) for code, wallet in wallets.items()}


async def expect_whole(app: RunningApp) -> None:
    """Assert that what is stored was decided."""
    assert [str(each) async for each in verify(app.process.store)] == []


async def let_time_pass(app: RunningApp, **span: float) -> None:
    """Move the clock, and take the turn."""
    app.clock.advance(**span)
    await turn(app.process.runtime, now=app.clock())
