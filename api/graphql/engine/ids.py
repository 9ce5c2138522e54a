"""Global ids: opaque to clients, a kind and a key to us.

An id is base64url of `kind:key`. Clients compare and send ids back, and read nothing from them. An id says
what it names, never who may see it: every door that takes one looks whose it is. Junk is BAD_INPUT.
"""

import base64
import binascii
import re

from api.errors import BadInput

MAX_LENGTH = 300

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_KIND_AND_KEY = re.compile(r"([A-Z][A-Za-z0-9]{0,40}):([\x21-\x7e]{1,180})")


def encode_id(kind: str, key: str) -> str:
    """Return the global id of the thing of this kind (a type's name) that this key names within it."""
    text = f"{kind}:{key}"
    assert _KIND_AND_KEY.fullmatch(text), f"not a kind and a key: {text!r}"
    return to_base64url(text.encode())


def decode_id(text: str, *, field: str = "id") -> tuple[str, str]:
    """Return kind and key of a global id. Raises BadInput, naming `field`, for what `encode` never made."""
    match = _KIND_AND_KEY.fullmatch(from_base64url(text, field=field).decode("ascii", "replace"))
    if match is None:
        raise BadInput("That is no id of ours.", field=field)
    return match.group(1), match.group(2)


def decode_id_as(kind: str, text: str, *, field: str = "id") -> str:
    """Return the key of a global id that must be of this kind. Raises BadInput where it is another's."""
    actual_kind, key = decode_id(text, field=field)
    if actual_kind != kind:
        raise BadInput(f"That is no id of a {kind}.", field=field)
    return key


def to_base64url(raw: bytes) -> str:
    """Return bytes as opaque text that passes through URLs as it is."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_base64url(text: str, *, field: str) -> bytes:
    """Return the bytes behind opaque text. Raises BadInput where it is not the one way of writing them."""
    if len(text) <= MAX_LENGTH and _BASE64URL.fullmatch(text):
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            raw = b""
        if raw and to_base64url(raw) == text:
            return raw
    raise BadInput("That is nothing that this server gave out.", field=field)
