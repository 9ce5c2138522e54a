"""Codes that people carry: vouchers, member cards and membership numbers. Pure: random bytes, keys and `now`
are arguments.

- A voucher is `V` and 19 Crockford base32 characters (95 random bits). It is not signed: its row decides,
  found by `voucher_hash`.
- A device's card is `1` and 22 base64url characters: the device's 8 bytes and 8 bytes of an HMAC over
  purpose, device and a step of 30 s. The phone makes it without a network; `verify_card` names the step, so
  that the caller can take each step once.
- A server's card is `2` and 22 base64url characters: one AES block of membership number and end, for members
  without a device.
- A membership number is ten digits, the last one Damm's check digit: it finds every wrong digit and every
  swap of neighbours.

What does not decode to itself again is no code: base64url of 16 bytes has 4 spare bits, which would make 16
spellings of one card.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.model.values import dataclass
from domain.model.visible_text import normal_identifier

STEP_SECONDS = 30
SERVER_CARD_SECONDS = 60
DEVICE_BYTES = 8
SECRET_BYTES = 32
VOUCHER_BYTES = 12
NONCE_BYTES = 12
NUMBER_DIGITS = 10

_CARD_PURPOSE = b"selo.card.1"
_SECRET_PURPOSE = b"selo.card-secret.1"
_MAC_BYTES = 8
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORGIVEN = str.maketrans("OIL", "011", " -\t\r\n")
_VOUCHER = re.compile(f"V[{_BASE32}]{{19}}")
_CARD = re.compile("[12][A-Za-z0-9_-]{22}")
MAX_SCAN_CHARACTERS = 1_000  # more than any code has
_SCANNER_SIGNS = "".join(map(chr, [*range(33), *range(127, 161), 0xFEFF]))
_AIM_IDENTIFIER = re.compile(r"\][A-Za-z][0-9A-Za-z](\\[0-9]{6})?")
_NUMBER_GAPS = str.maketrans("", "", " -.")
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


# ---------------------------------------------------------------- values
class CodeKind(Enum):
    """What a scanned or typed text can be, by its form alone."""

    VOUCHER = "voucher"
    DEVICE_CARD = "device_card"
    SERVER_CARD = "server_card"
    NUMBER = "number"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Code:
    """A text told apart: `text` is its one spelling, ready for lookup."""

    kind: CodeKind
    text: str


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """What a device's card claims, before its secret has judged it."""

    device: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class ServerCard:
    """What a server's card says, once its key has opened it."""

    number: str
    expires_at: datetime


# ---------------------------------------------------------------- telling apart
def strip_scanner_signs(text: str) -> str:
    """Return what a scanner read without what scanners put around it: white space and control characters,
    such as STX, ETX and line ends, then an AIM identifier such as `]Q1` and the sign of a character set. What
    is typed or copied loses its full-width forms and what is not visible.
    """
    bare = normal_identifier(text[:MAX_SCAN_CHARACTERS]).strip(_SCANNER_SIGNS)
    return _AIM_IDENTIFIER.sub("", bare, count=1).strip(_SCANNER_SIGNS)


def classify(text: str) -> Code:
    """Return what a scanned or typed text is by its form; a damaged code is UNKNOWN, and so is a number with
    a wrong check digit.
    """
    stripped = strip_scanner_signs(text)
    if _CARD.fullmatch(stripped) and _unpack(stripped[1:]) is not None:
        return Code(CodeKind.DEVICE_CARD if stripped[0] == "1" else CodeKind.SERVER_CARD, stripped)
    voucher = normal_voucher(stripped)
    if voucher is not None:
        return Code(CodeKind.VOUCHER, voucher)
    number = stripped.translate(_NUMBER_GAPS)
    if valid_number(number):
        return Code(CodeKind.NUMBER, number)
    return Code(CodeKind.UNKNOWN, stripped)


# ---------------------------------------------------------------- vouchers
def make_voucher(random: bytes) -> str:
    """Make a voucher's code of 12 random bytes, of which 95 bits count."""
    _expect(random, VOUCHER_BYTES, "a voucher")
    bits = int.from_bytes(random, "big") >> 1
    return "V" + "".join(_BASE32[bits >> shift & 31] for shift in range(90, -1, -5))


def normal_voucher(text: str) -> str | None:
    """Return the one spelling of a voucher as somebody typed it, or None: case, dashes, spaces, O for 0 and I
    or L for 1 are forgiven.
    """
    tidy = text.upper().translate(_FORGIVEN)
    return tidy if text.isascii() and _VOUCHER.fullmatch(tidy) else None


def voucher_hash(voucher: str) -> str:
    """Return the hexadecimal SHA-256 under which a voucher's code is looked up; the argument is its one
    spelling.
    """
    return sha256(voucher.encode()).hexdigest()


def seal_voucher(voucher: str, *, key: bytes, nonce: bytes) -> bytes:
    """Encrypt a voucher's code for keeping, so that its owner alone can be shown it again: nonce, then
    AES-GCM bound to its hash.
    """
    _expect(nonce, NONCE_BYTES, "a nonce")
    return nonce + AESGCM(key).encrypt(nonce, voucher.encode(), voucher_hash(voucher).encode())


def open_voucher(sealed: bytes, *, keys: Sequence[bytes], hashed: str) -> str | None:
    """Decrypt a kept voucher's code by the key that sealed it; None where that is none of these, or the row
    is another.
    """
    for key in keys:
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], hashed.encode()).decode()
        except InvalidTag:
            continue
    return None


