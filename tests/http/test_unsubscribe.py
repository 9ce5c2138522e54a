"""One click to hear no more: the link out of a mail that really came, posted over real HTTP, takes that one
consent back.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from api.worker import post_of
from domain.services.decisions import load_member
from domain.services.messages.delivery_rounds import run_round
from domain.store.connect import Database
from domain.store.ledger import journal
from domain.store.ledger.members import StoredMember
from domain.store.messages import outbox
from tests.doors import Doors, opened
from tests.houses import join
from tests.senders.mailbox import Mailbox, serving_mail
from tests.services.post import LOUD, NOON, happens, say
from tests.wire import Wire

BASE = "https://club.example"
SALE = LOUD.replace("""when: "'marketing' in member.consents", """, "")
WORDS = {"en": "about “News”", "pt": "sobre “News”"}


@dataclass
class Post:
    """The server, who reads its mail, and the member `ana`, who agreed to news."""

    doors: Doors
    mailbox: Mailbox

    @property
    def client(self) -> httpx.AsyncClient:
        return self.doors.client

    async def mailed(self, event: str) -> list[EmailMessage]:
        """Let an event happen to ana and the worker go on; the mails that came of it."""
        house, before = self.doors.process.house, len(self.mailbox.seen)
        await happens(house, event, at=self.doors.clock())
        while (await run_round(house, post_of(self.doors.process), now=self.doors.clock())).due_count:
            pass
        return [mail for _, mail in self.mailbox.seen[before:]]

    async def link(self) -> str:
        """The path of the link in a mail about news."""
        (mail,) = await self.mailed("sold")
        url = mail["List-Unsubscribe"].removeprefix("<").removesuffix(">")
        assert url.startswith(f"{BASE}/unsubscribe?t=")
        return str(url.removeprefix(BASE))

    async def outcomes(self) -> list[tuple[str, bool, str | None]]:
        """What came of the rules at ana's last event: rule, applied, reason."""
        newest = await journal.find(self.doors.process.store, "ana", (await self.ana()).member.seq)
        assert newest is not None
        return [(one.rule, one.applied, one.reason) for one in newest.outcomes]

    async def ana(self) -> StoredMember:
        return await load_member(self.doors.process.house, "ana")


@pytest.fixture
async def post(database: Database, wire: Wire, tmp_path: Path) -> AsyncIterator[Post]:
    programme = tmp_path / "loud.yaml"
    programme.write_text(SALE)
    async with serving_mail() as mailbox:
        settings = {
            "smtp_host": "127.0.0.1",
            "smtp_port": mailbox.port,
            "smtp_security": "none",
            "mail_from": "club@club.example",
        }
        async with opened(
            database, wire, tmp_path / "data", programme=programme, base_url=BASE, **settings
        ) as doors:
            doors.clock.now = NOON
            await join(doors.process.house, "ana", at=NOON - timedelta(days=20))
            await say(doors.process.house, news=True)
            yield Post(doors, mailbox)


async def test_one_click_takes_the_consent_back_and_what_the_membership_needs_still_comes(post: Post) -> None:
    link = await post.link()
    answer = await post.client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, WORDS["en"] in answer.text, "<form" in answer.text) == (200, True, False)
    (kept,) = (await post.ana()).details.consents
    assert (kept.purpose, kept.granted, kept.at, kept.source) == ("marketing", False, NOON, "unsubscribe")
    assert (kept.wording, kept.wording_version) == ("Yes, news", 1)
    assert await post.mailed("sold") == []
    assert await post.outcomes() == [("sale", False, "no_consent")]
    (service,) = await post.mailed("mailed")
    assert (service["Subject"], service["List-Unsubscribe"]) == ("Letter", None)


async def test_what_was_promised_before_the_click_is_not_sent(post: Post) -> None:
    link = await post.link()
    promised = await happens(post.doors.process.house, "sold", at=NOON)
    await post.client.post(link)
    assert await post.mailed("mailed") != []
    row = await outbox.find(post.doors.process.store, promised)
    assert row is not None
    assert (row.state, row.error) == ("dropped", "no_consent")


async def test_a_second_click_changes_nothing(post: Post) -> None:
    link = await post.link()
    await post.client.post(link)
    before = await post.ana()
    post.doors.clock.pass_(days=400)
    again = await post.client.post(link, content=b"--x\r\nwhatever a mailbox sends")
    assert (again.status_code, WORDS["en"] in again.text) == (200, True)
    assert await post.ana() == before


async def test_looking_changes_nothing_and_shows_the_button_in_the_members_language(post: Post) -> None:
    link = await post.link()
    await say(post.doors.process.house, locale="pt", news=True)
    before = await post.ana()
    for method in ("GET", "HEAD"):
        seen = await post.client.request(method, link, headers={"accept-language": "en"})
        assert seen.status_code == 200
    seen = await post.client.get(link)
    assert '<html lang="pt">' in seen.text
    assert WORDS["pt"] in seen.text
    assert (
        '<form method="post"><button class="button primary wide">Cancelar a subscrição</button></form>'
        in seen.text
    )
    assert await post.ana() == before
    await post.client.post(link)
    assert "<form" not in (await post.client.get(link)).text


async def test_the_page_keeps_to_itself(post: Post) -> None:
    seen = await post.client.get(await post.link())
    policy = seen.headers["content-security-policy"]
    assert "default-src 'none'; style-src 'self';" in policy
    assert "form-action 'self'; frame-ancestors 'none'" in policy
    assert (seen.headers["cache-control"], seen.headers["referrer-policy"]) == ("no-store", "no-referrer")


async def test_every_link_that_is_not_ours_has_one_answer(post: Post) -> None:
    link = await post.link()
    before = await post.ana()
    bad = [
        "/unsubscribe",
        "/unsubscribe?t=",
        "/unsubscribe?t=ana:marketing",
        link[:-1],
        f"{link}A",
        "/unsubscribe?t=%00%ff",
        f"{link[:-2]}==",
    ]
    answers = [await post.client.request(method, each) for each in bad for method in ("GET", "POST")]
    assert {(one.status_code, one.text) for one in answers} == {(400, answers[0].text)}
    assert "This link does not work." in answers[0].text
    assert (await post.client.put(link)).status_code == 405
    polish = await post.client.get("/unsubscribe?t=x", headers={"accept-language": "pt-PT"})
    assert "Esta ligação não funciona." in polish.text
    assert await post.ana() == before


async def test_a_purpose_that_the_programme_dropped_can_still_be_taken_back(post: Post) -> None:
    link = await post.link()
    shorter = SALE.replace(
        'consents: [{purpose: marketing, title: News, wording: "Yes, news"}]\n', ""
    ).replace("purpose: marketing", "purpose: service")
    await post.doors.process.programmes.publish(shorter, now=NOON)
    answer = await post.client.post(link)
    assert (answer.status_code, "“marketing”" in answer.text) == (200, True)
    assert [(one.purpose, one.granted) for one in (await post.ana()).details.consents] == [
        ("marketing", False)
    ]
