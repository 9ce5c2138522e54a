"""A desk over a fresh database for stories about people: a sender that keeps what it was asked to send, and a clock to wind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.model.contacts import Contact
from domain.services.desk import Desk
from domain.store.base import Store

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
SECRET = b"a secret of thirty-two bytes, ok"


@dataclass
class Sent:
    """A sender that reaches nobody and remembers: contact, code, locale."""

    codes: list[tuple[Contact, str, str]] = field(default_factory=list)

    async def send_code(self, contact: Contact, code: str, locale: str) -> None:
        self.codes.append((contact, code, locale))

    @property
    def last(self) -> str:
        """The code sent last."""
        return self.codes[-1][1]


@dataclass(frozen=True)
class People:
    """What a story about people needs."""

    desk: Desk
    sent: Sent

    @property
    def store(self) -> Store:
        return self.desk.store


def wrong(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 10**6:06}"
