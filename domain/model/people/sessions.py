"""Refresh tokens and the life of a session. Pure: keys, random bytes and `now` are arguments.

A token is base64url of the session's 16 bytes, 32 secret bytes and a seal of 16. The first secret is random;
each successor is an HMAC of the secret before it, so that a client whose answer was lost can be given the
very same one. The seal says that the token is one of ours: so a token of any age that comes again is told
from a forged one, and nobody can end a session by guessing.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from domain.model.values import dataclass

SESSION_BYTES = 16
SECRET_BYTES = 32
SEAL_BYTES = 16

_TOKEN = re.compile("[A-Za-z0-9_-]{86}")
_SUCCESSOR = b"selo.refresh.successor.1"
_SEAL = b"selo.refresh.seal.1"

Use = Literal["current", "retry", "again"]


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One token of a session, known to be ours."""

    session: str
    secret: bytes

    @property
    def hashed(self) -> str:
        """Return what is kept of it; 256 random bits need no key."""
        return sha256(bytes.fromhex(self.session) + self.secret).hexdigest()


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """How long sessions last: without a refresh, and in all. For staff both are the shift."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """What a session's record says of its tokens: the hashes of the one that works and the one before it, and
    when they changed.
    """

    current: str
    previous: str | None
    rotated_at: datetime


def first_token(random: bytes) -> RefreshToken:
    """Make a session's first token of 48 random bytes: its id, and its first secret."""
    if len(random) != SESSION_BYTES + SECRET_BYTES:
        raise ValueError("a session takes 48 random bytes")
    return RefreshToken(random[:SESSION_BYTES].hex(), random[SESSION_BYTES:])


def successor(token: RefreshToken, *, key: bytes) -> RefreshToken:
    """Return the token after this one: always the same one of the same key."""
    return RefreshToken(
        token.session, hmac.digest(key, _SUCCESSOR + bytes.fromhex(token.session) + token.secret, "sha256")
    )


def answered_successor(token: RefreshToken, tokens: SessionTokens, *, keys: Sequence[bytes]) -> RefreshToken:
    """Return the token that was answered for this one, whichever of these keys made it."""
    successors = [successor(token, key=key) for key in keys]
    return next(
        (next_token for next_token in successors if next_token.hashed == tokens.current), successors[0]
    )


def write_token(token: RefreshToken, *, key: bytes) -> str:
    """Return the token as the client keeps it."""
    raw = bytes.fromhex(token.session) + token.secret
    return urlsafe_b64encode(raw + _seal(raw, key)).rstrip(b"=").decode()


def read_token(text: str, *, keys: Sequence[bytes]) -> RefreshToken | None:
    """Return the token that a client sent, None where it is not one of ours: sealed by one of these keys."""
    if not _TOKEN.fullmatch(text):
        return None
    raw = urlsafe_b64decode(text + "==")
    body, seal = raw[:-SEAL_BYTES], raw[-SEAL_BYTES:]
    if not any(hmac.compare_digest(seal, _seal(body, key)) for key in keys):
        return None
    return RefreshToken(body[:SESSION_BYTES].hex(), body[SESSION_BYTES:])


def use_of(token: RefreshToken, tokens: SessionTokens) -> Use:
    """Say what presenting a token means: the one that works, a retry, or a theft.

    The token before the current one is a retry, whenever it comes: its successor was not used, so the client
    may never have had the answer. Any older one is a theft.
    """
    if hmac.compare_digest(token.hashed, tokens.current):
        return "current"
    if tokens.previous and hmac.compare_digest(token.hashed, tokens.previous):
        return "retry"
    return "again"


def idle_until(terms: SessionTerms, *, began: datetime, now: datetime) -> datetime:
    """Return the instant at which a session used now ends by itself."""
    return min(now + terms.idle, began + terms.longest)


def _seal(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _SEAL + body, "sha256")[:SEAL_BYTES]
