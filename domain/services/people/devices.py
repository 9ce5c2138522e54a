"""A member's devices. The app registers each with a secret that makes card codes without a network.

The same installation again gets a new secret, and its old codes stop working. A push token that moves to
another member leaves the first.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from domain.model.calendar import milliseconds
from domain.model.people import codes
from domain.services.errors import InvalidInput, NotFound
from domain.services.people import field_checks
from domain.store.document_store import DocumentStore
from domain.store.people import devices
from domain.store.people.devices import Device, Platform, TokenKind

MAX_DEVICES = 20
MAX_TOKEN_LENGTH = 4_096
MAX_VERSION_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Registration:
    """What an app tells of itself. Without a token it can make card codes, but gets no push."""

    installation: str
    platform: Platform
    token: str | None = None
    token_kind: TokenKind = "FID"  # noqa: S105 - a kind, no secret
    app_version: str | None = None


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """A device, and its secret, which is shown this once and is in no log."""

    device: Device
    card_secret: str


@dataclass(frozen=True, slots=True)
class CardCode:
    """A code that identifies a member at the till until an instant."""

    code: str
    expires_at: datetime


# ---------------------------------------------------------------- pure rules
def _check_registration(registration: Registration) -> str:
    installation = field_checks.check_installation(registration.installation)
    if installation is None:
        raise InvalidInput("installationId", "An installation has an id.")
    for field, text, longest in (
        ("token", registration.token, MAX_TOKEN_LENGTH),
        ("appVersion", registration.app_version, MAX_VERSION_LENGTH),
    ):
        if text is not None and not (1 <= len(text) <= longest and text.isascii() and text.isprintable()):
            raise InvalidInput(field, f"Write 1 to {longest} printable ASCII characters.")
    return installation


# ---------------------------------------------------------------- reads
async def list_devices(store: DocumentStore, member: str) -> list[Device]:
    """Return a member's devices, the last seen first."""
    return await devices.find_by_member(store, member)


async def make_card(
    store: DocumentStore, *, member: str, number: str, installation: str | None, key: bytes, now: datetime
) -> CardCode:
    """Return the card code of an installation, else one of the server. Writes nothing."""
    device_found = (
        await devices.find(store, devices.device_id(member, installation))
        if installation is not None
        else None
    )
    if device_found is None:
        code, expires_at = codes.make_server_card(number, key=key, now=now)
        return CardCode(code, expires_at)
    device, step = bytes.fromhex(device_found.card), codes.step_at(now)
    code = codes.make_card(device, secret=codes.device_secret(key, device), step=step)
    return CardCode(code, codes.step_end(step))


# ---------------------------------------------------------------- writes
async def register(
    store: DocumentStore, *, member: str, session: str, registration: Registration, key: bytes, now: datetime
) -> RegisteredDevice:
    """Register an installation with a new secret. Of more than 20 devices the one unseen for longest is
    removed.
    """
    installation = _check_registration(registration)
    card_bytes = secrets.token_bytes(codes.DEVICE_BYTES)
    now = milliseconds(now)
    device = Device(
        id=devices.device_id(member, installation),
        member=member,
        platform=registration.platform,
        card=card_bytes.hex(),
        registered_at=now,
        last_seen_at=now,
        token=registration.token,
        token_kind=registration.token_kind,
        app_version=registration.app_version,
        session=session,
    )
    await devices.upsert(store, device)
    member_devices = await devices.find_by_member(store, member)
    for surplus_device in member_devices[MAX_DEVICES:]:
        await devices.remove(store, surplus_device.id, member)
    stored_device = next((one for one in member_devices if one.id == device.id), device)
    return RegisteredDevice(
        stored_device, codes.card_secret(card_bytes, codes.device_secret(key, card_bytes))
    )


async def unregister(store: DocumentStore, *, member: str, device: str) -> None:
    """Remove a device: it gets no push, and its card codes stop working. Raises NotFound."""
    if not await devices.remove(store, device, member):
        raise NotFound(device)
