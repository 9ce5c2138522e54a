"""`selo worker` and `selo outbox` as an operator starts them."""

import asyncio
import signal
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
from structlog.testing import capture_logs

from api.embedded import find_running
from api.worker import RepeatedFaultLog
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import Busy, DocumentStore
from domain.store.ledger.programmes import NothingPublished
from domain.store.prepare import prepare
from tests.activity_socket import open_cursors
from tests.loud_runtime import LOUD, record_event
from tests.servers import run_until_ready, selo, serve_selo
from tests.small_runtime import join


def test_a_fault_is_said_once_a_minute_and_a_new_one_at_once() -> None:
    now = 0.0
    faults = RepeatedFaultLog("worker.round_failed", clock=lambda: now)
    with capture_logs() as logged:
        for now in range(0, 121, 20):  # noqa: B007 - the clock reads it
            faults.report(Busy())
            faults.report(Busy())
        faults.report(KeyError("a fault of ours"))
        faults.report(NothingPublished())
    assert [(one["fault"], one["left_unsaid"], one["exc_info"] is None) for one in logged] == [
        ("Busy", 0, True),
        ("Busy", 5, True),
        ("Busy", 5, True),
        ("KeyError", 1, False),
    ]


async def _hooked(uri: str) -> str:
    """Record an event whose message nobody is configured to send."""
    database = connect(uri, "selo")
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    runtime, now = Runtime.for_store(store), datetime.now(UTC).replace(microsecond=0)
    await runtime.programmes.refresh()
    await join(runtime, "ana", at=now)
    id = await record_event(runtime, "hooked", at=now)
    await database.close()
    return id


def test_a_worker_alone_parks_what_nobody_can_do_and_the_operator_sends_it_again(tmp_path: Path) -> None:
    data_folder, programme = tmp_path / "data", tmp_path / "loud.yaml"
    programme.write_text(LOUD)
    with serve_selo(
        data_folder, "--programme", str(programme), environment={"SELO_WORKER": "false"}
    ) as served:
        parts = httpx.get(f"{served.url}/ready", timeout=10).json()["parts"]
        assert {name: parts[name] for name in ("push", "email", "sms")} == {
            "push": "off",
            "email": "off",
            "sms": "off",
        }
        running = find_running(data_folder)
        assert running is not None
        id = asyncio.run(_hooked(running.uri))
        assert id in selo("outbox", "list", "--state", "pending", "--data", str(data_folder)).stdout
        output = ""
        with run_until_ready("worker", "--data", str(data_folder)) as worker:
            try:
                assert worker.stdout is not None
                assert worker.stdout.readline() == "Selo's worker is at work\n"
                for _ in range(20):
                    output = selo("outbox", "list", "--data", str(data_folder)).stdout
                    if id in output:
                        break
                worker.send_signal(signal.SIGTERM)
                assert worker.wait(30) == 0
            finally:
                worker.kill()
        assert "webhook shop" in output
        assert 'SELO_WEBHOOKS names no "shop"' in output
        assert selo("outbox", "retry", id, "--data", str(data_folder)).stdout == "Sent again: 1\n"
        assert selo("outbox", "list", "--data", str(data_folder)).stdout == "Nothing is parked.\n"
        refused = selo("outbox", "retry", id, "--data", str(data_folder))
        assert (refused.returncode, refused.stderr.startswith(f"Not parked: {id}.")) == (1, True)


async def _streams(uri: str, many: int) -> None:
    """Wait until exactly so many change streams are open."""
    database = connect(uri, "selo")
    async with asyncio.timeout(30):
        while await open_cursors(database) < many:
            await asyncio.sleep(0.05)
    assert await open_cursors(database) == many
    await database.close()


def test_a_server_and_each_worker_follow_what_is_committed_by_one_change_stream_each(tmp_path: Path) -> None:
    data_folder, programme = tmp_path / "data", tmp_path / "loud.yaml"
    programme.write_text(LOUD)
    with (
        serve_selo(data_folder, "--programme", str(programme), environment={"SELO_WORKER": "false"}),
        ExitStack() as stack,
    ):
        running = find_running(data_folder)
        assert running is not None
        asyncio.run(_streams(running.uri, 1))
        for many in (2, 3):
            worker = stack.enter_context(run_until_ready("worker", "--data", str(data_folder)))
            stack.callback(worker.kill)
            asyncio.run(_streams(running.uri, many))
