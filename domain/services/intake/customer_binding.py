"""A system's customer bound to a member by the member's own card: from then on naming the customer is as good
as the card, for what that system does. A binding that a contact brought only ever credits.
"""

from __future__ import annotations

from datetime import datetime

from domain.services.decisions import load_member
from domain.services.input_checks import MAX_ID_LENGTH, check_text
from domain.services.intake import hints
from domain.services.ledger.till import Presence, require_presence
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store import audit
from domain.store.intake import bindings


async def bind_customer(
    identity: IdentityRuntime,
    *,
    source: str,
    actor: str,
    customer: str,
    member_id: str,
    presence: Presence,
    now: datetime,
) -> None:
    """Bind a customer of a source to a member who shows their card now, whoever they were bound to before.

    Raises InvalidInput, NotFound, and ExpiredCode or NotAllowed where no card is shown.
    """
    check_text(customer, field="customer", max_length=MAX_ID_LENGTH)
    require_presence(presence)
    await load_member(identity, member_id)
    hashed = hints.customer_hash(identity, source, customer)
    await identity.store.transact(
        [
            bindings.prove_write(hashed, source=source, member=member_id, now=now),
            audit.simple_act_write("CUSTOMER_BOUND", actor=actor, now=now, member=member_id),
        ]
    )


async def is_proven(identity: IdentityRuntime, source: str, customer: str) -> bool:
    """Tell whether a source's customer was bound by the member's own card."""
    binding = await bindings.find(identity.store, hints.customer_hashes(identity, source, customer))
    return binding is not None and binding.is_proven
