"""A member's devices. The app registers each with a secret that makes card codes without a network.

The same installation again gets a new secret; its old codes count until the new one was scanned, or for a
day. The same call again, by its key, gets the same secret. A push token that moves to another member leaves
the first.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.calendar import milliseconds
from domain.model.people import codes
from domain.model.values import dataclass
from domain.services import card_secrets
from domain.services.errors import IdempotencyKeyConflict, InvalidInput, NotFound
from domain.services.idempotency import KeyBinding, member_request, run_once
from domain.services.people import field_checks
from domain.services.runtime import Runtime
from domain.store.document_store import DocumentStore, Write
from domain.store.people import devices
from domain.store.people.devices import CardSecret, Device, Platform, TokenKind
from domain.store.requests import Reply

MAX_DEVICES = 20
MAX_VERSION_LENGTH = 50
MAX_TOKEN_LENGTH = 4_096
MIN_REGISTRATION_LENGTH = 64  # Google's have some 140 and more, and no promised length
_INSTALLATION_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)  # 17 bytes in base64url, cut to 22 characters
_REGISTRATION_TOKEN = re.compile(r"[A-Za-z0-9_:.%-]+", re.ASCII)
# A point of the curve P-256, 65 bytes, and a secret of 16, in base64url.
_SUBSCRIPTION_KEYS = {
    "p256dh": re.compile(r"B[A-Za-z0-9_-]{86}=?", re.ASCII),
    "auth": re.compile(r"[A-Za-z0-9_-]{22}(?:==)?", re.ASCII),
}
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+", re.ASCII)

_REMEDY = (
    "Send an FCM registration token (tokenKind TOKEN, 64 characters or more, as the Firebase SDK gives it), a"
    " Firebase installation id (tokenKind FID, 22 characters of A-Z, a-z, 0-9, - and _) or a browser's"
    " subscription (tokenKind SUBSCRIPTION, its toJSON() as text)."
)


@dataclass(frozen=True, slots=True)
class Registration:
    """What an app tells of itself. Without a token it can make card codes, but gets no push; without
    `token_kind` a token is what it looks like.
    """

    installation: str
    platform: Platform
    token: str | None = None
    token_kind: TokenKind | None = None
    app_version: str | None = None


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """A device, and its secret, which is in no log."""

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
    version = registration.app_version
    if version is not None and not (
        1 <= len(version) <= MAX_VERSION_LENGTH and version.isascii() and version.isprintable()
    ):
        raise InvalidInput("appVersion", f"Write 1 to {MAX_VERSION_LENGTH} printable ASCII characters.")
    return installation


def _token_kind(token: str | None, kind: TokenKind | None) -> TokenKind:
    """Return what a push token is: as the app says, or as it looks where the app says nothing.

    Raises InvalidInput for what cannot be one: an app often sends another thing, such as the token that Apple
    gives, and no push would ever reach it.
    """
    if token is None:
        return kind or "FID"
    looks = _look(token)
    if looks is None:
        is_apples = _HEXADECIMAL.fullmatch(token) is not None
        fault = "This is Apple's own device token, which FCM cannot use. " if is_apples else "This is none. "
        raise InvalidInput("token", f"{fault}{_REMEDY}")
    if kind is not None and kind != looks:
        raise InvalidInput(
            "tokenKind", f"This token cannot be of kind {kind}, but of kind {looks}. {_REMEDY}"
        )
    return looks


def _look(token: str) -> TokenKind | None:
    if _INSTALLATION_ID.fullmatch(token):
        return "FID"
    if token.startswith("{"):
        return "SUBSCRIPTION" if _is_subscription(token) else None
    is_long_enough = MIN_REGISTRATION_LENGTH <= len(token) <= MAX_TOKEN_LENGTH
    if is_long_enough and _REGISTRATION_TOKEN.fullmatch(token) and not _HEXADECIMAL.fullmatch(token):
        return "TOKEN"
    return None


def _is_subscription(token: str) -> bool:
    """Tell whether a text is what a browser's `PushSubscription` is in JSON. Its own service is known to the
    sender alone.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        return False
    try:
        read = json.loads(token)
    except (ValueError, RecursionError):
        return False
    if not isinstance(read.get("endpoint"), str):
        return False
    keys = read.get("keys")
    return isinstance(keys, dict) and all(
        isinstance(keys.get(name), str) and pattern.fullmatch(keys[name]) is not None
        for name, pattern in _SUBSCRIPTION_KEYS.items()
    )


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
    # The oldest that counts: the scan of a newer one would end what the phone may still make codes from.
    secret = card_secrets.live_secrets(device_found, at=now)[0]
    device, step = bytes.fromhex(device_found.card), codes.step_at(now)
    code = codes.make_card(device, secret=card_secrets.derive(key, device_found, secret), step=step)
    return CardCode(code, codes.step_end(step))


