"""The output of a simulation: a JSON object for each journal row, then one for each member, as the API says
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import cast

from domain.model.calendar import instant_text
from domain.model.ledger import badges, rewards, tiers
from domain.model.ledger.decide import at_instant
from domain.model.ledger.decision import (
    BalanceTooLow,
    DecidedBy,
    Entry,
    JournalRow,
    MemberFrozen,
    Refusal,
    StockState,
)
from domain.model.ledger.events import Json, Purchase, WalletPayment
from domain.model.ledger.member import Member
from domain.model.ledger.payments import paid_otherwise, payment_back
from domain.model.ledger.wallet import Wallet
from domain.model.programme import BadgeSpec, Programme

Answer = dict[str, Json]

_REFUSAL_NAMES = {BalanceTooLow: "InsufficientBalance", MemberFrozen: "NotAllowed"}


def row_answer(code: str, row: JournalRow, messages: list[Json]) -> Answer:
    """Return the answer of a journal row, with the messages that are sent. What few rows bring (surveys,
    webhooks, tags) stands in those alone.
    """
    answer: Answer = {
        "at": instant_text(row.event.at),
        "member": code,
        "event": row.event.name,
        "by": row.by,
        "refused": None,
        "entries": [_entry(entry) for entry in row.entries],
        "outcomes": [
            {"rule": o.rule, "applied": o.applied, "amount": o.amount, "reason": o.reason}
            for o in row.outcomes
        ],
        "events": [event.name for event in row.raised],
        "messages": messages,
        "vouchers": [step.reward for step in row.vouchers if step.change == "issued"],
    }
    for kind in ("survey", "webhook") if row.effects else ():
        codes = [effect.code for effect in row.effects if effect.kind == kind]
        if codes:
            answer[f"{kind}s"] = cast(list[Json], codes)
    if row.tag_changes is not None:
        answer["tags"] = {
            "added": _sorted(row.tag_changes.added),
            "removed": _sorted(row.tag_changes.removed),
        }
    variants = _variants(row)
    if variants:
        answer["variants"] = variants
    purchase = row.event.purchase
    if purchase is not None and purchase.payment is not None and row.event.delayed_rule is None:
        answer |= _payment(row, purchase)
    return answer


def _variants(row: JournalRow) -> dict[str, Json]:
    """Return which variant each rule, message and reward of a row was, where it has several."""
    chosen: dict[str, Json] = {f"rule:{one.rule}": one.variant for one in row.outcomes if one.variant}
    chosen |= {f"message:{one.code}": one.variant for one in row.messages if one.variant}
    return chosen | {f"reward:{one.reward}": one.variant for one in row.vouchers if one.variant}


def _payment(row: JournalRow, purchase: Purchase) -> Answer:
    """Return what wallets paid of a purchase, or what a refund gives back to them."""
    if row.refunded is not None:
        back = payment_back(row.refunded.before, row.refunded.remaining)
        return {"back": {"money": back.money, "wallets": _wallet_payments(back.wallets)}}
    parts = purchase.payment.parts if purchase.payment is not None else ()
    return {"payment": {"paid": paid_otherwise(purchase), "wallets": _wallet_payments(parts)}}


def _wallet_payments(parts: Iterable[WalletPayment]) -> list[Json]:
    return [{"wallet": part.wallet, "units": part.units, "worth": part.worth} for part in parts]


def refusal_answer(at: datetime, code: str, event: str, by: DecidedBy, refusal: Refusal) -> Answer:
    """Return the answer of an event that was refused."""
    name = getattr(refusal, "name", None) or _REFUSAL_NAMES.get(type(refusal), type(refusal).__name__)
    return {**nothing_answer(at, code, event, by), "refused": name}


def nothing_answer(at: datetime, code: str, event: str, by: DecidedBy) -> Answer:
    """Return the answer of an event that brings nothing."""
    empty_lists: dict[str, Json] = {
        part: [] for part in ("entries", "outcomes", "events", "messages", "vouchers")
    }
    return {"at": instant_text(at), "member": code, "event": event, "by": by, "refused": None, **empty_lists}


def _entry(entry: Entry) -> Json:
    return {
        "wallet": entry.wallet,
        "kind": entry.kind,
        "amount": entry.amount,
        "rule": entry.rule,
        "availableAt": instant_text(entry.available_at) if entry.available_at else None,
        "expiresOn": _day_text(entry.expires_on),
        "lots": [{"amount": part.amount, "expiresOn": _day_text(part.expires_on)} for part in entry.lots],
    }


def member_answer(programme: Programme, stored_member: Member, *, at: datetime, stock: StockState) -> Answer:
    """Return the state of a member at an instant."""
    member = at_instant(programme, stored_member, now=at)
    return {
        "member": member.id,
        "wallets": {
            spec.code: _wallet(member.wallets.get(spec.code) or Wallet()) for spec in programme.wallets
        },
        "tier": _tier(programme, member, at),
        "badges": _badges(programme, member, at),
        "tags": _sorted(member.tags),
        "segments": _sorted(member.segments),
        "unlocked": _sorted(rewards.unlocked(programme, member, now=at, stock=stock)),
    }


def _wallet(wallet: Wallet) -> Json:
    expiring: dict[date, int] = {}
    for lot in wallet.lots:
        if lot.available_at is None and lot.expires_on is not None:
            expiring[lot.expires_on] = expiring.get(lot.expires_on, 0) + lot.amount
    return {
        "available": wallet.available,
        "pending": wallet.pending,
        **({"held": wallet.held} if wallet.held else {}),
        "debt": wallet.debt,
        "earned": wallet.earned,
        "spent": wallet.spent,
        "expired": wallet.expired,
        "expiring": [{"amount": amount, "on": str(on)} for on, amount in sorted(expiring.items())],
    }


def _tier(programme: Programme, member: Member, at: datetime) -> Json:
    progress = tiers.tier_progress(programme, member, now=at)
    if progress is None:
        return None
    answer: dict[str, Json] = {
        "code": progress.code,
        "qualifying": progress.qualifying,
        "toNext": progress.to_next,
        "toKeep": progress.to_keep,
        "until": _day_text(progress.until),
    }
    if programme.tiers is not None and programme.tiers.counts:
        answer["counts"] = {
            count.name: {"qualifying": count.qualifying, "toNext": count.to_next, "toKeep": count.to_keep}
            for count in progress.counts
        }
    return answer


def _badges(programme: Programme, member: Member, at: datetime) -> Json:
    views = [(spec, badges.view(programme, member, spec, now=at)) for spec in programme.badges]
    return {spec.code: _badge(spec, view) for spec, view in views if view.level or not spec.secret}


def _badge(spec: BadgeSpec, view: badges.BadgeView) -> Json:
    answer: dict[str, Json] = {"level": view.level, "progress": view.progress}
    if spec.target is not None:
        answer["target"] = view.goal
    if spec.accept:
        answer["accepted"] = view.accepted_at is not None
    return answer


def _sorted(names: frozenset[str]) -> Json:
    return cast(list[Json], sorted(names))


def _day_text(day: date | None) -> str | None:
    return day.isoformat() if day else None
