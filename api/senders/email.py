"""E-mail by SMTP: a text part and an HTML part, one connection a batch, a result for each message.

No header can be injected: addresses are parsed, the subject is one line, `mail_headers` encodes what stands
in a header, and checks the bytes that leave.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from typing import Literal

import aiosmtplib
from aiosmtplib import errors
from email_validator import validate_email

from api.senders.mail_headers import POLICY, checked_bytes, header_address, header_text
from api.senders.mail_layout import Letterhead, Letterheads, html_of, one_line
from api.texts import say
from domain.model.values import dataclass
from domain.services.senders import SENT, MailMessage, SendResult

BATCH_SECONDS = 25
STEP_SECONDS = 10
Security = Literal["starttls", "tls", "none"]


class Undeliverable(Exception):
    """No e-mail can be made of this address or text."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The mail server, and the sender's address and name."""

    host: str
    port: int
    security: Security
    sender: str
    sender_name: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class SmtpSender:
    """Sends mail through one server, with the letterhead of each message's language."""

    def __init__(self, server: SmtpServer, letterheads: Letterheads) -> None:
        self._server, self._letterheads = server, letterheads

    async def send(self, batch: Sequence[MailMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each message over one connection and return its result."""
        results: list[SendResult] = []
        client = self._client()
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                await self._connect(client)
                for message in batch:
                    if not client.is_connected:
                        await self._connect(client)
                    results.append(await self._send_one(client, message, now))
        except (errors.SMTPException, OSError) as fault:
            # A batch that took too long is a TimeoutError, an OSError too: messages not sent are tried again.
            results += [result_of_fault(fault)] * (len(batch) - len(results))
        finally:
            client.close()
        return results

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=STEP_SECONDS,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
        )

    async def _connect(self, client: aiosmtplib.SMTP) -> None:
        await client.connect()
        if self._server.user is not None:
            await client.login(self._server.user, self._server.password or "")

    async def _send_one(self, client: aiosmtplib.SMTP, message: MailMessage, now: datetime) -> SendResult:
        try:
            letterhead = self._letterheads.for_locale(message.locale)
            letter = build_email(message, self._server, letterhead, now=now)
            await client.sendmail(letter.sender, letter.to, letter.raw)
        except Undeliverable:
            return SendResult("drop_message", "MALFORMED")
        except errors.SMTPException as fault:
            return result_of_fault(fault)
        return SENT


# ---------------------------------------------------------------- what is sent
@dataclass(frozen=True, slots=True)
class BuiltEmail:
    """The addresses of an e-mail's envelope, and its bytes as they leave."""

    sender: str
    to: str
    raw: bytes


def build_email(
    message: MailMessage, server: SmtpServer, letterhead: Letterhead | None, *, now: datetime
) -> BuiltEmail:
    """Return an e-mail. Raises Undeliverable.

    Its Message-ID is the same at every attempt, so that a mailbox can tell a duplicate.
    """
    email = EmailMessage(policy=POLICY)
    try:
        sender, to = _ascii_address(server.sender), _ascii_address(message.to)
        email["From"] = header_address(sender, name=one_line(server.sender_name), header="From")
        email["To"] = header_address(to, name="", header="To")
        email["Subject"] = header_text(one_line(message.subject), header="Subject")
        email["Date"] = format_datetime(now)
        email["Message-ID"] = f"<{sha256(message.id.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"
        email["Auto-Submitted"] = "auto-generated"
        if message.unsubscribe is not None:  # RFC 8058: a mailbox's own button posts there
            # On one line: a mailbox joins no folded address.
            email["List-Unsubscribe"] = f"<{message.unsubscribe}>"
            email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        email.set_content(text_of(message))
        email.add_alternative(html_of(message, letterhead), subtype="html")
        return BuiltEmail(sender, to, checked_bytes(email))
    except ValueError:
        raise Undeliverable from None


def text_of(message: MailMessage) -> str:
    """Return the text part: the text, the link, and at its end how to unsubscribe."""
    foot = (
        None
        if message.unsubscribe is None
        else f"{say('mail.unsubscribe', message.locale)}: {message.unsubscribe}"
    )
    return "\n\n".join(part for part in (message.text, message.link, foot) if part is not None) + "\n"


def _ascii_address(address: str) -> str:
    """Return an address with its domain in ASCII. Raises ValueError where only SMTPUTF8 could carry it."""
    ascii_email = validate_email(address, check_deliverability=False).ascii_email
    if ascii_email is None:
        raise ValueError("the part before the @ is not ASCII")
    return ascii_email


# ---------------------------------------------------------------- what comes back
def result_of_fault(fault: BaseException) -> SendResult:
    """Return what a failure means: 4xx is retried, 5xx is not; a refused sign-in or sender is the operator's
    to mend.
    """
    match fault:
        case errors.SMTPAuthenticationError() | errors.SMTPSenderRefused() if fault.code >= 500:
            return SendResult("break", f"SMTP {fault.code}")
        case errors.SMTPRecipientsRefused() if fault.recipients:
            return _by_code(fault.recipients[0].code)
        case errors.SMTPConnectResponseError() | errors.SMTPHeloError():
            return SendResult("retry", f"SMTP {fault.code}")
        case errors.SMTPResponseException():
            return _by_code(fault.code)
        case errors.SMTPNotSupported():
            return SendResult("break", "SMTP NOT_SUPPORTED")
        case TimeoutError():
            return SendResult("retry", "TIMEOUT")
    # The library has no narrower word for a server without the STARTTLS or AUTH that the settings want.
    return (
        SendResult("break", "SMTP NOT_SUPPORTED")
        if type(fault) is errors.SMTPException
        else SendResult("retry", "CONNECTION")
    )


def _by_code(code: int) -> SendResult:
    return SendResult("drop_message" if code >= 500 else "retry", f"SMTP {code}")