# ---------------------------------------------------------------- writes
async def register(
    runtime: Runtime,
    *,
    member: str,
    session: str,
    registration: Registration,
    idempotency_key: str | None = None,
    key: bytes,
    now: datetime,
) -> RegisteredDevice:
    """Register an installation with a new secret. Of more than 20 devices the one unseen for longest is
    removed.

    With an idempotency key the same call again answers the same secret, and changes nothing. Raises
    InvalidInput, also for a key of another input, or of a registration that was replaced or ended since.
    """
    installation = _check_registration(registration)
    now = milliseconds(now)
    device = Device(
        id=devices.device_id(member, installation),
        member=member,
        platform=registration.platform,
        card=secrets.token_hex(codes.DEVICE_BYTES),
        registered_at=now,
        last_seen_at=now,
        token=registration.token,
        token_kind=_token_kind(registration.token, registration.token_kind),
        app_version=registration.app_version,
        session=session,
    )
    if idempotency_key is None:
        return await runtime.store.run_rounds(
            lambda: _add_secret(runtime.store, device, [], key=key, now=now), queue=device.id
        )

    async def act(key_binding: KeyBinding) -> RegisteredDevice:
        secret = card_secrets.make(now)
        writes = [key_binding.write_for({"device": device.id, "salt": secret.salt})]
        return await _add_secret(runtime.store, device, writes, key=key, now=now, secret=secret)

    async def again(reply: Reply) -> RegisteredDevice:
        return await _answer_again(runtime.store, reply, key=key, now=now)

    request_input = {
        "installation": installation,
        "platform": registration.platform,
        "token": registration.token,
        "kind": device.token_kind,
        "version": registration.app_version,
    }
    request = member_request(member, "registerDevice", idempotency_key, request_input)
    try:
        return await run_once(runtime, request=request, queue=device.id, now=now, act=act, answer_again=again)
    except IdempotencyKeyConflict:
        raise InvalidInput(
            "idempotencyKey", "This key was used for another request. Make a new key for a new request."
        ) from None


async def _add_secret(
    store: DocumentStore,
    device: Device,
    writes: Sequence[Write],
    *,
    key: bytes,
    now: datetime,
    secret: CardSecret | None = None,
) -> RegisteredDevice:
    secret = secret or card_secrets.make(now)
    earlier = await devices.find(store, device.id)
    # A device of a version that kept no salts: what its phone has must be written down, or it would end now.
    unsalted = card_secrets.all_secrets(earlier) if earlier is not None and not earlier.secrets else ()
    await devices.upsert(store, replace(device, secrets=(*unsalted, secret)), more=writes)
    member_devices = await devices.find_by_member(store, device.member)
    for surplus_device in member_devices[MAX_DEVICES:]:
        await devices.remove(store, surplus_device.id, device.member)
    stored_device = next((one for one in member_devices if one.id == device.id), device)
    return RegisteredDevice(stored_device, card_secrets.handed_out(key, stored_device, secret))


async def _answer_again(store: DocumentStore, reply: Reply, *, key: bytes, now: datetime) -> RegisteredDevice:
    stored_device = await devices.find(store, str(reply["device"]))
    live_secrets = [] if stored_device is None else card_secrets.live_secrets(stored_device, at=now)
    secret = next((one for one in live_secrets if one.salt == reply["salt"]), None)
    if stored_device is None or secret is None:
        raise InvalidInput(
            "idempotencyKey",
            "The registration of this key was replaced or ended since. Register again with a new key.",
        )
    return RegisteredDevice(stored_device, card_secrets.handed_out(key, stored_device, secret))


async def unregister(store: DocumentStore, *, member: str, device: str) -> None:
    """Remove a device: it gets no push, and its card codes stop working. Raises NotFound."""
    if not await devices.remove(store, device, member):
        raise NotFound(device)
