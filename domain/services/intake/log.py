"""Taking what a shop or a system sends: checked by its signature, stored, and answered before it is read.

Answering first keeps shops connected: they wait for seconds, and give up on an address that keeps failing.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

from domain.model.intake.refusals import CallRefusal
from domain.model.intake.sealing import NONCE_BYTES, seal_body
from domain.model.intake.signatures import SignedBody, signature_fault
from domain.model.intake.sources import Source
from domain.model.values import dataclass
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.intake import deliveries
from domain.store.intake.deliveries import StoredDelivery

LONGEST_HEADER: Final = 200
_PING: Final = re.compile(rb"webhook_id=[0-9]{1,20}")
_TOPIC_HEADERS: Final = ("x-shopify-topic", "x-wc-webhook-topic")
_ID_HEADERS: Final = ("x-shopify-event-id", "x-shopify-webhook-id", "x-wc-webhook-delivery-id", "webhook-id")


class BadSignature(Exception):
    """No secret of the source has signed the body, and how that shows."""

    def __init__(self, reason: CallRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Received:
    """What was taken: the delivery's id, and whether the same body had come before."""

    id: str
    is_new: bool


def is_ping(source: Source, body: SignedBody) -> bool:
    """Tell whether a body is the unsigned form by which WooCommerce tries a new address."""
    return (
        source.kind == "woocommerce"
        and not body.header(source.verify.header)
        and bool(_PING.fullmatch(body.raw.strip()))
    )


async def receive(
    identity: IdentityRuntime,
    source: Source,
    body: SignedBody,
    *,
    secrets_by_name: Mapping[str, str],
    now: datetime,
) -> Received:
    """Store a body that one of the source's secrets has signed. Raises BadSignature."""
    known = [secrets_by_name[name] for name in source.secrets if name in secrets_by_name]
    if (fault := signature_fault(body, source.verify, known, now=now)) is not None:
        raise BadSignature(fault)
    topic = _first_header(body, _TOPIC_HEADERS)
    body_hash = sha256(body.raw).hexdigest()
    id = deliveries.delivery_id_of(source=source.code, topic=topic, body_hash=body_hash)
    nonce = secrets.token_bytes(NONCE_BYTES)
    delivery = StoredDelivery(
        id,
        source.code,
        topic,
        _first_header(body, _ID_HEADERS),
        now,
        "pending",
        seal_body(body.raw, delivery=id, key=identity.secret, nonce=nonce),
        hash=body_hash,
    )
    return Received(id, await deliveries.add(identity.store, delivery))


def _first_header(body: SignedBody, names: tuple[str, ...]) -> str | None:
    value = next((text for name in names if (text := body.header(name))), None)
    return None if value is None else value[:LONGEST_HEADER]
