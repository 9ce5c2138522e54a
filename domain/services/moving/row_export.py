"""Entries, purchases and members as flat rows, for a warehouse: what each column holds stands in one place.

Entries and purchases stand on the day of their own event, as in the books. Rows hold ids, codes and figures;
a member's contacts, name, number and birthday only where they are asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Literal

from domain.model.calendar import instant_text, local_day
from domain.model.event_names import CORRECTED, PURCHASED, REFUNDED
from domain.model.ledger.decide import at_instant
from domain.model.ledger.deciding.opening import is_history
from domain.model.ledger.events import Json
from domain.model.ledger.views.expression_view import held_tier_code
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme
from domain.model.values import dataclass
from domain.services.runtime import Runtime
from domain.store.ledger import journal_stream, receipt_rows
from domain.store.ledger.members import StoredMember
from domain.store.ledger.receipt_rows import ReceiptRow
from domain.store.ledger.scans import member_scans

ColumnKind = Literal["text", "int", "json"]
ExportRow = dict[str, Json]


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column: days and instants are texts as ISO 8601 writes them; `json` holds a list or a map."""

    name: str
    kind: ColumnKind = "text"


def _columns(texts: str, *, ints: str = "", json: str = "") -> tuple[ExportColumn, ...]:
    return (
        *(ExportColumn(name) for name in texts.split()),
        *(ExportColumn(name, "int") for name in ints.split()),
        *(ExportColumn(name, "json") for name in json.split()),
    )


ENTRY_COLUMNS = _columns(
    "day at member event source store wallet kind rule available_at expires_on voucher",
    ints="row n amount balance",
)
PURCHASE_COLUMNS = _columns(
    "day at document member source store receipt currency", ints="refund total", json="lines paid_with"
)


def member_columns(programme: Programme, *, with_person: bool) -> tuple[ExportColumn, ...]:
    """Return the columns of members: four figures of each wallet that the programme has."""
    person = " number name email phone birthday" if with_person else ""
    figures = [
        f"{spec.code}_{part}"
        for spec in programme.wallets
        for part in ("available", "held", "pending", "debt")
    ]
    return _columns(
        "member status merged_into joined_at tier tier_since plan locale timezone last_purchase_at" + person,
        ints=" ".join(["purchases", "purchases_total", *figures]),
        json="consents tags segments badges" + (" attributes" if with_person else ""),
    )


# ---------------------------------------------------------------- by day
async def iterate_entries(runtime: Runtime, *, start: datetime, end: datetime) -> AsyncIterator[ExportRow]:
    """Yield the entries of all wallets whose event lies in [start, end), by their instants."""
    zone = runtime.programme.zone
    async for stored in journal_stream.stream_rows(runtime.store, start=start, end=end):
        event = stored.row.event
        store = event.purchase.store if event.purchase is not None else event.data.get("store")
        for entry in stored.row.entries:
            yield {
                "day": local_day(event.at, zone).isoformat(),
                "at": instant_text(event.at),
                "member": stored.member,
                "event": event.name,
                "source": event.source,
                "store": store if isinstance(store, str) else None,
                "wallet": entry.wallet,
                "kind": entry.kind,
                "rule": entry.rule,
                "available_at": _instant(entry.available_at),
                "expires_on": entry.expires_on.isoformat() if entry.expires_on else None,
                "voucher": entry.voucher,
                "row": stored.row.seq,
                "n": entry.n,
                "amount": entry.amount,
                "balance": entry.balance,
            }


async def iterate_purchases(runtime: Runtime, *, start: datetime, end: datetime) -> AsyncIterator[ExportRow]:
    """Yield receipts, refunds and corrections of [start, end): `total` is what each adds to the turnover,
    less than 0 for a refund, and `lines` what stands after it. A receipt of before an import is `history`.
    """
    async for row in receipt_rows.stream_receipt_rows(runtime.store, start=start, end=end):
        if row.event.delayed_rule is None:
            yield _purchase_row(runtime.programme, row)


_DOCUMENTS: Mapping[str, str] = {PURCHASED: "sale", REFUNDED: "refund", CORRECTED: "correction"}


def _purchase_row(programme: Programme, row: ReceiptRow) -> ExportRow:
    event, before = row.event, row.before
    standing = event.purchase if row.remaining is None else row.remaining
    assert standing is not None, "a receipt's row has its purchase"
    paid = standing.payment.parts if standing.payment is not None else ()
    return {
        "day": local_day(event.at, programme.zone).isoformat(),
        "at": instant_text(event.at),
        "document": "history" if is_history(event) else _DOCUMENTS[event.name],
        "member": row.member,
        "source": event.source,
        "store": standing.store,
        "receipt": standing.external_id,
        "currency": standing.currency,
        "refund": int(event.id.rpartition(":")[2]) if event.name == REFUNDED else None,
        "total": standing.total - (before.total if before is not None else 0),
        "lines": [{"line": line.line, **line.as_item()} for line in standing.lines] or None,
        "paid_with": {part.wallet: part.units for part in paid} if paid and before is None else None,
    }


# ---------------------------------------------------------------- members
async def iterate_members(
    runtime: Runtime, *, after: str, first: int, with_person: bool, now: datetime
) -> AsyncIterator[ExportRow]:
    """Yield the first members after an id, as they stand now: erased and merged ones say so."""
    async for stored_member in member_scans.iterate_members(runtime.store, after=after, first=first):
        yield member_row(runtime.programme, stored_member, with_person=with_person, now=now)


def member_row(
    programme: Programme, stored_member: StoredMember, *, with_person: bool, now: datetime
) -> ExportRow:
    """Return a membership as it stands at an instant."""
    member, details = at_instant(programme, stored_member.member, now=now), stored_member.details
    standing, bought = member.tier, member.purchases
    row: ExportRow = {
        "member": member.id,
        "status": stored_member.status,
        "merged_into": member.merged_into,
        "joined_at": _instant(member.joined_at),
        "tier": held_tier_code(programme, member),
        "tier_since": _instant(standing.since) if standing is not None else None,
        "plan": member.plan.code if member.plan is not None else None,
        "locale": details.locale or None,
        "timezone": details.timezone or None,
        "last_purchase_at": _instant(bought.last_at),
        "purchases": bought.standing,
        "purchases_total": bought.total,
        "consents": {answer.purpose: answer.granted for answer in details.consents},
        "tags": [*sorted(member.tags)],
        "segments": [*sorted(member.segments)],
        "badges": {code: badge.level for code, badge in member.badges.items() if badge.level},
    }
    for spec in programme.wallets:
        held = member.wallets.get(spec.code) or Wallet()
        row |= {
            f"{spec.code}_available": held.available,
            f"{spec.code}_held": held.held,
            f"{spec.code}_pending": held.pending,
            f"{spec.code}_debt": held.debt,
        }
    return row | person_cells(stored_member) if with_person else row


def person_cells(stored_member: StoredMember) -> ExportRow:
    """Return what of a membership's row names a person."""
    details = stored_member.details
    return {
        "number": stored_member.member.number or None,
        "name": details.name or None,
        "email": details.email,
        "phone": details.phone,
        "birthday": details.birthday.isoformat() if details.birthday else None,
        "attributes": dict(details.attributes),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)
