"""Leaderboards over GraphQL: joining under a nickname, the first places, the member's own, prizes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from tests.command_log import CommandLog
from tests.folding import fold_waiting
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
    await fold_waiting(app.process.runtime, LeaseHolder(lambda: now, name="test"), now=now)


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


async def test_service_takes_a_nickname_away_and_the_member_is_told_and_chooses_another(
    app: RunningApp,
) -> None:
    ana, bea = await app.enrol_member(), await app.enrol_member("bea@example.com")
    till, sara = await app.hire("rui"), await app.hire("sara", "SERVICE")
    for token, nickname, total in ((ana, "Vil\u00e3o", 9_000), (bea, "Lince", 5_000)):
        await buy(app, till, token, nickname, total)
        joining = {"code": "collectors", "nickname": nickname}
        await app.mutate("joinLeaderboard", joining, "__typename", token=token)
    shown = '{ leaderboardPlayers(code: "collectors") { rank nickname number } }'
    number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
    first, _ = (await app.do(shown, token=sara))["leaderboardPlayers"]
    assert first == {"rank": 1, "nickname": "Vil\u00e3o", "number": number}
    looked_up = [row async for row in app.process.store["look_ups"].find({"by": "ID"})]
    assert len({row["member"] for row in looked_up}) == len(looked_up) == 2
    taking = {"member": number, "reason": "it insults a colleague"}
    answer = "__typename ... on NicknameTakenAway { nickname }"
    for _ in range(2):
        taken = await app.mutate("takeNicknameAway", taking, answer, token=sara)
        assert taken == {"__typename": "NicknameTakenAway", "nickname": ""}
    assert (await board(app, bea))["top"][0] == {"rank": 1, "nickname": "", "score": 90, "isMe": False}
    mine = (await board(app, ana))["me"]
    assert (mine["nickname"], mine["rank"], mine["score"]) == ("", 1, 90), "the place stays"
    query = "mutation($i: JoinLeaderboardInput!) { joinLeaderboard(input: $i) { __typename } }"
    again = {"code": "collectors", "nickname": "v i l a \u0303 o"}
    fault = await app.error(query, {"i": again}, token=ana)
    assert (fault["code"], fault["field"]) == ("BAD_INPUT", "nickname")
    await app.mutate("joinLeaderboard", {**again, "nickname": "Coruja"}, "__typename", token=ana)
    assert [each["nickname"] for each in (await board(app, bea))["top"]] == ["Coruja", "Lince"]
    given = await app.mutate("takeNicknameAway", {**taking, "instead": "Mocho"}, answer, token=sara)
    assert given["nickname"] == "Mocho"
    acts = [row async for row in app.process.store["audit"].find({"action": "NICKNAME_TAKEN"})]
    assert [act["reason"] for act in acts] == ["it insults a colleague"] * 2


async def test_a_nickname_is_taken_away_by_service_alone_and_never_ones_own(app: RunningApp) -> None:
    ana, till = await app.enrol_member(), await app.hire("rui", email="rui@example.com")
    sara = await app.hire("sara", "SERVICE", email="ana@example.com")
    number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
    taking = {"member": number, "reason": "why"}
    query = "mutation($i: TakeNicknameAwayInput!) { takeNicknameAway(input: $i) { __typename } }"
    for token in (till, ana):
        assert (await app.error(query, {"i": taking}, token=token))["code"] == "FORBIDDEN"
    refused = await app.mutate(
        "takeNicknameAway", taking, "__typename ... on NotAllowed { reason }", token=sara
    )
    assert refused == {"__typename": "NotAllowed", "reason": "OWN_MEMBERSHIP"}
    other = await app.enrol_member("bea@example.com")
    number = (await app.do("{ me { number } }", token=other))["me"]["number"]
    fault = await app.error(query, {"i": {**taking, "member": number}}, token=sara)
    assert (fault["code"], fault["field"]) == ("BAD_INPUT", "member")
