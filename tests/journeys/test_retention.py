"""Members who stay away for as long as the programme says are warned, then erased; whoever comes back is not."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.services.erasure import retention
from domain.services.erasure.retention import RetentionRound
from domain.services.ledger.turn import turn
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round as deliver
from domain.services.senders import Senders
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.journeys.erased_person import PROGRAMME, expect_whole
from tests.loud_runtime import RecordingMailSender
from tests.running_app import RunningApp, open_running_app

RETENTION = """
retention: {inactive: {months: 36}}
"""
WARNING = """
  - {code: away, title: {pt: Ausente, en: Away}, on: member.inactive, do: [{message: goodbye}]}"""
GOODBYE = """
  - {code: goodbye, channels: [inbox, email], purpose: service, title: {pt: Adeus, en: Bye}, body: {pt: "Até {event.on}", en: "Until {event.on}"}}
"""
ANA, RUI = "ana@example.com", "rui@example.com"


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "club.yaml"
    text = PROGRAMME.replace("\nsegments:", f"{WARNING}\nsegments:").rstrip("\n") + GOODBYE + RETENTION
    file.write_text(text, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path / "data", programme=file) as running:
        yield running


async def live_until(app: RunningApp, year: int, month: int, day: int) -> list[RetentionRound]:
    """Let time pass in steps of ten days, as a worker would see it; return what was done on the way."""
    rounds, until = [], datetime(year, month, day, 10, tzinfo=UTC)
    while app.clock.now < until:
        app.clock.advance(days=min(10, max(1, (until - app.clock.now).days)))
        await turn(app.process.runtime, now=app.clock())
        rounds.append(await retention.run_round(app.process.runtime, now=app.clock()))
    return [each for each in rounds if each.warned_count or each.erased_count or each.failed_count]


async def mails(app: RunningApp) -> list[tuple[str, str]]:
    """Deliver what waits; return to whom which mail went."""
    mail = RecordingMailSender()
    worker = DeliveryWorker(Senders(mail=mail), unsubscribe=lambda *_: "https://club.example/u")
    while (await deliver(app.process.runtime, worker, now=app.clock())).due_count:
        pass
    return [(each.to, each.text) for each in mail.got]


async def test_who_stays_away_is_warned_then_erased_and_who_comes_back_is_not(app: RunningApp) -> None:
    await app.enrol_member(ANA)
    await app.enrol_member(RUI, name="Rui")
    await mails(app)
    # The last activity of both is of 2 March 2026: the term is over on 2 March 2029.
    assert await live_until(app, 2029, 1, 25) == []
    warned = await live_until(app, 2029, 2, 10)
    assert [(each.warned_count, each.erased_count) for each in warned] == [(2, 0)]
    sent = await mails(app)
    assert sorted(to for to, _ in sent) == [ANA, RUI]
    assert all("2029" in text for _, text in sent)
    # Ana signs in, which begins her term anew.
    ana = await app.sign_in_again(ANA)
    erased = await live_until(app, 2029, 6, 1)
    assert [(each.warned_count, each.erased_count) for each in erased] == [(0, 1)]
    assert (await app.do("{ me { email } }", token=ana))["me"]["email"] == ANA
    sent_code = await app.mutate("requestSignInCode", {"contact": RUI}, "challenge")
    proof = {"contact": RUI, "code": app.code_sender.codes[RUI], **sent_code}
    assert (await app.mutate("signIn", proof, "__typename"))["__typename"] == "NotEnrolled"
    await expect_whole(app)
    rows = app.process.store["audit"].find({"at": {"$gt": datetime(2000, 1, 1, tzinfo=UTC)}})
    assert [(row["action"], row["subject"]) async for row in rows][-1] == ("MEMBER_ERASED", "retention")
    later = await live_until(app, 2032, 4, 1)
    assert [(each.warned_count, each.erased_count) for each in later] == [(1, 0), (0, 1)]
