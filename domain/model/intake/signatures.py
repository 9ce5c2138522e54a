"""How a body proves who sent it: an HMAC-SHA256 over its raw bytes by a secret that both sides know. Several
secrets may be live at once, so that they can be changed without a gap.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from domain.model import standard_webhooks
from domain.model.intake.bodies import BodyMalformed, mapping, parse_body, text_of
from domain.model.intake.refusals import CallRefusal
from domain.model.standard_webhooks import SignatureHeaders
from domain.model.values import dataclass

Scheme = Literal["hmac-body", "hmac-url-body", "hmac-body-plus-field", "standard-webhooks", "token"]
Encoding = Literal["base64", "hex"]
STANDARD_HEADERS: Final = (standard_webhooks.ID, standard_webhooks.TIMESTAMP, standard_webhooks.SIGNATURE)


@dataclass(frozen=True, slots=True)
class VerifyTerms:
    """How a source signs: by which scheme, in which header, how written. `field` is what the body's signature
    also covers, `url` the address that the sender was told.
    """

    scheme: Scheme
    header: str = ""
    encoding: Encoding = "base64"
    field: str | None = None
    url: str | None = None


SHOPIFY: Final = VerifyTerms("hmac-body", "x-shopify-hmac-sha256")
WOOCOMMERCE: Final = VerifyTerms("hmac-body", "x-wc-webhook-signature")


@dataclass(frozen=True, slots=True)
class SignedBody:
    """A body as it came: its raw bytes, and the headers by names in lower case. `url` is where it came to."""

    raw: bytes
    headers: Mapping[str, str]
    url: str = ""

    def header(self, name: str) -> str | None:
        """Return a header, with or without `x-` before its name."""
        name = name.lower()
        return self.headers.get(name) or self.headers.get(name.removeprefix("x-"))


def signature_fault(
    body: SignedBody, terms: VerifyTerms, secrets: Sequence[str], *, now: datetime
) -> CallRefusal | None:
    """Return why none of the secrets has signed a body; None where one has."""
    if is_signed(body, terms, secrets, now=now):
        return None
    if not secrets:
        return "NO_SECRET"
    if terms.scheme != "standard-webhooks":
        return "BAD_SIGNATURE" if body.header(terms.header) else "UNSIGNED"
    headers = SignatureHeaders(*(body.header(name) for name in STANDARD_HEADERS))
    return headers_fault(headers, now=now)


def headers_fault(headers: SignatureHeaders, *, now: datetime) -> CallRefusal:
    """Return what is wrong with the headers of Standard Webhooks where their signature is not taken."""
    if not headers.signature:
        return "UNSIGNED"
    return "STALE" if standard_webhooks.is_stale(headers, now=now) else "BAD_SIGNATURE"


def is_signed(body: SignedBody, terms: VerifyTerms, secrets: Sequence[str], *, now: datetime) -> bool:
    """Tell whether one of the secrets has signed a body."""
    if terms.scheme == "standard-webhooks":
        headers = (body.header(name) for name in STANDARD_HEADERS)
        return standard_webhooks.verify(body.raw, SignatureHeaders(*headers), secrets, now=now)
    signature = body.header(terms.header)
    if not signature:
        return False
    if terms.scheme == "token":
        brought = signature.removeprefix("Bearer ").strip().encode()
        return any(hmac.compare_digest(brought, secret.encode()) for secret in secrets)
    content = _signed_content(body, terms)
    brought_digest = _decoded(signature, terms.encoding)
    if content is None or brought_digest is None:
        return False
    return any(hmac.compare_digest(brought_digest, _digest(secret.encode(), content)) for secret in secrets)


def _signed_content(body: SignedBody, terms: VerifyTerms) -> bytes | None:
    if terms.scheme == "hmac-url-body":
        return (terms.url or body.url).encode() + body.raw
    if terms.scheme == "hmac-body":
        return body.raw
    try:
        value = text_of(value_at(parse_body(body.raw), terms.field or ""))
    except BodyMalformed:
        return None
    value = value or body.header(terms.field or "")
    return None if value is None else body.raw + value.encode()


def value_at(body: object, path: str) -> object:
    """Return what stands in a body at a path such as `data.order`; None where nothing does."""
    for step in path.split(".") if path else ():
        body = mapping(body).get(step)
    return body


def _digest(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()


def _decoded(signature: str, encoding: Encoding) -> bytes | None:
    text = signature.strip().removeprefix("sha256=")
    try:
        return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
