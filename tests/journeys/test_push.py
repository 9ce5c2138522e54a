"""From the till to the lock screen: one valid message for each device at FCM, in Portuguese, with its deep link; the
inbox has it too.

The test moves the clock; `tests/browser/test_at_once.py` does the same on real processes.
"""

import asyncio
from collections import Counter
from pathlib import Path

from api.graphql.member.messages import message_id
from api.senders.firebase import FirebasePush, certificate
from domain.services.ledger.turn import turn
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.messages.outbox import list_queue
from domain.services.senders import Senders
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import open_running_app
from tests.senders.fcm import PROJECT, serving_fcm
from tests.senders.push_tokens import name_of, push_token, registration_token

MESSAGES = "{ me { messages { unread edges { node { id messageKind title link } } } } }"


async def test_a_purchase_at_the_till_unlocks_a_reward_on_every_phone(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    with serving_fcm() as fcm:
        push = FirebasePush(certificate(fcm.account_file(tmp_path)), project=PROJECT, url=fcm.url)
        try:
            async with open_running_app(database, command_log, tmp_path) as app:
                runtime, worker = (
                    app.process.runtime,
                    DeliveryWorker(Senders(push=push), public_id=message_id),
                )
                ana, till = await app.enrol_member(), await app.hire("rui")
                for installation, kind in (("phone-1", "TOKEN"), ("tablet-1", "FID")):
                    device = {
                        "installationId": installation,
                        "platform": "ANDROID",
                        "token": push_token(f"ok-{installation}", kind),
                        "tokenKind": kind,
                    }
                    await app.mutate("registerDevice", device, "device { id }", token=ana)
                number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
                line = {"sku": "denario", "category": "silver-coins", "quantity": 1, "amount": 60_000}
                bought = {
                    "member": number,
                    "externalId": "r1",
                    "total": 60_000,
                    "currency": "EUR",
                    "lines": [line],
                    "idempotencyKey": "p1",
                }
                await app.mutate(
                    "recordPurchase", bought, "... on PurchaseRecorded { earnedBadges { level } }", token=till
                )
                await asyncio.gather(*(run_round(runtime, worker, now=app.clock()) for _ in range(2)))
                app.clock.advance(days=15)
                await turn(runtime, now=app.clock())
                while (await run_round(runtime, worker, now=app.clock())).due_count:
                    pass
                box = (await app.do(MESSAGES, token=ana))["me"]["messages"]
        finally:
            await push.close()
        assert fcm.faults == []
        titles = Counter(seen.message["notification"]["title"] for seen in fcm.accepted)
        unlocked = [seen for seen in fcm.accepted if "seu" in seen.message["notification"]["title"]]
        assert titles["Novo emblema: Colecionador"] == 2
        assert titles["Bem-vindo, Ana Silva"] == 2
        assert {name_of(seen.address) for seen in fcm.accepted} == {"ok-phone-1", "ok-tablet-1"}
        assert Counter(seen.message["data"]["link"] for seen in unlocked) == {
            "app://rewards/auction-night": 2
        }
        assert set(
            Counter((seen.address, seen.message["data"]["message"]) for seen in fcm.pushes).values()
        ) == {1}
        inbox = {edge["node"]["id"]: edge["node"] for edge in box["edges"]}
        for accepted in fcm.accepted:
            letter = inbox[accepted.message["data"]["message"]]
            assert accepted.message["notification"]["title"] == letter["title"]
            assert accepted.message["data"].get("link") == letter["link"]


SELLING = """
programme: {code: selling, name: Selling, currency: EUR, timezone: Europe/Lisbon, locales: [pt]}
wallets: [{code: points, kind: points, name: Pontos}]
consents: [{purpose: marketing, title: Novidades, wording: "Sim, novidades"}]
events: [{name: sale.began, title: Saldos, data: {}}]
rules: [{code: sale, on: sale.began, when: "'marketing' in member.consents", do: [{message: sale}]}]
messages: [{code: sale, channels: [push, inbox], purpose: marketing, title: Saldos}]
"""


async def test_a_consent_withdrawn_on_the_phone_stops_what_was_decided_but_not_sent(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    programme = tmp_path / "selling.yaml"
    programme.write_text(SELLING, encoding="utf-8")
    with serving_fcm() as fcm:
        push = FirebasePush(certificate(fcm.account_file(tmp_path)), project=PROJECT, url=fcm.url)
        try:
            async with open_running_app(database, command_log, tmp_path, programme=programme) as app:
                runtime, worker = (
                    app.process.runtime,
                    DeliveryWorker(Senders(push=push), public_id=message_id),
                )
                ana, manager = await app.enrol_member(termsVersion="1"), await app.hire("maria", "MANAGER")
                number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
                device = {
                    "installationId": "phone-1",
                    "platform": "ANDROID",
                    "token": registration_token("ok-1"),
                    "tokenKind": "TOKEN",
                }
                await app.mutate("registerDevice", device, "device { id }", token=ana)

                async def on_sale(id: str) -> None:
                    input = {
                        "member": number,
                        "name": "sale.began",
                        "data": {},
                        "externalId": id,
                        "idempotencyKey": id,
                    }
                    await app.mutate("recordEvent", input, "__typename", token=manager)

                await app.mutate(
                    "setConsent",
                    {"purpose": "marketing", "granted": True, "wordingVersion": 1},
                    "__typename",
                    token=ana,
                )
                await on_sale("sale-1")
                assert (await run_round(runtime, worker, now=app.clock())).sent_count == 1
                await on_sale("sale-2")
                await app.mutate(
                    "setConsent",
                    {"purpose": "marketing", "granted": False, "wordingVersion": 1},
                    "__typename",
                    token=ana,
                )
                assert (await run_round(runtime, worker, now=app.clock())).sent_count == 0
                box = (await app.do(MESSAGES, token=ana))["me"]["messages"]
                dropped = await list_queue(runtime, state="dropped", first=10)
        finally:
            await push.close()
    assert [(name_of(seen.address), seen.message["notification"]["title"]) for seen in fcm.pushes] == [
        ("ok-1", "Saldos")
    ]
    assert [edge["node"]["title"] for edge in box["edges"]] == ["Saldos"]
    assert [(row.description, row.error) for row in dropped] == [("message sale", "no_consent")]
