"""The second factor of an employee: codes of an authenticator app (TOTP, RFC 6238), and recovery codes. Pure.

An employee enrols with a set-up key, which works once. The app's secret comes from the key, so that asking
again shows the same; once a code has proven it, it is kept sealed. Set-up keys and recovery codes have 80
random bits and are kept as hashes alone.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.model.values import dataclass

KEY_BYTES = 10
SECRET_BYTES = 20
NONCE_BYTES = 12
RECOVERY_CODES = 10
SETUP_KEY_LIFE = timedelta(days=7)
STEPS_AROUND = 1  # of 30 seconds: the clock of a phone may be wrong by so many
MAX_INPUT_LENGTH = 64

_GAPS = re.compile(r"[\s-]+")
_TOTP = re.compile(r"[0-9]{6}")
_LONG_CODE = re.compile(r"[A-Z2-7]{16}")
_SETUP = b"selo.totp.setup.1"
_SEAL = b"selo.totp.seal.1"


@dataclass(frozen=True, slots=True)
class SetupKey:
    """A set-up key as it is kept: its hash, and until when it works."""

    hashed: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What is kept of a factor: the sealed secret, the last step that was used, hashes of unused recovery
    codes.
    """

    sealed: bytes
    last_step: int
    recovery: tuple[str, ...]


# ---------------------------------------------------------------- codes of 80 bits
def make_long_code(random: bytes) -> str:
    """Make a set-up key or a recovery code of 10 random bytes: four groups of four letters and digits."""
    if len(random) != KEY_BYTES:
        raise ValueError("a code takes 10 random bytes")
    text = b32encode(random).decode()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def normal_code(text: str) -> str:
    """Return the one spelling of a code as somebody typed it; case, spaces and dashes do not matter."""
    return _GAPS.sub("", text[:MAX_INPUT_LENGTH]).upper()


def is_long_code(code: str) -> bool:
    """Tell whether a normal code has the form of a set-up key or a recovery code."""
    return _LONG_CODE.fullmatch(code) is not None


def hash_long_code(code: str) -> str:
    """Return what is kept of a set-up key or a recovery code; 80 random bits need no key."""
    return sha256(normal_code(code).encode()).hexdigest()


# ---------------------------------------------------------------- the app's codes
def setup_secret(key: bytes, *, employee: str, setup_key: str) -> str:
    """Derive the app's secret, as base32, from a set-up key and a key of the server."""
    text = _SETUP + employee.encode() + normal_code(setup_key).encode()
    return b32encode(hmac.digest(key, text, "sha256")[:SECRET_BYTES]).decode()


def setup_uri(secret: str, *, username: str, issuer: str) -> str:
    """Return the otpauth address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def step_of_code(secret: str, code: str, *, now: datetime) -> int | None:
    """Return the step of 30 seconds whose code it is, around now; None for a wrong code."""
    if not _TOTP.fullmatch(code):
        return None
    totp = pyotp.TOTP(secret)
    step_now = totp.timecode(now)
    steps = range(step_now - STEPS_AROUND, step_now + STEPS_AROUND + 1)
    matching = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    return max(matching, default=None)


# ---------------------------------------------------------------- keeping the secret
def seal_secret(secret: str, *, employee: str, key: bytes, nonce: bytes) -> bytes:
    """Encrypt an app's secret for keeping: nonce, then AES-GCM bound to the employee."""
    return nonce + AESGCM(_sealing_key(key)).encrypt(nonce, secret.encode(), employee.encode())


def open_secret(sealed: bytes, *, employee: str, keys: Sequence[bytes]) -> str | None:
    """Decrypt an app's secret; None where none of the keys has sealed it, for this employee."""
    for key in keys:
        try:
            return (
                AESGCM(_sealing_key(key))
                .decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], employee.encode())
                .decode()
            )
        except InvalidTag:
            continue
    return None


def _sealing_key(key: bytes) -> bytes:
    return hmac.digest(key, _SEAL, "sha256")
