"""Back-tests at the console: started by operators alone, read by analysts too, one at a time, ended at will."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from domain.services.figures.backtest import jobs
from domain.services.figures.backtest.backtesting import BacktestProgress, Progress
from domain.services.runtime import Runtime
from domain.store.figures import backtests
from tests.graphql.console.test_programme import operators, propose
from tests.running_app import NUMISCOLLECT, Json, RunningApp

TEXT = NUMISCOLLECT.read_text(encoding="utf-8")
DOUBLED = TEXT.replace(
    "amount: 1, per: 100, of: purchase.eligible", "amount: 2, per: 100, of: purchase.eligible"
)
SHOWN = """backtest backtestState startedBy firstDay members membersDone eventsDone secondsLeft endedAt report {
  memberCount isSample eventCount refused { event } gainingCount losingCount gaining { customer number was wouldBe }
  wallets { wallet was { awarded cost } wouldBe { awarded cost } }
  rules { rule title wallet was { fired awarded } wouldBe { fired awarded } } tiers { code title was wouldBe } }"""
START = f"""__typename ... on BacktestStarted {{ backtest {{ {SHOWN} }} }} ... on BacktestRunning {{ message }}
  ... on ProgrammeFaulty {{ faults {{ line path }} }}"""


async def start(app: RunningApp, token: str, **fields: object) -> Json:
    answer: Json = await app.mutate("startBacktest", {"text": DOUBLED, **fields}, START, token=token)
    return answer


async def ended(app: RunningApp, token: str, id: str) -> Json:
    """Read a back-test until it has ended."""
    query = f"query($b: String!) {{ backtest(backtest: $b) {{ {SHOWN} }} }}"
    while True:
        shown: Json = (await app.do(query, {"b": id}, token=token))["backtest"]
        if shown["backtestState"] != "RUNNING":
            return shown
        await asyncio.sleep(0.05)


async def test_an_operator_tries_a_draft_and_an_analyst_reads_what_it_came_to(app: RunningApp) -> None:
    member, carla = await app.enrol_member(), await app.hire("carla")
    number = (await app.do("{ me { number } }", token=member))["me"]["number"]
    buy = {"member": number, "externalId": "r1", "currency": "EUR", "total": 3_700, "idempotencyKey": "a"}
    await app.mutate("recordPurchase", buy, "__typename", token=carla)
    olga, nuno = await app.hire("olga", "OPERATOR", store=None), await app.hire("nuno", "ANALYST")
    started = await start(app, olga)
    assert started["__typename"] == "BacktestStarted"
    assert (started["backtest"]["backtestState"], started["backtest"]["startedBy"]) == ("RUNNING", "Olga")
    done = await ended(app, olga, started["backtest"]["backtest"])
    report = done["report"]
    assert (done["backtestState"], done["membersDone"], report["memberCount"]) == ("DONE", 1, 1)
    [bought] = [each for each in report["rules"] if each["rule"] == "purchase"]
    assert (bought["was"], bought["wouldBe"]) == ({"fired": 1, "awarded": 37}, {"fired": 1, "awarded": 74})
    assert bought["title"] == "1 ponto por cada euro"
    assert {each["code"]: each["title"] for each in report["tiers"]}["prata"] == "Prata"
    [gaining] = report["gaining"]
    assert gaining["number"] == number
    record = "query($m: String!) { memberRecord(member: $m) { customer { number } } }"
    opened = await app.do(record, {"m": gaining["customer"]}, token=olga)
    assert opened["memberRecord"]["customer"]["number"] == number
    read = (await app.do(f"{{ backtests {{ {SHOWN} }} }}", token=nuno))["backtests"]
    shown = read[0]["report"]["gaining"][0]
    assert (shown["number"], shown["customer"]) == (None, None)
    shown |= {"number": number, "customer": gaining["customer"]}
    assert read == [done]


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A back-test that goes on until it is ended. The event tells that it was."""
    was_ended = asyncio.Event()

    async def run_on(_runtime: Runtime, _request: object, *, now: object, progress: Progress) -> None:
        progress(BacktestProgress(1, 4, 90))
        try:
            await asyncio.Event().wait()
        finally:
            was_ended.set()

    monkeypatch.setattr(jobs, "run_backtest", run_on)
    monkeypatch.setattr(jobs, "SIGN_OF_LIFE_SECONDS", 0.02)
    return was_ended


async def test_one_runs_at_a_time_and_is_ended_at_will(app: RunningApp, endless: asyncio.Event) -> None:
    olga = await app.hire("olga", "OPERATOR", store=None)
    id = (await start(app, olga))["backtest"]["backtest"]
    second = await start(app, olga)
    assert second["__typename"] == "BacktestRunning"
    assert second["message"].startswith("Já está a correr")
    shown = {"membersDone": 0}
    while not shown["membersDone"]:  # it tells its progress
        app.clock.advance(seconds=2)
        [shown] = (await app.do("{ backtests { members membersDone eventsDone secondsLeft } }", token=olga))[
            "backtests"
        ]
    assert (shown["members"], shown["membersDone"], shown["eventsDone"]) == (4, 1, 90)
    answer = f"backtest {{ {SHOWN} }}"
    cancelled = await app.mutate("cancelBacktest", {"backtest": id}, answer, token=olga)
    assert cancelled["backtest"]["backtestState"] == "CANCELLED"
    assert endless.is_set()
    again = await start(app, olga)
    assert again["__typename"] == "BacktestStarted"
    await app.process.backtests.close()  # as at a shutdown
    assert (await ended(app, olga, again["backtest"]["backtest"]))["backtestState"] == "CANCELLED"


