"""A merge undone: the membership that took another one over gives back exactly what it had brought, and keeps
what came since; the other one is again what it was.

Both are told by what they were: before the merge and right after it. What is no longer there cannot be given
back: then nothing is undone (`SPENT`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar, cast

from domain.model.ledger import ladder, wallet
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import MergeRefused
from domain.model.ledger.events import Event
from domain.model.ledger.holding.holds import free
from domain.model.ledger.lots import Layer, Lot, layers_of, lot_of, merge_key, merged, parts_of, take_of
from domain.model.ledger.member import BadgeState, Member, PeriodCount, PurchaseTotals
from domain.model.ledger.merging import joined_state
from domain.model.ledger.merging.moved_state import read_state
from domain.model.ledger.wallet import Wallet, WriteOff
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve

V = TypeVar("V")
LotKey = tuple[datetime | None, date | None]


@dataclass(frozen=True, slots=True)
class _Taking:
    """A member before another one came, right after it, and now; and what had come."""

    before: Member
    after: Member
    now: Member
    moved: Member


# ---------------------------------------------------------------- the membership that was closed
def reopen(builder: RowBuilder) -> None:
    """Make a closed membership what it was. Raises MergeRefused."""
    if builder.member.merged_into is None:
        raise MergeRefused("NOT_MERGED")
    was, now = _state(builder.event, "state"), builder.member
    builder.member = evolve(
        was,
        number=now.number,
        profile=now.profile,
        seq=now.seq,
        entries=now.entries,
        decided_at=now.decided_at,
        turned_at=now.turned_at,
        wallets=now.wallets,
        merged_into=None,
    )
    for code, held in was.wallets.items():
        held = free(held)
        lots = tuple(part for lot in held.lots for part in parts_of(lot))
        entries = builder.wallet(code).entries
        after = evolve(held, entries=entries)
        builder.write_entry(code, "TRANSFER", held.balance, after, lots=lots, debt=held.debt)
        builder.lapse(code)


# ---------------------------------------------------------------- the membership that had taken it
def give_back(builder: RowBuilder) -> None:
    """Give back what a membership brought. Raises MergeRefused where it is no longer there."""
    taking = _Taking(
        _state(builder.event, "before"),
        _state(builder.event, "after"),
        builder.member,
        _state(builder.event, "moved"),
    )
    for code in taking.after.wallets:
        _give_wallet_back(builder, code, taking)
    now = builder.member
    builder.member = evolve(
        now,
        joined_at=taking.before.joined_at,
        badges=_badges(taking),
        counters=_counters(now.counters, taking.moved.counters),
        purchases=_purchases(taking),
        plan=taking.before.plan if now.plan == taking.after.plan else now.plan,
        had_plan=taking.before.had_plan or now.plan != taking.after.plan,
        code=taking.before.code,
        codes=_without(now.codes, taking.before.codes, taking.after.codes),
        tags=now.tags - (taking.after.tags - taking.before.tags),
        tag_sources=_changed_back(now.tag_sources, taking.before.tag_sources, taking.after.tag_sources),
        gifts=_changed_back(now.gifts, taking.before.gifts, taking.after.gifts),
        used_vouchers=_changed_back(
            now.used_vouchers, taking.before.used_vouchers, taking.after.used_vouchers
        ),
        free_vouchers_used=_without(
            now.free_vouchers_used, taking.before.free_vouchers_used, taking.after.free_vouchers_used
        ),
        referral=taking.before.referral if now.referral == taking.after.referral else now.referral,
    )
    _give_counts_back(builder, taking)


def _state(event: Event, name: str) -> Member:
    return read_state(cast(Sequence[object], event.data[name]), id=str(event.data["member"]))


def _give_counts_back(builder: RowBuilder, taking: _Taking) -> None:
    """Put back the standing of before, with what counted since; it stands as high as these reach."""
    before, now, after = taking.before.tier, taking.now.tier, taking.after.tier
    programme: Programme = builder.programme
    if before is None or now is None or after is None or programme.tiers is None:
        return
    standing, today, cause = before, builder.today, builder.event.id
    standing = joined_state.add_counts(programme, standing, now, today=today, cause=cause)
    standing = joined_state.add_counts(programme, standing, after, today=today, cause=cause, sign=-1)
    standing = ladder.climb(programme, standing, at=builder.at, cause=cause, came=builder.at)
    floors = [floor for floor in now.floors if floor in before.floors or floor not in after.floors]
    standing = joined_state.with_names(evolve(standing, floors=tuple(floors)), now)
    builder.member = evolve(builder.member, tier=standing)  # lots have their days of before already


# ---------------------------------------------------------------- wallets
def _give_wallet_back(builder: RowBuilder, code: str, taking: _Taking) -> None:
    held = builder.wallet(code)
    before = wallet.settle(taking.before.wallets.get(code) or Wallet(), now=builder.at)
    after = wallet.settle(taking.after.wallets[code], now=builder.at)
    debt = held.debt - (after.debt - before.debt)
    lots = _less_lots(held.lots, _difference(after.lots, before.lots))
    if lots is None or debt < 0:
        raise MergeRefused("SPENT")
    came = taking.moved.wallets.get(code) or Wallet()
    wallet_after = evolve(
        held,
        lots=merged((*lots, *_difference(before.lots, after.lots))),
        debt=debt,
        earned=held.earned - (after.earned - before.earned),
        spent=held.spent - (after.spent - before.spent),
        expired=held.expired - (after.expired - before.expired),
        adjusted=held.adjusted - (after.adjusted - before.adjusted),
        lapsed_by_day=_less_days(held.lapsed_by_day, after.lapsed_by_day, before.lapsed_by_day),
        reminded_days=held.reminded_days - (after.reminded_days - before.reminded_days),
        write_offs=_less_write_offs(held.write_offs, after.write_offs, before.write_offs),
        holds=_without(held.holds, before.holds, after.holds) if held.holds else held.holds,
    )
    if held.validity_changes == after.validity_changes:
        wallet_after = evolve(wallet_after, validity_changes=before.validity_changes)
    brought = after.balance - before.balance
    parts = tuple(part for lot in came.lots for part in parts_of(lot))
    rest = brought - came.balance
    builder.write_entry(code, "TRANSFER", -came.balance, wallet_after if not rest else held, lots=parts)
    if rest:
        entries = builder.wallet(code).entries
        builder.write_entry(code, "ADJUST", -rest, evolve(wallet_after, entries=entries))


def _difference(lots: Sequence[Lot], less: Sequence[Lot]) -> tuple[Lot, ...]:
    """Return what lots hold more than others, layer by layer."""
    there = dict[tuple[LotKey, date, object], int]()
    for lot in less:
        for layer in layers_of(lot):
            there[_layer_key(lot, layer)] = there.get(_layer_key(lot, layer), 0) + layer.amount
    more = list[Lot]()
    for lot in lots:
        for layer in layers_of(lot):
            left = layer.amount - there.get(_layer_key(lot, layer), 0)
            if left > 0:
                own = evolve(layer, amount=left)
                more.append(lot_of(own, available_at=lot.available_at, expires_on=lot.expires_on))
    return tuple(more)


def _layer_key(lot: Lot, layer: Layer) -> tuple[LotKey, date, object]:
    """Return what tells a layer apart: where lots keep no layers that is the lot alone."""
    return merge_key(lot), layer.since if lot.layers else date.min, layer.origin


def _less_lots(lots: tuple[Lot, ...], less: Sequence[Lot]) -> tuple[Lot, ...] | None:
    """Return lots without others; None where they do not hold them."""
    rest = list(lots)
    for own in less:
        if take_of(rest, [], own.amount, own) < own.amount:
            return None
    return tuple(lot for lot in rest if lot.amount)


def _less_days(
    now: Mapping[date, int], after: Mapping[date, int], before: Mapping[date, int]
) -> dict[date, int]:
    left = {day: now.get(day, 0) - after.get(day, 0) + before.get(day, 0) for day in (*now, *before)}
    return {day: amount for day, amount in left.items() if amount > 0}


def _less_write_offs(
    now: tuple[WriteOff, ...], after: tuple[WriteOff, ...], before: tuple[WriteOff, ...]
) -> tuple[WriteOff, ...]:
    by_day = [{one.on: one.amount for one in write_offs} for write_offs in (now, after, before)]
    left = _less_days(*by_day)
    return tuple(WriteOff(day, left[day]) for day in sorted(left))


# ---------------------------------------------------------------- all else
def _badges(taking: _Taking) -> dict[str, BadgeState]:
    badges = dict(taking.now.badges)
    for code, came in taking.moved.badges.items():
        before, after, now = taking.before.badges.get(code), taking.after.badges[code], badges[code]
        if now == after:
            badges.pop(code)
            if before is not None:
                badges[code] = before
            continue
        began = before or BadgeState()
        badges[code] = evolve(
            now,
            progress=max(0, now.progress - came.progress),
            level=max(began.level, now.level - (after.level - began.level)),
        )
    return badges


def _counters(
    now: Mapping[str, tuple[PeriodCount, ...]], moved: Mapping[str, tuple[PeriodCount, ...]]
) -> dict[str, tuple[PeriodCount, ...]]:
    counters = dict(now)
    for rule, counts in moved.items():
        less = {(count.per, count.start): count for count in counts}
        counters[rule] = tuple(
            evolve(
                count,
                times=max(0, count.times - less[count.per, count.start].times),
                amount=max(0, count.amount - less[count.per, count.start].amount),
            )
            if (count.per, count.start) in less
            else count
            for count in counters.get(rule, ())
        )
    return counters


def _purchases(taking: _Taking) -> PurchaseTotals:
    before, after, now = taking.before.purchases, taking.after.purchases, taking.now.purchases
    came = taking.moved.purchases
    categories = dict(now.categories)
    for category, total in came.categories.items():
        known = categories[category]
        if known == after.categories[category]:
            categories.pop(category)
            if category in before.categories:
                categories[category] = before.categories[category]
        else:
            amount, quantity = known.amount - total.amount, known.quantity - total.quantity
            categories[category] = evolve(known, amount=amount, quantity=quantity)
    has_bought = now.count != after.count
    return evolve(
        now,
        brought=now.brought - came.brought,
        total=now.total - came.total,
        returned=now.returned - came.returned,
        before_joining=now.before_joining - came.before_joining,
        total_before_joining=now.total_before_joining - came.total_before_joining,
        first_at=before.first_at or (now.last_at if has_bought else None),
        last_at=now.last_at if has_bought else before.last_at,
        categories=categories,
    )


def _without(now: Mapping[str, V], before: Mapping[str, V], after: Mapping[str, V]) -> dict[str, V]:
    """Return a map without the keys that had come."""
    return {key: value for key, value in now.items() if key in before or key not in after}


def _changed_back(now: Mapping[str, V], before: Mapping[str, V], after: Mapping[str, V]) -> dict[str, V]:
    """Return a map with what the merge had changed as it was before, where it has not changed since."""
    out = _without(now, before, after)
    for key, value in before.items():
        if now.get(key) == after.get(key):
            out[key] = value
    return out
