"""Signatures of Standard Webhooks (standardwebhooks.com, version 1): HMAC-SHA256 over `id.timestamp.body`,
told by the headers `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,BASE64`.

A secret is written `whsec_` and base64 of its bytes. Several signatures may stand in the header, parted by
spaces, while a secret is changed.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.model.values import dataclass

PREFIX: Final = "whsec_"
TOLERANCE: Final = timedelta(minutes=5)
MOST_SIGNATURES: Final = 10
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


@dataclass(frozen=True, slots=True)
class SignatureHeaders:
    """The three headers, as they came; None where one is missing."""

    id: str | None
    timestamp: str | None
    signature: str | None


def sign(secret: str, *, id: str, timestamp: int, raw: bytes) -> str:
    """Return the signature of a body: `v1,` and base64. `timestamp` is Unix time in seconds. Raises
    ValueError for a secret that is no base64.
    """
    text = secret.removeprefix(PREFIX)
    key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    digest = hmac.digest(key, f"{id}.{timestamp}.".encode() + raw, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def verify(raw: bytes, headers: SignatureHeaders, known_secrets: Sequence[str], *, now: datetime) -> bool:
    """Tell whether one of the secrets has signed a body, at most five minutes before or after `now`."""
    id, stamp = headers.id, headers.timestamp
    if not id or not stamp or not _is_instant(stamp) or is_stale(headers, now=now):
        return False
    brought = [each.encode() for each in (headers.signature or "").split(" ")[:MOST_SIGNATURES]]
    return any(
        hmac.compare_digest(each, expected)
        for secret in known_secrets
        if (expected := _expected(secret, id=id, timestamp=int(stamp), raw=raw)) is not None
        for each in brought
    )


def is_stale(headers: SignatureHeaders, *, now: datetime) -> bool:
    """Tell whether a body says that it was signed more than five minutes before or after `now`."""
    stamp = headers.timestamp
    if not stamp or not _is_instant(stamp):
        return False
    return abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds()


def _is_instant(stamp: str) -> bool:
    return stamp.isascii() and stamp.isdigit() and len(stamp) < 12


def _expected(secret: str, *, id: str, timestamp: int, raw: bytes) -> bytes | None:
    try:
        return sign(secret, id=id, timestamp=timestamp, raw=raw).encode()
    except ValueError:  # a secret that is no base64 has signed nothing
        return None