async def test_a_cancellation_that_the_driver_hides_ends_it_even_so(
    app: RunningApp, endless: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga, noting = await app.hire("olga", "OPERATOR", store=None), asyncio.Event()

    async def note_and_hide(*_: object, **_named: object) -> bool:
        noting.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return False

    monkeypatch.setattr(backtests, "note_progress", note_and_hide)
    id = (await start(app, olga))["backtest"]["backtest"]
    async with asyncio.timeout(30):
        await noting.wait()
        await app.process.backtests.close()
    assert endless.is_set()
    assert (await ended(app, olga, id))["backtestState"] == "CANCELLED"


async def test_one_that_another_server_runs_is_ended_too_and_one_whose_server_died_has_failed(
    app: RunningApp, endless: asyncio.Event
) -> None:
    olga = await app.hire("olga", "OPERATOR", store=None)
    store, now = app.process.store, app.clock()
    await backtests.create(store, "elsewhere", staff="x", since=now, now=now)
    answer = f"backtest {{ {SHOWN} }}"
    asked = await app.mutate("cancelBacktest", {"backtest": "elsewhere"}, answer, token=olga)
    assert asked["backtest"]["backtestState"] == "RUNNING"  # until its server hears of it
    note = {"members": 9, "members_done": 1, "events_done": 5}
    assert await backtests.note_progress(store, "elsewhere", **note, now=app.clock())
    app.clock.advance(seconds=61)
    assert (await ended(app, olga, "elsewhere"))["backtestState"] == "FAILED"
    assert not endless.is_set()


async def test_a_proposed_version_names_the_back_test_of_its_very_draft(app: RunningApp) -> None:
    olga, rita = await operators(app)
    id = (await start(app, olga))["backtest"]["backtest"]
    assert (await ended(app, olga, id))["backtestState"] == "DONE"
    for key, text in (
        ("tried", "# a comment\n" + DOUBLED),
        ("other", DOUBLED.replace("per: 100", "per: 300")),
    ):
        answer = await propose(app, olga, text, key=key, note=key)
        assert answer["__typename"] == "ProgrammeProposed"
    query = "{ programmeProposals { note backtest backtestedBy } }"
    told = {each.pop("note"): each for each in (await app.do(query, token=rita))["programmeProposals"]}
    assert told == {
        "tried": {"backtest": id, "backtestedBy": "Olga"},
        "other": {"backtest": None, "backtestedBy": None},
    }


async def test_faulty_drafts_and_what_is_out_of_bounds_are_refused(app: RunningApp) -> None:
    olga = await app.hire("olga", "OPERATOR", store=None)
    faulty = await start(app, olga, text=TEXT.replace("on: purchase.completed", "on: purchase.completd", 1))
    assert faulty["__typename"] == "ProgrammeFaulty"
    assert faulty["faults"][0]["path"].startswith("rules[0]")
    query = "mutation($i: StartBacktestInput!) { startBacktest(input: $i) { __typename } }"
    tomorrow = (app.clock() + timedelta(days=2)).date().isoformat()
    for fields, field in (
        ({"sample": 20_001}, "sample"),
        ({"sample": 0}, "sample"),
        ({"since": tomorrow}, "since"),
    ):
        refused = await app.error(query, {"i": {"text": TEXT, **fields}}, token=olga)
        assert (refused["code"], refused["field"]) == ("BAD_INPUT", field)
    unknown = 'mutation { cancelBacktest(input: {backtest: "none"}) { __typename } }'
    assert (await app.error(unknown, token=olga))["code"] == "NOT_FOUND"
    assert (await app.do('{ backtest(backtest: "none") { members } backtests { members } }', token=olga)) == {
        "backtest": None,
        "backtests": [],
    }


async def test_nobody_else_starts_or_ends_one(app: RunningApp) -> None:
    tokens = [
        await app.hire(role.lower(), role)
        for role in ("CASHIER", "MANAGER", "OPERATOR", "SERVICE", "ANALYST")
    ]
    tokens.append(await app.enrol_member())
    for mutation in (
        f'startBacktest(input: {{text: "x"}}) {{ {START} }}',
        'cancelBacktest(input: {backtest: "none"}) { __typename }',
    ):
        for token in tokens:
            assert (await app.error(f"mutation {{ {mutation} }}", token=token))["code"] == "FORBIDDEN"
        assert (await app.error(f"mutation {{ {mutation} }}"))["code"] == "UNAUTHENTICATED"
    for token in tokens[:4]:
        assert (await app.error("{ backtests { members } }", token=token))["code"] == "FORBIDDEN"
    assert await app.count("backtests") == 0
