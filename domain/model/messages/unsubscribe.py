"""The text in an unsubscribe link: whose consent to which purpose it takes back, signed so that only the
server can make one. Pure.

It names a member and a purpose, no contact, and it never lapses: a mail is opened years later, and taking
back must always be possible.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from domain.model.values import dataclass

_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """What an unsubscribe link asks for."""

    member: str
    purpose: str


def sign_unsubscription(request: Unsubscription, *, key: bytes) -> str:
    """Return the text of a link, fit for a URL."""
    said = f"{request.member}:{request.purpose}".encode()
    return _pack(_mac(said, key) + said)


def read(text: str, *, keys: Sequence[bytes]) -> Unsubscription | None:
    """Return what a link's text asks for; None where none of these keys made it or a character changed."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    said = raw[_MAC_BYTES:]
    # A decoder forgives what is no base64; only the one spelling counts.
    is_ours = any(hmac.compare_digest(raw[:_MAC_BYTES], _mac(said, key)) for key in keys)
    if not is_ours or _pack(raw) != text:
        return None
    member, _, purpose = said.decode().partition(":")
    return Unsubscription(member, purpose)


def _mac(said: bytes, key: bytes) -> bytes:
    return hmac.digest(key, said, "sha256")[:_MAC_BYTES]


def _pack(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
