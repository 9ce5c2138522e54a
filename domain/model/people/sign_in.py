"""One-time codes: how long one lives, how often it may be tried and sent, and how a server knows it without
keeping it.

A code proves a contact. One code is live a contact; asking again replaces it. An attempt is counted before it
is compared, so that no number of guesses at once gets more than five answers. Pure: keys, random numbers and
`now` are arguments.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

DIGITS = 6
LIFE = timedelta(minutes=10)
ATTEMPTS = 5
HOUR = timedelta(hours=1)
RESERVATION = timedelta(hours=24)

_CODE = b"selo.sign-in-code.1"
_CONTACT = b"selo.contact.1"
_INPUT = b"selo.input.1"


@dataclass(frozen=True, slots=True)
class CodeAllowance:
    """Whether one more code may be sent: `sent` are those of the last hour, `wait` how long until one may."""

    sent: tuple[datetime, ...]
    wait: timedelta

    @property
    def is_free(self) -> bool:
        """True where a code may be sent now."""
        return self.wait <= timedelta(0)


def code_allowance(sent: Iterable[datetime], *, per_hour: int, now: datetime) -> CodeAllowance:
    """Return the codes of the hour before `now`, and how long to wait for the next where they are as many as
    allowed.
    """
    recent = tuple(sorted(at for at in sent if at > now - HOUR))
    wait = recent[-per_hour] + HOUR - now if len(recent) >= per_hour else timedelta(0)
    return CodeAllowance(recent, wait)


def make_code(random: int) -> str:
    """Make a code of six digits from a random number below 10^6."""
    return f"{random:0{DIGITS}}"


def code_hash(secret: bytes, *, contact: str, purpose: str, code: str) -> str:
    """Return what is kept of a code: an HMAC bound to its contact and its purpose, since six digits are found
    by trying.
    """
    return _mac(secret, _CODE, contact, purpose, code)


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


def _mac(secret: bytes, purpose: bytes, *parts: str) -> str:
    # Each part with its length, so that no two lists of parts spell one message.
    message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
    return hmac.digest(secret, purpose + message, "sha256").hex()
