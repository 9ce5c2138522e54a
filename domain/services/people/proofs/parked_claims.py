"""What waits for a contact becomes the member's in the transaction that proves it (`ledger.parking`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.document_store import Write
from domain.store.ledger import parked_events


def contact_hashes(identity: IdentityRuntime, contacts: Sequence[Contact]) -> list[str]:
    """Return the hashes of contacts by which something may wait: by the present secret, then by those before
    it.
    """
    return [
        rules.contact_hash(secret, contact.key) for secret in identity.all_secrets for contact in contacts
    ]


def claim_write(
    identity: IdentityRuntime, proven_contacts: Sequence[Contact], member: str, *, now: datetime
) -> Write:
    """Return the write that gives a member what waits for contacts that they have just proven."""
    return parked_events.claim_write(contact_hashes(identity, proven_contacts), member, now=now)
