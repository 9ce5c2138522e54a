"""A demo's clock, over real processes: it goes forward, every server and worker follows, and people's codes,
sessions and cards stay on the world's time. No other database has one.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient
from websockets.asyncio.client import connect

from api.commands.clock import read_duration
from api.commands.running import CannotRun
from api.settings import Settings
from tests.activity_socket import PROTOCOL, ActivitySocket
from tests.browser.demo_server import DemoServer, serve_demo
from tests.servers import embedded_in_thread, quick_folder, run_until_ready, selo, serve_selo
from tests.small_runtime import NUMISCOLLECT

Json = dict[str, Any]
# A turn writes down weeks of all members, on a machine that may be busy.
WAIT_SECONDS = 120
KEPT_MEMBERS = 10
CLOCK = "{ programme { clock { now aheadSeconds } } }"
ME = """{ me { number birthday wallets { code available pending } card { code expiresAt }
  vouchers { edges { node { id voucherState expiresAt } } } } }"""
LIVE = """subscription { memberActivity { cursor member { wallets { available } } activity { __typename
  ... on BalanceChanged { entries { entryKind amount } } ... on VoucherIssued { voucher { title } } } } }"""


class DemoCaller:
    """A caller of a demo server, as an app's."""

    def __init__(self, shop: DemoServer, client: httpx.AsyncClient) -> None:
        self.shop, self.client, self.keys = shop, client, 0

    async def do(self, query: str, variables: Json | None = None, *, token: str | None = None) -> Json:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = await self.client.post(
            "/graphql", json={"query": query, "variables": variables or {}}, headers=headers
        )
        body = answer.json()
        assert "errors" not in body, body
        data: Json = body["data"]
        return data

    async def mutate(
        self, name: str, kind: str, input: Json, answer: str, *, token: str | None = None, keyed: bool = False
    ) -> Json:
        self.keys += 1
        sent = {**input, "idempotencyKey": f"clock {self.keys}"} if keyed else input
        query = f"mutation($i: {kind}!) {{ {name}(input: $i) {{ __typename {answer} }} }}"
        result: Json = (await self.do(query, {"i": sent}, token=token))[name]
        return result

    async def enrol(self, email: str, **fields: Any) -> Json:
        """Join and sign in with the code that the server shows; return the session."""
        terms = (await self.do("{ programme { terms { version } } }"))["programme"]["terms"]["version"]
        input = {"name": "Ana", "email": email, "termsVersion": terms, "locale": "en", **fields}
        applied = await self.mutate(
            "enrol", "EnrolInput", input, "... on Enrolled { challenge enrolmentToken }", keyed=True
        )
        return await self.sign_in(email, applied)

    async def sign_in(self, email: str, sent: Json) -> Json:
        code = await asyncio.to_thread(self.shop.code_for, email)
        brought = {name: value for name, value in sent.items() if name in ("challenge", "enrolmentToken")}
        answer = "... on SignedIn { accessToken refreshToken accessTokenExpiresAt }"
        signed_in = await self.mutate(
            "signIn", "SignInInput", {"contact": email, "code": code, **brought}, answer
        )
        assert signed_in["__typename"] == "SignedIn"
        return signed_in

    async def till(self, role: str) -> str:
        staff = self.shop.of_role(role)
        input = {name: staff[name] for name in ("username", "password", "store")}
        signed_in = await self.mutate(
            "staffSignIn", "StaffSignInInput", input, "... on StaffSignedIn { accessToken }"
        )
        token: str = signed_in["accessToken"]
        return token

    async def forward(self, span: str) -> str:
        """Move the clock forward by the command, and wait until the server has followed."""
        before = (await self.do(CLOCK))["programme"]["clock"]["aheadSeconds"]
        moved = await asyncio.to_thread(
            selo, "clock", "--forward", span, "--data", str(self.shop.data_folder)
        )
        assert moved.returncode == 0, moved.stderr

        async def followed() -> bool:
            return bool((await self.do(CLOCK))["programme"]["clock"]["aheadSeconds"] > before)

        await within(10, followed)
        return moved.stdout


