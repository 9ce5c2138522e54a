"""A delivery worker and its jobs: what a round hands from step to step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from datetime import datetime, timedelta

from domain.model.programme import MessageSpec, Programme
from domain.model.values import dataclass
from domain.services.senders import NO_SENDERS, Senders
from domain.store.ledger.members import StoredMember
from domain.store.messages import outbox
from domain.store.messages.outbox import Delivery, OutboxRow

MAX_BATCH = 50
MAX_CONCURRENT = 8
EXPIRES_AFTER = timedelta(days=7)
WEB_PUSH = "web-push"  # pushes to browsers have a sender of their own


# ---------------------------------------------------------------- values
@dataclass(slots=True)
class DeliveryWorker:
    """One delivery worker: its senders, how long a lease lasts, and which channels rest until when.

    `public_id` returns the API's id of a letter, `api_id` the API's id of any kind; `unsubscribe` returns the
    link that withdraws a consent; `links_url` is where a link begins that is a path. `lane` is the part of
    the outbox that it delivers. `mismatched_devices` answered SENDER_ID_MISMATCH before any push arrived,
    which sets `has_reached_device`.
    """

    senders: Senders = NO_SENDERS
    lease: timedelta = outbox.CLAIM_LEASE
    public_id: Callable[[str], str] = str
    api_id: Callable[[str, str], str] = "{}:{}".format
    unsubscribe: Callable[[str, str], str] = "{}/{}".format
    lane: outbox.Lane = "people"
    links_url: str = ""
    resting_until: dict[str, datetime] = field(default_factory=dict)
    has_reached_device: bool = False
    mismatched_devices: set[str] = field(default_factory=set)

    def sender(self, channel: str) -> object | None:
        """Return the sender of a channel; each webhook is a channel of its own, `webhook:NAME`. Of a push
        that is of no device yet it is whichever there is.
        """
        kind, _, hook = channel.partition(":")
        if kind == "webhook":
            hooks = self.senders.webhooks
            return hooks if hooks is not None and hook in hooks.names else None
        if channel == "push":
            return self.senders.push or self.senders.web_push
        return {WEB_PUSH: self.senders.web_push, "email": self.senders.mail, "sms": self.senders.sms}[channel]


@dataclass(slots=True)
class DeliveryJob:
    """A claimed row with everything that sending needs. A webhook has no `spec`.

    Its deliveries change as the senders answer; `due_at` is when the row is due again.
    """

    row: OutboxRow
    spec: MessageSpec | None
    programme: Programme
    stored_member: StoredMember
    deliveries: list[Delivery]
    due_at: datetime | None = None


# ---------------------------------------------------------------- pure rules
def finish_delivery(delivery: Delivery, state: outbox.DeliveryState, reason: str) -> Delivery:
    """Return a delivery in its last state where it is pending, else as it is."""
    return replace(delivery, state=state, reason=reason) if delivery.state == "pending" else delivery


def sender_channel(delivery: Delivery) -> str:
    """Return the channel of a delivery, as `DeliveryWorker.sender` names it."""
    return f"webhook:{delivery.to}" if delivery.channel == "webhook" else delivery.channel
