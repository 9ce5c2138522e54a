"""The phone knows at once: over a real socket what the till does shows by itself, and what was missed is told
on coming back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from api.app import create_app
from api.graphql.member.messages import message_id
from domain.services.ledger.turn import turn
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import keep_delivering
from domain.services.senders import Senders
from domain.store.connect import Database
from tests.doors import Doors, opened
from tests.live import Phone, connected, taking_sockets
from tests.services.post import Pushes
from tests.wire import Wire

ACTIVITY = """subscription Live($after: String) { memberActivity(after: $after) { cursor occurredAt activity { __typename
  ... on BalanceChanged { wallets { available } entries { amount title } }
  ... on RewardUnlocked { reward { rewardState reward { code title } } }
  ... on BadgeEarned { badge { level badge { code } } }
  ... on TierChanged { from { code } to { code } tier { current { code } } }
  ... on VoucherIssued { voucher { voucherState code } } ... on VoucherUsed { voucher { id voucherState usedIn { name } } }
  ... on VoucherReinstated { voucher { id voucherState usedAt code } }
  ... on VoucherCancelled { voucher { id } } ... on VoucherExpired { voucher { id voucherState } }
  ... on MessageReceived { unread message { id messageKind title body readAt } }
  ... on Resync { cause: reason } } } }"""
MESSAGES = """query($after: String) { me { messages(first: 1, after: $after) {
  unread edges { cursor node { id title body readAt link } } pageInfo { hasNextPage } } } }"""
MARK_READ = "mutation($input: MarkMessagesReadInput!) { markMessagesRead(input: $input) { unread } }"


@asynccontextmanager
async def at_work(doors: Doors, pushes: Pushes) -> AsyncIterator[str]:
    """The stream, a worker, and a server that takes sockets; yields its address."""
    house = doors.process.house
    post = DeliveryWorker(Senders(push=pushes), public_id=message_id)
    beside = [
        asyncio.create_task(doors.process.follower.follow(house.store, clock=doors.clock)),
        asyncio.create_task(
            keep_delivering(
                house,
                post,
                clock=doors.clock,
                woken=house.activity_hub.outbox_ready,
                on_error=lambda fault: None,
            ),
        ),
    ]
    try:
        await asyncio.wait_for(doors.process.follower.is_following.wait(), 10)
        async with taking_sockets(create_app(doors.process)) as address:
            yield address
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


@asynccontextmanager
async def subscribed(
    doors: Doors, address: str, token: str, after: str | None = None
) -> AsyncIterator[Phone]:
    """A phone that listens."""
    many = doors.process.house.activity_hub.listener_count
    async with connected(address, token) as phone:
        await phone.subscribe(ACTIVITY, after=after)
        async with asyncio.timeout(10):
            while doors.process.house.activity_hub.listener_count == many:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # it reads where it stands
        yield phone


async def test_what_happens_at_the_till_shows_on_the_phone_by_itself(
    database: Database, wire: Wire, tmp_path: Path
) -> None:
    pushes = Pushes()
    async with opened(database, wire, tmp_path) as doors, at_work(doors, pushes) as address:
        ana, manager = await doors.member(), await doors.hire("maria", "MANAGER")
        me = await doors.do("{ me { number } }", token=ana)
        device = {"installationId": "phone-1", "platform": "ANDROID", "token": "fcm-1", "tokenKind": "TOKEN"}
        await doors.mutate("registerDevice", device, "device { id }", token=ana)
        async with subscribed(doors, address, ana) as phone:
            given = {
                "member": me["me"]["number"],
                "wallet": "points",
                "amount": 600,
                "reason": "shown",
                "idempotencyKey": "adjust-1",
            }
            await doors.mutate(
                "adjustBalance", given, "... on BalanceAdjusted { wallet { available } } ", token=manager
            )
            await phone.hears("RewardUnlocked")
            message = await phone.hears("MessageReceived")
            assert message["activity"]["message"]["messageKind"] == "reward-unlocked"
            assert message["activity"]["message"]["body"].startswith("Tem ")
            voucher = await _redeemed(doors, ana, "discount-5")
            issued = await phone.hears("VoucherIssued")
            assert issued["activity"]["voucher"] == {"voucherState": "ISSUED", "code": voucher["code"]}
            used = {"code": voucher["code"], "idempotencyKey": "use-1"}
            await doors.mutate(
                "useVoucher", used, "... on VoucherAccepted { voucher { voucherState } }", token=manager
            )
            shown = await phone.hears("VoucherUsed")
            assert shown["activity"]["voucher"] == {
                "id": voucher["id"],
                "voucherState": "USED",
                "usedIn": {"name": "NumisCollect Lisboa"},
            }
            first = phone.told["1"][0]["cursor"]
            later = [one["activity"]["__typename"] for one in phone.told["1"][1:]]
        async with subscribed(doors, address, ana, after=first) as back:
            await back.hears("VoucherUsed")
            replayed = [one["activity"]["__typename"] for one in back.told["1"]]
            assert [one for one in replayed if one != "MessageReceived"] == [
                one for one in later if one != "MessageReceived"
            ]
        assert [one.title for one in pushes.got if one.link and one.link.startswith("app://rewards/")]
        assert {one.address.value for one in pushes.got} == {"fcm-1"}


async def test_a_use_taken_back_and_a_lapse_show_on_the_phone_for_what_they_are(
    database: Database, wire: Wire, tmp_path: Path
) -> None:
    async with opened(database, wire, tmp_path) as doors, at_work(doors, Pushes()) as address:
        ana, manager = await doors.member(), await doors.hire("maria", "MANAGER")
        me = (await doors.do("{ me { number } }", token=ana))["me"]["number"]
        given = {
            "member": me,
            "wallet": "points",
            "amount": 600,
            "reason": "shown",
            "idempotencyKey": "adjust-1",
        }
        await doors.mutate("adjustBalance", given, "__typename", token=manager)
        voucher = await _redeemed(doors, ana, "discount-5")
        async with subscribed(doors, address, ana) as phone:
            used = {"code": voucher["code"], "idempotencyKey": "use-1"}
            await doors.mutate(
                "useVoucher", used, "... on VoucherAccepted { voucher { voucherState } }", token=manager
            )
            assert (await phone.hears("VoucherUsed"))["activity"]["voucher"]["voucherState"] == "USED"
            back = {"voucherId": voucher["id"], "reason": "the wrong one", "idempotencyKey": "back-1"}
            await doors.mutate("reverseVoucherUse", back, "__typename", token=manager)
            again = await phone.hears("VoucherReinstated")
            assert again["activity"]["voucher"] == {
                "id": voucher["id"],
                "voucherState": "ISSUED",
                "usedAt": None,
                "code": voucher["code"],
            }
            doors.clock.pass_(days=60)
            await turn(doors.process.house, now=doors.clock())
            lapsed = await phone.hears("VoucherExpired")
            assert lapsed["activity"]["voucher"] == {"id": voucher["id"], "voucherState": "EXPIRED"}
            told = [one["activity"]["__typename"] for one in phone.told["1"]]
            assert [one for one in told if one.startswith("Voucher")] == [
                "VoucherUsed",
                "VoucherReinstated",
                "VoucherExpired",
            ]


async def _redeemed(doors: Doors, token: str, reward: str) -> dict[str, str]:
    """A voucher of a reward that is unlocked: its id and code."""
    rewards = await doors.do("{ me { rewards { edges { node { reward { id code } } } } } }", token=token)
    listed = [edge["node"]["reward"] for edge in rewards["me"]["rewards"]["edges"]]
    redeem = {
        "rewardId": next(one["id"] for one in listed if one["code"] == reward),
        "idempotencyKey": f"redeem {reward}",
    }
    answer = await doors.mutate(
        "redeemReward", redeem, "... on RewardRedeemed { voucher { id code } }", token=token
    )
    voucher: dict[str, str] = answer["voucher"]
    return voucher


async def test_the_inbox_is_paged_marked_read_and_counted(
    database: Database, wire: Wire, tmp_path: Path
) -> None:
    async with opened(database, wire, tmp_path) as doors, at_work(doors, Pushes()) as address:
        ana, rui = await doors.member(), await doors.member("rui@example.com", name="Rui")
        me = (await doors.do("{ me { number } }", token=ana))["me"]["number"]
        manager = await doors.hire("maria", "MANAGER")
        async with subscribed(doors, address, ana) as phone:
            for at in range(2):
                given = {
                    "member": me,
                    "name": "social.shared",
                    "data": {"network": "x"},
                    "externalId": f"s{at}",
                }
                given["idempotencyKey"] = f"e{at}"
                await doors.mutate("recordEvent", given, "__typename", token=manager)
            adjust = {
                "member": me,
                "wallet": "points",
                "amount": 200,
                "reason": "shown",
                "idempotencyKey": "adjust-1",
            }
            await doors.mutate("adjustBalance", adjust, "__typename", token=manager)
            await phone.hears("MessageReceived")
        page = (await doors.do(MESSAGES, token=ana))["me"]["messages"]
        (newest,) = page["edges"]
        assert (newest["node"]["readAt"], page["pageInfo"]["hasNextPage"]) == (None, True)
        older = (await doors.do(MESSAGES, {"after": newest["cursor"]}, token=ana))["me"]["messages"]["edges"][
            0
        ]["node"]
        assert older["title"] == "Bem-vindo, Ana Silva"
        read = await doors.mutate("markMessagesRead", {"ids": [newest["node"]["id"]]}, "unread", token=ana)
        assert read == {"unread": page["unread"] - 1}
        again = await doors.mutate("markMessagesRead", {"ids": [newest["node"]["id"]]}, "unread", token=ana)
        assert again == read
        ids = {"input": {"ids": [newest["node"]["id"]]}}
        refused = await doors.error(MARK_READ, ids, token=rui)
        assert refused["code"] == "NOT_FOUND"
        node = "query($id: ID!) { node(id: $id) { ... on Message { title readAt } } }"
        assert (await doors.do(node, {"id": newest["node"]["id"]}, token=ana))["node"]["readAt"] is not None
        assert (await doors.error(node, {"id": newest["node"]["id"]}, token=rui))["code"] == "NOT_FOUND"
