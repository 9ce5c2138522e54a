"""A member's devices: registered by the app, each with a secret by which it makes card codes without a
network.

The same installation asking again gets a fresh secret, and its old codes are worth nothing. A push token that
moves to another member leaves the first.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from domain.model.calendar import milliseconds
from domain.model.people import codes
from domain.services import fields
from domain.services.errors import InvalidInput, NotFound
from domain.store.document_store import DocumentStore
from domain.store.people import devices
from domain.store.people.devices import Device, Platform, TokenKind

MOST_DEVICES = 20
LONGEST_TOKEN = 4_096
LONGEST_VERSION = 50


@dataclass(frozen=True, slots=True)
class Registration:
    """What an app says of itself. Without a token it can make card codes, and no push reaches it."""

    installation: str
    platform: Platform
    token: str | None = None
    token_kind: TokenKind = "FID"  # noqa: S105 - a kind, no secret
    app_version: str | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """A device, and the secret that is shown this once; it is in no log."""

    device: Device
    card_secret: str


@dataclass(frozen=True, slots=True)
class Card:
    """A code that identifies a member at the till until an instant."""

    code: str
    expires_at: datetime


# ---------------------------------------------------------------- pure rules
def _checked(registration: Registration) -> str:
    installation = fields.installation(registration.installation)
    if installation is None:
        raise InvalidInput("installationId", "An installation has an id.")
    for field, text, longest in (
        ("token", registration.token, LONGEST_TOKEN),
        ("appVersion", registration.app_version, LONGEST_VERSION),
    ):
        if text is not None and not (1 <= len(text) <= longest and text.isascii() and text.isprintable()):
            raise InvalidInput(field, f"Write 1 to {longest} printable ASCII characters.")
    return installation


# ---------------------------------------------------------------- reads
async def listed(store: DocumentStore, member: str) -> list[Device]:
    """Return a member's devices, the one seen last first."""
    return await devices.find_by_member(store, member)


async def card(
    store: DocumentStore, *, member: str, number: str, installation: str | None, key: bytes, now: datetime
) -> Card:
    """Return the code to show at the till: its installation's own where registered, else the server's. Writes
    nothing.
    """
    found = (
        await devices.find(store, devices.device_id(member, installation))
        if installation is not None
        else None
    )
    if found is None:
        code, expires_at = codes.make_server_card(number, key=key, now=now)
        return Card(code, expires_at)
    device, step = bytes.fromhex(found.card), codes.step_at(now)
    code = codes.make_card(device, secret=codes.device_secret(key, device), step=step)
    return Card(code, codes.step_end(step))


# ---------------------------------------------------------------- writes
async def register(
    store: DocumentStore, *, member: str, session: str, registration: Registration, key: bytes, now: datetime
) -> Registered:
    """Register an installation of a member's, with a fresh secret. A member has 20 devices at most: the one
    unseen for longest goes.
    """
    installation = _checked(registration)
    raw = secrets.token_bytes(codes.DEVICE_BYTES)
    now = milliseconds(now)
    device = Device(
        id=devices.device_id(member, installation),
        member=member,
        platform=registration.platform,
        card=raw.hex(),
        registered_at=now,
        last_seen_at=now,
        token=registration.token,
        token_kind=registration.token_kind,
        app_version=registration.app_version,
        session=session,
    )
    await devices.upsert(store, device)
    all_of_them = await devices.find_by_member(store, member)
    for gone in all_of_them[MOST_DEVICES:]:
        await devices.remove(store, gone.id, member)
    kept = next((one for one in all_of_them if one.id == device.id), device)
    return Registered(kept, codes.card_secret(raw, codes.device_secret(key, raw)))


async def unregister(store: DocumentStore, *, member: str, device: str) -> None:
    """Forget a device: no push reaches it, and its card codes are worth nothing. Raises NotFound."""
    if not await devices.remove(store, device, member):
        raise NotFound(device)
