"""Global ids: opaque for clients, a kind and a key for the server.

An id is base64url of `kind:key`. Clients compare ids and send them back, and read nothing from them. An id
names an object and gives no access to it: every field that takes an id checks the owner. Junk is BAD_INPUT.
"""

import base64
import binascii
import re

from api.errors import BadInput

MAX_LENGTH = 300

_TO_URL = bytes.maketrans(b"+/", b"-_")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_KIND_AND_KEY = re.compile(r"([A-Z][A-Za-z0-9]{0,40}):([\x21-\x7e]{1,180})")


def encode_id(kind: str, key: str) -> str:
    """Return the global id of the object of this kind (the name of a type) with this key."""
    text = f"{kind}:{key}"
    assert _KIND_AND_KEY.fullmatch(text), f"not a kind and a key: {text!r}"
    return to_base64url(text.encode())


def decode_id(text: str, *, field: str = "id") -> tuple[str, str]:
    """Return the kind and the key of a global id. Raises BadInput, naming `field`, for a text that
    `encode_id` never made.
    """
    match = _KIND_AND_KEY.fullmatch(from_base64url(text, field=field).decode("ascii", "replace"))
    if match is None:
        raise BadInput("That is no id of ours.", field=field)
    return match.group(1), match.group(2)


def decode_id_as(kind: str, text: str, *, field: str = "id") -> str:
    """Return the key of a global id of this kind. Raises BadInput for an id of another kind."""
    actual_kind, key = decode_id(text, field=field)
    if actual_kind != kind:
        raise BadInput(f"That is no id of a {kind}.", field=field)
    return key


def to_base64url(raw: bytes) -> str:
    """Return bytes as opaque text that needs no escaping in a URL."""
    # What `base64.urlsafe_b64encode` does, without its calls: every row of every list has an id and a cursor.
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL, b"=").decode("ascii")


def from_base64url(text: str, *, field: str) -> bytes:
    """Return the bytes of opaque text. Raises BadInput where it is not their canonical text."""
    if len(text) <= MAX_LENGTH and _BASE64URL.fullmatch(text):
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            raw = b""
        if raw and to_base64url(raw) == text:
            return raw
    raise BadInput("That is nothing that this server gave out.", field=field)
