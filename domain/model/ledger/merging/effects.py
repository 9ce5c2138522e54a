"""What merging does to a row: a membership is closed, what it holds is swept to the one that took it over,
which takes it by an event of its own.

A closed membership holds nothing after any of its rows: whatever a refund or a voucher leaves there goes on,
in the same row, by TRANSFER entries, and the other membership takes it, debt too. So both together hold what
one would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import cast

from domain.model.calendar import local_day
from domain.model.event_names import CLOSED, MERGED, TRANSFERRED, move_id
from domain.model.ledger.deciding.actions import set_badge
from domain.model.ledger.deciding.returns.revoking import reduce_badge
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.deciding.standing import settle_standing
from domain.model.ledger.decision import DelayedEvent, MergeRefused
from domain.model.ledger.events import Event, Json
from domain.model.ledger.gifts import Gift
from domain.model.ledger.holding.effects import end_all
from domain.model.ledger.ladder import held_tier
from domain.model.ledger.lots import Lot, parts_of
from domain.model.ledger.member import BadgeState, Member
from domain.model.ledger.merging import joined_state, joined_wallets
from domain.model.ledger.merging.moved_state import is_nothing, read_state, split, write_state
from domain.model.ledger.validity import renewal
from domain.model.ledger.views.expression_view import held_tier_code
from domain.model.ledger.wallet import OwnLot
from domain.model.programme import StampCard, WalletSpec
from domain.model.values import evolve


# ---------------------------------------------------------------- the membership that is closed
def close(builder: RowBuilder) -> None:
    """Close a membership: the sweep at the row's end takes all that it holds, also what was set aside.
    Raises MergeRefused.
    """
    into = str(builder.event.data["into"])
    if into == builder.member.id:
        raise MergeRefused("SAME")
    if builder.member.merged_into is not None:
        raise MergeRefused("CLOSED")
    if builder.member.frozen:
        raise MergeRefused("FROZEN")
    end_all(builder)
    builder.member = evolve(builder.member, merged_into=into)


def sweep(builder: RowBuilder) -> None:
    """Move what a closed membership holds to the one that took it over: an event of that one's."""
    into = builder.member.merged_into
    if into is None:
        return
    parts = split(builder.programme, builder.member, at=builder.at)
    reduced = _reduced_badges(builder)
    if is_nothing(parts.moved) and not reduced:
        return
    for code, held in parts.moved.wallets.items():
        lots = tuple(part for lot in held.lots for part in parts_of(lot))
        emptied = parts.closed.wallets[code]
        builder.write_entry(code, "TRANSFER", -held.balance, emptied, lots=lots, debt=-held.debt)
    emptied_wallets = builder.member.wallets
    builder.member = evolve(parts.closed, entries=builder.member.entries, wallets=emptied_wallets)
    name = MERGED if builder.event.name == CLOSED else TRANSFERRED
    event_data: dict[str, Json] = {"member": builder.member.id, "state": write_state(parts.moved)}
    if own := _own_lots(builder):
        event_data["own"] = own
    if reduced:
        event_data["badges"] = reduced
    id = move_id(builder.member.id, builder.before.seq + 1)
    event = Event(id, name, builder.at, "selo", event_data)
    builder.delayed.append(DelayedEvent(into, builder.at, event))


def _reduced_badges(builder: RowBuilder) -> list[Json]:
    """Return what a refund takes off badges, which stand with the other membership by now."""
    amounts = dict[str, int]()
    if builder.claim is not None and builder.before.merged_into is not None:
        for claim in (builder.claim.purchase, *builder.claim.delayed.values()):
            for badge, amount in claim.badge_counts.items():
                amounts[badge] = amounts.get(badge, 0) + amount
    return [[badge, amount] for badge, amount in amounts.items()]


def _own_lots(builder: RowBuilder) -> list[Json]:
    """Return what a refunded purchase had put in, at its days by now: a clawback takes of that first."""
    refund, own = builder.event.refund, list[Json]()
    if refund is None or builder.before.merged_into is None:
        return own
    specs = {spec.code: spec for spec in builder.programme.wallets}
    for part in (refund.purchase, *refund.purchase.delayed):
        on = local_day(part.at, builder.programme.zone)
        for opened in part.opened_lots:
            if opened.wallet in specs:
                held, spec = builder.before.wallets[opened.wallet], specs[opened.wallet]
                lot = renewal.own_lot(held, spec, opened, on=on, now=builder.at)
                own.append(_own_values(opened.wallet, lot))
    return own


