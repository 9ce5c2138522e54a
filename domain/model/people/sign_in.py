"""One-time codes: how long one lives, how often it may be tried and sent, and how a server knows it without
keeping it.

A code proves a contact, and belongs to a challenge: several people may wait for one contact side by side. An
attempt is counted before it is compared, so that no number of guesses at once gets more than five answers.
Pure: keys, random numbers and `now` are arguments.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from domain.model.values import dataclass

DIGITS = 6
LIFE = timedelta(minutes=10)
ATTEMPTS = 5
CODES_PER_HOUR = 20
ATTEMPTS_PER_HOUR = 20
HOUR = timedelta(hours=1)
RESERVATION = timedelta(hours=24)
PROOF_LIFE = timedelta(minutes=10)

_CODE = b"selo.sign-in-code.2"
_CHALLENGE = b"selo.challenge.1"
_ENROLMENT = b"selo.enrolment.1"
_CONTACT = b"selo.contact.1"
_INPUT = b"selo.input.1"
_JOINED_SESSION = b"selo.joined-session.1"
_JOINED_DEVICE = b"selo.joined-device.1"
_SETUP_KEY = b"selo.setup-key.1"
_CHALLENGE_BYTES = 16
# People type and paste codes as they see them: with spaces, or with any of the dashes.
_BETWEEN_DIGITS = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff\-\u2010-\u2015\u2212]")
_DIGITS_ONLY = re.compile(f"[0-9]{{{DIGITS}}}")


@dataclass(frozen=True, slots=True)
class HourAllowance:
    """Whether one more may happen: `recent` are those of the last hour, `left` how many more may happen now,
    `wait` how long until one may.
    """

    recent: tuple[datetime, ...]
    left: int
    wait: timedelta

    @property
    def is_free(self) -> bool:
        """True where one more may happen now."""
        return self.left > 0


def hour_allowance(instants: Iterable[datetime], *, per_hour: int, now: datetime) -> HourAllowance:
    """Return what happened in the hour before `now`, and how long to wait for the next where that is as many
    as allowed.
    """
    recent = tuple(sorted(at for at in instants if at > now - HOUR))
    wait = recent[-per_hour] + HOUR - now if len(recent) >= per_hour else timedelta(0)
    return HourAllowance(recent, max(0, per_hour - len(recent)), wait)


def make_code(random: int) -> str:
    """Make a code of six digits from a random number below 10^6."""
    return f"{random:0{DIGITS}}"


def read_code(text: str) -> str | None:
    """Return the six digits that somebody typed, without spaces and dashes; None where they are not six
    digits, which no code can be.
    """
    digits = _BETWEEN_DIGITS.sub("", text)
    return digits if _DIGITS_ONLY.fullmatch(digits) else None


def code_hash(secret: bytes, *, contact: str, purpose: str, challenge: str, code: str) -> str:
    """Return what is kept of a code: an HMAC bound to its contact, purpose and challenge, since six digits
    are found by trying.
    """
    return _mac(secret, _CODE, contact, purpose, challenge, code)


def new_challenge(random: bytes) -> str:
    """Return the name of a challenge, of 16 random bytes: nobody finds somebody else's by trying."""
    return _write_bytes(random)


def enrolment_challenge(secret: bytes, *, request: str, request_input: str) -> str:
    """Return the challenge of an enrolment: the same for the same request, so that a retry is told it."""
    return _write_bytes(bytes.fromhex(_mac(secret, _CHALLENGE, request, request_input))[:_CHALLENGE_BYTES])


def enrolment_token(secret: bytes, *, request: str, request_input: str) -> str:
    """Return the token that begins a membership, of the request's key and input: the same for the same
    request, so that a retry is told it again, and nobody else can make it.
    """
    return _write_bytes(bytes.fromhex(_mac(secret, _ENROLMENT, request, request_input)))


def joined_session(secret: bytes, *, request: str, request_input: str, salt: str) -> bytes:
    """Return the random part of the session that an enrolment of a proven contact opens: 48 bytes, the same
    for the same request, so that a retry is given the very session that it opened.
    """
    parts = (request, request_input, salt)
    return bytes.fromhex(_mac(secret, _JOINED_SESSION, *parts, "id"))[:16] + bytes.fromhex(
        _mac(secret, _JOINED_SESSION, *parts, "secret")
    )


def joined_device_token(secret: bytes, *, request: str, request_input: str, salt: str) -> str:
    """Return the token of the device on which that enrolment was made: the same for the same request."""
    return _write_bytes(bytes.fromhex(_mac(secret, _JOINED_DEVICE, request, request_input, salt)))


def setup_key_bytes(secret: bytes, *, request: str, request_input: str, salt: str) -> bytes:
    """Return what the set-up key of an employee is made of, 32 bytes: the same for the same request, so that
    a lost answer can be given again though nothing of the key is stored.
    """
    return bytes.fromhex(_mac(secret, _SETUP_KEY, request, request_input, salt))


def token_hash(token: str) -> str:
    """Return what is kept of the token of an enrolment, a device or a proof; its 256 bits need no key."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def contact_hash(secret: bytes, contact: str) -> str:
    """Return a contact's name where no contact may stand: the same for the same contact, and nothing without
    the key.
    """
    return _mac(secret, _CONTACT, contact)


def input_hash(secret: bytes, *parts: str) -> str:
    """Return the fingerprint of an input that holds personal details, to tell a retry from another
    request.
    """
    return _mac(secret, _INPUT, *parts)


def hashes_match(first: str, second: str) -> bool:
    """Compare two hashes in constant time."""
    return hmac.compare_digest(first, second)


def _write_bytes(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(secret: bytes, purpose: bytes, *parts: str) -> str:
    # Each part with its length, so that no two lists of parts spell one message.
    message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
    return hmac.digest(secret, purpose + message, "sha256").hex()
