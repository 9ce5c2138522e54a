"""Sign-in codes by real e-mail and a real SMS gateway, in each language, and the error where none can be
sent.
"""

import string
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from api.errors import NotAvailable
from api.senders.console import UnavailableCodeSender
from api.senders.email import SmtpSender, SmtpServer
from api.senders.sign_in_codes import TEXTS, ContactCodeSender
from api.senders.sms import SmsGateway, SmsRequestTemplate
from api.texts import SPOKEN
from domain.model.people.contacts import Contact
from tests.senders.mailbox import Mailbox, serving_mail
from tests.senders.recording_endpoint import RecordingEndpoint, serving_endpoint

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ANA = Contact("email", "ana@example.com")
PHONE = Contact("phone", "+351912345678")


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with serving_mail() as served:
        yield served


@pytest.fixture
async def endpoint() -> AsyncIterator[RecordingEndpoint]:
    async with serving_endpoint() as served:
        yield served


def by_mail(port: int) -> ContactCodeSender:
    smtp = SmtpSender(SmtpServer("127.0.0.1", port, "none", "club@selo.example", "Club"))
    return ContactCodeSender(smtp, None, fallback=UnavailableCodeSender(), clock=lambda: NOW)


@pytest.mark.parametrize(
    ("locale", "subject"),
    [
        ("pt", "123456 é o seu código de acesso"),
        ("pl", "123456 to Twój kod logowania"),
        ("en", "123456 is your sign-in code"),
        ("fr", "123456 is your sign-in code"),
    ],
)
async def test_a_code_comes_by_e_mail_in_the_reader_s_language(
    mailbox: Mailbox, locale: str, subject: str
) -> None:
    await by_mail(mailbox.port).send_code(ANA, "123456", locale)
    ((to, mail),) = mailbox.mails
    assert (to, mail["Subject"], mail["List-Unsubscribe"]) == (["ana@example.com"], subject, None)
    assert all("123456" in part.get_content() for part in mail.iter_parts())


async def test_a_code_comes_by_sms(endpoint: RecordingEndpoint) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    gateway = SmsGateway(
        SmsRequestTemplate(f"{endpoint.url}/200", headers=headers, body="to={to}&text={text}&ref={id}")
    )
    try:
        await ContactCodeSender(None, gateway, fallback=UnavailableCodeSender(), clock=lambda: NOW).send_code(
            PHONE, "123456", "pt"
        )
    finally:
        await gateway.close()
    said = parse_qs(endpoint.requests[0].body.decode())
    assert said["to"] == ["+351912345678"]
    assert said["text"] == [
        "123456 é o seu código de acesso. Funciona durante dez minutos. Nunca o diga a ninguém."
    ]
    assert "123456" not in said["ref"][0]


async def test_whoever_cannot_be_reached_is_told_before_anything_is_written(mailbox: Mailbox) -> None:
    codes = by_mail(mailbox.port)
    codes.expect_reach(ANA)
    with pytest.raises(NotAvailable):
        codes.expect_reach(PHONE)


async def test_a_code_that_did_not_leave_is_told_and_the_operator_why(mailbox: Mailbox) -> None:
    with capture_logs() as logged, pytest.raises(NotAvailable, match="could not be sent now"):
        await by_mail(mailbox.port).send_code(Contact("email", "nobody-1@example.com"), "123456", "en")
    assert logged == [{"event": "codes.not_sent", "log_level": "warning", "by": "email", "why": "SMTP 550"}]


async def test_who_held_the_old_contact_is_told_of_the_new_one_by_its_hint(mailbox: Mailbox) -> None:
    new = Contact("email", "eve@example.com")
    await by_mail(mailbox.port).tell_changed(ANA, new, "pt-PT")
    ((to, mail),) = mailbox.mails
    assert (to, mail["Subject"]) == ([ANA.value], "O seu acesso foi alterado")
    said = "".join(part.get_content() for part in mail.iter_parts())
    assert said.count(f"{new.masked} dá agora acesso à sua adesão.") == 2
    assert new.value not in said
    with pytest.raises(NotAvailable):
        await by_mail(mailbox.port).tell_changed(Contact("email", "nobody-1@example.com"), new, "en")


async def test_a_phone_is_told_by_sms(endpoint: RecordingEndpoint) -> None:
    gateway = SmsGateway(SmsRequestTemplate(f"{endpoint.url}/200?to={{to}}&text={{text}}"))
    try:
        new = Contact("phone", "+351919999999")
        await ContactCodeSender(
            None, gateway, fallback=UnavailableCodeSender(), clock=lambda: NOW
        ).tell_changed(PHONE, new, "en")
    finally:
        await gateway.close()
    said = parse_qs(urlsplit(endpoint.requests[0].url).query)
    assert said["to"] == [PHONE.value]
    assert said["text"][0].startswith(f"{new.masked} is now a way to sign in to your membership.")


def test_the_texts_are_whole_in_every_language() -> None:
    for name, texts in TEXTS.items():
        assert set(texts) == set(SPOKEN), name
        figures = {"changed": ["new"], "changed.subject": []}.get(name, ["code"])
        assert [
            [field for _, field, _, _ in string.Formatter().parse(text) if field] for text in texts.values()
        ] == [figures] * 3, name
