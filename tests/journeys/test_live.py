"""Live activity over a real socket: what happens at the till shows at once, and what was missed comes after a
reconnection.
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
from tests.activity_listeners import wait_for_listeners
from tests.activity_socket import ActivitySocket, open_activity_socket, serve_with_sockets
from tests.command_log import CommandLog
from tests.loud_runtime import RecordingPushSender
from tests.running_app import RunningApp, open_running_app
from tests.senders.push_tokens import name_of, registration_token

ACTIVITY = """subscription Live($after: String) { memberActivity(after: $after) { cursor occurredAt activity { __typename
  ... on BalanceChanged { wallets { available } entries { amount title } }
  ... on RewardUnlocked { reward { rewardState reward { code title } } }
  ... on BadgeEarned { badge { level badge { code } } }
  ... on ChallengeTakenUp { badge { acceptedAt acceptable badge { code } } }
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
async def at_work(app: RunningApp, pushes: RecordingPushSender) -> AsyncIterator[str]:
    """Run the change stream, a worker, and a server that takes sockets; yields its address."""
    runtime = app.process.runtime
    worker = DeliveryWorker(Senders(push=pushes), public_id=message_id)
    beside = [
        asyncio.create_task(app.process.follower.follow(runtime.store, clock=app.clock)),
        asyncio.create_task(
            keep_delivering(
                runtime,
                worker,
                clock=app.clock,
                woken=runtime.activity_hub.outbox_ready,
                on_error=lambda fault: None,
            ),
        ),
    ]
    try:
        await asyncio.wait_for(app.process.follower.is_following.wait(), 60)
        async with serve_with_sockets(create_app(app.process)) as address:
            yield address
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


@asynccontextmanager
async def subscribed(
    app: RunningApp, address: str, token: str, after: str | None = None
) -> AsyncIterator[ActivitySocket]:
    """A phone that listens."""
    many = app.process.runtime.activity_hub.listener_count
    async with open_activity_socket(address, token) as phone:
        await phone.subscribe(ACTIVITY, after=after)
        await wait_for_listeners(app.process.runtime.activity_hub, many + 1)
        yield phone


async def test_what_happens_at_the_till_shows_on_the_phone_by_itself(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    pushes = RecordingPushSender()
    async with open_running_app(database, command_log, tmp_path) as app, at_work(app, pushes) as address:
        ana, manager = await app.enrol_member(), await app.hire("maria", "MANAGER")
        me = await app.do("{ me { number } }", token=ana)
        device = {
            "installationId": "phone-1",
            "platform": "ANDROID",
            "token": registration_token("fcm-1"),
            "tokenKind": "TOKEN",
        }
        await app.mutate("registerDevice", device, "device { id }", token=ana)
        async with subscribed(app, address, ana) as phone:
            input = {
                "member": me["me"]["number"],
                "wallet": "points",
                "amount": 600,
                "reason": "shown",
                "idempotencyKey": "adjust-1",
            }
            await app.mutate(
                "adjustBalance", input, "... on BalanceAdjusted { wallet { available } } ", token=manager
            )
            await phone.wait_for("RewardUnlocked")
            message = await phone.wait_for("MessageReceived")
            assert message["activity"]["message"]["messageKind"] == "reward-unlocked"
            assert message["activity"]["message"]["body"].startswith("Tem ")
            voucher = await _redeemed(app, ana, "discount-5")
            issued = await phone.wait_for("VoucherIssued")
            assert issued["activity"]["voucher"] == {"voucherState": "ISSUED", "code": voucher["code"]}
            used = {"code": voucher["code"], "idempotencyKey": "use-1"}
            await app.mutate(
                "useVoucher", used, "... on VoucherAccepted { voucher { voucherState } }", token=manager
            )
            shown = await phone.wait_for("VoucherUsed")
            assert shown["activity"]["voucher"] == {
                "id": voucher["id"],
                "voucherState": "USED",
                "usedIn": {"name": "NumisCollect Lisboa"},
            }
            first = phone.events["1"][0]["cursor"]
            later = [one["activity"]["__typename"] for one in phone.events["1"][1:]]
        async with subscribed(app, address, ana, after=first) as back:
            await back.wait_for("VoucherUsed")
            replayed = [one["activity"]["__typename"] for one in back.events["1"]]
            assert [one for one in replayed if one != "MessageReceived"] == [
                one for one in later if one != "MessageReceived"
            ]
        assert [one.title for one in pushes.sent if one.link and one.link.startswith("app://rewards/")]
        assert {name_of(one.address.value) for one in pushes.sent} == {"fcm-1"}


async def test_a_use_taken_back_and_a_lapse_show_on_the_phone_for_what_they_are(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with (
        open_running_app(database, command_log, tmp_path) as app,
        at_work(app, RecordingPushSender()) as address,
    ):
        ana, manager = await app.enrol_member(), await app.hire("maria", "MANAGER")
        me = (await app.do("{ me { number } }", token=ana))["me"]["number"]
        input = {
            "member": me,
            "wallet": "points",
            "amount": 600,
            "reason": "shown",
            "idempotencyKey": "adjust-1",
        }
        await app.mutate("adjustBalance", input, "__typename", token=manager)
        voucher = await _redeemed(app, ana, "discount-5")
        async with subscribed(app, address, ana) as phone:
            used = {"code": voucher["code"], "idempotencyKey": "use-1"}
            await app.mutate(
                "useVoucher", used, "... on VoucherAccepted { voucher { voucherState } }", token=manager
            )
            assert (await phone.wait_for("VoucherUsed"))["activity"]["voucher"]["voucherState"] == "USED"
            back = {"voucherId": voucher["id"], "reason": "the wrong one", "idempotencyKey": "back-1"}
            await app.mutate("reverseVoucherUse", back, "__typename", token=manager)
            again = await phone.wait_for("VoucherReinstated")
            assert again["activity"]["voucher"] == {
                "id": voucher["id"],
                "voucherState": "ISSUED",
                "usedAt": None,
                "code": voucher["code"],
            }
            app.clock.advance(days=60)
            await turn(app.process.runtime, now=app.clock())
            lapsed = await phone.wait_for("VoucherExpired")
            assert lapsed["activity"]["voucher"] == {"id": voucher["id"], "voucherState": "EXPIRED"}
            activities = [one["activity"]["__typename"] for one in phone.events["1"]]
            assert [one for one in activities if one.startswith("Voucher")] == [
                "VoucherUsed",
                "VoucherReinstated",
                "VoucherExpired",
            ]


async def _redeemed(app: RunningApp, token: str, reward: str) -> dict[str, str]:
    """A voucher of a reward that is unlocked: its id and code."""
    rewards = await app.do("{ me { rewards { edges { node { reward { id code } } } } } }", token=token)
    listed = [edge["node"]["reward"] for edge in rewards["me"]["rewards"]["edges"]]
    redeem = {
        "rewardId": next(one["id"] for one in listed if one["code"] == reward),
        "idempotencyKey": f"redeem {reward}",
    }
    answer = await app.mutate(
        "redeemReward", redeem, "... on RewardRedeemed { voucher { id code } }", token=token
    )
    voucher: dict[str, str] = answer["voucher"]
    return voucher


async def test_the_inbox_is_paged_marked_read_and_counted(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with (
        open_running_app(database, command_log, tmp_path) as app,
        at_work(app, RecordingPushSender()) as address,
    ):
        ana, rui = await app.enrol_member(), await app.enrol_member("rui@example.com", name="Rui")
        me = (await app.do("{ me { number } }", token=ana))["me"]["number"]
        manager = await app.hire("maria", "MANAGER")
        async with subscribed(app, address, ana) as phone:
            for at in range(2):
                input = {
                    "member": me,
                    "name": "social.shared",
                    "data": {"network": "x"},
                    "externalId": f"s{at}",
                }
                input["idempotencyKey"] = f"e{at}"
                await app.mutate("recordEvent", input, "__typename", token=manager)
            adjust = {
                "member": me,
                "wallet": "points",
                "amount": 200,
                "reason": "shown",
                "idempotencyKey": "adjust-1",
            }
            await app.mutate("adjustBalance", adjust, "__typename", token=manager)
            await phone.wait_for("MessageReceived")
        page = (await app.do(MESSAGES, token=ana))["me"]["messages"]
        (newest,) = page["edges"]
        assert (newest["node"]["readAt"], page["pageInfo"]["hasNextPage"]) == (None, True)
        older = (await app.do(MESSAGES, {"after": newest["cursor"]}, token=ana))["me"]["messages"]["edges"][
            0
        ]["node"]
        assert older["title"] == "Bem-vindo, Ana Silva"
        read = await app.mutate("markMessagesRead", {"ids": [newest["node"]["id"]]}, "unread", token=ana)
        assert read == {"unread": page["unread"] - 1}
        again = await app.mutate("markMessagesRead", {"ids": [newest["node"]["id"]]}, "unread", token=ana)
        assert again == read
        ids = {"input": {"ids": [newest["node"]["id"]]}}
        refused = await app.error(MARK_READ, ids, token=rui)
        assert refused["code"] == "NOT_FOUND"
        node = "query($id: ID!) { node(id: $id) { ... on Message { title readAt } } }"
        assert (await app.do(node, {"id": newest["node"]["id"]}, token=ana))["node"]["readAt"] is not None
        assert (await app.error(node, {"id": newest["node"]["id"]}, token=rui))["code"] == "NOT_FOUND"


CHALLENGES = """
programme: {code: laps, name: Laps, currency: EUR, timezone: Europe/Lisbon, locales: [pt], terms: {version: "2026-01", url: /terms}}
wallets: [{code: points, name: Points}]
badges: [{code: march, name: March, on: purchase.completed, levels: [3], accept: true, during: {from: "2026-01-01", until: "2026-12-31"}}]
"""


async def test_a_challenge_that_is_taken_up_shows_on_the_members_other_devices(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    file = tmp_path / "laps.yaml"
    file.write_text(CHALLENGES, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as app:
        member = await app.enrol_member()
        (badge,) = (await app.do("{ programme { badges { id } } }"))["programme"]["badges"]
        async with at_work(app, RecordingPushSender()) as address, subscribed(app, address, member) as phone:
            accept = {"badgeId": badge["id"], "idempotencyKey": "a"}
            await app.mutate("acceptChallenge", accept, "__typename", token=member)
            event = await phone.wait_for("ChallengeTakenUp")
            assert event["activity"]["badge"]["acceptable"] is False
            assert event["activity"]["badge"]["badge"] == {"code": "march"}
            # Taken up again it stays as it is, and nothing is told.
            again = {**accept, "idempotencyKey": "b"}
            await app.mutate("acceptChallenge", again, "__typename", token=member)
            await phone.ping()
            assert len(phone.events["1"]) == 1