async def within(seconds: float, holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def small_seed(demo_seed: Path) -> Iterator[Path]:
    """The demo's folder with ten of its members: what weeks bring is written down for each."""
    people = json.loads((demo_seed / "demo.json").read_text())["members"]
    with quick_folder() as above:
        folder = above / "data"
        shutil.copytree(demo_seed, folder)
        with embedded_in_thread(folder) as uri, MongoClient[Json](uri) as client:
            stored = client[Settings().database]
            numbers = [each["number"] for each in people[:KEPT_MEMBERS]]
            kept = [row["_id"] for row in stored["members"].find({"number": {"$in": numbers}}, {"_id": 1})]
            assert len(kept) == KEPT_MEMBERS
            stored["members"].delete_many({"_id": {"$nin": kept}})
            stored["agenda"].delete_many({"member": {"$nin": kept}})
        yield folder


@pytest.fixture
def shop(small_seed: Path) -> Iterator[DemoServer]:
    """A demo of the test's own, since a clock only goes forward."""
    with serve_demo(small_seed) as served:
        yield served


@asynccontextmanager
async def calling(shop: DemoServer) -> AsyncIterator[DemoCaller]:
    async with httpx.AsyncClient(base_url=shop.url, timeout=30) as client:
        yield DemoCaller(shop, client)


async def test_two_weeks_forward_bring_what_two_weeks_bring(shop: DemoServer) -> None:
    async with calling(shop) as caller:
        assert (await caller.do(CLOCK))["programme"]["clock"]["aheadSeconds"] == 0
        session = await caller.enrol("ana.clock@example.com")
        token = session["accessToken"]
        me = (await caller.do(ME, token=token))["me"]
        points = me["wallets"][0]
        assert (points["available"], points["pending"]) == (0, 100)
        assert "14 days 1 minute ahead of the world's" in await caller.forward("P14DT1M")
        points = (await caller.do(ME, token=token))["me"]["wallets"][0]
        assert (points["available"], points["pending"]) == (100, 0)


async def test_birthdays_messages_and_lapsing_vouchers_come_to_a_phone_that_listens(shop: DemoServer) -> None:
    async with calling(shop) as caller:
        session = await caller.enrol("joao.clock@example.com", birthday=await birthday_in(caller, days=10))
        token = session["accessToken"]
        url = shop.url.replace("http", "ws") + "/graphql"
        async with connect(url, subprotocols=[PROTOCOL]) as socket:
            await socket.send(
                json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
            )
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            activity = ActivitySocket(socket)
            await activity.subscribe(LIVE)
            await activity.ping()
            await caller.forward("P11D")
            given = await activity.wait_for("VoucherIssued", within_seconds=WAIT_SECONDS)
            assert given["activity"]["voucher"]["title"] == "Birthday coin"
            if "MessageReceived" not in {each["activity"]["__typename"] for each in activity.events["1"]}:
                await activity.wait_for("MessageReceived", within_seconds=WAIT_SECONDS)
            assert await voucher_states(caller, token) == ["ISSUED"]
            await caller.forward("P31D")
            assert await voucher_states(caller, token) == ["EXPIRED"]
            await activity.wait_for("VoucherExpired", within_seconds=WAIT_SECONDS)


async def test_codes_sessions_and_cards_stay_on_the_worlds_time(shop: DemoServer) -> None:
    async with calling(shop) as caller:
        email = "rui.clock@example.com"
        session = await caller.enrol(email)
        token, till = session["accessToken"], await caller.till("cashier")
        sent = await caller.mutate(
            "requestSignInCode", "RequestSignInCodeInput", {"contact": email}, "challenge"
        )
        await caller.forward("P400D")
        # A code of before, the access token, the refresh token and the till's session are good all the same.
        await caller.sign_in(email, sent)
        me = (await caller.do(ME, token=token))["me"]
        refreshed = await caller.mutate(
            "refreshSession",
            "RefreshSessionInput",
            {"refreshToken": session["refreshToken"]},
            "... on SessionRefreshed { accessTokenExpiresAt }",
        )
        clock = (await caller.do(CLOCK))["programme"]["clock"]
        world, ahead = datetime.now(UTC), timedelta(seconds=clock["aheadSeconds"])
        for instant in (refreshed["accessTokenExpiresAt"], me["card"]["expiresAt"]):
            assert abs(datetime.fromisoformat(instant) - world) < timedelta(hours=1)
        scanned = await caller.mutate(
            "scan",
            "ScanInput",
            {"code": me["card"]["code"]},
            "... on CustomerScan { visit visitExpiresAt canPay }",
            token=till,
            keyed=True,
        )
        assert scanned["canPay"]
        assert abs(datetime.fromisoformat(scanned["visitExpiresAt"]) - world) < timedelta(hours=1)
        bought = await caller.mutate(
            "recordPurchase",
            "PurchaseInput",
            {"member": scanned["visit"], "externalId": "C1", "currency": "EUR", "total": 5_000},
            "... on PurchaseRecorded { purchase { occurredAt } }",
            token=till,
            keyed=True,
        )
        occurred_at = datetime.fromisoformat(bought["purchase"]["occurredAt"])
        assert abs(occurred_at - world - ahead) < timedelta(hours=1)
        # Somebody who joins now joins in the programme's time.
        new = await caller.enrol("eva.clock@example.com")
        (entry,) = (
            await caller.do(
                "{ me { pointHistory { edges { node { occurredAt } } } } }", token=new["accessToken"]
            )
        )["me"]["pointHistory"]["edges"]
        joined = datetime.fromisoformat(entry["node"]["occurredAt"])
        assert abs(joined - world - ahead) < timedelta(hours=1)


async def birthday_in(caller: DemoCaller, *, days: int) -> str:
    now = datetime.fromisoformat((await caller.do(CLOCK))["programme"]["clock"]["now"])
    return (now + timedelta(days=days)).date().replace(year=1990).isoformat()


async def voucher_states(caller: DemoCaller, token: str) -> list[str]:
    edges = (await caller.do(ME, token=token))["me"]["vouchers"]["edges"]
    return [edge["node"]["voucherState"] for edge in edges]


def test_the_clock_outlives_the_server_and_adds_up(small_seed: Path) -> None:
    with quick_folder() as above:
        folder = above / "data"
        shutil.copytree(small_seed, folder)
        assert selo("clock", "--forward", "P1W", "--data", str(folder)).returncode == 0
        again = selo("clock", "--forward", "PT12H", "--data", str(folder))
        assert "7 days 12 hours ahead" in again.stdout
        with serve_selo(folder, "--demo") as served:
            answer = httpx.post(f"{served.url}/graphql", json={"query": CLOCK}).json()
    assert answer["data"]["programme"]["clock"]["aheadSeconds"] == 7 * 86_400 + 12 * 3_600


@pytest.mark.parametrize("text", ["-P1D", "P", "PT", "P1M", "P1Y", "14 days", "P0D", ""])
def test_what_is_no_way_forward_is_refused(text: str) -> None:
    with pytest.raises(CannotRun, match="write it like P14D"):
        read_duration(text)


def test_a_way_forward_is_read_as_it_is_written() -> None:
    spans = {text: read_duration(text) for text in ("P14D", "p2w", "PT36H", "P1DT2H3M4S")}
    assert spans == {
        "P14D": timedelta(days=14),
        "p2w": timedelta(weeks=2),
        "PT36H": timedelta(hours=36),
        "P1DT2H3M4S": timedelta(days=1, hours=2, minutes=3, seconds=4),
    }


def test_a_database_that_is_no_demos_refuses_and_has_no_clock() -> None:
    with quick_folder() as folder, serve_selo(folder, "--programme", str(NUMISCOLLECT)) as served:
        refused = selo("clock", "--forward", "P14D", "--data", str(folder))
        assert refused.returncode == 1
        assert refused.stderr.startswith("This database is no demo's")
        assert refused.stderr.count("\n") == 1
        answer = httpx.post(f"{served.url}/graphql", json={"query": CLOCK}).json()
        assert answer == {"data": {"programme": {"clock": None}}}


async def test_a_worker_of_its_own_follows(small_seed: Path) -> None:
    """A server that takes no turn, and a worker beside it, which writes down what the clock has brought."""
    with (
        serve_demo(small_seed, environment={"SELO_WORKER": "false"}) as shop,
        run_until_ready("worker", "--data", str(shop.data_folder)) as worker,
    ):
        assert worker.stdout is not None
        assert any("at work" in line for line in iter(worker.stdout.readline, ""))
        async with calling(shop) as caller:
            birthday = await birthday_in(caller, days=10)
            session = await caller.enrol("ines.clock@example.com", birthday=birthday)
            await caller.forward("P11D")

            async def is_given() -> bool:
                return await voucher_states(caller, session["accessToken"]) == ["ISSUED"]

            await within(WAIT_SECONDS, is_given)
        worker.terminate()
        assert worker.wait(30) == 0
