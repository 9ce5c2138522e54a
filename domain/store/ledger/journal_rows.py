"""A journal row as a document, and back: the one place that knows how the journal is spelled.

What was decided is kept whole, but for what identifies a person: the profile of an event is not, and of a
refund only which purchase it took from, what stood before it and after it. Maps with keys from outside are
lists of pairs, since a field's name may hold neither dots nor dollars. `marks` are the counters that
histories page by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, TypeVar, cast

from domain.model.event_names import PURCHASED
from domain.model.ledger.decision import (
    DelayedEvent,
    Effect,
    Entry,
    JournalRow,
    Outcome,
    PlannedMessage,
    RefundedPurchase,
    StateValue,
    VoucherStep,
)
from domain.model.ledger.events import (
    Event,
    Fact,
    Facts,
    Line,
    Purchase,
    RaisedFacts,
)
from domain.model.ledger.gifts import NOT_COUNTED
from domain.model.ledger.lots import LotPart, OpenedLot
from domain.model.ledger.state.encoding import deduction_values, gift_values, payment_values
from domain.model.ledger.state.ledger_restore import read_deduction, read_gift, read_payment
from domain.model.programme.tiers import SINGLE_COUNT
from domain.store.connect import Raw
from domain.store.ledger.journal_claims import (
    claim_document,
    list_pairs,
    named_counts,
    read_claim,
    read_counted,
)
from domain.store.ledger.receipt_details import details_values, read_details

V = TypeVar("V")


# ---------------------------------------------------------------- marks
def entry_mark(n: int, wallet: str | None = None) -> str:
    """Return the mark of a member's n-th entry, of all wallets or of one."""
    return f"e:{n}" if wallet is None else f"w:{wallet}:{n}"


def purchase_mark(n: int) -> str:
    """Return the mark of a member's n-th purchase."""
    return f"p:{n}"


def _marks(row: JournalRow) -> Iterator[str]:
    for entry in row.entries:
        yield entry_mark(entry.n)
        yield entry_mark(entry.wallet_n, entry.wallet)
    if is_purchase(row.event) and isinstance(count := row.changes.get("purchases.count"), int):
        yield purchase_mark(count)


def is_purchase(event: Event) -> bool:
    """Tell whether an event is a purchase itself, not a rule of it that was delayed."""
    return event.name == PURCHASED and event.delayed_rule is None


# ---------------------------------------------------------------- writing
def row_document(member: str, row: JournalRow) -> dict[str, Any]:
    """Return a row of a member as the journal keeps it."""
    single = row.counted.get(SINGLE_COUNT, NOT_COUNTED)
    document: dict[str, Any] = {
        "_id": f"{member}:{row.seq}",
        "member": member,
        "seq": row.seq,
        "at": row.event.at,
        "by": row.by,
        "version": row.version,
        "event": event_document(row.event),
        "marks": list(_marks(row)),
        "entries": [_entry_document(one) for one in row.entries],
        "outcomes": [_outcome_values(one) for one in row.outcomes],
        "raised": [event_document(one) for one in row.raised],
        "messages": [
            [one.code, one.event, list_pairs(one.data), one.index, *_variant(one.variant)]
            for one in row.messages
        ],
        "effects": [[one.kind, one.code, one.event, one.rule] for one in row.effects],
        "vouchers": [
            [
                one.id,
                one.n,
                one.reward,
                one.change,
                one.at,
                one.expires_at,
                one.is_free,
                *_variant(one.variant),
            ]
            for one in row.vouchers
        ],
        "later": [[one.member, one.due, event_document(one.event)] for one in row.delayed],
        "facts": _facts_document(row.facts),
        "awarded": list_pairs(row.awarded),
        "puts": [
            [one.wallet, one.amount, one.available_at, _iso_date(one.expires_on), _iso_date(one.since)]
            for one in row.opened_lots
        ],
        "qualified": single.awards,
        "counted": single.event,
        "extras": single.extras,
        "counts": named_counts(row.counted),
        "badges": list_pairs(row.badge_counts),
        "gifts": [[source, gift_values(gift)] for source, gift in row.gifts.items()],
        "raised_facts": [
            [index, raised.name, list_pairs(raised.data), _facts_document(raised.facts)]
            for index, raised in row.raised_facts.items()
        ],
        "changes": list_pairs(row.changes),
        "removed": list(row.removed),
    }
    if row.payments:
        document["payments"] = [deduction_values(taken) for taken in row.payments]
    if row.claim is not None:
        document["claim"] = claim_document(row.claim)
    return {name: value for name, value in document.items() if value not in ([], 0) or name in ("marks",)}


