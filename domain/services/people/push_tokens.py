"""Push tokens as they look: what an app sends where a token belongs is often another thing, such as the token
that Apple gives, and no push would ever reach it.
"""

from __future__ import annotations

import re

from domain.services.errors import InvalidInput
from domain.store.people.devices import TokenKind

MAX_TOKEN_LENGTH = 4_096
MIN_REGISTRATION_LENGTH = 64  # Google's have some 140 and more, and no promised length
_INSTALLATION_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)  # 17 bytes in base64url, cut to 22 characters
_REGISTRATION_TOKEN = re.compile(r"[A-Za-z0-9_:.%-]+", re.ASCII)
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+", re.ASCII)

_REMEDY = (
    "Send an FCM registration token (tokenKind TOKEN, 64 characters or more, as the Firebase SDK gives it) or"
    " a Firebase installation id (tokenKind FID, 22 characters of A-Z, a-z, 0-9, - and _)."
)


def token_kind(token: str, kind: TokenKind | None) -> TokenKind:
    """Return what a push token is: as the app says, or as it looks where the app says nothing.

    Raises InvalidInput for what cannot be one.
    """
    looks = _look(token)
    if looks is None:
        is_apples = _HEXADECIMAL.fullmatch(token) is not None
        fault = "This is Apple's own device token, which FCM cannot use. " if is_apples else "This is none. "
        raise InvalidInput("token", f"{fault}{_REMEDY}")
    if kind is not None and kind != looks:
        raise InvalidInput(
            "tokenKind", f"This token cannot be of kind {kind}, but of kind {looks}. {_REMEDY}"
        )
    return looks


def _look(token: str) -> TokenKind | None:
    if _INSTALLATION_ID.fullmatch(token):
        return "FID"
    is_long_enough = MIN_REGISTRATION_LENGTH <= len(token) <= MAX_TOKEN_LENGTH
    if is_long_enough and _REGISTRATION_TOKEN.fullmatch(token) and not _HEXADECIMAL.fullmatch(token):
        return "TOKEN"
    return None
