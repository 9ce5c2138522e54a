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
from api.senders.mail_layout import Letterheads
from api.senders.sign_in_codes import TEXTS, ContactCodeSender
from api.senders.sms import SmsGateway, SmsRequestTemplate
from api.senders.sms_limits import SmsCaps, SmsCountries
from api.texts import SPOKEN
from domain.model.people.contacts import Contact
from domain.services.errors import ContactOutOfReach
from domain.services.senders import ChangeNotice, CodeMessage
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
    smtp = SmtpSender(SmtpServer("127.0.0.1", port, "none", "club@selo.example", "Club"), Letterheads())
    return sender(mail=smtp)


def sender(*, mail: SmtpSender | None = None, sms: SmsGateway | None = None) -> ContactCodeSender:
    return ContactCodeSender(
        mail,
        sms,
        fallback=UnavailableCodeSender(),
        sms_countries=SmsCountries(["PT"]),
        sms_caps=SmsCaps(per_hour=10, per_country_hour=10, clock=lambda: NOW),
        base_url="https://club.example",
        clock=lambda: NOW,
    )


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
    await by_mail(mailbox.port).send_code(ANA, CodeMessage("123456", locale))
    ((to, mail),) = mailbox.mails
    assert (to, mail["Subject"], mail["List-Unsubscribe"]) == (["ana@example.com"], subject, None)
    assert all("123456" in part.get_content() for part in mail.iter_parts())


async def test_a_code_comes_by_sms(endpoint: RecordingEndpoint) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    gateway = SmsGateway(
        SmsRequestTemplate(f"{endpoint.url}/200", headers=headers, body="to={to}&text={text}&ref={id}")
    )
    try:
        await sender(sms=gateway).send_code(PHONE, CodeMessage("123456", "pt"))
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
    with pytest.raises(ContactOutOfReach):
        codes.expect_reach(PHONE)


async def test_a_code_that_did_not_leave_is_told_and_the_operator_why(mailbox: Mailbox) -> None:
    with capture_logs() as logged, pytest.raises(NotAvailable, match="could not be sent now"):
        await by_mail(mailbox.port).send_code(
            Contact("email", "nobody-1@example.com"), CodeMessage("123456", "en")
        )
    assert logged == [{"event": "codes.not_sent", "log_level": "warning", "by": "email", "why": "SMTP 550"}]


async def test_who_held_the_old_contact_is_told_of_the_new_one_and_how_to_undo_it(mailbox: Mailbox) -> None:
    new = Contact("email", "eve@example.com")
    await by_mail(mailbox.port).tell_changed(ANA, ChangeNotice(new, "pt-PT", "the-token"))
    ((to, mail),) = mailbox.mails
    assert (to, mail["Subject"]) == ([ANA.value], "O seu acesso foi alterado")
    said = [part.get_content() for part in mail.iter_parts()]
    for part in said:
        assert f"{new.masked} dá agora acesso à sua adesão. Se não foi você" in " ".join(part.split())
        assert "https://club.example/undo/#the-token" in part
        assert new.value not in part
    with pytest.raises(NotAvailable):
        await by_mail(mailbox.port).tell_changed(
            Contact("email", "nobody-1@example.com"), ChangeNotice(new, "en")
        )


async def test_a_change_by_service_is_told_without_a_link(mailbox: Mailbox) -> None:
    await by_mail(mailbox.port).tell_changed(ANA, ChangeNotice(Contact("email", "eve@example.com"), "en"))
    said = "".join(part.get_content() for part in mailbox.mails[0][1].iter_parts())
    assert said.count("If it was not you who asked for that, tell us at once.") == 2
    assert "https://" not in said


async def test_a_phone_is_told_by_sms(endpoint: RecordingEndpoint) -> None:
    gateway = SmsGateway(SmsRequestTemplate(f"{endpoint.url}/200?to={{to}}&text={{text}}"))
    new = Contact("phone", "+351919999999")
    try:
        await sender(sms=gateway).tell_changed(PHONE, ChangeNotice(new, "en", "the-token"))
    finally:
        await gateway.close()
    said = parse_qs(urlsplit(endpoint.requests[0].url).query)
    assert said["to"] == [PHONE.value]
    assert said["text"][0].startswith(f"{new.masked} is now a way to sign in to your membership.")
    assert said["text"][0].endswith(" https://club.example/undo/#the-token")


async def test_a_code_says_what_it_is_for(mailbox: Mailbox) -> None:
    """Whoever is sent a code that makes their contact another's does not take it for a sign-in code."""
    new = Contact("email", "eve@example.com")
    codes = by_mail(mailbox.port)
    await codes.send_code(ANA, CodeMessage("123456", "en", "new_contact"))
    await codes.send_code(ANA, CodeMessage("123456", "en", "approve_contact", new))
    await codes.send_code(ANA, CodeMessage("123456", "en", "redeem", reward="5 {code} off"))
    await codes.send_code(ANA, CodeMessage("123456", "en", "join"))
    assert [mail["Subject"] for _, mail in mailbox.mails] == [
        "123456 is your code for a new contact",
        "123456 approves a new contact",
        "123456 is your code at the till",
        "123456 is your code to join",
    ]
    made, approved, redeemed, invited = (
        " ".join("".join(part.get_content() for part in mail.iter_parts()).split())
        for _, mail in mailbox.mails
    )
    assert "makes this address a way to sign in to a membership." in made
    assert f"123456 lets {new.masked} sign in to your membership." in approved
    assert "Tell the cashier 123456 to redeem: 5 {code} off." in redeemed
    assert "Type 123456 here, with this address: https://club.example/phone/ " in invited


OTHER_FIGURES = {
    "changed": ["new"],
    "changed.subject": [],
    "changed.undo": [],
    "changed.tell": [],
    "removed": ["old"],
    "remove_contact.mail": ["code", "old"],
    "remove_contact.sms": ["code", "old"],
    "join.mail": ["code", "link"],
    "join.sms": ["code", "link"],
    "redeem.mail": ["code", "reward"],
    "redeem.sms": ["code", "reward"],
    "approve_contact.mail": ["code", "new"],
    "approve_contact.sms": ["code", "new"],
}


def test_the_texts_are_whole_in_every_language() -> None:
    for name, texts in TEXTS.items():
        assert set(texts) == set(SPOKEN), name
        figures = OTHER_FIGURES.get(name, ["code"])
        assert [
            [field for _, field, _, _ in string.Formatter().parse(text) if field] for text in texts.values()
        ] == [figures] * 3, name
