"""A journal row as a line of an events file: what came from outside, so that a simulation decides it again.

What time brought, and what a decision scheduled, has no line: the simulation brings it again by itself. Only
when somebody was last seen, and who was in front of a leaderboard, it does not know: `member.inactive` and
`leaderboard.ended` have a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from domain.model import event_names
from domain.model.calendar import instant_text
from domain.model.ledger.deciding.returns.refund_lines import RefundLine, remaining_purchase
from domain.model.ledger.decision import JournalRow, RefundTooLarge
from domain.model.ledger.events import Event, Json, Profile, Purchase, WalletPayment
from domain.model.simulate import hold_lines

EventLine = dict[str, Json]
_TOLD_BY_LINE = frozenset({event_names.INACTIVE, event_names.LEADERBOARD_ENDED})


def event_line(
    member: str,
    row: JournalRow,
    *,
    heard_at: datetime,
    following: Sequence[JournalRow] = (),
    profile: Profile | None = None,
    with_person: bool = False,
) -> EventLine | None:
    """Return the line of a member's row; None where it is no input, or says nothing without the person.

    `heard_at` is the instant that the member had been decided for by then: later than the event's own where
    it came late. `following` are the rows after an enrolment: consents and a code that came with it.
    `profile` is the member's of today; without `with_person` birthday, name and attributes are left out.
    """
    event, owner = row.event, member
    if row.by != "input" and event.name not in _TOLD_BY_LINE:
        return None
    name, line_data = event.name, dict(event.data)
    match name:
        case event_names.ENROLLED:
            line_data |= _enrolment_data(event, following, profile, with_person=with_person)
        case event_names.IMPORTED:
            line_data |= _profile_data(profile, with_person=with_person)
        case event_names.PURCHASED if event.purchase is not None:
            line_data = _purchase_data(event.purchase, event)
        case event_names.CORRECTED if event.purchase is not None:
            line_data = _receipt_data(event.purchase)
        case event_names.REFUNDED if row.refunded is not None:
            line_data = _refund_data(row.refunded.before, row.refunded.remaining)
        case event_names.HOLD_PLACED | event_names.HOLD_RELEASED | event_names.REDEEMED:
            line_data = _input_data(event)
        case event_names.CLOSED:
            name, owner, line_data = event_names.MERGED, str(event.data["into"]), {"from": member}
        case event_names.ATTRIBUTES_CHANGED:
            if not with_person or profile is None:
                return None
            names = cast(list[str], event.data.get("attributes") or [])
            line_data = {"attributes": {each: profile.attributes.get(each) for each in names}}
    line: EventLine = {
        "at": instant_text(event.at),
        "member": owner,
        "name": name,
        "source": event.source,
        "data": {field: value for field, value in line_data.items() if value is not None},
    }
    if heard_at > event.at:
        line["heard"] = instant_text(heard_at)
    return line


def _enrolment_data(
    enrolment: Event, following: Sequence[JournalRow], profile: Profile | None, *, with_person: bool
) -> dict[str, Json]:
    came_with = [row.event for row in following if row.event.id.startswith(f"{enrolment.id}:")]
    line_data: dict[str, Json] = {
        "consents": [event.data["purpose"] for event in came_with if event.name == event_names.CONSENTED],
        "code": None,
    }
    for event in came_with:
        if event.name == event_names.CODE_ENTERED:
            line_data |= event.data
    return line_data | _profile_data(profile, with_person=with_person)


def _profile_data(profile: Profile | None, *, with_person: bool) -> dict[str, Json]:
    if profile is None:
        return {}
    line_data: dict[str, Json] = {"locale": profile.locale or None, "timezone": profile.timezone or None}
    if with_person:
        line_data |= {"name": profile.name, "birthday": str(profile.birthday or "") or None}
        line_data["attributes"] = dict(profile.attributes) or None
    return line_data


def _receipt_data(purchase: Purchase) -> dict[str, Json]:
    return {
        "externalId": purchase.external_id,
        "store": purchase.store,
        "total": purchase.total,
        "lines": [line.as_item() for line in purchase.lines] or None,
    }


def _input_data(event: Event) -> dict[str, Json]:
    """Return what was asked for of a redemption or a hold, without what its decision made of it."""
    if event.name in hold_lines.HOLD_EVENTS:
        return hold_lines.input_data(event)
    return {field: value for field, value in event.data.items() if field != "voucher"}  # given again


def _purchase_data(purchase: Purchase, event: Event) -> dict[str, Json]:
    parts = purchase.payment.parts if purchase.payment is not None else ()
    taxes = event.details.taxes if event.details is not None else ()
    return {
        **_receipt_data(purchase),
        "payWith": [_payment_data(part) for part in parts] or None,
        "history": event.data.get("history"),
        "taxes": [{"rate": tax.rate, "base": tax.base, "amount": tax.amount} for tax in taxes] or None,
    }


def _payment_data(part: WalletPayment) -> dict[str, Json]:
    return {"wallet" if part.hold is None else "hold": part.hold or part.wallet, "units": part.units}


def _refund_data(before: Purchase, remaining: Purchase) -> dict[str, Json]:
    """Return what takes a receipt from what stood of it to what stands: all, an amount, or lines."""
    line_data: dict[str, Json] = {"externalId": before.external_id, "store": before.store}
    if remaining.is_returned:
        return line_data
    amount = before.total - remaining.total
    if amount and _leaves(before, remaining, amount=amount):
        return {**line_data, "amount": amount}
    lines = [
        RefundLine(old.line, (old.quantity - new.quantity) or None, (old.amount - new.amount) or None)
        for old, new in zip(before.lines, remaining.lines, strict=True)
        if old != new
    ]
    return {
        **line_data,
        "lines": [{"line": line.line, "quantity": line.quantity, "amount": line.amount} for line in lines],
    }


def _leaves(before: Purchase, remaining: Purchase, *, amount: int) -> bool:
    try:
        return remaining_purchase(before, amount=amount).lines == remaining.lines
    except RefundTooLarge:
        return False
