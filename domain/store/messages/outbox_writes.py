"""The outbox rows that a commit inserts: what a journal row promises to people and to other systems.

Other systems are told of what a rule asks for, and of the events that they subscribe to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from pymongo.errors import BulkWriteError

from domain.model.event_names import ERASED, PROFILE_CHANGED
from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Event, Json
from domain.store import tracing
from domain.store.document_store import DUPLICATE_KEY, DocumentStore, Write, insert
from domain.store.messages.outbox import COLLECTION, OutboxKind

# The webhooks that are told of an event, by its name.
Subscriptions: TypeAlias = Mapping[str, Sequence[str]]
ONCE_EVENT: Final = "message.once"  # nothing that happened: an operator wrote it
NO_SUBSCRIPTIONS: Final[Subscriptions] = MappingProxyType({})


def promise_writes(
    member: str, row: JournalRow, *, now: datetime, subscriptions: Subscriptions = NO_SUBSCRIPTIONS
) -> list[Write]:
    """Return the insertions of a journal row's messages, webhooks and surveys."""
    writes = []
    for index, message in enumerate(row.messages):
        event_data = {**message.data, **(_total_data(row.event) if message.event == row.event.name else {})}
        writes.append(
            _insert_write(
                member,
                row,
                index,
                "message",
                message.code,
                message.event,
                event_data,
                now,
                variant=message.variant,
            )
        )
    event_by_id = {one.id: one for one in (row.event, *row.raised)}
    for index, effect in enumerate(row.effects, start=len(row.messages)):
        event = event_by_id.get(effect.event, row.event)
        writes.append(
            _insert_write(
                member,
                row,
                index,
                effect.kind,
                effect.code,
                event.name,
                {**event.data, **_receipt_data(event)},
                now,
                rule=effect.rule,
            )
        )
    subscribed = (
        (event, hook) for event in event_by_id.values() for hook in subscriptions.get(event.name, ())
    )
    for index, (event, hook) in enumerate(subscribed, start=len(writes)):
        event_data = {**event.data, **_receipt_data(event)}
        writes.append(_insert_write(member, row, index, "webhook", hook, event.name, event_data, now))
    return writes


def profile_writes(
    member: str,
    fields: Sequence[str],
    *,
    seq: int,
    profile_version: int,
    programme_version: int,
    now: datetime,
    subscriptions: Subscriptions,
) -> list[Write]:
    """Return the insertions that tell other systems which fields of a profile changed, not to what. A profile
    has its own version, so these stand beside the journal's rows; `seq` is that of the newest.
    """
    return [
        insert(
            COLLECTION,
            {
                "_id": f"{member}:profile-{profile_version}:{index}",
                "member": member,
                "seq": seq,
                "kind": "webhook",
                "lane": "systems",
                "code": hook,
                "event": PROFILE_CHANGED,
                "version": programme_version,
                "data": [["fields", list(fields)]],
                "rule": "",
                "at": now,
                "promised_at": now,
                "state": "pending",
                "due": now,
            },
        )
        for index, hook in enumerate(subscriptions.get(PROFILE_CHANGED, ()))
    ]


async def promise_once(
    store: DocumentStore,
    code: str,
    seqs_by_member: Mapping[str, int],
    *,
    programme_version: int,
    now: datetime,
) -> None:
    """Promise a message that is sent once to members, by the seqs of their newest rows. Its row has one id a
    member: promised again, it stays as it is.
    """
    documents = [
        _once_document(member, code, seq, programme_version, now) for member, seq in seqs_by_member.items()
    ]
    if not documents:
        return
    try:
        await store[COLLECTION].insert_many(documents, ordered=False)
    except BulkWriteError as fault:
        if any(each["code"] != DUPLICATE_KEY for each in fault.details["writeErrors"]):
            raise


def once_write(member: str, code: str, *, seq: int, programme_version: int, now: datetime) -> Write:
    """Return the insertion of the row by which one member gets a message that is sent once."""
    return insert(COLLECTION, _once_document(member, code, seq, programme_version, now))


def _once_document(
    member: str, code: str, seq: int, programme_version: int, now: datetime
) -> dict[str, object]:
    return {
        "_id": once_id(member, code),
        "member": member,
        "seq": seq,
        "kind": "once",
        "lane": "people",
        "code": code,
        "event": ONCE_EVENT,
        "version": programme_version,
        "data": [],
        "rule": "",
        "at": now,
        "promised_at": now,
        "state": "pending",
        "due": now,
    }


def once_id(member: str, code: str) -> str:
    """Return the id of the row by which a member gets a message that is sent once."""
    return f"{member}:{code}:0"


async def find_once_promised(store: DocumentStore, members: Collection[str], code: str) -> set[str]:
    """Return those of some members whom a message that is sent once was promised already."""
    ids = [once_id(member, code) for member in members]
    return {row["member"] async for row in store[COLLECTION].find({"_id": {"$in": ids}}, {"member": 1})}


def _total_data(event: Event) -> dict[str, Json]:
    """Return the amount that was paid or refunded, as a message may show it."""
    if event.refund is not None:
        return {"total": event.refund.before.total - event.refund.remaining.total}
    return {"total": event.purchase.total} if event.purchase is not None else {}


def _receipt_data(event: Event) -> dict[str, Json]:
    """Return how other systems identify a purchase, with the amount that was paid or refunded."""
    purchase = event.refund.remaining if event.refund is not None else event.purchase
    if purchase is None:
        return {}
    return {
        "externalId": purchase.external_id,
        "store": purchase.store,
        "currency": purchase.currency,
        **_total_data(event),
    }


def _insert_write(
    member: str,
    row: JournalRow,
    index: int,
    kind: OutboxKind,
    code: str,
    event: str,
    event_data: Mapping[str, Json],
    now: datetime,
    *,
    rule: str = "",
    variant: str | None = None,
) -> Write:
    # What waits for an erased member is deleted by its id; that they were erased is still told.
    owner = f"erased-{member}" if event == ERASED else member
    trace = tracing.traceparent()
    return insert(
        COLLECTION,
        {
            "_id": f"{owner}:{row.seq}:{index}",
            "member": member,
            "seq": row.seq,
            "kind": kind,
            "lane": "systems" if kind == "webhook" else "people",
            "code": code,
            "event": event,
            "version": row.version,
            "data": [[name, value] for name, value in event_data.items()],
            "rule": rule,
            "at": row.event.at,
            "promised_at": now,
            "state": "pending",
            "due": now,
            **({} if trace is None else {"trace": trace}),
            **({} if variant is None else {"variant": variant}),
        },
    )
