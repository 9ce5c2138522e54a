"""Taking the events that a system posts with a key: each is read, checked by the key's scopes and by the
programme, and stored under its id before anything is acted upon.

An id counts once in a system, for as long as the log and the receipts remember. The same event again is told
what became of it; another one under the same id is refused.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

from domain.model import event_names
from domain.model.calendar import milliseconds
from domain.model.intake.client_keys import Scope
from domain.model.intake.order_state import OrderRefund, OrderState, ReportedEvent
from domain.model.intake.posted_events import (
    MEMBER_EXAMPLE,
    ItemRefused,
    PostedBody,
    PostedEvent,
    posted_id,
    read_body,
    read_item,
)
from domain.model.intake.posted_purchases import order_of, refund_of, value_of
from domain.model.intake.refusals import CallRefusal
from domain.model.intake.sealing import NONCE_BYTES, seal_body
from domain.model.ledger.plans import PLAN_EVENTS
from domain.model.people.codes import CodeKind, classify
from domain.model.people.contacts import Contact, ContactMalformed, read_email, read_phone
from domain.model.programme import Programme
from domain.model.programme.faults import suggestion
from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.errors import InvalidInput, NotAllowed
from domain.services.ledger.member_events import check_event_data
from domain.services.ledger.till import ShiftLimits, Till
from domain.services.people.field_checks import check_locale
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.audit import ShiftCounter, ShiftLimitReached
from domain.store.intake import deliveries
from domain.store.intake.clients import StoredClient
from domain.store.intake.deliveries import StoredDelivery

LARGE_BYTES: Final = 64 * 1024
ItemState = Literal["taken", "again", "checked", "refused"]
PURCHASE_TYPES: Final = (event_names.PURCHASED, event_names.REFUNDED, event_names.ENROLLED)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class RawBody:
    """A body as it came, of one of CONTENT_TYPES; headers by names in lower case."""

    raw: bytes
    content_type: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who wants to be a member, as a system reports: they are sent a code; nobody is enrolled."""

    contact: Contact
    locale: str | None


