"""GET /metrics: what a process counts over real requests, behind a token, and what waits in the database."""

import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from api.http import metrics
from domain.services.ledger.sweeping.sweep import sweep
from domain.services.ledger.turn import turn
from domain.store.backlog import Backlog
from domain.store.connect import Database
from domain.store.document_store import EPOCH, ConnectionLost
from tests.command_log import CommandLog
from tests.running_app import NUMISCOLLECT, RunningApp, open_running_app
from tests.servers import run_until_ready, serve_selo

TOKEN = "a token of the operator, long enough"


def value(text: str, name: str, **labels: str) -> float:
    """Return the value of a series; 0 where there is none."""
    wanted = {f'{key}="{word}"' for key, word in labels.items()}
    for line in text.splitlines():
        match = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if match and set((match[1] or "").split(",")) - {""} == wanted:
            return float(match[2])
    return 0.0


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_running_app(database, command_log, tmp_path, metrics_token=SecretStr(TOKEN)) as running:
        yield running


async def scrape(app: RunningApp) -> str:
    answer = await app.client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text


@pytest.mark.parametrize(
    "sent", [{}, {"authorization": "Bearer another"}, {"authorization": f"Basic {TOKEN}"}]
)
async def test_nothing_is_shown_without_the_token(app: RunningApp, sent: dict[str, str]) -> None:
    answer = await app.client.get("/metrics", headers=sent)
    assert (answer.status_code, answer.text, answer.headers["www-authenticate"]) == (401, "", "Bearer")


async def test_there_is_no_such_page_without_the_setting(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path) as app:
        assert (await app.client.get("/metrics")).status_code == 404


async def test_operations_decisions_and_answers_add_up(app: RunningApp) -> None:
    before = await scrape(app)
    token = await app.enrol_member()
    for _ in range(3):
        await app.do("{ me { number } programme { name } }", token=token)
    await app.error("{ me { number } }")
    await app.ask("{ nothing }")
    after = await scrape(app)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("selo_operations_total", kind="query", root="me", outcome="OK") == 3
    assert grown("selo_operation_seconds_count", kind="query", root="me") == 4
    assert grown("selo_operations_total", kind="query", root="me", outcome="UNAUTHENTICATED") == 1
    assert grown("selo_operations_total", kind="none", root="none", outcome="BAD_INPUT") == 1
    assert grown("selo_operations_total", kind="mutation", root="enrol", outcome="OK") == 1
    assert grown("selo_decisions_total", event="member.enrolled") == 1
    assert grown("selo_http_answers_total", door="graphql", status="200") == 7
    assert "ana@example.com" not in after
    assert "Ana" not in after


async def test_every_part_of_the_application_is_counted_under_its_own_name(app: RunningApp) -> None:
    paths = (
        "/pictures/a/1/b",
        "/export/a",
        "/unsubscribe",
        "/webhooks/shop",
        "/events",
        "/till/",
        "/schema.graphql",
    )
    for path in (*paths, "/.well-known/jwks.json", "/wp-login.php"):
        await app.client.get(path)
    counted = set(re.findall(r'selo_http_answers_total\{door="([^"]+)"', await scrape(app)))
    assert {path.split("/")[1] for path in paths} | {".well-known", "other"} <= counted
    assert "wp-login.php" not in counted


