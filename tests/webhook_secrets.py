"""Secrets of webhooks, as an operator makes them."""

from __future__ import annotations

import base64
import secrets

from domain.model.standard_webhooks import PREFIX


def new_secret() -> str:
    """Return a new secret of 256 bits, as both sides write it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
