"""What pushes say of a device: whether they reach it, and why not. A round of deliveries and a test push note
it alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from domain.model.values import dataclass
from domain.services.senders import DeviceAddress, SendResult
from domain.store.document_store import DocumentStore
from domain.store.messages import push_addresses
from domain.store.people.devices import Device, TokenLossReason

UNSEEN_LIMIT = timedelta(days=60)
UNREGISTERED, SENDER_MISMATCH, INVALID_ARGUMENT = "UNREGISTERED", "SENDER_ID_MISMATCH", "INVALID_ARGUMENT"

PushState = Literal["ON", "OFF", "REJECTED"]
# NO_ANSWER and CREDENTIALS are of one test push; the others are of a device too.
PushFault = Literal[
    "NOT_CONFIGURED",
    "NO_TOKEN",
    "MOVED",
    "UNSEEN",
    "UNREGISTERED",
    "OTHER_SENDER",
    "INVALID",
    "NO_ANSWER",
    "CREDENTIALS",
]
LOSSES: Mapping[str, TokenLossReason] = {UNREGISTERED: "UNREGISTERED", SENDER_MISMATCH: "OTHER_SENDER"}


@dataclass(frozen=True, slots=True)
class DevicePush:
    """Whether pushes reach a device; why not, and since when, where that is known."""

    state: PushState
    fault: PushFault | None = None
    since: datetime | None = None


# ---------------------------------------------------------------- pure rules
def device_push(device: Device, *, has_sender: bool, now: datetime) -> DevicePush:
    """Return whether pushes reach a device. What Google said of its last token comes before all else."""
    loss = device.token_loss
    if device.token is None:
        if loss is None:
            return DevicePush("OFF", "NO_TOKEN", device.last_seen_at)
        return DevicePush("OFF" if loss.reason == "MOVED" else "REJECTED", loss.reason, loss.at)
    if not has_sender:
        return DevicePush("OFF", "NOT_CONFIGURED")
    if device.last_seen_at <= now - UNSEEN_LIMIT:
        return DevicePush("OFF", "UNSEEN", device.last_seen_at + UNSEEN_LIMIT)
    return DevicePush("ON")


# ---------------------------------------------------------------- writes
async def note_result(
    store: DocumentStore, address: DeviceAddress, result: SendResult, *, now: datetime
) -> None:
    """Forget a token that reaches no device, and count a message that a token made fail."""
    if result.status == "drop_device":
        loss = LOSSES.get(result.reason, "INVALID")
        await push_addresses.forget(store, address.device, address.value, loss, now=now)
    elif result.status == "drop_message" and result.reason == INVALID_ARGUMENT:
        await push_addresses.blame(store, address.device, address.value, now=now)
