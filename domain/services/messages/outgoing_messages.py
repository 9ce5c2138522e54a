"""The messages of pending deliveries as their senders take them: rendered and addressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.messages.rendering import Rendered
from domain.model.programme import MessageSpec
from domain.model.programme.messages import SERVICE_PURPOSE
from domain.model.values import dataclass
from domain.services.messages.delivery_jobs import (
    EXPIRES_AFTER,
    WEB_PUSH,
    DeliveryJob,
    DeliveryWorker,
    finish_delivery,
    sender_channel,
)
from domain.services.messages.message_rules import (
    absolute_link,
    collapse_key,
    main_balance,
    message_locale,
    render_message,
)
from domain.services.messages.push_results import UNSEEN_LIMIT
from domain.services.messages.webhooks import webhook_message
from domain.services.runtime import Runtime
from domain.services.senders import DeviceAddress, MailMessage, PushMessage, SmsMessage, WebhookMessage
from domain.store.messages import push_addresses
from domain.store.messages.inbox import Mailbox
from domain.store.messages.outbox import Delivery
from domain.store.messages.push_addresses import PushAddress

Sendable = PushMessage | MailMessage | SmsMessage | WebhookMessage


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message for a sender, and which delivery of its job it is."""

    job: DeliveryJob
    delivery_index: int
    message: Sendable

    @property
    def delivery(self) -> Delivery:
        """Return the delivery as it is now."""
        return self.job.deliveries[self.delivery_index]

    def update(self, delivery: Delivery) -> None:
        """Put a delivery in the place of this message's."""
        self.job.deliveries[self.delivery_index] = delivery


# ---------------------------------------------------------------- reads
async def find_push_addresses(
    runtime: Runtime, jobs: Sequence[DeliveryJob], now: datetime
) -> Mapping[str, Sequence[PushAddress]]:
    """Return the push addresses by member, of all that a push is pending for, seen within 60 days."""
    members = {
        job.row.member
        for job in jobs
        if any(one.channel == "push" and one.state == "pending" for one in job.deliveries)
    }
    if not members:
        return {}
    addresses_by_member = await push_addresses.find_by_members(runtime.store, sorted(members))
    return {
        member: [one for one in some if one.seen_at > now - UNSEEN_LIMIT]
        for member, some in addresses_by_member.items()
    }


# ---------------------------------------------------------------- pure rules
def split_by_device(job: DeliveryJob, addresses: Sequence[PushAddress]) -> None:
    """Replace the push delivery of a job by one for each device."""
    for index, delivery in enumerate(job.deliveries):
        if delivery.channel == "push" and not delivery.to and delivery.state == "pending":
            device_deliveries = [replace(delivery, to=device.device) for device in addresses] or [
                finish_delivery(delivery, "skipped", "no_device")
            ]
            job.deliveries[index : index + 1] = device_deliveries
            return


def build_message(
    worker: DeliveryWorker,
    job: DeliveryJob,
    delivery: Delivery,
    addresses_by_member: Mapping[str, Sequence[PushAddress]],
    mailboxes: Mapping[str, Mailbox],
    now: datetime,
) -> Sendable | None:
    """Return the message of a delivery; None where its address is gone."""
    row, details, spec = job.row, job.stored_member.details, job.spec
    if spec is None:
        return webhook_message(row, api_id=worker.api_id)
    rendered = render_message(
        job.programme,
        spec,
        row,
        job.stored_member,
        balance=main_balance(job.programme, job.stored_member, now=now),
    )
    rendered = replace(rendered, link=absolute_link(rendered.link, worker.links_url))
    if delivery.channel == "email":
        if not details.email:
            return None
        purpose = spec.purpose
        unsubscribe = None if purpose == SERVICE_PURPOSE else worker.unsubscribe(row.member, purpose)
        locale = message_locale(job.programme, details)
        return MailMessage(
            row.id, details.email, locale, rendered.title, rendered.body, rendered.link, unsubscribe
        )
    if delivery.channel == "sms":
        return (
            SmsMessage(row.id, details.phone, f"{rendered.title}\n{rendered.body}".strip())
            if details.phone
            else None
        )
    return _build_push(worker, job, spec, delivery, rendered, addresses_by_member, mailboxes)


def message_channel(delivery: Delivery, message: Sendable | None) -> str:
    """Return the channel whose sender takes a message."""
    if isinstance(message, PushMessage) and message.address.kind == "SUBSCRIPTION":
        return WEB_PUSH
    return sender_channel(delivery)


def _build_push(
    worker: DeliveryWorker,
    job: DeliveryJob,
    spec: MessageSpec,
    delivery: Delivery,
    rendered: Rendered,
    addresses_by_member: Mapping[str, Sequence[PushAddress]],
    mailboxes: Mapping[str, Mailbox],
) -> PushMessage | None:
    row = job.row
    address = next(
        (each for each in addresses_by_member.get(row.member, ()) if each.device == delivery.to), None
    )
    if address is None:
        return None
    payload = {"kind": "survey", "survey": row.code} if row.kind == "survey" else {"kind": row.code}
    # By either of them the app tells that it was tapped; only the first can be read in the inbox.
    payload["message" if "inbox" in spec.channels else "tap"] = worker.public_id(row.id)
    mailbox = mailboxes.get(row.member)
    return PushMessage(
        id=f"{row.id}/{delivery.to}",
        address=DeviceAddress(address.device, address.kind, address.token),
        title=rendered.title,
        body=rendered.body,
        collapse_key=collapse_key(job.programme, spec),
        link=rendered.link,
        badge=mailbox.unread_count if mailbox is not None else None,
        expires_at=row.promised_at + EXPIRES_AFTER,
        payload=payload,
        silent=spec.silent,
    )
