"""The outside as the domain needs it: protocols that `api/senders` implements.

A sender takes a batch and returns a result for each message, in its order. It never raises for what the
outside did, keeps no state about messages, and does not try again: the outbox does. Addresses, texts and
codes are in no log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from domain.model.people.contacts import Contact
from domain.model.values import dataclass

DeviceAddressKind = Literal["TOKEN", "FID", "SUBSCRIPTION"]
CodeUse = Literal[
    "sign_in", "join", "new_contact", "approve_contact", "remove_contact", "redeem", "delete_membership"
]
SendStatus = Literal["sent", "retry", "pause", "break", "drop_device", "drop_message"]


# ---------------------------------------------------------------- results
@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of one message, and why in a word that holds nothing private (`UNREGISTERED`, `HTTP 503`).

    sent: the message was accepted.
    retry: try again after a backoff, or after `retry_after`. Counts as one of eight attempts.
    pause: the whole sender rests for `retry_after`, else 60 s: a quota. Costs no attempt.
    break: the sender's credentials do not work. It rests five minutes, an operator is told. Costs no attempt.
    drop_device: the address reaches no device and is forgotten.
    drop_message: this message will never be accepted.
    """

    status: SendStatus
    reason: str = ""
    retry_after: timedelta | None = None


SENT = SendResult("sent")
NO_ANSWER_REASONS = frozenset({"TIMEOUT", "CONNECTION"})  # reasons of a retry without an answer


# ---------------------------------------------------------------- what is sent
@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """The address of a device: a registration token, an installation id, or a browser's subscription."""

    device: str
    kind: DeviceAddressKind
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PushMessage:
    """One rendered push to one device.

    A push with a `collapse_key` replaces an earlier one with the same; None for one that stands alone. A
    programme has few keys, because FCM stores at most four for a phone that is off. A `silent` push makes no
    sound; one `is_background` shows nothing, and only sets the number on the icon. After `expires_at` nobody
    tries to deliver it. `payload` is all text.
    """

    id: str
    address: DeviceAddress
    title: str
    body: str
    collapse_key: str | None
    link: str | None = None
    badge: int | None = None
    expires_at: datetime | None = None
    payload: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    is_background: bool = False


@dataclass(frozen=True, slots=True)
class MailMessage:
    """One e-mail. `id` is the same at every attempt, for the Message-ID.

    `unsubscribe` is a link, set where the purpose is not service; `code` is what of the text has to be found
    at a glance.
    """

    id: str
    to: str = field(repr=False)
    locale: str
    subject: str
    text: str
    link: str | None = None
    unsubscribe: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """One text message to a phone in E.164. `id` is the same at every attempt."""

    id: str
    to: str = field(repr=False)
    text: str


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """One delivery to another system. `body` is JSON, signed as it is; `id` is the same at every attempt, and
    `trace` the traceparent that it goes with.
    """

    id: str
    hook: str
    body: bytes = field(repr=False)
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """A one-time code, with a text in the locale that says what it is for.

    `changed_contact` is set where the code is to approve that contact as another of the membership, or to
    take it away, `reward` where it is to redeem a reward of that title. `is_member` tells whether a member
    has the phone that it goes to: no cap keeps their codes back.
    """

    code: str = field(repr=False)
    locale: str
    use: CodeUse = "sign_in"
    changed_contact: Contact | None = field(default=None, repr=False)
    is_member: bool = False
    reward: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeNotice:
    """That a membership has a new contact, or one less, shown as a hint. `undo_token` goes into a link that
    undoes it.
    """

    changed_contact: Contact = field(repr=False)
    locale: str
    undo_token: str | None = field(default=None, repr=False)
    is_removal: bool = False


# ---------------------------------------------------------------- who sends it
class CodeSender(Protocol):
    """Sends one-time codes, and notices about sign-in, to a contact. Code and contact are in no log."""

    def expect_reach(self, contact: Contact) -> None:
        """Raise ContactOutOfReach where nothing can be sent to such a contact. Called before any write."""
        ...

    async def send_code(self, contact: Contact, message: CodeMessage) -> None:
        """Send a code. Raises where it was not sent."""
        ...

    async def tell_changed(self, contact: Contact, notice: ChangeNotice) -> None:
        """Tell a contact that the membership has a new one. Raises as `send_code` does."""
        ...


class PushSender(Protocol):
    """Sends to phones. `now` is the instant that times to live count from."""

    async def send(self, batch: Sequence[PushMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each, at most 50; a batch takes less than 30 seconds."""
        ...


class WebPushSender(PushSender, Protocol):
    """Sends to browsers, which subscribe to its public key."""

    @property
    def public_key(self) -> str:
        """Return the key in base64url."""
        ...


class MailSender(Protocol):
    """Sends e-mails."""

    async def send(self, batch: Sequence[MailMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each, at most 50; a batch takes less than 30 seconds."""
        ...


class SmsSender(Protocol):
    """Sends text messages."""

    async def send(self, batch: Sequence[SmsMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each, at most 50; a batch takes less than 30 seconds."""
        ...


class WebhookSender(Protocol):
    """Sends to other systems, each by the name that the programme file gives its webhook."""

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the configured webhooks."""
        ...

    @property
    def subscriptions(self) -> Mapping[str, Sequence[str]]:
        """Return the webhooks that are told of an event without a rule, by the event's name."""
        ...

    async def send(self, batch: Sequence[WebhookMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each, at most 50, all to one webhook; a batch takes less than 30 seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Senders:
    """The configured senders. Without one its messages are skipped, but the inbox has them.

    A webhook that is not configured waits. Push goes to apps by `push`, to browsers by `web_push`.
    """

    push: PushSender | None = None
    mail: MailSender | None = None
    sms: SmsSender | None = None
    webhooks: WebhookSender | None = None
    web_push: WebPushSender | None = None

    def push_to(self, kind: DeviceAddressKind) -> PushSender | None:
        """Return the sender of pushes to a kind of address."""
        return self.web_push if kind == "SUBSCRIPTION" else self.push

    @property
    def channels(self) -> frozenset[str]:
        """Return the channels that have a sender; push to apps and browsers apart. The inbox needs none."""
        senders = {"push": self.push, "web_push": self.web_push, "email": self.mail, "sms": self.sms}
        return frozenset(channel for channel, sender in senders.items() if sender is not None)


NO_SENDERS = Senders()
