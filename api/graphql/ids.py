"""Global ids: opaque to clients, a kind and a key to us.

An id is base64url of `kind:key`. Clients compare and send ids back, and read nothing from them. An id says
what it names, never who may see it: every door that takes one looks whose it is. Junk is BAD_INPUT.
"""

import base64
import binascii
import re

from api.graphql.errors import BadInput

LENGTH_AT_MOST = 300

_WRITTEN = re.compile(r"[A-Za-z0-9_-]+")
_READ = re.compile(r"([A-Z][A-Za-z0-9]{0,40}):([\x21-\x7e]{1,180})")


def encode(kind: str, key: str) -> str:
    """Return the global id of the thing of this kind (a type's name) that this key names within it."""
    text = f"{kind}:{key}"
    assert _READ.fullmatch(text), f"not a kind and a key: {text!r}"
    return to_text(text.encode())


def decode(text: str, *, field: str = "id") -> tuple[str, str]:
    """Return kind and key of a global id. Raises BadInput, naming `field`, for what `encode` never made."""
    found = _READ.fullmatch(from_text(text, field=field).decode("ascii", "replace"))
    if found is None:
        raise BadInput("That is no id of ours.", field=field)
    return found.group(1), found.group(2)


def decode_as(kind: str, text: str, *, field: str = "id") -> str:
    """Return the key of a global id that must be of this kind. Raises BadInput where it is another's."""
    found, key = decode(text, field=field)
    if found != kind:
        raise BadInput(f"That is no id of a {kind}.", field=field)
    return key


def to_text(raw: bytes) -> str:
    """Return bytes as opaque text that passes through URLs as it is."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_text(text: str, *, field: str) -> bytes:
    """Return the bytes behind opaque text. Raises BadInput where it is not the one way of writing them."""
    if len(text) <= LENGTH_AT_MOST and _WRITTEN.fullmatch(text):
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            raw = b""
        if raw and to_text(raw) == text:
            return raw
    raise BadInput("That is nothing that this server gave out.", field=field)
