"""How much text a push holds: what is longer is cut, since push services refuse it and a lock screen shows
less.
"""

from __future__ import annotations

import json

LINK_BYTES = 2000  # a longer link goes to the inbox only
PAYLOAD_BYTES = 3500  # of the 4,096 of FCM, Apple and the browsers' services, less what is around it
CUT_SHORT = "…"


def cut(text: str, size: int) -> str:
    """Return a text cut to at most so many bytes of a payload."""
    if json_size(text) <= size:
        return text
    left = size - json_size(CUT_SHORT)
    for at, character in enumerate(text):
        left -= json_size(character)
        if left < 0:
            return text[:at].rstrip() + CUT_SHORT
    raise AssertionError("a text is as long as its characters")


def json_size(text: str) -> int:
    """Return the bytes of a text in JSON: quotes and line ends take two or more."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2
