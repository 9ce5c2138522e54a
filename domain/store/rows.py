"""A journal row as a document, and back: the one place that knows how the journal is spelled.

What was decided is kept whole, but for what identifies a person: the profile of an event is not, and of a
refund only which purchase it took from, what stood before it and after it. Maps with keys from outside are
lists of pairs, since a field's name may hold neither dots nor dollars. `marks` are the counters that
histories page by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, cast

from domain.model.decision import Claim, Effect, Entry, Later, Message, Outcome, Row, Value, VoucherStep
from domain.model.events import PURCHASED, Event, Fact, Facts, Line, Purchase, Put
from domain.model.wallet import Part
from domain.store.connect import Raw

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Refunded:
    """What a refund's row says of its purchase: the purchase event's id, what stood before and after."""

    key: str
    before: Purchase
    kept: Purchase


# ---------------------------------------------------------------- marks
def entry_mark(n: int, wallet: str | None = None) -> str:
    """Return the mark of a member's n-th entry, of all wallets or of one."""
    return f"e:{n}" if wallet is None else f"w:{wallet}:{n}"


def purchase_mark(n: int) -> str:
    """Return the mark of a member's n-th purchase."""
    return f"p:{n}"


def _marks(row: Row) -> Iterator[str]:
    for entry in row.entries:
        yield entry_mark(entry.n)
        yield entry_mark(entry.wallet_n, entry.wallet)
    if is_purchase(row.event) and isinstance(count := row.changes.get("purchases.count"), int):
        yield purchase_mark(count)


def is_purchase(event: Event) -> bool:
    """Tell whether an event is a purchase itself, not a rule of it that was delayed."""
    return event.name == PURCHASED and event.rule is None


# ---------------------------------------------------------------- writing
def document(member: str, row: Row) -> dict[str, Any]:
    """Return a row of a member as the journal keeps it."""
    kept: dict[str, Any] = {
        "_id": f"{member}:{row.seq}",
        "member": member,
        "seq": row.seq,
        "at": row.event.at,
        "by": row.by,
        "version": row.version,
        "event": event_document(row.event),
        "marks": list(_marks(row)),
        "entries": [_entry(one) for one in row.entries],
        "outcomes": [[one.rule, one.applied, one.amount, one.reason, one.wallet] for one in row.outcomes],
        "raised": [event_document(one) for one in row.raised],
        "messages": [[one.code, one.event, _pairs(one.data), one.index] for one in row.messages],
        "effects": [[one.kind, one.code, one.event, one.rule] for one in row.effects],
        "vouchers": [
            [one.id, one.n, one.reward, one.change, one.at, one.expires_at, one.given] for one in row.vouchers
        ],
        "later": [[one.member, one.due, event_document(one.event)] for one in row.later],
        "facts": _facts(row.facts),
        "awarded": _pairs(row.awarded),
        "puts": [
            [one.wallet, one.amount, one.available_at, _day(one.expires_on), _day(one.since)]
            for one in row.puts
        ],
        "qualified": row.qualified,
        "counted": row.counted,
        "changes": _pairs(row.changes),
        "removed": list(row.removed),
    }
    if row.claim is not None:
        kept["claim"] = claim_document(row.claim)
    return {name: value for name, value in kept.items() if value not in ([], 0) or name in ("marks",)}


def event_document(event: Event) -> dict[str, Any]:
    """Return an event without its profile, and of a refund only what `Refunded` says."""
    kept: dict[str, Any] = {
        "id": event.id,
        "name": event.name,
        "at": event.at,
        "source": event.source,
        "data": _pairs(event.data),
    }
    if event.purchase is not None:
        kept["purchase"] = purchase_document(event.purchase)
    if event.refund is not None:
        kept["refund"] = [
            event.refund.recorded.key,
            purchase_document(event.refund.before),
            purchase_document(event.refund.kept),
        ]
    if event.rule is not None:
        kept["rule"], kept["since"] = event.rule, event.since
    return kept


def purchase_document(purchase: Purchase) -> dict[str, Any]:
    """Return a purchase as journal and receipts keep it."""
    lines = [[one.line, one.sku, one.amount, one.quantity, one.name, one.category] for one in purchase.lines]
    return {
        "external_id": purchase.external_id,
        "total": purchase.total,
        "currency": purchase.currency,
        "store": purchase.store,
        "lines": lines,
    }


def claim_document(claim: Claim) -> list[Any]:
    """Return a refund's claim as journal and receipts keep it."""
    return [_pairs(claim.amounts), claim.unqualified, claim.uncounted]


def _entry(entry: Entry) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "n": entry.n,
        "wallet_n": entry.wallet_n,
        "wallet": entry.wallet,
        "kind": entry.kind,
        "amount": entry.amount,
        "balance": entry.balance,
        "rule": entry.rule,
        "available_at": entry.available_at,
        "expires_on": _day(entry.expires_on),
        "lots": [[one.amount, _day(one.expires_on), _day(one.since)] for one in entry.lots],
        "debt": entry.debt,
        "voucher": entry.voucher,
    }
    return {
        name: value
        for name, value in kept.items()
        if (value is not None and value not in ([], 0)) or name in ("amount", "balance")
    }


