"""Drafts that are not answered: whose fault it is, the draft's, the machine's or our own."""

import gc
import io
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from domain.services.publishing import draft_worker, drafts
from domain.services.publishing.drafts import DraftFailed, DraftProcesses, TakesTooLong
from domain.store.document_store import Busy

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXT = "programme: {code: one, name: One, currency: EUR, timezone: Europe/Lisbon, locales: [en]}\n"


async def test_a_draft_that_got_no_time_of_a_busy_machine_is_to_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drafts, "JOB_SECONDS", 0.001)
    with pytest.raises(Busy):
        await DraftProcesses().check(TEXT, now=NOW)


async def test_a_draft_that_has_used_up_its_own_time_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "CPU_SECONDS", 1)
    monkeypatch.setattr(drafts, "JOB_SECONDS", 60)
    rules = "".join(f"  - {{code: r{n}, title: R, on: purchase.completed, do: []}}\n" for n in range(3_000))
    with pytest.raises(TakesTooLong):
        await DraftProcesses().check(f"{TEXT}rules:\n{rules}", now=NOW)


class Never(datetime):
    """An instant that the process cannot read."""

    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str:
        return "never"


async def test_an_error_of_our_own_is_logged_and_is_not_called_too_much() -> None:
    with capture_logs() as logs, pytest.raises(DraftFailed):
        await DraftProcesses().check(TEXT, now=Never(2026, 3, 2, tzinfo=UTC))
    assert [(line["event"], line["job"], line["error"]) for line in logs] == [
        ("draft.failed", "check", "ValueError")
    ]
    assert "publishing/draft_worker.py" in logs[0]["frames"][-1]


async def test_a_process_that_does_not_even_begin_is_an_error_of_our_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(drafts, "_ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    with capture_logs() as logs, pytest.raises(DraftFailed):
        await DraftProcesses().check(TEXT, now=NOW)
    assert [(line["event"], line["exit_code"]) for line in logs] == [("draft.failed", 1)]


def test_a_draft_that_takes_all_memory_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(*_: object, **__: object) -> None:
        raise MemoryError

    job = b'{"kind": "check", "text": "", "now": "2026-03-02T12:00:00"}'
    monkeypatch.setattr(draft_worker, "check_draft", exhaust)
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["draft_worker", "8"])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(job)))
    with pytest.raises(SystemExit) as ended:
        draft_worker.main()
    assert ended.value.code == draft_worker.OUT_OF_MEMORY