def _own_values(code: str, own: OwnLot) -> Json:
    lot = own.lot
    days = [day.isoformat() for day in own.lapse_days]
    return cast(Json, [code, lot.amount, lot.available_at, _text(lot.expires_on), _text(lot.since), days])


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ---------------------------------------------------------------- the membership that takes it
def join(builder: RowBuilder) -> None:
    """Take what another membership held: wallets lot by lot, its tier and badges with what they count."""
    event_data = builder.event.data
    moved = read_state(cast(Sequence[object], event_data["state"]), id=str(event_data["member"]))
    moved = evolve(moved, gifts=_shifted_levels(builder, moved))
    builder.member = joined_state.join(builder.member, moved)
    _join_tier(builder, moved)
    own = _read_own(cast(Sequence[Sequence[object]], event_data.get("own") or ()))
    for code in moved.wallets:
        _join_wallet(builder, code, moved, own.get(code, ()))
    for badge, amount in cast(Sequence[tuple[str, int]], event_data.get("badges") or ()):
        reduce_badge(builder, badge, amount)
    if builder.event.name == TRANSFERRED:
        settle_standing(builder)
    _join_badges(builder, moved)


def _join_wallet(builder: RowBuilder, code: str, moved: Member, own: Sequence[OwnLot]) -> None:
    spec, held = _spec_of(builder, code), moved.wallets[code]
    if spec is not None and builder.event.name == MERGED and moved.tier is not None:
        origin = held_tier(builder.programme, moved.tier) if builder.programme.tiers else None
        to = held_tier_code(builder.programme, builder.member)
        if origin != to:
            held = renewal.move_tier(held, spec, origin=origin, to=to, day=builder.today)
    joined = joined_wallets.join(builder.wallet(code), held, spec, own=own, today=builder.today)
    builder.write_entry(
        code, "TRANSFER", held.balance, joined.wallet, lots=joined.parts, debt=joined.debt + joined.lapsed
    )
    if back := joined.lapsed + joined.unpaid:
        joined = evolve(joined, wallet=builder.wallet(code))
        after = joined_wallets.made_good(joined, today=builder.today)
        builder.write_entry(code, "ADJUST", back, after, debt=-back)
    builder.lapse(code)


def _join_tier(builder: RowBuilder, moved: Member) -> None:
    standing = builder.member.tier
    joined = joined_state.join_tiers(
        builder.programme, standing, moved.tier, today=builder.today, cause=builder.event.id
    )
    if joined is not None and joined is not standing:
        builder.set_standing(joined, is_silent=True)


def _join_badges(builder: RowBuilder, moved: Member) -> None:
    """Join badges; levels that only both together reach are earned now."""
    specs = {spec.code: spec for spec in builder.programme.badges}
    for code, state in moved.badges.items():
        known = builder.member.badges.get(code)
        spec = specs.get(code)
        if known is None or spec is None:
            builder.member = evolve(builder.member, badges={**builder.member.badges, code: known or state})
            continue
        joined, reached = joined_state.join_badge(spec, known, state)
        builder.member = evolve(builder.member, badges={**builder.member.badges, code: joined})
        if reached > joined.level:
            after = evolve(joined, level=reached, earned_at=builder.at)
            builder.book.book_event(None)
            set_badge(builder, spec, after, event=builder.event)


def _shifted_levels(builder: RowBuilder, moved: Member) -> Mapping[str, Gift]:
    """Return what moves of gifts, with cards that were filled there as those after the ones filled here."""
    cards = {spec.code for spec in builder.programme.badges if isinstance(spec.levels, StampCard)}
    gifts = dict[str, Gift]()
    for source, gift in moved.gifts.items():
        kind, _, name = source.partition(":")
        code, _, level = name.rpartition(":")
        filled = builder.member.badges.get(code, BadgeState()).level
        is_shifted = kind == "badge" and code in cards and level.isdecimal()
        gifts[f"badge:{code}:{int(level) + filled}" if is_shifted else source] = gift
    return gifts


def _read_own(values: Sequence[Sequence[object]]) -> dict[str, tuple[OwnLot, ...]]:
    own = dict[str, tuple[OwnLot, ...]]()
    for code, amount, available_at, expires_on, since, days in values:
        lot = Lot(
            cast(int, amount),
            cast(datetime | None, available_at),
            date.fromisoformat(str(expires_on)) if expires_on else None,
            date.fromisoformat(str(since)),
        )
        lapse_days = tuple(date.fromisoformat(day) for day in cast(Sequence[str], days))
        own[str(code)] = (*own.get(str(code), ()), OwnLot(lot, lapse_days))
    return own


def _spec_of(builder: RowBuilder, code: str) -> WalletSpec | None:
    return next((spec for spec in builder.programme.wallets if spec.code == code), None)