Meaning = OrderState | OrderRefund | ReportedEvent | Invitation


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What an item is answered. `fate` is what became of one that came before, `delivery` its id in the log;
    one that is refused says where, why, and what would be right.
    """

    state: ItemState
    id: str | None
    delivery: str | None = None
    fate: str | None = None
    fault: ItemRefused | None = None

    @property
    def refusal(self) -> CallRefusal | None:
        """Return as what it is counted; None for one that was taken, now or before."""
        if self.fault is None:
            return None
        return "SCOPE" if isinstance(self.fault, ScopeLacking) else "EVENT"


class ScopeLacking(ItemRefused):
    """The key has no right to such an event."""


@dataclass(frozen=True, slots=True)
class _CheckedItem:
    """An item that may be stored, and what it comes to."""

    event: PostedEvent
    meaning: Meaning
    delivery: StoredDelivery


# ---------------------------------------------------------------- pure rules
def client_till(identity: IdentityRuntime, client: StoredClient, *, now: datetime, session: str) -> Till:
    """Return the till that acts for a system, with the limits of its day."""
    return Till(
        staff=client.actor,
        role="CLIENT",
        store=client.store,
        source=client.source,
        session=session,
        day=now.astimezone(identity.programme.zone).date(),
        limits=ShiftLimits.of_client(client.bounds),
    )


def scope_of(name: str) -> Scope:
    """Return the scope that an event takes."""
    return _SCOPES.get(name, "events:write")


_SCOPES: Mapping[str, Scope] = {
    event_names.PURCHASED: "purchases:write",
    event_names.REFUNDED: "refunds:write",
    event_names.ENROLLED: "members:write",
}


def meaning_of(programme: Programme, event: PostedEvent, *, now: datetime) -> Meaning:
    """Return what an event comes to; `now` is when it came. Raises ItemRefused."""
    if event.at is not None:
        try:
            input_checks.check_past_instant(event.at, now=now)
        except InvalidInput as fault:
            raise ItemRefused("at", fault.message, "write when it happened") from None
    if event.type == event_names.REFUNDED:
        return refund_of(event)
    _expect_member(event)
    if event.type == event_names.ENROLLED:
        return _invitation(programme, event)
    if event.type == event_names.PURCHASED:
        order = order_of(event, currency=programme.programme.currency, at=now)
        if order.currency != programme.programme.currency:
            remedy = f"write amounts in {programme.programme.currency}, or leave it out"
            raise ItemRefused("data.currency", "is not the programme's", remedy)
        return order
    types = [*PURCHASE_TYPES, *sorted(PLAN_EVENTS), event_names.SURVEY_ANSWERED]
    types += [spec.name for spec in programme.events]
    if event.type not in types:
        remedy = suggestion(event.type, types, "declare it in the programme file")
        raise ItemRefused("type", "the programme declares no such event", remedy)
    try:
        fields = check_event_data(programme, event.type, event.fields)
    except InvalidInput as fault:
        known = next((spec.data for spec in programme.events if spec.name == event.type), {})
        fields_text = ", ".join(f"{name}: {kind}" for name, kind in known.items()) or "none"
        raise ItemRefused(fault.field, fault.message, f"its fields are {fields_text}") from None
    return ReportedEvent(event.number, event.type, event.at or now, event.hints, fields)


def _expect_member(event: PostedEvent) -> None:
    member = event.member
    if not member:
        raise ItemRefused("member", "is missing", MEMBER_EXAMPLE)
    try:
        for name, read in (("email", read_email), ("phone", read_phone)):
            if name in member:
                read(member[name])
    except ContactMalformed as fault:
        raise ItemRefused(f"member.{name}", "cannot be read", str(fault)) from None
    if "number" in member and classify(member["number"]).kind is not CodeKind.NUMBER:
        raise ItemRefused("member.number", "is no membership number", "write it as it is on the card")


def _invitation(programme: Programme, event: PostedEvent) -> Invitation:
    if unknown := sorted(event.fields.keys() - {"locale"}):
        raise ItemRefused(f"data.{unknown[0][:64]}", "is not known here", "write locale, or nothing")
    text = event.member.get("email") or event.member.get("phone")
    if text is None:
        raise ItemRefused("member", "nobody can be invited by it", "write their email or phone")
    locale = event.fields.get("locale")
    try:
        checked = None if locale is None else check_locale(str(locale), programme)
    except InvalidInput as fault:
        raise ItemRefused("data.locale", "is not the programme's", fault.message) from None
    return Invitation(read_email(text) if "@" in text else read_phone(text), checked)


# ---------------------------------------------------------------- taking
async def take(
    identity: IdentityRuntime, client: StoredClient, key_id: str, body: RawBody, *, now: datetime
) -> list[ItemAnswer]:
    """Check and store the items of a body; return an answer for each, in their order. With a key that only
    quotes nothing is stored. Raises ItemRefused for a body that is none, NotAllowed beyond what a day may
    bring, Busy.
    """
    now = milliseconds(now)

    def check() -> list[_CheckedItem | ItemAnswer]:
        posted = read_body(body.raw, body.content_type, body.headers)
        return [_check(identity, client, each, posted, now=now) for each in posted.items]

    # A large body takes half a second to read: beside the event loop.
    checked = await asyncio.to_thread(check) if len(body.raw) > LARGE_BYTES else check()
    items = [each for each in checked if isinstance(each, _CheckedItem)]
    if client.kind == "test":
        return [
            ItemAnswer("checked", each.event.id) if isinstance(each, _CheckedItem) else each
            for each in checked
        ]

    async def attempt() -> dict[str, StoredDelivery]:
        before = await deliveries.find_many(identity.store, [item.delivery.id for item in items])
        new = {item.delivery.id: item for item in reversed(items) if item.delivery.id not in before}
        if new:
            till = client_till(identity, client, now=now, session=f"key:{key_id}")
            writes = [deliveries.add_write(item.delivery) for item in new.values()]
            await identity.store.transact([*writes, *till.count_writes(_day_counts(new.values()))])
        return before

    try:
        before = await identity.store.run_rounds(attempt, queue=f"posted:{client.name}") if items else {}
    except ShiftLimitReached:
        raise NotAllowed("SHIFT_LIMIT") from None
    answers, known = list[ItemAnswer](), dict(before)
    for each in checked:
        if isinstance(each, ItemAnswer):
            answers.append(each)
            continue
        answers.append(_answer(each, known.get(each.delivery.id)))
        known.setdefault(each.delivery.id, each.delivery)
    return answers


def _check(
    identity: IdentityRuntime, client: StoredClient, posted: object, body: PostedBody, *, now: datetime
) -> _CheckedItem | ItemAnswer:
    programme = identity.programme
    try:
        event = read_item(posted, body.form, zone=programme.programme.timezone)
        if (scope := scope_of(event.type)) not in client.scopes:
            remedy = f"an operator gives it by selo client change {client.name}"
            raise ScopeLacking("type", f"this key lacks the scope {scope}", remedy)
        meaning = meaning_of(programme, event, now=now)
        if isinstance(meaning, OrderState) and meaning.total > client.bounds.receipt_total:
            fault = f"is above {client.bounds.receipt_total}, the highest total of this key"
            raise ItemRefused("data.total", fault, "an operator raises it by selo client change")
        raw = event.as_bytes()
    except ItemRefused as fault:
        return ItemAnswer("refused", posted_id(posted), fault=fault)
    id = deliveries.posted_id_of(source=client.source, number=event.number)
    sealed = seal_body(raw, delivery=id, key=identity.secret, nonce=secrets.token_bytes(NONCE_BYTES))
    delivery = StoredDelivery(
        id,
        client.source,
        event.type,
        None,
        now,
        "pending",
        sealed,
        client=client.name,
        hash=sha256(raw).hexdigest(),
    )
    return _CheckedItem(event, meaning, delivery)


def _answer(checked: _CheckedItem, before: StoredDelivery | None) -> ItemAnswer:
    delivery = checked.delivery
    if before is None:
        return ItemAnswer("taken", checked.event.id, delivery.id)
    if before.hash != delivery.hash:
        fault = ItemRefused("id", "another event came under this id", "give each event an id of its own")
        return ItemAnswer("refused", checked.event.id, delivery.id, fault=fault)
    fate = f"{before.state}: {before.reason}" if before.reason else before.state
    return ItemAnswer("again", checked.event.id, delivery.id, fate)


def _day_counts(items: Collection[_CheckedItem]) -> Mapping[ShiftCounter, int]:
    """Return what counts against the day of a key: purchases and refunds. Other events are counted when they
    are decided: what they move is known then.
    """
    counts: dict[ShiftCounter, int] = {
        "purchases": sum(isinstance(item.meaning, OrderState) for item in items),
        "refunded": sum(value_of(item.meaning) for item in items if isinstance(item.meaning, OrderRefund)),
    }
    return {counter: count for counter, count in counts.items() if count}
