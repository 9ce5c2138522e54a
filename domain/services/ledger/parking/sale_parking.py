"""A sale at a till for somebody who is no member yet: it waits for their contact, under the hash of it.

The till learns what the sale will earn: what it would earn a member who joins now. A contact that a member
has is no case for this: the till goes on with that member.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.model import event_names
from domain.model.calendar import milliseconds
from domain.model.ledger.decide import HistoricalContext, decide, decide_enrolment, new_member
from domain.model.ledger.decision import Decision, Entry, Outcome, Refusal
from domain.model.ledger.events import Event, Profile, Purchase
from domain.model.people.contacts import Contact
from domain.model.values import dataclass
from domain.services.errors import InvalidInput, NotAllowed
from domain.services.idempotency import KeyBinding, run_once
from domain.services.ledger import purchases
from domain.services.ledger.parking.parking import EventParked, park_writes
from domain.services.ledger.purchase_input import PurchaseInput, check_payment, check_purchase_input
from domain.services.ledger.purchases import PurchaseClaimed
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.audit import ShiftLimitReached
from domain.store.ledger import parked_events
from domain.store.ledger.parked_events import WAITING, ParkedEvent
from domain.store.ledger.receipts import ReceiptTaken
from domain.store.people import contacts, staff
from domain.store.requests import Reply, RequestKey

APPLICANT = "applicant"
MOMENT = timedelta(milliseconds=1)


# ---------------------------------------------------------------- errors
class ContactOfMember(Refusal):
    """A member has the contact: the till records the sale for them."""

    def __init__(self, member: str) -> None:
        super().__init__("a member has the contact")
        self.member = member


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class HashedContact:
    """A contact that somebody typed at a till, with its hashes: that by the present secret first."""

    contact: Contact
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParkedSale:
    """A sale that waits `until` an instant, and what it will earn whoever joins now."""

    purchase: Purchase
    until: datetime
    version: int
    entries: tuple[Entry, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class _Invitation:
    """Whom a till invites, with which sale; `receipt_id` is its identity."""

    till: Till
    hashed_contact: HashedContact
    purchase_input: PurchaseInput | None
    receipt_id: str | None


# ---------------------------------------------------------------- requests
def invitation_request(
    till: Till, hashed_contact: HashedContact, purchase_input: PurchaseInput | None, *, key: str
) -> RequestKey:
    """Return the identity of an invitation, in which no contact can be read. Raises InvalidInput."""
    sale = None if purchase_input is None else purchase_input.key_input
    request_input = {"contact": hashed_contact.hashes[0], "sale": sale, "source": till.source}
    return till.request_key("enrolAtTill", key, request_input)


# ---------------------------------------------------------------- reads
async def _quote(runtime: Runtime, event: Event, *, now: datetime) -> tuple[Decision, int]:
    """Decide a sale for a member who joins right after it, as it will be decided then; return also the
    version of the programme that rules it.
    """
    published, ruling = runtime.programmes.current(), await runtime.programmes.version_at(event.at)
    stock = await runtime.stock.stock_state(published.programme, now=now)
    joins_at = max(now, event.at) + MOMENT
    header = published.programme.programme
    profile = Profile("", header.locales[0], header.timezone)
    enrolled = decide_enrolment(
        published.programme,
        new_member(APPLICANT, APPLICANT),
        Event(
            f"enrol:{APPLICANT}", event_names.ENROLLED, joins_at, "app", {"referredBy": None}, profile=profile
        ),
        consents=(),
        now=joins_at,
        stock=stock,
        version=published.number,
    )
    decision = decide(
        published.programme,
        enrolled.member,
        event,
        now=joins_at,
        stock=stock,
        history=HistoricalContext(ruling.programme, version=ruling.number),
        version=published.number,
    )
    return decision, decision.row.version


async def quoted_sale(
    runtime: Runtime, purchase: Purchase, event: Event, until: datetime, now: datetime
) -> ParkedSale:
    """Return a sale that waits, with what it would earn a member who joins now."""
    decision, version = await _quote(runtime, event, now=now)
    return ParkedSale(purchase, until, version, decision.row.entries, decision.row.outcomes)


async def check_sale(runtime: Runtime, till: Till, purchase_input: PurchaseInput, *, now: datetime) -> str:
    """Check a sale to somebody without a membership; return the identity of its receipt. Raises InvalidInput
    and ReceiptTooLarge.
    """
    programme = runtime.programmes.current().programme
    check_purchase_input(purchase_input, programme=programme, now=now)
    check_payment(purchase_input, programme=programme)
    if purchase_input.pay_with:
        raise InvalidInput("payWith", "Only a member pays with a wallet.")
    till.require_receipt(purchase_input.total)
    return await till.find_receipt_id(runtime, "purchase", purchase_input.external_id)


async def _require_stranger(
    runtime: Runtime, till: Till, hashed_contact: HashedContact, *, now: datetime
) -> None:
    """Raise ContactOfMember where a member has the contact, and NotAllowed where it is the employee's."""
    key = hashed_contact.contact.key
    if till.staff in await staff.find_ids_by_contacts(runtime.store, [key]):
        raise NotAllowed("OWN_MEMBERSHIP")
    if (member := await contacts.find_member(runtime.store, key, now=now)) is not None:
        raise ContactOfMember(member)


