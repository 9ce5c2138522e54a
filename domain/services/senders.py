"""What the house asks of the outside, as protocols that the porch fulfils (`api/senders`).

A sender is given a batch and answers a verdict for each of it, in its order; it never raises for what the
outside did, keeps no state about messages, and tries nothing twice: when to try again is the outbox's
business. Addresses, texts and codes are in no log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from domain.model.people.contacts import Contact

DeviceAddressKind = Literal["TOKEN", "FID"]
SendStatus = Literal["sent", "retry", "pause", "break", "drop_device", "drop_message"]


# ---------------------------------------------------------------- verdicts
@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of one message, and why in a word that holds nothing private (`UNREGISTERED`, `HTTP 503`).

    sent          the outside has it retry         backoff; `after` where the outside named a time. Counts as
    one of eight attempts pause         the whole sender rests `after` (60 s unless told): a quota. Costs no
    attempt break         the sender's credentials do not work: it rests five minutes and an operator is told.
    Costs no attempt drop_device   the address reaches nobody: forget it drop_message  the outside will never
    take this message
    """

    status: SendStatus
    reason: str = ""
    retry_after: timedelta | None = None


SENT = SendResult("sent")
NO_ANSWER_REASONS = frozenset({"TIMEOUT", "CONNECTION"})  # the reasons of a retry where nobody answered


# ---------------------------------------------------------------- what is sent
@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """Where a device is reached: a registration token, or an installation id."""

    device: str
    kind: DeviceAddressKind
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PushMessage:
    """One push to one device, rendered. `collapse` is at most 64 bytes; `expires_at` ends the trying
    everywhere; `data` is all text.
    """

    id: str
    address: DeviceAddress
    title: str
    body: str
    collapse_key: str
    link: str | None = None
    badge: int | None = None
    expires_at: datetime | None = None
    payload: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MailMessage:
    """One e-mail. `unsubscribe` is the link of one whose purpose is not service; `id` is the same at every
    attempt, for the Message-ID.
    """

    id: str
    to: str = field(repr=False)
    locale: str
    subject: str
    text: str
    link: str | None = None
    unsubscribe: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """One text message to a phone in E.164; `id` is the same at every attempt."""

    id: str
    to: str = field(repr=False)
    text: str


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """One delivery to another system: `body` is JSON already, and signed as it is; `id` is the same at every
    attempt.
    """

    id: str
    hook: str
    body: bytes = field(repr=False)


# ---------------------------------------------------------------- who sends it
class CodeSender(Protocol):
    """Brings a one-time code, or a word about their sign-in, to whoever holds a contact. Code and contact are
    in no log.
    """

    def expect_reach(self, contact: Contact) -> None:
        """Raise where no code can be brought to such a contact: asked before anything is written."""
        ...

    async def send_code(self, contact: Contact, code: str, locale: str) -> None:
        """Send a code; the text is in the locale. Raises whatever tells that it did not leave."""
        ...

    async def tell_changed(self, contact: Contact, new: Contact, locale: str) -> None:
        """Tell who holds a contact that their membership has a new one, of which a hint is shown. Raises as
        `send_code` does.
        """
        ...


class PushSender(Protocol):
    """Reaches phones. `now` is the instant that times to live count from."""

    async def send(self, batch: Sequence[PushMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each, at most 50; a batch takes less than 30 seconds."""
        ...


class MailSender(Protocol):
    """Reaches mailboxes."""

    async def send(self, batch: Sequence[MailMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each, at most 50; a batch takes less than 30 seconds."""
        ...


class SmsSender(Protocol):
    """Reaches phones by their number."""

    async def send(self, batch: Sequence[SmsMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each, at most 50; a batch takes less than 30 seconds."""
        ...


class WebhookSender(Protocol):
    """Reaches other systems, each by the name that the programme file gives its hook."""

    @property
    def names(self) -> frozenset[str]:
        """Return the hooks that are configured."""
        ...

    async def send(self, batch: Sequence[WebhookMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each, at most 50, all to one hook; a batch takes less than 30 seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Senders:
    """Who of them is configured. What is not is skipped: the inbox has the message all the same. A webhook
    waits for its hook.
    """

    push: PushSender | None = None
    mail: MailSender | None = None
    sms: SmsSender | None = None
    webhooks: WebhookSender | None = None


NO_SENDERS = Senders()
