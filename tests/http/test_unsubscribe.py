"""The unsubscribe link of a delivered mail, posted over real HTTP, withdraws that one consent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.worker import make_delivery_worker
from domain.services.decisions import load_member
from domain.services.messages.delivery_rounds import run_round
from domain.store.connect import Database
from domain.store.ledger import journal
from domain.store.ledger.members import StoredMember
from domain.store.messages import outbox
from tests.command_log import CommandLog
from tests.loud_runtime import LOUD, NOON, change_details, record_event
from tests.running_app import RunningApp, open_running_app
from tests.senders.mailbox import Mailbox, serving_mail
from tests.small_runtime import join

BASE = "https://club.example"
SALE = LOUD.replace("""when: "'marketing' in member.consents", """, "")
WORDS = {"en": "about “News”", "pt": "sobre “News”"}


@dataclass
class UnsubscribeStory:
    """The server, its mail, and the member `ana`, who consented to news."""

    app: RunningApp
    mailbox: Mailbox

    @property
    def client(self) -> httpx.AsyncClient:
        return self.app.client

    async def mailed(self, event: str) -> list[EmailMessage]:
        """Record an event of ana's and deliver; return the mails that came of it."""
        runtime, before = self.app.process.runtime, len(self.mailbox.mails)
        await record_event(runtime, event, at=self.app.clock())
        while (
            await run_round(runtime, make_delivery_worker(self.app.process), now=self.app.clock())
        ).due_count:
            pass
        return [mail for _, mail in self.mailbox.mails[before:]]

    async def link(self) -> str:
        """The path of the link in a mail about news."""
        (mail,) = await self.mailed("sold")
        url = mail["List-Unsubscribe"].removeprefix("<").removesuffix(">")
        assert url.startswith(f"{BASE}/unsubscribe?t=")
        return str(url.removeprefix(BASE))

    async def outcomes(self) -> list[tuple[str, bool, str | None]]:
        """The outcomes of ana's last event: rule, applied, reason."""
        newest = await journal.find(self.app.process.store, "ana", (await self.ana()).member.seq)
        assert newest is not None
        return [(one.rule, one.applied, one.reason) for one in newest.outcomes]

    async def ana(self) -> StoredMember:
        return await load_member(self.app.process.runtime, "ana")


@pytest.fixture
async def story(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> AsyncIterator[UnsubscribeStory]:
    programme = tmp_path / "loud.yaml"
    programme.write_text(SALE)
    async with serving_mail() as mailbox:
        settings: dict[str, Any] = {
            "smtp_host": "127.0.0.1",
            "smtp_port": mailbox.port,
            "smtp_security": "none",
            "mail_from": "club@club.example",
        }
        async with open_running_app(
            database, command_log, tmp_path / "data", programme=programme, base_url=BASE, **settings
        ) as app:
            app.clock.now = NOON
            await join(app.process.runtime, "ana", at=NOON - timedelta(days=20))
            await change_details(app.process.runtime, news=True)
            yield UnsubscribeStory(app, mailbox)


async def test_one_click_takes_the_consent_back_and_what_the_membership_needs_still_comes(
    story: UnsubscribeStory,
) -> None:
    link = await story.link()
    answer = await story.client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, WORDS["en"] in answer.text, "<form" in answer.text) == (200, True, False)
    (consent,) = (await story.ana()).details.consents
    assert (consent.purpose, consent.granted, consent.at, consent.source) == (
        "marketing",
        False,
        NOON,
        "unsubscribe",
    )
    assert (consent.wording, consent.wording_version) == ("Yes, news", 1)
    assert await story.mailed("sold") == []
    assert await story.outcomes() == [("sale", False, "no_consent")]
    (service,) = await story.mailed("mailed")
    assert (service["Subject"], service["List-Unsubscribe"]) == ("Letter", None)


async def test_what_was_promised_before_the_click_is_not_sent(story: UnsubscribeStory) -> None:
    link = await story.link()
    promised = await record_event(story.app.process.runtime, "sold", at=NOON)
    await story.client.post(link)
    assert await story.mailed("mailed") != []
    row = await outbox.find(story.app.process.store, promised)
    assert row is not None
    assert (row.state, row.error) == ("dropped", "no_consent")


async def test_a_second_click_changes_nothing(story: UnsubscribeStory) -> None:
    link = await story.link()
    await story.client.post(link)
    before = await story.ana()
    story.app.clock.advance(days=400)
    again = await story.client.post(link, content=b"--x\r\nwhatever a mailbox sends")
    assert (again.status_code, WORDS["en"] in again.text) == (200, True)
    assert await story.ana() == before


async def test_looking_changes_nothing_and_shows_the_button_in_the_members_language(
    story: UnsubscribeStory,
) -> None:
    link = await story.link()
    await change_details(story.app.process.runtime, locale="pt", news=True)
    before = await story.ana()
    for method in ("GET", "HEAD"):
        answer = await story.client.request(method, link, headers={"accept-language": "en"})
        assert answer.status_code == 200
    answer = await story.client.get(link)
    assert '<html lang="pt">' in answer.text
    assert WORDS["pt"] in answer.text
    assert (
        '<form method="post"><button class="button primary wide">Cancelar a subscrição</button></form>'
        in answer.text
    )
    assert await story.ana() == before
    await story.client.post(link)
    assert "<form" not in (await story.client.get(link)).text


async def test_the_page_keeps_to_itself(story: UnsubscribeStory) -> None:
    answer = await story.client.get(await story.link())
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; style-src 'self';" in policy
    assert "form-action 'self'; frame-ancestors 'none'" in policy
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")


async def test_every_link_that_is_not_ours_has_one_answer(story: UnsubscribeStory) -> None:
    link = await story.link()
    before = await story.ana()
    bad = [
        "/unsubscribe",
        "/unsubscribe?t=",
        "/unsubscribe?t=ana:marketing",
        link[:-1],
        f"{link}A",
        "/unsubscribe?t=%00%ff",
        f"{link[:-2]}==",
    ]
    answers = [await story.client.request(method, each) for each in bad for method in ("GET", "POST")]
    assert {(one.status_code, one.text) for one in answers} == {(400, answers[0].text)}
    assert "This link does not work." in answers[0].text
    assert (await story.client.put(link)).status_code == 405
    polish = await story.client.get("/unsubscribe?t=x", headers={"accept-language": "pt-PT"})
    assert "Esta ligação não funciona." in polish.text
    assert await story.ana() == before


async def test_a_purpose_that_the_programme_dropped_can_still_be_taken_back(story: UnsubscribeStory) -> None:
    link = await story.link()
    shorter = SALE.replace(
        'consents: [{purpose: marketing, title: News, wording: "Yes, news"}]\n', ""
    ).replace("purpose: marketing", "purpose: service")
    await story.app.process.programmes.publish(shorter, now=NOON)
    answer = await story.client.post(link)
    assert (answer.status_code, "“marketing”" in answer.text) == (200, True)
    assert [(one.purpose, one.granted) for one in (await story.ana()).details.consents] == [
        ("marketing", False)
    ]
