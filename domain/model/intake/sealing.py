"""Sealing a body for keeping: compressed, then AES-GCM, bound to the delivery that it is of."""

from __future__ import annotations

import hmac
import zlib
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES: Final = 12
_SEAL: Final = b"selo.intake.seal.1"


def seal_body(raw: bytes, *, delivery: str, key: bytes, nonce: bytes) -> bytes:
    """Return a body sealed: the nonce, then the ciphertext."""
    return nonce + AESGCM(_sealing_key(key)).encrypt(nonce, zlib.compress(raw, 1), delivery.encode())


def open_body(sealed: bytes, *, delivery: str, keys: Sequence[bytes]) -> bytes | None:
    """Return the body; None where none of the keys has sealed it, for this delivery."""
    for key in keys:
        try:
            content = AESGCM(_sealing_key(key)).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], delivery.encode()
            )
        except InvalidTag:
            continue
        return zlib.decompress(content)
    return None


def _sealing_key(key: bytes) -> bytes:
    return hmac.digest(key, _SEAL, "sha256")