def _facts(facts: Facts) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "tier": facts.tier,
        "plan": facts.plan,
        "tier_after": facts.tier_after,
        "plan_after": facts.plan_after,
        "member": [[name, _packed(value)] for name, value in facts.member.items()],
        "results": _pairs(facts.results),
        "room": [[code, room, left] for code, (room, left) in facts.room.items()],
        "first": facts.first,
    }
    return {name: value for name, value in kept.items() if value not in (None, [], False)}


def _pairs(values: Mapping[str, Any]) -> list[Any]:
    return [[name, value] for name, value in values.items()]


def _packed(value: Any) -> Any:
    """Return a value whose maps are {"pairs": [[key, value], ...]}."""
    if isinstance(value, Mapping):
        return {"pairs": [[name, _packed(one)] for name, one in value.items()]}
    return [_packed(one) for one in value] if isinstance(value, (list, tuple)) else value


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ---------------------------------------------------------------- reading
def row(kept: Raw) -> Row:
    """Return the row of a document. A refund's event is without its `refund`: `refunded` says what the row
    knows of it.
    """
    return Row(
        seq=kept["seq"],
        event=event(kept["event"]),
        by=kept["by"],
        version=kept["version"],
        entries=tuple(entry(one) for one in kept.get("entries", ())),
        outcomes=outcomes(kept),
        raised=tuple(event(one) for one in kept.get("raised", ())),
        messages=tuple(Message(one[0], one[1], dict(one[2]), one[3]) for one in kept.get("messages", ())),
        effects=tuple(Effect(*one) for one in kept.get("effects", ())),
        vouchers=tuple(VoucherStep(*one) for one in kept.get("vouchers", ())),
        later=tuple(Later(one[0], one[1], event(one[2])) for one in kept.get("later", ())),
        facts=facts(kept),
        awarded=dict(kept.get("awarded", ())),
        puts=tuple(
            Put(one[0], one[1], one[2], _maybe(one[3]), _date(one[4])) for one in kept.get("puts", ())
        ),
        qualified=kept.get("qualified", 0),
        counted=kept.get("counted", 0),
        claim=claim(kept["claim"]) if "claim" in kept else None,
        changes=changes(kept),
        removed=tuple(kept.get("removed", ())),
    )


def changes(kept: Raw) -> dict[str, Value]:
    """Return the state's paths that a row set: with `removed` all that folding needs."""
    return dict(kept.get("changes", ()))


def outcomes(kept: Raw) -> tuple[Outcome, ...]:
    """Return a row's outcomes alone."""
    return tuple(Outcome(*one) for one in kept.get("outcomes", ()))


def event(kept: Raw) -> Event:
    """Return an event as it was kept."""
    return Event(
        id=kept["id"],
        name=kept["name"],
        at=kept["at"],
        source=kept["source"],
        data=dict(kept["data"]),
        purchase=purchase(kept["purchase"]) if "purchase" in kept else None,
        rule=kept.get("rule"),
        since=kept.get("since"),
    )


def refunded(kept: Raw) -> Refunded | None:
    """Return what a refund's row says of its purchase; None for any other row."""
    said = kept["event"].get("refund")
    return None if said is None else Refunded(said[0], purchase(said[1]), purchase(said[2]))


def purchase(kept: Raw) -> Purchase:
    """Return a purchase as it was kept."""
    lines = tuple(
        Line(line=one[0], sku=one[1], amount=one[2], quantity=one[3], name=one[4], category=one[5])
        for one in kept["lines"]
    )
    return Purchase(kept["external_id"], kept["total"], kept["currency"], kept["store"], lines)


def claim(kept: Sequence[Any]) -> Claim:
    """Return a claim as it was kept."""
    return Claim(dict(kept[0]), kept[1], kept[2])


def entry(kept: Raw) -> Entry:
    """Return an entry as journal and members keep it; the slim one of a member is without lots and debt."""
    return Entry(
        wallet=kept["wallet"],
        kind=kept["kind"],
        amount=kept["amount"],
        rule=kept.get("rule"),
        available_at=kept.get("available_at"),
        expires_on=_maybe(kept.get("expires_on")),
        lots=tuple(Part(one[0], _maybe(one[1]), _date(one[2])) for one in kept.get("lots", ())),
        debt=kept.get("debt", 0),
        n=kept.get("n", 0),
        wallet_n=kept.get("wallet_n", 0),
        balance=kept["balance"],
        voucher=kept.get("voucher"),
    )


def facts(kept: Raw) -> Facts:
    """Return a row's facts alone."""
    said: Raw = kept["facts"]
    return Facts(
        tier=said.get("tier"),
        plan=said.get("plan"),
        tier_after=said.get("tier_after"),
        plan_after=said.get("plan_after"),
        member={name: cast(Fact, _unpacked(value)) for name, value in said.get("member", ())},
        results=dict(said.get("results", ())),
        room={code: (room, left) for code, room, left in said.get("room", ())},
        first=said.get("first", False),
    )


def _unpacked(value: Any) -> object:
    if isinstance(value, Mapping):
        return {name: _unpacked(one) for name, one in value["pairs"]}
    return [_unpacked(one) for one in value] if isinstance(value, list) else value


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _maybe(text: str | None) -> date | None:
    return _date(text) if text else None
