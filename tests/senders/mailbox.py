"""A real SMTP server for tests (aiosmtpd) on a free port: it records each mail, and answers by the beginning
of the address.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ANSWERS = {
    "nobody-": "550 5.1.1 no such user",
    "full-": "452 4.2.2 mailbox full",
    "busy-": "421 4.7.0 try later",
}


@dataclass
class Mailbox:
    """The mails that came: the addresses of the envelope, and the message."""

    port: int = 0
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    sessions: int = 0
    password: str | None = None

    async def handle_EHLO(
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Count the connections."""
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer as the address says."""
        for prefix, answer in ANSWERS.items():
            if address.startswith(prefix):
                return answer
        if address.startswith("hang-"):
            await asyncio.sleep(30)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Record the mail."""
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append((envelope.rcpt_tos, parsed))
        return "250 kept"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, auth_data: object
    ) -> AuthResult:
        """Let in who knows the password."""
        assert isinstance(auth_data, LoginPassword)
        right = auth_data.password == (self.password or "").encode()
        return AuthResult(success=right, handled=right)


@asynccontextmanager
async def serving_mail(*, password: str | None = None) -> AsyncIterator[Mailbox]:
    """The server, until the block ends; with a password it asks for one."""
    mailbox = Mailbox(password=password)

    def connection() -> SMTP:
        wanted = password is not None
        return SMTP(
            mailbox,
            hostname="mail.test",
            authenticator=mailbox.authenticate if wanted else None,
            auth_required=wanted,
            auth_require_tls=False,
        )

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        mailbox.port = int(listener.getsockname()[1])
        server = await asyncio.get_running_loop().create_server(connection, sock=listener)
        try:
            yield mailbox
        finally:
            server.close()
