"""Live means live: a phone that queries nothing and takes in the `member` of each event shows what a query
answers, after each act of the member elsewhere, of a till and of a friend.

`scripts/try-clients live` does the same with Apollo's own cache, over 300 random acts.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.activity_socket import ActivitySocket, open_activity_socket
from tests.command_log import CommandLog
from tests.journeys.test_live import at_work
from tests.loud_runtime import RecordingPushSender
from tests.running_app import ROOT, Json, RunningApp, open_running_app

PROGRAMME = ROOT / "scripts" / "clients" / "live.yaml"
SCREEN = """id number name email locale status termsAccepted
  wallets { id code available pending debt earned spent }
  pointHistory(first: 10) { edges { node { id amount title balanceAfter } } }
  tier { id current { id code } qualifying toNext }
  badges { id level progress target stamps acceptedAt acceptable badge { id code } }
  rewards(first: 20) { edges { node { id rewardState missing locks { reason } reward { id code } } } }
  purchases(first: 5) { edges { node { id externalId total refunded } } }
  vouchers(first: 10) { edges { node { id voucherState usedAt cancellable } } }
  messages(first: 10) { unread edges { node { id title readAt survey { score } } } }
  plan { since until } referral { invited qualified }
  attributes { name value } consents { id granted }"""
ME = f"{{ me {{ {SCREEN} }} }}"
LIVE = f"""subscription Live($after: String) {{ memberActivity(after: $after) {{
  cursor activity {{ __typename }} member {{ {SCREEN} }} }} }}"""


class PhoneScreen:
    """A phone with one screen, which shows the member of the last event."""

    def __init__(self, app: RunningApp, socket: ActivitySocket, token: str, shown: Json) -> None:
        self.app, self.socket, self.token, self.shown = app, socket, token, shown
        self.kinds: list[str] = []

    async def expect_true(self, act: str, *kinds: str) -> None:
        """Take events in until the screen shows what a query answers and each of these kinds came."""
        missing = set(kinds)
        try:
            async with asyncio.timeout(60):
                while missing or self.shown != (await self.app.do(ME, token=self.token))["me"]:
                    _, kind = await self.socket.next()
                    self.kinds.append(kind)
                    missing.discard(kind)
                    self.shown = self.socket.events["1"][-1]["member"]
        except TimeoutError:
            assert self.shown == (await self.app.do(ME, token=self.token))["me"], act
            assert not missing, act


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_running_app(database, command_log, tmp_path, programme=PROGRAMME) as running:
        yield running


class MemberActs:
    """What happens to the member anywhere but on the phone that listens."""

    def __init__(self, app: RunningApp, token: str, till: str, number: str) -> None:
        self.app, self.token, self.till, self.number = app, token, till, number
        self.keys = 0

    async def of_till(self, name: str, answer: str, /, **input: object) -> Json:
        key = self._next_key()
        sent = {"member": self.number, **input, "idempotencyKey": key}
        done = await self.app.mutate(name, sent, f"__typename ... on {answer}", token=self.till)
        assert done["__typename"] == answer.split()[0], done
        return done

    async def of_member(self, name: str, answer: str, /, *, keyed: bool = False, **input: object) -> Json:
        sent = {**input, **({"idempotencyKey": self._next_key()} if keyed else {})}
        done = await self.app.mutate(name, sent, f"__typename ... on {answer}", token=self.token)
        assert done["__typename"] == answer.split()[0], done
        return done

    async def event(self, name: str, /, **event_data: object) -> None:
        await self.of_till(
            "recordEvent",
            "EventRecorded { entries { id } }",
            name=name,
            data=event_data,
            externalId=f"e{self.keys}",
        )

    async def letter(self) -> str:
        """Wait for the newest letter; return its id."""
        query = "{ me { messages(first: 1) { edges { node { id readAt } } } } }"
        async with asyncio.timeout(60):
            while True:
                edges = (await self.app.do(query, token=self.token))["me"]["messages"]["edges"]
                if edges and edges[0]["node"]["readAt"] is None:
                    letter_id: str = edges[0]["node"]["id"]
                    return letter_id
                await asyncio.sleep(0.02)

    def _next_key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"


async def buys(acts: MemberActs) -> None:
    purchase = {"externalId": "R1", "currency": "EUR", "total": 9_000}
    await acts.of_till("recordPurchase", "PurchaseRecorded { entries { id } }", **purchase)


async def has_the_receipt_put_right(acts: MemberActs) -> None:
    for key, total in (("up", 9_600), ("a bit", 9_601)):
        right = {"externalId": "R1", "total": total, "idempotencyKey": key}
        answer = "... on PurchaseCorrected { entries { id } }"
        await acts.app.mutate("correctPurchase", right, answer, token=acts.till)


async def returns_goods(acts: MemberActs) -> None:
    refund = {"externalId": "R1", "amount": 1_000, "reason": "broken", "idempotencyKey": "back"}
    await acts.app.mutate(
        "refundPurchase", refund, "... on PurchaseRefunded { entries { id } }", token=acts.till
    )


async def redeem(acts: MemberActs) -> Json:
    rewards = await acts.app.do("{ programme { rewards { id code } } }")
    mug = next(one["id"] for one in rewards["programme"]["rewards"] if one["code"] == "mug")
    answer = "RewardRedeemed { voucher { id code } }"
    voucher: Json = (await acts.of_member("redeemReward", answer, keyed=True, rewardId=mug))["voucher"]
    return voucher


async def redeems(acts: MemberActs) -> None:
    await redeem(acts)


async def is_given_points(acts: MemberActs) -> None:
    adjustment = {"wallet": "points", "amount": 300, "reason": "shown"}
    await acts.of_till("adjustBalance", "BalanceAdjusted { entry { id } }", **adjustment)


async def gives_back(acts: MemberActs) -> None:
    voucher = await redeem(acts)
    answer = "VoucherGivenBack { voucher { id } }"
    await acts.of_member("cancelVoucher", answer, keyed=True, voucherId=voucher["id"])


async def uses_a_voucher_and_has_it_undone(acts: MemberActs) -> None:
    voucher = await redeem(acts)
    used = {"code": voucher["code"], "idempotencyKey": "used"}
    await acts.app.mutate("useVoucher", used, "... on VoucherAccepted { voucher { id } }", token=acts.till)
    undone = {"voucherId": voucher["id"], "reason": "the wrong one", "idempotencyKey": "undone"}
    answer = "... on VoucherUseReversed { voucher { id } }"
    await acts.app.mutate("reverseVoucherUse", undone, answer, token=acts.till)


async def makes_progress(acts: MemberActs) -> None:
    await acts.event("noted")


async def gains_what_is_hidden(acts: MemberActs) -> None:
    await acts.event("shadowed")


async def gets_a_letter_and_reads_it(acts: MemberActs) -> None:
    await acts.event("waved")
    await acts.of_member("markMessagesRead", "MessagesRead { unread }", ids=[await acts.letter()])


async def answers_a_question(acts: MemberActs) -> None:
    await acts.event("asked")
    answer = "SurveyAnswered { unread }"
    await acts.of_member("answerSurvey", answer, keyed=True, message=await acts.letter(), score=9)


async def changes_the_profile(acts: MemberActs) -> None:
    await acts.of_member("updateProfile", "ProfileUpdated { member { id } }", name="Ana Sousa", locale="en")


async def agrees_to_news(acts: MemberActs) -> None:
    answer = "ConsentSet { consents { id } }"
    await acts.of_member("setConsent", answer, purpose="news", granted=True, wordingVersion=1)


async def tells_their_size(acts: MemberActs) -> None:
    size = [{"name": "size", "value": "large"}]
    await acts.of_member("setAttributes", "AttributesSet { member { id } }", attributes=size)


async def takes_a_challenge_up(acts: MemberActs) -> None:
    badges = (await acts.app.do("{ programme { badges { id accept } } }"))["programme"]["badges"]
    badge = next(one["id"] for one in badges if one["accept"])
    await acts.of_member("acceptChallenge", "ChallengeAccepted { member { id } }", keyed=True, badgeId=badge)


async def enters_a_code(acts: MemberActs) -> None:
    await acts.of_member("enterCode", "CodeEntered { member { id } }", keyed=True, code="LIVE20")


async def is_frozen(acts: MemberActs) -> None:
    await acts.of_till("freezeMember", "MembershipFrozen { customer { id } }", reason="tried")


async def is_thawed(acts: MemberActs) -> None:
    await acts.of_till("unfreezeMember", "MembershipUnfrozen { customer { id } }", reason="tried")


async def begins_a_plan(acts: MemberActs) -> None:
    await acts.event("plan.started", plan="plus")


async def brings_a_friend(acts: MemberActs) -> None:
    terms = (await acts.app.do("{ programme { terms { version } } }"))["programme"]["terms"]["version"]
    await acts.app.enrol_member("rui@example.com", name="Rui", termsVersion=terms, referralCode=acts.number)


ACTS: Mapping[Callable[[MemberActs], Awaitable[None]], tuple[str, ...]] = {
    buys: ("BalanceChanged", "RewardUnlocked"),
    has_the_receipt_put_right: ("BalanceChanged", "ProgressChanged"),
    returns_goods: ("BalanceChanged",),
    is_given_points: ("BalanceChanged",),
    redeems: ("VoucherIssued", "BalanceChanged"),
    gives_back: ("VoucherCancelled",),
    uses_a_voucher_and_has_it_undone: ("VoucherUsed", "VoucherReinstated"),
    makes_progress: ("ProgressChanged",),
    gains_what_is_hidden: ("ProgressChanged",),
    gets_a_letter_and_reads_it: ("MessageReceived", "MessagesChanged"),
    answers_a_question: ("MessageReceived", "MessagesChanged"),
    changes_the_profile: ("ProfileChanged",),
    agrees_to_news: ("ProfileChanged",),
    tells_their_size: ("ProfileChanged",),
    takes_a_challenge_up: ("ChallengeTakenUp",),
    enters_a_code: ("BalanceChanged",),
    is_frozen: ("ProgressChanged",),
    is_thawed: ("RewardUnlocked",),
    begins_a_plan: ("RewardUnlocked",),
    brings_a_friend: ("ReferralChanged",),
}


async def test_a_screen_that_takes_in_each_events_member_shows_what_a_query_answers(app: RunningApp) -> None:
    terms = (await app.do("{ programme { terms { version } } }"))["programme"]["terms"]["version"]
    token, till = await app.enrol_member(termsVersion=terms), await app.hire("maria", "MANAGER")
    first = (await app.do(f"{{ me {{ activityCursor {SCREEN} }} }}", token=token))["me"]
    after = first.pop("activityCursor")
    async with at_work(app, RecordingPushSender()) as address, open_activity_socket(address, token) as socket:
        await socket.subscribe(LIVE, after=after)
        phone = PhoneScreen(app, socket, token, first)
        acts = MemberActs(app, token, till, first["number"])
        for act, kinds in ACTS.items():
            await act(acts)
            await phone.expect_true(act.__name__, *kinds)
        cursors = [event["cursor"] for event in socket.events["1"]]
    assert len(set(cursors)) == len(cursors)
    async with at_work(app, RecordingPushSender()) as address, open_activity_socket(address, token) as socket:
        await socket.subscribe(LIVE, after=after)
        once_each = ["MessagesChanged", "ProfileChanged", "ReferralChanged"]
        expected = sorted([kind for kind in phone.kinds if kind not in once_each] + once_each)
        replayed = [(await socket.next())[1] for _ in expected]
        assert sorted(replayed) == expected
        assert socket.events["1"][-1]["member"] == phone.shown
        await socket.ping()
