"""From the till to the lock screen: one valid message a device at FCM, in Portuguese, with its deep link; the
inbox has it too.

Decided by a clock that the test moves; `tests/browser/test_at_once.py` has it on real processes.
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
from tests.doors import opened
from tests.senders.fcm import PROJECT, serving_fcm
from tests.wire import Wire

MESSAGES = "{ me { messages { unread edges { node { id messageKind title link } } } } }"


async def test_a_purchase_at_the_till_unlocks_a_reward_on_every_phone(
    database: Database, wire: Wire, tmp_path: Path
) -> None:
    with serving_fcm() as fcm:
        push = FirebasePush(certificate(fcm.account_file(tmp_path)), project=PROJECT, url=fcm.url)
        try:
            async with opened(database, wire, tmp_path) as doors:
                house, post = doors.process.house, DeliveryWorker(Senders(push=push), public_id=message_id)
                ana, till = await doors.member(), await doors.hire("rui")
                for installation, kind in (("phone-1", "TOKEN"), ("tablet-1", "FID")):
                    device = {
                        "installationId": installation,
                        "platform": "ANDROID",
                        "token": f"ok-{installation}",
                        "tokenKind": kind,
                    }
                    await doors.mutate("registerDevice", device, "device { id }", token=ana)
                number = (await doors.do("{ me { number } }", token=ana))["me"]["number"]
                line = {"sku": "denario", "category": "silver-coins", "quantity": 1, "amount": 60_000}
                bought = {
                    "member": number,
                    "externalId": "r1",
                    "total": 60_000,
                    "currency": "EUR",
                    "lines": [line],
                    "idempotencyKey": "p1",
                }
                await doors.mutate(
                    "recordPurchase", bought, "... on PurchaseRecorded { earnedBadges { level } }", token=till
                )
                await asyncio.gather(*(run_round(house, post, now=doors.clock()) for _ in range(2)))
                doors.clock.pass_(days=15)
                await turn(house, now=doors.clock())
                while (await run_round(house, post, now=doors.clock())).due_count:
                    pass
                box = (await doors.do(MESSAGES, token=ana))["me"]["messages"]
        finally:
            await push.close()
        assert fcm.faults == []
        titles = Counter(seen.message["notification"]["title"] for seen in fcm.accepted)
        unlocked = [seen for seen in fcm.accepted if "seu" in seen.message["notification"]["title"]]
        assert titles["Novo emblema: Colecionador"] == 2
        assert titles["Bem-vindo, Ana Silva"] == 2
        assert {seen.address for seen in fcm.accepted} == {"ok-phone-1", "ok-tablet-1"}
        assert Counter(seen.message["data"]["link"] for seen in unlocked) == {
            "app://rewards/auction-night": 2
        }
        assert set(
            Counter((seen.address, seen.message["data"]["message"]) for seen in fcm.seen).values()
        ) == {1}
        inbox = {edge["node"]["id"]: edge["node"] for edge in box["edges"]}
        for seen in fcm.accepted:
            letter = inbox[seen.message["data"]["message"]]
            assert seen.message["notification"]["title"] == letter["title"]
            assert seen.message["data"].get("link") == letter["link"]


SELLING = """
programme: {code: selling, name: Selling, currency: EUR, timezone: Europe/Lisbon, locales: [pt]}
wallets: [{code: points, kind: points, name: Pontos}]
consents: [{purpose: marketing, title: Novidades, wording: "Sim, novidades"}]
events: [{name: sale.began, title: Saldos, data: {}}]
rules: [{code: sale, on: sale.began, when: "'marketing' in member.consents", do: [{message: sale}]}]
messages: [{code: sale, channels: [push, inbox], purpose: marketing, title: Saldos}]
"""


async def test_a_consent_withdrawn_on_the_phone_stops_what_was_decided_but_not_sent(
    database: Database, wire: Wire, tmp_path: Path
) -> None:
    programme = tmp_path / "selling.yaml"
    programme.write_text(SELLING, encoding="utf-8")
    with serving_fcm() as fcm:
        push = FirebasePush(certificate(fcm.account_file(tmp_path)), project=PROJECT, url=fcm.url)
        try:
            async with opened(database, wire, tmp_path, programme=programme) as doors:
                house, post = doors.process.house, DeliveryWorker(Senders(push=push), public_id=message_id)
                ana, manager = await doors.member(termsVersion="1"), await doors.hire("maria", "MANAGER")
                number = (await doors.do("{ me { number } }", token=ana))["me"]["number"]
                device = {
                    "installationId": "phone-1",
                    "platform": "ANDROID",
                    "token": "ok-1",
                    "tokenKind": "TOKEN",
                }
                await doors.mutate("registerDevice", device, "device { id }", token=ana)

                async def on_sale(id: str) -> None:
                    given = {
                        "member": number,
                        "name": "sale.began",
                        "data": {},
                        "externalId": id,
                        "idempotencyKey": id,
                    }
                    await doors.mutate("recordEvent", given, "__typename", token=manager)

                await doors.mutate(
                    "setConsent",
                    {"purpose": "marketing", "granted": True, "wordingVersion": 1},
                    "__typename",
                    token=ana,
                )
                await on_sale("sale-1")
                assert (await run_round(house, post, now=doors.clock())).sent_count == 1
                await on_sale("sale-2")
                await doors.mutate(
                    "setConsent",
                    {"purpose": "marketing", "granted": False, "wordingVersion": 1},
                    "__typename",
                    token=ana,
                )
                assert (await run_round(house, post, now=doors.clock())).sent_count == 0
                box = (await doors.do(MESSAGES, token=ana))["me"]["messages"]
                dropped = await list_queue(house, state="dropped", first=10)
        finally:
            await push.close()
    assert [(seen.address, seen.message["notification"]["title"]) for seen in fcm.seen] == [
        ("ok-1", "Saldos")
    ]
    assert [edge["node"]["title"] for edge in box["edges"]] == ["Saldos"]
    assert [(row.description, row.error) for row in dropped] == [("message sale", "no_consent")]