# ---------------------------------------------------------------- writes
async def park_sale(
    runtime: Runtime,
    *,
    till: Till,
    hashed_contact: HashedContact,
    purchase_input: PurchaseInput | None,
    request: RequestKey,
    now: datetime,
) -> ParkedSale | None:
    """Keep a sale for a contact that no member has; without a sale note the invitation alone.

    The same receipt counts once, whatever key it comes with. Raises ContactOfMember, PurchaseClaimed,
    NotAllowed, IdempotencyKeyConflict, InvalidInput, Busy.
    """
    receipt_id = None
    if purchase_input is not None:
        receipt_id = await check_sale(runtime, till, purchase_input, now=now)
    invitation = _Invitation(till, hashed_contact, purchase_input, receipt_id)

    async def again(reply: Reply) -> ParkedSale | None:
        return await _parked_before(runtime, invitation, reply, now=now)

    try:
        return await run_once(
            runtime,
            request=request,
            queue=f"parked:{receipt_id or hashed_contact.hashes[0]}",
            now=now,
            act=lambda key_binding: _invite(runtime, invitation, key_binding, now=now),
            answer_again=again,
        )
    except ShiftLimitReached:
        raise NotAllowed("SHIFT_LIMIT") from None


async def _invite(
    runtime: Runtime, invitation: _Invitation, key_binding: KeyBinding, *, now: datetime
) -> ParkedSale | None:
    till, purchase_input = invitation.till, invitation.purchase_input
    await _require_stranger(runtime, till, invitation.hashed_contact, now=now)
    if purchase_input is None or invitation.receipt_id is None:
        audit_writes = till.act_writes("MEMBER_INVITED", now=now)
        await runtime.store.transact([key_binding.write_for({"sale": False}), *audit_writes])
        return None
    hashes = invitation.hashed_contact.hashes[:1]
    parked = new_parked(till, hashes, invitation.receipt_id, purchase_input, now=now)
    try:
        writes = await park_writes(runtime, parked, now=now)
    except ReceiptTaken:
        await purchases.refuse_claimed(runtime, parked.id, member_id=None)
    except EventParked:
        raise PurchaseClaimed(same_member=False, purchase=None) from None
    is_new = isinstance(writes, list)
    stored = parked if isinstance(writes, list) else writes
    sale = await quoted_sale(runtime, purchase_of(stored), stored.event, stored.until, now)
    audit_writes = till.act_writes(
        "MEMBER_INVITED",
        now=now,
        subject=purchase_input.number,
        amount=purchase_input.total,
        shift_counts={"purchases": 1} if is_new else None,
    )
    reply = {"sale": True, "at": stored.event.at, "until": stored.until}
    parking = writes if isinstance(writes, list) else []
    await runtime.store.transact([key_binding.write_for(reply), *parking, *audit_writes])
    return sale


def new_parked(
    till: Till, hashes: Sequence[str], receipt_id: str, purchase_input: PurchaseInput, *, now: datetime
) -> ParkedEvent:
    """Return a sale as it is parked for whoever proves what one of the hashes is of."""
    occurred_at = purchase_input.occurred_at
    at = milliseconds(now if occurred_at is None or occurred_at > now else occurred_at)
    return ParkedEvent(
        receipt_id,
        till.source,
        "purchase",
        tuple(hashes),
        sale_event(till, receipt_id, purchase_input, at=at),
        milliseconds(now),
        milliseconds(now) + WAITING,
        till.staff,
    )


def sale_event(till: Till, receipt_id: str, purchase_input: PurchaseInput, *, at: datetime) -> Event:
    """Return the event of a sale to somebody without a membership."""
    return Event(
        f"purchase:{receipt_id}",
        event_names.PURCHASED,
        at,
        till.source,
        purchase=purchase_input.as_purchase(till.store),
        details=purchase_input.details,
    )


def purchase_of(parked: ParkedEvent) -> Purchase:
    """Return the purchase of a parked sale."""
    assert parked.purchase is not None, "a parked sale has its purchase"
    return parked.purchase


async def _parked_before(
    runtime: Runtime, invitation: _Invitation, reply: Reply, *, now: datetime
) -> ParkedSale | None:
    """Return the sale of a request that has parked it."""
    if not reply["sale"]:
        return None
    assert invitation.purchase_input is not None, "the same input brings the same sale"
    assert invitation.receipt_id is not None, "a sale has a receipt"
    return await sale_again(
        runtime, invitation.till, invitation.receipt_id, invitation.purchase_input, reply, now=now
    )


async def sale_again(
    runtime: Runtime,
    till: Till,
    receipt_id: str,
    purchase_input: PurchaseInput,
    reply: Reply,
    *,
    now: datetime,
) -> ParkedSale:
    """Return the sale that a request has parked, with what it earns as that was quoted then."""
    at, until = reply["at"], reply["until"]
    assert isinstance(at, datetime), "the reply is ours"
    assert isinstance(until, datetime), "the reply is ours"
    event = sale_event(till, receipt_id, purchase_input, at=at)
    stored = await parked_events.find(runtime.store, receipt_id, now=now)
    if stored is not None and stored.purchase is not None:
        event = stored.event
    assert event.purchase is not None, "a sale has its purchase"
    return await quoted_sale(runtime, event.purchase, event, until, now)
