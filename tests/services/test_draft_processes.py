"""Drafts that take too long: whose fault it is, the draft's or the machine's."""

from datetime import UTC, datetime

import pytest

from domain.services.publishing import drafts
from domain.services.publishing.drafts import DraftProcesses, TakesTooLong
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
