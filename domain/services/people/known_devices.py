"""Known devices: each sign-in gives a device a token, by which it is known when it asks for a code again.

Whoever brings it is counted apart from everybody else, so that strangers who use up a contact's codes and
tries do not shut its owner out. The token proves nothing more: it signs nobody in.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from domain.model.people.contacts import Contact
from domain.model.people.sign_in import token_hash
from domain.model.values import dataclass
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.document_store import Write
from domain.store.people import contacts, known_devices
from domain.store.people.known_devices import KnownDevice
from domain.store.people.sign_in_codes import ANY_DEVICE

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """The token of a device that is about to be known, and the write that makes it so."""

    token: str
    write: Write


async def find_known(
    identity: IdentityRuntime, contact: Contact, device_token: str | None, *, now: datetime
) -> str:
    """Return the id of the device that has signed in with a contact before, else ANY_DEVICE.

    A token costs the same two reads, whether or not it and the contact are known.
    """
    if device_token is None:
        return ANY_DEVICE
    device = await known_devices.find(identity.store, token_hash(device_token), now=now)
    owner = await contacts.find_member(identity.store, contact.key, now=now)
    return device.id if device is not None and device.member == owner else ANY_DEVICE


async def token_for(
    identity: IdentityRuntime,
    member: str,
    device_token: str | None,
    *,
    new_token: str | None = None,
    now: datetime,
) -> DeviceToken:
    """Return a token for the device that a member signs in on: the one that it has, else `new_token`, by
    default a random one.
    """
    if device_token is not None:
        device = await known_devices.find(identity.store, token_hash(device_token), now=now)
        if device is not None and device.member == member:
            return DeviceToken(device_token, known_devices.know_write(device, now=now))
    token = new_token or secrets.token_urlsafe(TOKEN_BYTES)
    return DeviceToken(token, known_devices.know_write(KnownDevice(token_hash(token), member), now=now))
