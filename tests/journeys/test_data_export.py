"""A member's data, all of it, fetched once with their own sign-in; nothing of anybody else, and no secret."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import Senders
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from domain.store.prepare import COLLECTIONS
from tests.command_log import CommandLog
from tests.folding import fold_waiting
from tests.loud_runtime import RecordingPushSender
from tests.running_app import Json, RunningApp, open_running_app

PROGRAMME = """
programme: {code: club, name: {pt: Clube, en: Club}, currency: EUR, timezone: Europe/Lisbon, locales: [pt, en], terms: {version: "2026-01", url: /terms}}
wallets:
  - {code: points, name: {pt: Pontos, en: Points}, pay: {units: 1, worth: 10}}
  - {code: stars, name: {pt: Estrelas, en: Stars}, hidden: true}
rules:
  - {code: base, title: {pt: Compras, en: Purchases}, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}, {award: {wallet: stars, fixed: 1}}, {message: thanks}]}
  - {code: friend, title: {pt: Convite, en: Invitation}, on: member.enrolled, do: [{tag: new}]}
rewards: [{code: mug, title: {pt: Caneca, en: Mug}, kind: product, cost: {wallet: points, amount: 10}}]
consents: [{purpose: marketing, title: {pt: Notícias, en: News}, wording: {pt: Quero receber notícias, en: I want news}, wordingVersion: 1}]
attributes: [{name: size, kind: choice, choices: [S, M], title: {pt: Tamanho, en: Size}, by: member}]
codes: [{code: SPRING, title: {pt: Primavera, en: Spring}}, {batch: packs, title: {pt: Pacotes, en: Packs}}]
messages: [{code: thanks, channels: [inbox], purpose: service, title: {pt: Obrigado, en: Thanks}, body: {pt: "Olá {member.name}", en: "Hello {member.name}"}}]
"""
# What of each collection stands in the file, or why nothing does. A new collection needs its line here.
IN_THE_FILE = {
    "members": "profile, attributes, consents, wallets, tier, badges, codes, referral, purchases",
    "contacts": "profile, contactChanges",
    "journal": "history",
    "journal_bases": "sums and the state of what history says; archived rows are in it where the archive is",
    "receipts": "history: they hold hashes of what it says",
    "vouchers": "vouchers",
    "voucher_codes": "a secret",
    "inbox": "messages",
    "mailboxes": "counters of messages",
    "outbox": "what it promises stands in history, what it delivered in messages",
    "parked_events": "hashes of a contact that is no member's yet: what they claim comes into history",
    "agenda": "what is due comes into history when it comes",
    "requests": "hashes and ids of what history says",
    "merges": "ids and names of fields: history says that it was merged",
    "single_use_codes": "singleUseCodes",
    "leaderboard_players": "leaderboards",
    "recommendation_openings": "recommendations",
    "leaderboard_scores": "sums of what history says",
    "leaderboard_results": "places by random ids: history says what prizes came of them",
    "audit": "service",
    "look_ups": "service",
    "sessions": "sessions",
    "devices": "devices",
    "known_devices": "hashes of tokens: sessions tell the devices",
    "consent_histories": "earlierConsents",
    "contact_changes": "contactChanges",
    "contact_proposals": "not theirs until it is approved: contactChanges and service tell it then",
    "correction_proposals": "no correction until it is approved: history and service tell it then",
    "staff_proposals": "nothing done until it is approved: history and service tell it then",
    "service_notes": "notes",
    "member_jobs": "lists of random ids that an operator acts on, for 30 days: service tells what was done",
    "file_parts": "what history says, under random ids, for a day",
    "figures_due": "by a random id: which rows of history are to be counted",
    "figures_members": "recommendations; days and sums of what history says, by a random id",
    "figures_months": "sums of a month of what history says, by a random id",
    "backtests": "what a draft would have given some random ids, for 30 days",
    "data_exports": "service",
    "code_tries": "hashes that last a day",
    "card_steps": "hashes that last a day",
    "sign_in_codes": "hashes that last minutes",
    "enrolments": "an application, before there is a member",
    "intake_deliveries": "what shops sent, sealed, for 30 days: history says what came of it",
    "intake_orders": "what history says of a shop's orders, with hashes of a customer",
    "intake_bindings": "hashes of a shop's customers",
}
NOTHING_PERSONAL = {
    *(
        "meta",
        "receipt_codes",
        "leaderboard_ranks",
        "figures_days",
        "figures_now",
        "sweeps",
        "programmes",
        "programme_proposals",
        "programme_pictures",
        "stock",
        "code_counts",
        "stores",
        "staff",
        "staff_attempts",
        "tills",
    ),
    *("products", "product_links"),
    *("dropped_keys", "stale_commits", "shifts", "intake_sources", "source_pauses", "clients"),
    "refused_calls",
}


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "club.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as running:
        yield running


async def ask_for(app: RunningApp, token: str) -> str:
    answer = await app.do("mutation { exportMyData { path expiresAt } }", token=token)
    path: str = answer["exportMyData"]["path"]
    return path


async def fetch(app: RunningApp, path: str, token: str | None, method: str = "GET") -> httpx.Response:
    headers = {} if token is None else {"authorization": f"Bearer {app.fresh_token(token)}"}
    return await app.client.request(method, path, headers=headers)


async def live(app: RunningApp, token: str, cashier: str) -> Json:
    """Let a member do a bit of everything; return the secrets that came of it."""
    me = (await app.do("{ me { id number } }", token=token))["me"]
    rewards = await app.do("{ programme { rewards { id } consents { purpose } } }")
    await app.do(
        "query($n: String!) { findCustomer(contact: $n) { id } }", {"n": me["number"]}, token=cashier
    )
    scan = {"code": (await app.do("{ me { card { code } } }", token=token))["me"]["card"]["code"]}
    visit = await app.mutate(
        "scan", {**scan, "idempotencyKey": "s"}, "... on CustomerScan { visit }", token=cashier
    )
    for number, pay_with in (("r1", []), ("r2", [{"wallet": "points", "units": 5}])):
        purchase = {
            "member": visit["visit"],
            "externalId": number,
            "currency": "EUR",
            "total": 5_000,
            "lines": [{"sku": "m-1", "name": "Moeda", "category": "coins", "amount": 5_000}],
            "payWith": pay_with,
            "idempotencyKey": number,
        }
        recorded = await app.mutate("recordPurchase", purchase, "__typename", token=cashier)
        assert recorded["__typename"] == "PurchaseRecorded"
    back = {"externalId": "r1", "amount": 1_000, "reason": "torn", "idempotencyKey": "b"}
    await app.mutate("refundPurchase", back, "__typename", token=cashier)
    reward = {"rewardId": rewards["programme"]["rewards"][0]["id"], "idempotencyKey": "v"}
    voucher = (
        await app.mutate("redeemReward", reward, "... on RewardRedeemed { voucher { code } }", token=token)
    )["voucher"]
    for granted in (True, False):
        consent = {"purpose": "marketing", "granted": granted, "wordingVersion": 1}
        await app.mutate("setConsent", consent, "__typename", token=token)
        app.clock.advance(minutes=1)
    size = {"attributes": [{"name": "size", "value": "M"}]}
    await app.mutate("setAttributes", size, "__typename", token=token)
    await app.mutate("enterCode", {"code": "spring", "idempotencyKey": "c"}, "__typename", token=token)
    device = {
        "installationId": "phone-1",
        "platform": "ANDROID",
        "token": "cAMq1-zzQ0Wb8vXyPushes",
        "tokenKind": "FID",
    }
    await app.mutate("registerDevice", device, "__typename", token=token)
    return {"voucher": voucher["code"], "push": "cAMq1-zzQ0Wb8vXyPushes", "id": me["id"]}


async def test_the_file_holds_all_that_is_theirs_and_is_fetched_once(app: RunningApp) -> None:
    rui = await app.enrol_member("rui@example.com", name="Rui Costa")
    invitation = (await app.do("{ me { referral { code } } }", token=rui))["me"]["referral"]
    ana = await app.enrol_member(**({"referralCode": invitation["code"]} if invitation else {}))
    secrets = await live(app, ana, await app.hire("eva"))
    now, today = app.clock(), app.clock().date().isoformat()
    await fold_waiting(app.process.runtime, LeaseHolder(app.clock), now=now)
    path = await ask_for(app, ana)
    assert (await fetch(app, path, ana, "HEAD")).status_code == 400
    answer = await fetch(app, path, ana)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    file: Any = answer.json()
    assert file["profile"] | {"joinedAt": 0, "number": 0} == {
        "number": 0, "name": "Ana Silva", "email": "ana@example.com", "phone": None, "birthday": None, "locale": "pt",
        "timezone": "Europe/Lisbon", "termsVersion": "2026-01", "joinedAt": 0, "frozen": False, "notificationsOff": [], "declinedChallenges": [],
    }  # fmt: skip
    assert file["attributes"] == {"size": "M"}
    assert [(one["granted"], one["wording"], one["source"]) for one in file["consents"]] == [
        (False, "Quero receber notícias", "app")
    ]
    assert [one["granted"] for one in file["earlierConsents"]] == [True]
    assert {one["wallet"]: one["available"] for one in file["wallets"]} == {
        "Pontos": 50 - 5 + 49 - 10 - 10,
        "Estrelas": 2,
    }
    assert [(one["event"], [(e["wallet"], e["kind"], e["amount"]) for e in one["entries"]]) for one in file["history"]] == [
        ("member.enrolled", []),
        ("purchase.completed", [("Pontos", "AWARD", 50), ("Estrelas", "AWARD", 1)]),
        ("purchase.completed", [("Pontos", "SPEND", -5), ("Pontos", "AWARD", 49), ("Estrelas", "AWARD", 1)]),
        ("purchase.refunded", [("Pontos", "CLAWBACK", -10)]),
        ("reward.redeemed", [("Pontos", "SPEND", -10)]),
        ("member.consented", []),
        ("member.consented", []),
        ("member.attributes_changed", []),
        ("code.entered", []),
    ]  # fmt: skip
    assert file["history"][1]["purchase"]["lines"][0]["name"] == "Moeda"
    assert [(one["reward"], one["state"], one["cost"]["amount"]) for one in file["vouchers"]] == [
        ("Caneca", "ISSUED", 10)
    ]
    assert file["codes"][0]["code"] == "SPRING"
    assert file["recommendations"] == {
        "asOf": today,
        "categories": [{"category": "coins", "weight": 2_000_000}],
        "products": [{"sku": "m-1", "weight": 2_000_000, "times": 2, "since": today, "days": [today] * 2}],
        "opened": [],
    }
    assert (len(file["devices"]), len(file["sessions"])) == (1, 1)
    assert [(one["action"], one["by"]) for one in file["service"]] == [
        ("DATA_EXPORTED", "member"),
        ("MEMBER_LOOKED_UP", "service"),
    ]
    text = answer.text
    for secret in (*secrets.values(), "Rui", "eva", ana.split(".")[2]):
        assert secret not in text
    # It is fetched once, and nothing of it was stored.
    assert (await fetch(app, path, ana)).status_code == 404


async def test_nobody_else_fetches_it_and_not_for_longer_than_an_hour(app: RunningApp) -> None:
    ana, rui = await app.enrol_member(), await app.enrol_member("rui@example.com")
    cashier = await app.hire("eva")
    path = await ask_for(app, ana)
    for token, status in ((None, 401), (cashier, 404), (rui, 404)):
        assert (await fetch(app, path, token)).status_code == status
    assert (await fetch(app, "/export/x", ana)).status_code == 404
    app.clock.advance(minutes=59)
    assert (await fetch(app, path, ana)).status_code == 200
    late = await ask_for(app, ana)
    app.clock.advance(hours=1)
    assert (await fetch(app, late, ana)).status_code == 404


async def test_a_membership_that_was_merged_into_theirs_is_in_it_with_its_history(app: RunningApp) -> None:
    ana, bob = await app.enrol_member(), await app.enrol_member("bob@example.com", name="Ana S.")
    maria = await app.hire("maria", "MANAGER")
    await live(app, ana, maria)
    run_worker = DeliveryWorker(Senders(push=RecordingPushSender()))
    while (await run_round(app.process.runtime, run_worker, now=app.clock())).due_count:
        pass
    before: Any = (await fetch(app, await ask_for(app, ana), ana)).json()
    assert before["mergedMemberships"] == []
    numbers = [(await app.do("{ me { number } }", token=token))["me"]["number"] for token in (ana, bob)]
    merge = {"closing": numbers[0], "into": numbers[1], "reason": "one person", "idempotencyKey": "m"}
    assert (await app.mutate("mergeMembers", merge, "__typename", token=maria))["__typename"] == (
        "MembersMerged"
    )
    file: Any = (await fetch(app, await ask_for(app, bob), bob)).json()
    (merged,) = file["mergedMemberships"]
    assert (file["profile"]["number"], merged["profile"]["number"]) == (numbers[1], numbers[0])
    before["profile"]["joinedAt"] = None  # the earlier of both is with the one that stays
    for name in ("profile", "attributes", "consents", "earlierConsents", "vouchers", "messages"):
        assert merged[name] == before[name], name
    assert merged["messages"] != []
    assert merged["history"][:-1] == before["history"]
    assert [each["history"][-1]["event"] for each in (merged, file)] == ["member.closed", "member.merged"]
    assert before["service"][0] in merged["service"]
    # Devices moved, and are told where they are.
    assert ([len(each["devices"]) for each in (merged, file)], "mergedMemberships" in merged) == (
        [0, 1],
        False,
    )


async def test_an_operator_takes_the_data_of_who_cannot_sign_in(app: RunningApp) -> None:
    ana = await app.enrol_member()
    number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
    otto, olga = await app.hire("otto", "OPERATOR"), await app.hire("olga", "OPERATOR")
    input = {"member": number, "reason": "letter of 3 May"}
    answer = "__typename ... on DataExport { path } ... on NotAllowed { reason }"
    for name, role in (("eva", "CASHIER"), ("maria", "MANAGER")):
        staff = await app.hire(name, role)  # type: ignore[arg-type]
        refused = await app.mutate("exportMemberData", input, answer, token=staff)
        assert refused == {"__typename": "NotAllowed", "reason": "ROLE"}
    query = "mutation($i: ExportMemberDataInput!) { exportMemberData(input: $i) { __typename } }"
    for wrong, code in (({"reason": " "}, "BAD_INPUT"), ({"member": "0000000000"}, "NOT_FOUND")):
        assert (await app.error(query, {"i": {**input, **wrong}}, token=otto))["code"] == code
    path = (await app.mutate("exportMemberData", input, answer, token=otto))["path"]
    for token, status in ((None, 401), (olga, 404), (ana, 404)):
        assert (await fetch(app, path, token)).status_code == status
    file: Any = (await fetch(app, path, otto)).json()
    assert (file["about"]["by"], file["profile"]["number"]) == ("service", number)
    (act,) = [each for each in file["service"] if each["action"] == "DATA_EXPORTED"]
    assert (act["by"], act["reason"]) == ("service", "letter of 3 May")
    assert (await fetch(app, path, otto)).status_code == 404
    # Each time a look-up, the one without a reason too: whoever takes the data of many members stands out.
    # So does a number that is nobody's.
    assert await app.count("look_ups") == 3
    # It is none of the member's five a day, and what they ask for themselves is not the operator's.
    assert (await fetch(app, await ask_for(app, ana), otto)).status_code == 404


async def test_five_are_prepared_in_a_day(app: RunningApp) -> None:
    ana = await app.enrol_member()
    for _ in range(5):
        await ask_for(app, ana)
        app.clock.advance(hours=1)
    error = await app.error("mutation { exportMyData { path } }", token=ana)
    assert (error["code"], error["retryAfter"]) == ("RATE_LIMITED", 19 * 3600 + 1)
    app.clock.advance(hours=19, seconds=1)
    await ask_for(app, ana)


def test_every_collection_is_in_the_file_or_says_why_not() -> None:
    assert COLLECTIONS.keys() == IN_THE_FILE.keys() | NOTHING_PERSONAL
