"""Leaderboards over GraphQL: joining under a nickname, the first places, the member's own, prizes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.figures import projector
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app
from tests.small_runtime import NUMISCOLLECT

BOARD = """code name unit { code } beganAt endsAt prizes { rank gifts { amount } }
  top(first: 2) { rank nickname score isMe } me { nickname score rank beside { rank nickname isMe } }"""


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    text = NUMISCOLLECT.read_text(encoding="utf-8").replace(
        "per: month, top: 100}", "per: month, top: 100, do: {3: [{award: {wallet: points, fixed: 50}}]}}"
    )
    file = tmp_path / "programme.yaml"
    file.write_text(text, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as running:
        yield running


async def buy(app: RunningApp, till: str, token: str, receipt: str, total: int) -> None:
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    purchase = {"member": number, "externalId": receipt, "currency": "EUR", "total": total}
    await app.mutate("recordPurchase", {**purchase, "idempotencyKey": receipt}, "__typename", token=till)
    now = app.clock()
    await projector.fold_all(app.process.runtime, LeaseHolder(lambda: now, name="test"), now=now)


async def board(app: RunningApp, token: str) -> Json:
    query = f'{{ leaderboard(code: "collectors") {{ {BOARD} }} }}'
    answer: Json = (await app.do(query, token=token, language="en"))["leaderboard"]
    return answer


async def test_a_member_joins_sees_the_first_and_themselves_and_leaves(app: RunningApp) -> None:
    ana, bea = await app.enrol_member(), await app.enrol_member("bea@example.com")
    till = await app.hire("rui")
    await buy(app, till, ana, "r1", 9_000)
    await buy(app, till, bea, "r2", 20_000)
    before = await board(app, ana)
    assert (before["top"], before["me"]["nickname"], before["me"]["rank"]) == ([], None, None)
    assert before["me"]["score"] == 90
    for token, nickname in ((ana, "Coruja"), (bea, "Lince")):
        joining = {"code": "collectors", "nickname": nickname}
        await app.mutate("joinLeaderboard", joining, "__typename", token=token)
    stood = await board(app, ana)
    assert stood == {
        "code": "collectors",
        "name": "Colecionadores do mês",
        "unit": {"code": "points"},
        "beganAt": "2026-03-01T00:00:00.000Z",
        "endsAt": "2026-03-31T23:00:00.000Z",
        "prizes": [{"rank": 3, "gifts": [{"amount": 50}]}],
        "top": [
            {"rank": 1, "nickname": "Lince", "score": 200, "isMe": False},
            {"rank": 2, "nickname": "Coruja", "score": 90, "isMe": True},
        ],
        "me": {
            "nickname": "Coruja",
            "score": 90,
            "rank": 2,
            "beside": [
                {"rank": 1, "nickname": "Lince", "isMe": False},
                {"rank": 2, "nickname": "Coruja", "isMe": True},
            ],
        },
    }
    await app.mutate("leaveLeaderboard", {"code": "collectors"}, "__typename", token=bea)
    assert [place["nickname"] for place in (await board(app, ana))["top"]] == ["Coruja"]


async def test_what_cannot_be_is_refused_by_its_field(app: RunningApp) -> None:
    token = await app.enrol_member()
    join = "mutation($i: JoinLeaderboardInput!) { joinLeaderboard(input: $i) { __typename } }"
    address = {"code": "collectors", "nickname": "ana@example.com"}
    assert await app.error(join, {"i": address}, token=token) == {"code": "BAD_INPUT", "field": "nickname"}
    for query in ('{ leaderboard(code: "none") { code } }', '{ leaderboard(code: "collectors") { code } }'):
        fault = await app.error(query, {}, token=token if "none" in query else None)
        assert fault["code"] == ("NOT_FOUND" if "none" in query else "UNAUTHENTICATED")
    top = '{ leaderboard(code: "collectors") { top(first: 101) { rank } } }'
    assert await app.error(top, {}, token=token) == {"code": "BAD_INPUT", "field": "first"}
