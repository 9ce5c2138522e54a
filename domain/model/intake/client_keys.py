"""Keys for systems: how a key is written, what it may do, and for how long.

    selo_live_ + id (12) + secret (43 of 62 signs: 256 bits) + checksum (6)      selo_test_... only quotes

What stands behind the prefix says which key it is and whether it was typed right, before anything is looked
up. The whole text is shown once; its SHA-256 alone is kept.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final, Literal, get_args

from domain.model import standard_webhooks
from domain.model.values import dataclass

Scope = Literal[
    "purchases:write", "refunds:write", "events:write", "members:read", "members:write", "redemptions:write"
]
KeyKind = Literal["live", "test"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
MOST_LIVE_KEYS: Final = 2
MOST_ADDRESSES: Final = 20
OVERLAPS: Final = tuple(timedelta(hours=hours) for hours in (0, 1, 24, 168))
ID_LENGTH, SECRET_LENGTH, CHECK_LENGTH = 12, 43, 6

_LOWER, _SIGNS = digits + ascii_lowercase, digits + ascii_uppercase + ascii_lowercase
_KEY: Final = re.compile(
    rf"selo_(live|test)_([0-9a-z]{{{ID_LENGTH}}})[0-9A-Za-z]{{{SECRET_LENGTH}}}([0-9A-Za-z]{{{CHECK_LENGTH}}})"
)
_NO_HASH: Final = "0" * 64
_SIGNING: Final = b"selo.client.signing.1"


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class ClientBounds:
    """What one key may do: requests a minute; a day of the programme's zone purchases with events, vouchers
    and look-ups by count, `refunded` in minor units, `adjusted` in what events move; `receipt_total` is the
    highest total of a receipt, in minor units.
    """

    requests_per_minute: int = 600
    purchases: int = 50_000
    vouchers: int = 5_000
    look_ups: int = 5_000
    refunded: int = 5_000_000
    adjusted: int = 500_000
    receipt_total: int = 1_000_000


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A key as somebody brought it: its kind, its id, and the hash of the whole text."""

    kind: KeyKind
    id: str
    hashed: str


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A key as it is kept. It works before `ends_at`, for good where that is None."""

    id: str
    hashed: str
    created_at: datetime
    created_by: str
    ends_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Tell whether it still works."""
        return self.ends_at is None or now < self.ends_at


# ---------------------------------------------------------------- pure rules
def new_key(kind: KeyKind) -> str:
    """Return a new key."""
    id = "".join(secrets.choice(_LOWER) for _ in range(ID_LENGTH))
    secret = "".join(secrets.choice(_SIGNS) for _ in range(SECRET_LENGTH))
    body = f"selo_{kind}_{id}{secret}"
    return body + _checksum(body)


def read_key(text: str) -> PresentedKey | None:
    """Return a key as it was brought; None for what is none, or was typed wrong."""
    match = _KEY.fullmatch(text)
    if match is None or not hmac.compare_digest(match[3], _checksum(text[:-CHECK_LENGTH])):
        return None
    return PresentedKey("live" if match[1] == "live" else "test", match[2], sha256(text.encode()).hexdigest())


def is_key(presented: PresentedKey, known: ClientKey | None) -> bool:
    """Tell whether a key is the known one. It takes as long where there is none."""
    return hmac.compare_digest(presented.hashed, _NO_HASH if known is None else known.hashed)


def signing_secret(server_secret: bytes, key: ClientKey) -> str:
    """Return the secret by which the holder of a key signs (Standard Webhooks). It is kept nowhere: it comes
    from the server's secret and the key.
    """
    digest = hmac.digest(server_secret, _SIGNING + key.id.encode() + key.hashed.encode(), "sha256")
    return standard_webhooks.PREFIX + base64.b64encode(digest).decode()


def is_from(address: str, networks: Sequence[str]) -> bool:
    """Tell whether an address is of one of the networks; without networks every address is."""
    if not networks:
        return True
    try:
        brought = ip_address(address)
    except ValueError:
        return False
    brought = getattr(brought, "ipv4_mapped", None) or brought
    return any(brought in ip_network(each) for each in networks)


def _checksum(body: str) -> str:
    number, signs = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_LENGTH):
        number, rest = divmod(number, len(_SIGNS))
        signs += _SIGNS[rest]
    return signs
