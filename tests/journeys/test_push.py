"""From the till to the lock screen: one valid message a device at FCM, in Portuguese, with its deep link; the inbox has it too."""

import asyncio
from collections import Counter
from pathlib import Path

from api.graphql.messages import message_key
from api.senders.firebase import FirebasePush, certificate
from domain.services.deliveries import deliver
from domain.services.senders import Senders
from domain.services.sending import Post
from domain.services.turn import turn
from domain.store.connect import Database
from tests.doors import opened
from tests.senders.fcm import PROJECT, serving_fcm
from tests.wire import Wire

MESSAGES = "{ me { messages { unread edges { node { id messageKind title link } } } } }"


async def test_a_purchase_at_the_till_unlocks_a_reward_on_every_phone(database: Database, wire: Wire, tmp_path: Path) -> None:
    with serving_fcm() as fcm:
        push = FirebasePush(certificate(fcm.account_file(tmp_path)), project=PROJECT, url=fcm.url)
        try:
            async with opened(database, wire, tmp_path) as doors:
                house, post = doors.process.house, Post(Senders(push=push), public_id=message_key)
                ana, till = await doors.member(), await doors.hire("rui")
                for installation, kind in (("phone-1", "TOKEN"), ("tablet-1", "FID")):
                    device = {"installationId": installation, "platform": "ANDROID", "token": f"ok-{installation}", "tokenKind": kind}
                    await doors.mutate("registerDevice", device, "device { id }", token=ana)
                number = (await doors.do("{ me { number } }", token=ana))["me"]["number"]
                line = {"sku": "denario", "category": "silver-coins", "quantity": 1, "amount": 60_000}
                bought = {"member": number, "externalId": "r1", "total": 60_000, "currency": "EUR", "lines": [line], "idempotencyKey": "p1"}
                await doors.mutate("recordPurchase", bought, "... on PurchaseRecorded { earnedBadges { level } }", token=till)
                await asyncio.gather(*(deliver(house, post, now=doors.clock()) for _ in range(2)))
                doors.clock.pass_(days=15)
                await turn(house, now=doors.clock())
                while (await deliver(house, post, now=doors.clock())).found:
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
        assert Counter(seen.message["data"]["link"] for seen in unlocked) == {"app://rewards/auction-night": 2}
        inbox = {edge["node"]["id"]: edge["node"] for edge in box["edges"]}
        assert {seen.message["data"]["message"] for seen in fcm.accepted} <= inbox.keys()
