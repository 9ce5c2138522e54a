"""The secrets that a device makes card codes from.

A new one replaces the others once a code of it was scanned, or after a day: the answer that brought it may be
lost on its way, and the phone still has the one before.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.model.people import codes
from domain.store.people.devices import CardSecret, Device

OVERLAP = timedelta(days=1)
SALT_BYTES = 8


# ---------------------------------------------------------------- pure rules
def all_secrets(device: Device) -> tuple[CardSecret, ...]:
    """Return the secrets of a device, the newest last. One that was registered by a version that kept no
    salts has one without.
    """
    return device.secrets or (CardSecret("", device.registered_at),)


def live_secrets(device: Device, *, at: datetime) -> Sequence[CardSecret]:
    """Return the secrets whose codes count at an instant, the newest last: the last one, and those before it
    until a later one was scanned or is a day old.
    """
    device_secrets = all_secrets(device)
    return [
        secret
        for index, secret in enumerate(device_secrets)
        if not any(_replaces(later, at) for later in device_secrets[index + 1 :])
    ]


def _replaces(later: CardSecret, at: datetime) -> bool:
    was_scanned = later.scanned_at is not None and later.scanned_at <= at
    return was_scanned or later.made_at + OVERLAP <= at


def derive(key: bytes, device: Device, secret: CardSecret) -> bytes:
    """Return the 32 bytes of a secret, by a key of the server's."""
    return codes.device_secret(key, bytes.fromhex(device.card), bytes.fromhex(secret.salt))


def handed_out(key: bytes, device: Device, secret: CardSecret) -> str:
    """Return `cardSecret` as the API hands it out."""
    return codes.card_secret(bytes.fromhex(device.card), derive(key, device, secret))


def make(now: datetime) -> CardSecret:
    """Return a fresh secret."""
    return CardSecret(secrets.token_hex(SALT_BYTES), now)
