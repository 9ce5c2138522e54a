"""A push that a member sends to a phone of their own, to see whether it arrives. It goes at once, past outbox
and quiet hours, and what Google answers is answered.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta

import structlog

from domain.model.ledger.decision import Refusal
from domain.model.values import dataclass
from domain.services.errors import NotFound
from domain.services.messages.push_results import (
    INVALID_ARGUMENT,
    LOSSES,
    SENDER_MISMATCH,
    PushFault,
    device_push,
    note_result,
)
from domain.services.senders import DeviceAddress, PushMessage, PushSender, Senders, SendResult
from domain.store.document_store import DocumentStore
from domain.store.people import devices
from domain.store.people.devices import Device

ANSWER_SECONDS = 8.0  # an operation has ten
EXPIRES_AFTER = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class PushFailed(Refusal):
    """The test push reaches no phone, and why."""

    def __init__(self, fault: PushFault) -> None:
        super().__init__(f"no push: {fault}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class TrialText:
    """What the push says, in the member's language."""

    title: str
    body: str


async def send_trial(
    store: DocumentStore,
    senders: Senders,
    *,
    member: str,
    device: str,
    text: TrialText,
    now: datetime,
) -> Device:
    """Send a push to a device of the member's own, and return the device. Raises NotFound and PushFailed.

    A token that Google refuses is noted as a delivery notes it; but that of another Firebase project is kept,
    since one device alone does not tell whether our credentials are the wrong ones.
    """
    stored_device = await devices.find(store, device)
    if stored_device is None or stored_device.member != member:
        raise NotFound(device)
    sender = senders.push_to(stored_device.token_kind)
    push = device_push(stored_device, has_sender=sender is not None, now=now)
    if push.fault is not None or sender is None or stored_device.token is None:
        raise PushFailed(push.fault or "NOT_CONFIGURED")
    address = DeviceAddress(stored_device.id, stored_device.token_kind, stored_device.token)
    message = PushMessage(
        id=f"test-{secrets.token_hex(8)}",
        address=address,
        title=text.title,
        body=text.body,
        collapse_key=None,
        expires_at=now + EXPIRES_AFTER,
        payload={"kind": "test"},
    )
    result = await _send(sender, message, now)
    if result.status == "sent":
        return stored_device
    if result.reason != SENDER_MISMATCH:
        await note_result(store, address, result, now=now)
    raise PushFailed(_fault_of(result))


async def _send(sender: PushSender, message: PushMessage, now: datetime) -> SendResult:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            (result,) = await sender.send([message], now=now)
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller may try again
        log.warning("devices.test_push_failed", fault=type(error).__name__)
        return SendResult("retry", type(error).__name__)
    return result


def _fault_of(result: SendResult) -> PushFault:
    if result.status == "drop_device":
        return LOSSES.get(result.reason, "INVALID")
    if result.status == "drop_message":
        return "INVALID" if result.reason in (INVALID_ARGUMENT, "MALFORMED") else "NO_ANSWER"
    return "CREDENTIALS" if result.status == "break" else "NO_ANSWER"