def _outcome_values(outcome: Outcome) -> list[object]:
    values = [outcome.rule, outcome.applied, outcome.amount, outcome.reason, outcome.wallet]
    return [*values, *_variant(outcome.variant)]


def _variant(code: str | None) -> list[str]:
    """Return the last value of what may have a variant: none without one, as before there were any."""
    return [] if code is None else [code]


def event_document(event: Event) -> dict[str, Any]:
    """Return an event without its profile, and of a refund only what `Refunded` says."""
    document: dict[str, Any] = {
        "id": event.id,
        "name": event.name,
        "at": event.at,
        "source": event.source,
        "data": list_pairs(event.data),
    }
    if event.purchase is not None:
        document["purchase"] = purchase_document(event.purchase)
    if event.refund is not None:
        document["refund"] = [
            event.refund.purchase.key,
            purchase_document(event.refund.before),
            purchase_document(event.refund.remaining),
            event.refund.purchase.at,  # rows of earlier versions have it where they are corrections
        ]
    if event.delayed_rule is not None:
        document["rule"], document["since"] = event.delayed_rule, event.original_at
    if event.was_first:
        document["first"] = True
    if event.gift is not None:
        document["gift"] = event.gift
    if event.details is not None:
        document["details"] = details_values(event.details)
    return document


def purchase_document(purchase: Purchase) -> dict[str, Any]:
    """Return a purchase as journal and receipts keep it."""
    lines = [[one.line, one.sku, one.amount, one.quantity, one.name, one.category] for one in purchase.lines]
    document: dict[str, Any] = {
        "external_id": purchase.external_id,
        "total": purchase.total,
        "currency": purchase.currency,
        "store": purchase.store,
        "lines": lines,
    }
    if purchase.payment is not None:
        document["payment"] = payment_values(purchase.payment)
    return {**document, "returned": True} if purchase.is_returned else document


def _entry_document(entry: Entry) -> dict[str, Any]:
    document: dict[str, Any] = {
        "n": entry.n,
        "wallet_n": entry.wallet_n,
        "wallet": entry.wallet,
        "kind": entry.kind,
        "amount": entry.amount,
        "balance": entry.balance,
        "rule": entry.rule,
        "available_at": entry.available_at,
        "expires_on": _iso_date(entry.expires_on),
        "lots": [[one.amount, _iso_date(one.expires_on), _iso_date(one.since)] for one in entry.lots],
        "debt": entry.debt,
        "voucher": entry.voucher,
        "payment": entry.is_payment,
    }
    return {
        name: value
        for name, value in document.items()
        if (value is not None and value not in ([], 0)) or name in ("amount", "balance")
    }


def _facts_document(facts: Facts) -> dict[str, Any]:
    document: dict[str, Any] = {
        "tier": facts.tier,
        "plan": facts.plan,
        "tier_after": facts.tier_after,
        "plan_after": facts.plan_after,
        "member": [[name, _pack(value)] for name, value in facts.member.items()],
        "after": [[name, _pack(value)] for name, value in facts.member_after.items()],
        "room": [[code, room, left] for code, (room, left) in facts.rule_rooms.items()],
        "first": facts.is_first_purchase,
    }
    return {name: value for name, value in document.items() if value not in (None, [], False)}


def _pack(value: Any) -> Any:
    """Return a value whose maps are {"pairs": [[key, value], ...]}."""
    if isinstance(value, Mapping):
        return {"pairs": [[name, _pack(one)] for name, one in value.items()]}
    return [_pack(one) for one in value] if isinstance(value, (list, tuple)) else value