# ---------------------------------------------------------------- the card a phone makes
def device_secret(key: bytes, device: bytes, salt: bytes = b"") -> bytes:
    """Derive a card secret of a device from the server's key: no secret is kept, a device registered afresh
    gets another salt.
    """
    _expect(device, DEVICE_BYTES, "a device")
    return hmac.digest(key, _SECRET_PURPOSE + device + salt, "sha256")


def card_secret(device: bytes, secret: bytes) -> str:
    """Return `cardSecret` as the API hands it out: base64url of the device's 8 bytes and its 32 secret
    ones.
    """
    _expect(device, DEVICE_BYTES, "a device")
    _expect(secret, SECRET_BYTES, "a secret")
    return urlsafe_b64encode(device + secret).rstrip(b"=").decode()


def step_at(now: datetime) -> int:
    """Return the number of the 30-second step that an instant falls into."""
    return int(now.timestamp()) // STEP_SECONDS


def step_end(step: int) -> datetime:
    """Return the instant at which a step ends."""
    return datetime.fromtimestamp((step + 1) * STEP_SECONDS, UTC)


def make_card(device: bytes, *, secret: bytes, step: int) -> str:
    """Make the code that a device shows during a step; the phone does the same in its own language."""
    _expect(device, DEVICE_BYTES, "a device")
    return "1" + _pack(device + _card_mac(device, secret, step))


def read_card(text: str) -> DeviceCard | None:
    """Return what a device's card claims, to find its secret by; None where the text is no such card."""
    raw = _unpack(text[1:]) if text[:1] == "1" and _CARD.fullmatch(text) else None
    return None if raw is None else DeviceCard(raw[:DEVICE_BYTES], raw[DEVICE_BYTES:])


def verify_card(card: DeviceCard, *, secret: bytes, now: datetime) -> int | None:
    """Return the step that a card was made for, if it is the one of `now`, the one before or the one after;
    the caller takes it once.
    """
    current = step_at(now)
    for step in (current, current - 1, current + 1):
        if hmac.compare_digest(card.mac, _card_mac(card.device, secret, step)):
            return step
    return None


def was_card(card: DeviceCard, *, secret: bytes, now: datetime, within: timedelta) -> bool:
    """Tell whether a card was good some time before now: a screenshot or a slow hand, not a forgery."""
    current = step_at(now)
    steps = range(current - int(within.total_seconds()) // STEP_SECONDS, current)
    return any(hmac.compare_digest(card.mac, _card_mac(card.device, secret, step)) for step in steps)


def _card_mac(device: bytes, secret: bytes, step: int) -> bytes:
    return hmac.digest(secret, _CARD_PURPOSE + device + step.to_bytes(8, "big"), "sha256")[:_MAC_BYTES]


# ---------------------------------------------------------------- the card a server makes
def make_server_card(number: str, *, key: bytes, now: datetime) -> tuple[str, datetime]:
    """Make an opaque card for a member without a device and say when it ends: 60 s later. Nothing is stored;
    the caller takes it once.
    """
    ends = int(now.timestamp()) + SERVER_CARD_SECONDS
    block = int(number).to_bytes(5, "big") + ends.to_bytes(5, "big") + bytes(6)
    encryptor = _block_cipher(key).encryptor()
    return "2" + _pack(encryptor.update(block) + encryptor.finalize()), datetime.fromtimestamp(ends, UTC)


def open_server_card(text: str, *, keys: Sequence[bytes]) -> ServerCard | None:
    """Open a server's card; None where none of these keys made it or a character changed. Whether it has
    ended is the caller's to ask.
    """
    raw = _unpack(text[1:]) if text[:1] == "2" and _CARD.fullmatch(text) else None
    if raw is None:
        return None
    return next((card for key in keys if (card := _open_block(raw, key)) is not None), None)


def _open_block(raw: bytes, key: bytes) -> ServerCard | None:
    decryptor = _block_cipher(key).decryptor()
    block = decryptor.update(raw) + decryptor.finalize()
    number = str(int.from_bytes(block[:5], "big")).zfill(NUMBER_DIGITS)
    # Six zero bytes and a valid check digit: a forger meets both once in 2^51 tries.
    if block[10:] != bytes(6) or not valid_number(number):
        return None
    return ServerCard(number, datetime.fromtimestamp(int.from_bytes(block[5:10], "big"), UTC))


def _block_cipher(key: bytes) -> Cipher[modes.ECB]:
    # One block under its own key: a permutation of 128 bits, which is all that ECB of a single block is.
    return Cipher(algorithms.AES(sha256(b"selo.server-card.1" + key).digest()), modes.ECB())  # noqa: S305


# ---------------------------------------------------------------- membership numbers
def membership_number(random: int) -> str:
    """Return ten digits with a check digit; any non-negative random number will do, of which 900,000,000
    values are told apart.
    """
    digits = str(10**8 + random % (9 * 10**8))
    return digits + str(_damm(digits))


def valid_number(text: str) -> bool:
    """Say whether a text is ten plain digits whose check digit holds."""
    return len(text) == NUMBER_DIGITS and text.isascii() and text.isdigit() and _damm(text) == 0


def _damm(digits: str) -> int:
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return interim


# ---------------------------------------------------------------- sixteen bytes as 22 characters
def _pack(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpack(text: str) -> bytes | None:
    """Return the 16 bytes of 22 base64url characters, None where the spare bits are set."""
    raw = urlsafe_b64decode(text + "==")
    return raw if _pack(raw) == text else None


def _expect(raw: bytes, length: int, what: str) -> None:
    if len(raw) != length:
        raise ValueError(f"{what} takes {length} bytes, not {len(raw)}")
