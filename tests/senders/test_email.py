"""E-mail over real SMTP: its parts and headers, and the result of each answer of the server."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.senders import email
from api.senders.email import SmtpSender, SmtpServer
from api.senders.mail_layout import Letterheads
from domain.model.programme.loading import load
from domain.services.senders import SENT, MailMessage, SendResult
from tests.senders.mailbox import Mailbox, serving_mail
from tests.senders.test_mail_headers import INJECTIONS

PROGRAMMES = Path(__file__).parents[2] / "scripts" / "demo" / "programmes"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
MESSAGE = MailMessage(
    id="m1",
    to="ana@example.com",
    locale="pt",
    subject="Prémio desbloqueado",
    text="Olá <Ana>,\n\njá pode levar o denário.\nAté já",
    link="https://club.example/r?a=1&b=2",
)


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with serving_mail() as served:
        yield served


def server(port: int, **said: str) -> SmtpServer:
    return SmtpServer("127.0.0.1", port, "none", "club@selo.example", "Clube Ção", **said)


async def sent(
    mailbox: Mailbox, *messages: MailMessage, letterheads: Letterheads | None = None
) -> list[SendResult]:
    sender = SmtpSender(server(mailbox.port), letterheads or Letterheads())
    return list(await sender.send(messages, now=NOW))


async def test_an_e_mail_has_a_text_and_an_html_part(mailbox: Mailbox) -> None:
    assert await sent(mailbox, MESSAGE) == [SENT]
    ((to, mail),) = mailbox.mails
    assert to == ["ana@example.com"]
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "Clube Ção <club@selo.example>",
        "ana@example.com",
        "Prémio desbloqueado",
    )
    assert (mail["Date"].datetime, mail["Auto-Submitted"]) == (NOW, "auto-generated")
    text, html = (part.get_content() for part in mail.iter_parts())
    assert (
        text.replace("\r\n", "\n")
        == "Olá <Ana>,\n\njá pode levar o denário.\nAté já\n\nhttps://club.example/r?a=1&b=2\n"
    )
    assert '<html lang="pt">' in html
    assert ">Olá &lt;Ana&gt;,</p>" in html
    assert ">já pode levar o denário.<br>Até já</p>" in html
    assert re.search('<a href="https://club.example/r.a=1&amp;b=2" [^>]*>Abrir</a>', html)


async def test_an_e_mail_is_in_the_brand_and_asks_nothing_of_any_server(mailbox: Mailbox) -> None:
    letterheads = Letterheads()
    text = (PROGRAMMES / "hotel-chain.yaml").read_text("utf-8")
    programme = load(text.replace("{email: circle@", "{phone: '+351 210 000', email: circle@"))
    letterheads.read_programme = lambda: programme
    hostile = replace(
        MESSAGE, text="123456 <img src=https://eve.example/x>\n\n1234567", code="123456", link=None
    )
    assert await sent(mailbox, MESSAGE, hostile, letterheads=letterheads) == [SENT, SENT]
    html, code = (list(mail.iter_parts())[1].get_content() for _, mail in mailbox.mails)
    assert re.search(r"<p [^>]*background:#0f3d4c;color:#ffffff;[^>]*>Hotéis Alba</p>", html)
    assert re.search(r'<a href="mailto:circle@alba.example" [^>]*>circle@alba.example</a>', html)
    assert '<a href="tel:+351210000"' in html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media(prefers-color-scheme:dark)" in html
    assert re.search("<strong [^>]*>123456</strong> &lt;img src=https://eve.example/x&gt;</p>", code)
    assert ">1234567</p>" in code
    for shown in (html, code):
        assert re.search(r"<(?:img|script|link|iframe|object)|\bsrc=[\"']|url\(|@import", shown) is None
        assert not re.search("selo", shown, re.IGNORECASE)


async def test_only_what_is_no_service_can_be_unsubscribed_by_one_click_or_by_its_foot(
    mailbox: Mailbox,
) -> None:
    link = f"https://club.example/unsubscribe?t={'Ab3_-' * 30}"
    await sent(mailbox, MESSAGE, replace(MESSAGE, unsubscribe=link))
    (_, service), (_, news) = mailbox.mails
    assert (service["List-Unsubscribe"], service["List-Unsubscribe-Post"]) == (None, None)
    assert (news["List-Unsubscribe"], news["List-Unsubscribe-Post"]) == (
        f"<{link}>",
        "List-Unsubscribe=One-Click",
    )
    plain, html = (part.get_content().replace("\r\n", "\n") for part in news.iter_parts())
    assert plain.endswith(f"\nAté já\n\nhttps://club.example/r?a=1&b=2\n\nCancelar a subscrição: {link}\n")
    assert re.search(f'<a href="{re.escape(link)}"[^>]*>Cancelar a subscrição</a></p></div></body>', html)
    assert "Cancelar" not in "".join(part.get_content() for part in service.iter_parts())


def test_the_address_to_unsubscribe_at_goes_on_one_line_as_it_is() -> None:
    link = f"https://club.example/unsubscribe?t={'Ab3_-' * 30}"
    raw = email.build_email(replace(MESSAGE, unsubscribe=link), server(25), None, now=NOW).raw
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in raw


async def test_a_second_attempt_has_the_same_message_id(mailbox: Mailbox) -> None:
    await sent(mailbox, MESSAGE, MESSAGE, replace(MESSAGE, id="m2"))
    first, again, other = (seen["Message-ID"] for _, seen in mailbox.mails)
    assert first == again != other


@pytest.mark.parametrize("subject", INJECTIONS)
async def test_no_encoded_word_in_a_subject_becomes_a_header_or_a_body(
    mailbox: Mailbox, subject: str
) -> None:
    assert await sent(mailbox, replace(MESSAGE, subject=subject), MESSAGE) == [SENT, SENT]
    (_, mail), (_, plain) = mailbox.mails
    assert (mail["Subject"], list(mail)) == (subject, list(plain))
    text, plain_text = (next(one.iter_parts()).get_content() for one in (mail, plain))
    assert text == plain_text


async def test_no_header_is_injected_by_a_subject(mailbox: Mailbox) -> None:
    assert await sent(mailbox, replace(MESSAGE, subject="Olá\r\nBcc: eve@example.com\u2028x\x00")) == [SENT]
    ((to, mail),) = mailbox.mails
    assert (to, mail["Bcc"], mail["Subject"]) == (["ana@example.com"], None, "Olá Bcc: eve@example.com x")


@pytest.mark.parametrize(
    "to",
    ["ana@example.com\r\nBcc: eve@example.com", "ana@example.com, eve@example.com", "aña@example.com", ""],
)
async def test_what_is_no_single_address_is_not_sent(mailbox: Mailbox, to: str) -> None:
    assert await sent(mailbox, replace(MESSAGE, to=to), MESSAGE) == [
        SendResult("drop_message", "MALFORMED"),
        SENT,
    ]
    assert [to for to, _ in mailbox.mails] == [["ana@example.com"]]


async def test_a_domain_goes_as_the_wire_has_it(mailbox: Mailbox) -> None:
    assert await sent(mailbox, replace(MESSAGE, to="ana@coleção.example")) == [SENT]
    assert mailbox.mails[0][0] == ["ana@xn--coleo-dra1a.example"]


async def test_a_batch_is_one_connection_and_one_refusal_spoils_no_other(mailbox: Mailbox) -> None:
    batch = [replace(MESSAGE, to=f"{name}@example.com") for name in ("a", "nobody-1", "b", "full-1", "c")]
    assert await sent(mailbox, *batch) == [
        SENT,
        SendResult("drop_message", "SMTP 550"),
        SENT,
        SendResult("retry", "SMTP 452"),
        SENT,
    ]
    assert [to for to, _ in mailbox.mails] == [["a@example.com"], ["b@example.com"], ["c@example.com"]]
    assert mailbox.sessions == 1


async def test_a_server_that_hangs_up_is_called_again(mailbox: Mailbox) -> None:
    batch = [replace(MESSAGE, to=f"{name}@example.com") for name in ("busy-1", "b")]
    assert await sent(mailbox, *batch) == [SendResult("retry", "SMTP 421"), SENT]


async def test_a_hang_ends_and_what_was_sent_stays_sent(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "STEP_SECONDS", 5)
    monkeypatch.setattr(email, "BATCH_SECONDS", 0.5)
    batch = [replace(MESSAGE, to=f"{name}@example.com") for name in ("a", "hang-1", "b")]
    assert await sent(mailbox, *batch) == [
        SENT,
        SendResult("retry", "TIMEOUT"),
        SendResult("retry", "TIMEOUT"),
    ]


async def test_nobody_listening_is_tried_again() -> None:
    assert await SmtpSender(server(9), Letterheads()).send([MESSAGE], now=NOW) == [
        SendResult("retry", "CONNECTION")
    ]


@pytest.mark.filterwarnings("ignore:Session.login_data is deprecated:DeprecationWarning")  # aiosmtpd's own
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_password_lets_in_and_a_wrong_one_breaks() -> None:
    async with serving_mail(password="right") as mailbox:
        assert await SmtpSender(server(mailbox.port, user="u", password="right"), Letterheads()).send(
            [MESSAGE], now=NOW
        ) == [SENT]
        assert await SmtpSender(server(mailbox.port, user="u", password="wrong"), Letterheads()).send(
            [MESSAGE], now=NOW
        ) == [SendResult("break", "SMTP 535")]


async def test_a_server_without_the_wanted_tls_is_told(mailbox: Mailbox) -> None:
    wants = replace(server(mailbox.port), security="starttls")
    results = await SmtpSender(wants, Letterheads()).send([MESSAGE], now=NOW)
    assert results == [SendResult("break", "SMTP NOT_SUPPORTED")]
    assert mailbox.mails == []


def test_nothing_of_it_shows() -> None:
    shown = repr((MESSAGE, server(25, user="u", password="hush")))
    assert "ana@example.com" not in shown
    assert "hush" not in shown