def _iso_date(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ---------------------------------------------------------------- reading
def read_row(document: Raw) -> JournalRow:
    """Return the row of a document. A refund's event is without its `refund`: `refunded` says what the row
    knows of it.
    """
    return JournalRow(
        seq=document["seq"],
        event=read_event(document["event"]),
        by=document["by"],
        version=document["version"],
        entries=tuple(read_entry(one) for one in document.get("entries", ())),
        outcomes=read_outcomes(document),
        raised=tuple(read_event(one) for one in document.get("raised", ())),
        messages=tuple(
            PlannedMessage(one[0], one[1], dict(one[2]), *one[3:]) for one in document.get("messages", ())
        ),
        effects=tuple(Effect(*one) for one in document.get("effects", ())),
        vouchers=tuple(VoucherStep(*one) for one in document.get("vouchers", ())),
        delayed=tuple(DelayedEvent(one[0], one[1], read_event(one[2])) for one in document.get("later", ())),
        facts=read_facts(document),
        awarded=dict(document.get("awarded", ())),
        opened_lots=tuple(
            OpenedLot(one[0], one[1], one[2], _read_optional_date(one[3]), _read_date(one[4]))
            for one in document.get("puts", ())
        ),
        counted=read_counted(
            (document.get("qualified", 0), document.get("extras", 0), document.get("counted", 0)),
            document.get("counts", ()),
        ),
        badge_counts=dict(document.get("badges", ())),
        gifts={source: read_gift(values) for source, values in document.get("gifts", ())},
        raised_facts={
            index: RaisedFacts(name, dict(data), _read_facts(facts))
            for index, name, data, facts in document.get("raised_facts", ())
        },
        claim=read_claim(document["claim"]) if "claim" in document else None,
        changes=read_changes(document),
        removed=tuple(document.get("removed", ())),
        payments=tuple(read_deduction(taken) for taken in document.get("payments", ())),
        refunded=_read_refunded(document["event"]),
    )


def _read_refunded(event: Raw) -> RefundedPurchase | None:
    if "refund" not in event:
        return None
    key, before, remaining, *at = event["refund"]
    return RefundedPurchase(read_purchase(before), read_purchase(remaining), key, *at)


def read_changes(document: Raw) -> dict[str, StateValue]:
    """Return the state's paths that a row set: with `removed` all that folding needs."""
    return dict(document.get("changes", ()))


def read_outcomes(document: Raw) -> tuple[Outcome, ...]:
    """Return a row's outcomes alone."""
    return tuple(Outcome(*one) for one in document.get("outcomes", ()))


def read_event(document: Raw) -> Event:
    """Return an event as it was kept."""
    return Event(
        id=document["id"],
        name=document["name"],
        at=document["at"],
        source=document["source"],
        data=dict(document["data"]),
        purchase=read_purchase(document["purchase"]) if "purchase" in document else None,
        delayed_rule=document.get("rule"),
        original_at=document.get("since"),
        was_first=document.get("first", False),
        gift=document.get("gift"),
        details=read_details(document["details"]) if "details" in document else None,
    )


def read_purchase(document: Raw) -> Purchase:
    """Return a purchase as it was kept."""
    lines = tuple(
        Line(line=one[0], sku=one[1], amount=one[2], quantity=one[3], name=one[4], category=one[5])
        for one in document["lines"]
    )
    return Purchase(
        document["external_id"],
        document["total"],
        document["currency"],
        document["store"],
        lines,
        document.get("returned", False),
        read_payment(document["payment"]) if "payment" in document else None,
    )


def read_entry(document: Raw) -> Entry:
    """Return an entry as journal and members keep it; the slim one of a member is without lots and debt."""
    return Entry(
        wallet=document["wallet"],
        kind=document["kind"],
        amount=document["amount"],
        rule=document.get("rule"),
        available_at=document.get("available_at"),
        expires_on=_read_optional_date(document.get("expires_on")),
        lots=tuple(
            LotPart(one[0], _read_optional_date(one[1]), _read_date(one[2]))
            for one in document.get("lots", ())
        ),
        debt=document.get("debt", 0),
        n=document.get("n", 0),
        wallet_n=document.get("wallet_n", 0),
        balance=document["balance"],
        voucher=document.get("voucher"),
        is_payment=document.get("payment", False),
    )


def read_facts(document: Raw) -> Facts:
    """Return a row's facts alone."""
    return _read_facts(document["facts"])


def _read_facts(facts_document: Raw) -> Facts:
    return Facts(
        tier=facts_document.get("tier"),
        plan=facts_document.get("plan"),
        tier_after=facts_document.get("tier_after"),
        plan_after=facts_document.get("plan_after"),
        member={name: cast(Fact, _unpack(value)) for name, value in facts_document.get("member", ())},
        member_after={name: cast(Fact, _unpack(value)) for name, value in facts_document.get("after", ())},
        rule_rooms={code: (room, left) for code, room, left in facts_document.get("room", ())},
        is_first_purchase=facts_document.get("first", False),
    )


def _unpack(value: Any) -> object:
    if isinstance(value, Mapping):
        return {name: _unpack(one) for name, one in value["pairs"]}
    return [_unpack(one) for one in value] if isinstance(value, list) else value


def _read_date(text: str) -> date:
    return date.fromisoformat(text)


def _read_optional_date(text: str | None) -> date | None:
    return _read_date(text) if text else None
