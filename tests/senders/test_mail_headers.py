"""What stands in a header: encoded words of ours, whatever the text pretends to be, and bytes that are checked."""

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import parseaddr

import pytest

from api.senders.mail_headers import (
    ENCODED_LINE,
    POLICY,
    MalformedMail,
    check_bytes,
    checked_bytes,
    has_header_fault,
    header_address,
    header_text,
)

INJECTIONS = [
    "=?utf-8?Q?=0D=0ABcc:_eve@shop.example?=",
    "Olá =?utf-8?Q?=0D=0ABcc:_eve@shop.example=0D=0A=0D=0AClick_here?= !",
    "=?utf-8?B?DQpCY2M6IGV2ZUBzaG9wLmV4YW1wbGUNCg0KSGk=?=",
    "=?us-ascii?q?=0AX:y?= =?us-ascii?q?=0D?=",
    f"{'a' * 90} =?utf-8?Q?=0D=0AX:y?=",
]


def parsed(subject: str, sender_name: str = "") -> EmailMessage:
    email = EmailMessage(policy=POLICY)
    email["From"] = header_address("club@selo.example", name=sender_name, header="From")
    email["Subject"] = header_text(subject, header="Subject")
    email.set_content("text")
    raw = checked_bytes(email)
    assert max(map(len, raw.split(b"\r\n"))) <= ENCODED_LINE + 2
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert [name for name in message if name not in ("Content-Transfer-Encoding",)] == [
        "From",
        "Subject",
        "Content-Type",
        "MIME-Version",
    ]
    return message


@pytest.mark.parametrize(
    "text",
    [
        *INJECTIONS,
        "Welcome, Ana",
        "é" * 200,
        "👩‍👩‍👧" * 60,
        "x" * 200,
        "a word " * 28 + "end",
        'Ção, <b>&amp;</b> "q" (c) @ ;',
    ],
)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    assert parsed(text)["Subject"] == text


def test_a_short_plain_text_is_readable_without_decoding() -> None:
    assert header_text("Your code is 123456", header="Subject") == "Your code is 123456"


@pytest.mark.parametrize(
    "name", [*INJECTIONS, "Clube Ção", 'Club "A", \\ <x@y.example>', "Club", "é" * 100, ""]
)
def test_a_name_beside_an_address_makes_no_second_address(name: str) -> None:
    from_header = parsed("text", name)["From"]
    assert [address.addr_spec for address in from_header.addresses] == ["club@selo.example"]
    # The policy's parser puts spaces between the encoded words of a name; the older one joins them as RFC 2047.
    shown, _ = parseaddr(header_address("club@selo.example", name=name, header="From"))
    assert str(make_header(decode_header(shown))) == name


@pytest.mark.parametrize(
    "address", ["ana@example.com\r\nBcc: eve@example.com", "aña@example.com", "a b@c.example", ""]
)
def test_what_is_no_ascii_address_is_refused(address: str) -> None:
    with pytest.raises(MalformedMail):
        header_address(address, name="", header="To")


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: \r\nBcc: eve@shop.example\r\n\r\ntext",
        b"Subject: a\r\nSubject: b\r\n\r\ntext",
        b"Subject: a\r\n\r\nBcc: x\r\n\r\n\0",
        b"Subject: a\nBcc: x\r\n\r\ntext",
        b"Subject: a\rBcc: x\r\n\r\ntext",
        b"Subject: \xc3\xa9\r\n\r\ntext",
        b"Subject: a\r\n \r\n b\r\n\r\ntext",
        b" Subject: a\r\n\r\ntext",
        b"Subject: a\r\nno header\r\n\r\ntext",
        b"Subject: a\r\n\r\n" + b"x" * 999,
        b"",
    ],
)
def test_bytes_with_anything_else_do_not_leave(raw: bytes) -> None:
    with pytest.raises(MalformedMail):
        check_bytes(raw, headers=["Subject"])


def test_bytes_as_they_should_be_leave() -> None:
    check_bytes(b"Subject: a\r\n b\r\nTo: a@b.example\r\n\r\nBcc: text\r\n", headers=["Subject", "To"])


def test_the_fault_of_a_python_is_found_by_trying() -> None:
    probe = EmailMessage(policy=SMTP_POLICY)
    probe["Subject"] = INJECTIONS[0]
    try:
        is_injected = message_from_bytes(probe.as_bytes())["Bcc"] is not None
    except ValueError:
        is_injected = False
    assert has_header_fault() is is_injected
