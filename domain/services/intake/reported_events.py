"""Events that a programme declares, as a mapped source reports them."""

from __future__ import annotations

from datetime import datetime

from domain.model.intake.order_state import ReportedEvent
from domain.model.intake.sources import Reporter
from domain.model.ledger.decision import MemberFrozen, Refusal
from domain.services.errors import IdempotencyKeyConflict, InvalidInput, NotAllowed, NotFound
from domain.services.intake import hints as whom
from domain.services.ledger import member_events
from domain.services.ledger.till import Till
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.intake.deliveries import BODY_KEPT_FOR, DeliveryOutcome
from domain.store.requests import joined_hash

WAITS_FOR = BODY_KEPT_FOR  # what it says stands in the sealed body alone


async def take_event(
    identity: IdentityRuntime,
    source: Reporter,
    event: ReportedEvent,
    *,
    arrived_at: datetime,
    now: datetime,
    till: Till | None = None,
) -> DeliveryOutcome:
    """Record an event of the member whom it names; it counts once by its id. It waits for them from when it
    arrived. `till` is that of a system with a key, whose day is limited. Raises Busy.
    """
    until = arrived_at + WAITS_FOR
    member = await whom.find_member(identity, source.code, event.hints)
    if member is None:
        waits_for = next(iter(whom.contact_hashes(identity, event.hints)), None)
        return DeliveryOutcome("parked", "nobody has its contact", until, waits_for)
    try:
        await member_events.record(
            identity,
            till=till or Till(f"source:{source.code}", "OPERATOR", source.store, source=source.code),
            member_id=member,
            name=event.name,
            event_data={name: value for name, value in event.fields.items() if value is not None},
            occurred_at=event.at,
            external_id=event.id,
            key=f"intake {joined_hash(source.code, event.id)}",
            now=now,
        )
    except MemberFrozen:
        return DeliveryOutcome("parked", "its member is frozen", until)
    except NotFound:
        return DeliveryOutcome("ignored", "its member has left")
    except InvalidInput as fault:
        return DeliveryOutcome("failed", f"{fault.field}: {fault.message}"[:200])
    except NotAllowed as refusal:
        return DeliveryOutcome("failed", f"not allowed: {refusal.reason}")
    except (IdempotencyKeyConflict, Refusal) as fault:
        return DeliveryOutcome("failed", type(fault).__name__)
    return DeliveryOutcome("applied")
