"""What shops and systems reported of somebody who was no member: whoever proves one of the contacts is noted
with the orders, and the events come up again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.document_store import Write
from domain.store.intake import deliveries, orders


def claim_writes(
    identity: IdentityRuntime, proven_contacts: Iterable[Contact], member: str, *, now: datetime
) -> list[Write]:
    """Return the writes that note a member with the orders that wait for contacts that they have proven, and
    wake the events; the worker credits them. They change nothing where none waits.
    """
    hashes = [
        rules.contact_hash(secret, contact.key)
        for contact in proven_contacts
        for secret in identity.all_secrets
    ]
    return [orders.claim_write(hashes, member, now=now), deliveries.wake_write(hashes, now=now)]