async def test_a_refused_rate_is_counted_by_whose_it_is(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(
        database, command_log, tmp_path, anonymous_requests_per_minute=1, metrics_token=SecretStr(TOKEN)
    ) as app:
        before = await scrape(app)
        await app.do("{ programme { name } }")
        await app.error("{ programme { name } }")
        after = await scrape(app)
    refused = "selo_rates_refused_total"
    assert value(after, refused, rate="address") - value(before, refused, rate="address") == 1


async def test_what_waits_is_shown_until_the_turn_took_it(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "READ_AGAIN_SECONDS", 0.0)
    await app.enrol_member()
    app.clock.advance(days=400)
    late = await scrape(app)
    assert value(late, "selo_database_up") == 1
    assert value(late, "selo_due", queue="members") == 1
    assert value(late, "selo_due_oldest_seconds", queue="members") > 86_400
    assert value(late, "selo_due", queue="outbox_people") > 0
    await turn(app.process.runtime, now=app.clock())
    taken = await scrape(app)
    assert value(taken, "selo_due", queue="members") == 0
    assert value(taken, "selo_due_oldest_seconds", queue="members") == 0


async def test_the_sweep_after_a_publish_is_shown_until_it_is_done(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "READ_AGAIN_SECONDS", 0.0)
    await app.enrol_member()
    before = await scrape(app)
    assert value(before, "selo_due", queue="sweep_ranges") == 0
    text = NUMISCOLLECT.read_text(encoding="utf-8").replace("Europe/Lisbon", "Europe/Madrid")
    await app.process.programmes.publish(text, now=app.clock())
    app.clock.advance(seconds=90)
    late = await scrape(app)
    assert value(late, "selo_due", queue="sweep_ranges") == 1
    assert value(late, "selo_due_oldest_seconds", queue="sweep_ranges") == 90
    await sweep(app.process.runtime, clock=app.clock)
    after = await scrape(app)
    assert value(after, "selo_due", queue="sweep_ranges") == 0

    def grown(what: str) -> float:
        name = "selo_sweep_members_total"
        return value(after, name, what=what) - value(before, name, what=what)

    assert (grown("looked"), grown("written"), grown("failed")) == (1, 1, 0)


async def test_a_database_that_is_away_is_said_and_the_counts_go_on(app: RunningApp, tmp_path: Path) -> None:
    async def away() -> Backlog:
        raise ConnectionLost("away")

    route = metrics.metrics_route(away, clock=app.clock)
    transport = httpx.ASGITransport(Starlette(routes=[route]))
    async with httpx.AsyncClient(transport=transport, base_url="http://selo") as client:
        text = (await client.get("/metrics")).text
    assert value(text, "selo_database_up") == 0
    assert "selo_operations_total" in text
    assert 'queue="members"' not in text


async def test_a_refused_sign_in_of_staff_is_counted_and_in_the_audit_trail(app: RunningApp) -> None:
    await app.hire("rui")
    before = await scrape(app)
    for name in ("rui", "nobody"):
        sign_in = {"username": name, "password": "wrong", "store": "lisboa"}
        refused = await app.mutate("staffSignIn", sign_in, "... on SignInRefused { reason }")
        assert refused == {"reason": "WRONG_PASSWORD"}
    counted = "selo_staff_sign_ins_refused_total"
    after = await scrape(app)
    assert value(after, counted, why="WRONG_PASSWORD") - value(before, counted, why="WRONG_PASSWORD") == 2
    since = {"at": {"$gt": EPOCH}}
    rows = [row async for row in app.process.store["audit"].find(since) if row["action"].endswith("REFUSED")]
    assert [(row["reason"], row["subject"] == "unknown") for row in rows] == [
        ("WRONG_PASSWORD", False),
        ("WRONG_PASSWORD", True),
    ]


async def test_an_id_of_a_proxy_is_taken_over_where_it_is_well_formed(app: RunningApp) -> None:
    for sent, is_taken in (
        ("0af7651916cd43dd", True),
        ("short", False),
        ("x" * 65, False),
        ("a b c d e f", False),
    ):
        answer = await app.client.get("/health", headers={"x-request-id": sent})
        assert (answer.headers["x-request-id"] == sent) is is_taken


def test_a_server_and_a_worker_answer_at_ports_of_their_own_and_log_a_line_an_answer(tmp_path: Path) -> None:
    settings = {
        "SELO_METRICS_PORT": "0",
        "SELO_WORKER_PORT": "0",
        "SELO_LOG_FORMAT": "json",
        "SELO_WORKER": "false",
    }
    programme = str(NUMISCOLLECT)
    data = tmp_path / "data"
    with serve_selo(data, "--programme", programme, environment=settings) as served:
        httpx.get(f"{served.url}/health", headers={"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"})
        own = address_of(served.said)
        text = httpx.get(f"{own}/metrics").text
        assert value(text, "selo_http_answers_total", door="health", status="200") == 1
        assert value(text, "selo_database_command_seconds_count", command="find") > 0
        assert httpx.get(f"{own}/ready").json()["parts"]["programme"] == "version 1"
        assert httpx.get(f"{own}/graphql").status_code == 404
        assert httpx.get(f"{served.url}/metrics").status_code == 404
        with run_until_ready("worker", "--data", str(data), environment=settings) as worker:
            assert worker.stdout is not None
            own = address_of([worker.stdout.readline()])
            parts = wait_for_turn(own)
            assert re.fullmatch(r"\d+ s ago", parts["turn"])
            assert parts["outbox"] == "0 due"
            assert value(httpx.get(f"{own}/metrics").text, "selo_turn_seconds_count") > 0
            worker.terminate()
        served.stop()
        lines = [json.loads(line) for line in served.log().splitlines()]
    [line] = [each for each in lines if each["event"] == "http.answered" and each["door"] == "health"]
    assert (line["method"], line["status"], line["trace_id"]) == ("GET", 200, "ab" * 16)


def address_of(said: Sequence[str]) -> str:
    [line] = [line for line in said if line.startswith("Metrics at ")]
    return line.strip().removeprefix("Metrics at ").removesuffix("/metrics")


def wait_for_turn(address: str) -> dict[str, str]:
    """Return the parts of a worker that is ready."""
    give_up_at = time.monotonic() + 30
    while True:
        answer = httpx.get(f"{address}/ready")
        if answer.status_code == 200:
            parts: dict[str, str] = answer.json()["parts"]
            return parts
        assert time.monotonic() < give_up_at, answer.text
        time.sleep(0.1)
