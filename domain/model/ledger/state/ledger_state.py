"""Ledger state as flat paths: what a row changed, and folding rows into the state again.

A path is dotted and safe as a database field (`wallets.points.debt`, `lots` keyed by day); its value is a
scalar or a short list. `paths` writes a member's ledger state, `changes` compares two, `fold` applies rows,
`restore` reads the state back. Profile, names and contacts are no ledger state and are never here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import compress
from operator import is_not
from typing import Final, TypeVar, cast

from domain.model.ledger.decision import JournalRow, StateValue
from domain.model.ledger.gifts import levels_together
from domain.model.ledger.lots import NO_HOLDS
from domain.model.ledger.member import Member, Tally
from domain.model.ledger.state.encoding import (
    MEMBER,
    PURCHASES,
    REFERRAL,
    TALLY,
    TIER,
    WALLET,
    Encode,
    Table,
    badge_values,
    count_values,
    hold_values,
    member_gift_values,
    plain_value,
    plan_values,
    tag_source_values,
    used_values,
    voucher_values,
)
from domain.model.ledger.state.month_texts import texts_by_day, texts_by_tier
from domain.model.ledger.validity.changes import Changes, split
from domain.model.ledger.validity.stored_lots import (
    in_months,
    is_in_month,
    lot_differences,
    month_text,
    move_differences,
    move_values,
    renewed_until,
    span_values,
)
from domain.model.ledger.wallet import Wallet

Paths = dict[str, StateValue]
K = TypeVar("K")
T = TypeVar("T")

_NOTHING: Final = object()
_BLANK: Final = Member("")


# ---------------------------------------------------------------- writing


def state_paths(member: Member) -> Paths:
    """Return the member's whole ledger state, path by path."""
    out = _Writing()
    _write(out, None, member)
    return out.changed


def state_changes(before: Member, after: Member) -> tuple[Paths, tuple[str, ...]]:
    """Return the paths that differ after a decision, with their new values, and those that are gone."""
    out = _Writing()
    _write(out, before, after)
    return out.changed, tuple(out.gone)


class _Writing:
    """What differs between two values, path by path: fields that are the very same are not even encoded."""

    def __init__(self) -> None:
        self.changed: Paths = {}
        self.gone: list[str] = []

    def fields(self, prefix: str, table: Table, was: object | None, now: object) -> None:
        """Write the fields of a value that differ, all of them where there was none."""
        if was is now:
            return
        values = table.values(now)
        if was is None:
            for (name, _, encode), value in zip(table.rows, values, strict=True):
                self.changed[prefix + name] = encode(value)
            return
        before = table.values(was)
        for (name, _, encode), old, value in compress(
            zip(table.rows, before, values, strict=True), map(is_not, before, values)
        ):
            if old != value:
                self.changed[prefix + name] = encode(value)

    def parts(self, prefix: str, encode: Encode, was: Mapping[K, object], now: Mapping[K, object]) -> None:
        """Write the parts of a map that differ, a path each."""
        if was is now:
            return
        come = 0
        for key, value in now.items():
            old = was.get(key, _NOTHING)
            come += old is _NOTHING
            if old is not value and old != value:
                self.changed[f"{prefix}{key}"] = encode(value)
        if len(was) + come > len(now):
            self.gone += [f"{prefix}{key}" for key in was if key not in now]

    def days(self, prefix: str, was: Mapping[date, int], now: Mapping[date, int]) -> None:
        """Write the months in which amounts by day differ."""
        if was is not now:
            self.months(prefix, texts_by_day(now, was))

    def months(self, prefix: str, texts: Mapping[str, str]) -> None:
        """Write the texts of months, a path each; one without a text is gone."""
        for month, text in texts.items():
            if text:
                self.changed[prefix + month] = text
            else:
                self.gone.append(prefix + month)

    def lots(self, prefix: str, held: Wallet | None, wallet: Wallet) -> None:
        """Write the lots that differ: of hundreds, with their layers, most stay the very same values."""
        was, now = held.lots if held else (), wallet.lots
        changes = wallet.validity_changes
        old_changes = held.validity_changes if held is not None else changes
        if was is now and old_changes is changes:
            return
        before, after = lot_differences(was, renewed_until(old_changes), now, renewed_until(changes))
        self._named_lots(prefix, before, after, wallet)

    def _named_lots(
        self, prefix: str, before: Mapping[str, StateValue], after: Mapping[str, StateValue], wallet: Wallet
    ) -> None:
        """Write the lots that differ by their names, or the texts of their months."""
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        gone = [name for name in before if name not in after]
        months = in_months([*changed, *gone])
        self.changed |= {prefix + name: value for name, value in changed.items() if not is_in_month(name)}
        self.gone += [prefix + name for name in gone if not is_in_month(name)]
        spendable = wallet.lots[: wallet.spendable_count]
        self.months(prefix, {month: month_text(spendable, month) for month in sorted(months)})

    def validity(self, prefix: str, was: Changes | None, now: Changes) -> None:
        """Write the changes of validity: the older ones in one list, those kept one by one by their days."""
        if was is now:
            return
        (old_spans, old_moves), (spans, moves) = split(was or ()), split(now)
        if was is None or old_spans != spans:
            self.changed[f"{prefix}spans"] = span_values(spans)
        before, after = move_differences(old_moves, moves)
        self.parts(f"{prefix}moves.", move_values, before, after)


def _write(out: _Writing, was: Member | None, now: Member) -> None:
    out.fields("", MEMBER, was, now)
    old = was or _BLANK
    for code, wallet in now.wallets.items():
        at, held = f"wallets.{code}.", old.wallets.get(code)
        if wallet is not held:
            out.fields(at, WALLET, held, wallet)
            out.lots(f"{at}lots.", held, wallet)
            if held is None or wallet.validity_changes is not held.validity_changes:
                out.validity(at, held.validity_changes if held else None, wallet.validity_changes)
            if wallet.holds is not (held.holds if held is not None else NO_HOLDS):
                out.parts(f"{at}holds.", hold_values, held.holds if held else NO_HOLDS, wallet.holds)
            if held is None or wallet.lapsed_by_day is not held.lapsed_by_day:
                out.days(f"{at}lapsed.", held.lapsed_by_day if held else {}, wallet.lapsed_by_day)
    if now.tier is not None and now.tier is not old.tier:
        out.fields("tier.", TIER, old.tier, now.tier)
        _write_days(out, "tier.", old.tier, now.tier)
        _write_tallies(out, old.tier.tallies if old.tier else {}, now.tier.tallies)
    _write_parts(out, old, now)
    if now.free_vouchers_used is not old.free_vouchers_used:
        out.parts("free_used.", plain_value, old.free_vouchers_used, now.free_vouchers_used)
    out.fields("purchases.", PURCHASES, was and was.purchases, now.purchases)
    since, old_since = now.purchases.quantities_since_seq, old.purchases.quantities_since_seq
    if since is not None and since != old_since:
        out.changed["purchases.quantities_since"] = since
    out.fields("referral.", REFERRAL, was and was.referral, now.referral)
    if now.codes is not old.codes:
        out.parts("codes.", plain_value, old.codes, now.codes)
    if now.code is not old.code:
        out.parts("", plain_value, _named("code", old.code), _named("code", now.code))
    if now.plan is not old.plan:
        out.parts("", plan_values, _named("plan", old.plan), _named("plan", now.plan))


def _write_parts(out: _Writing, old: Member, now: Member) -> None:
    if now.badges is not old.badges:
        out.parts("badges.", badge_values, old.badges, now.badges)
    if now.counters is not old.counters:
        out.parts("counters.", count_values, old.counters, now.counters)
    if now.vouchers is not old.vouchers:
        out.parts("vouchers.", voucher_values, old.vouchers, now.vouchers)
    if now.tag_sources is not old.tag_sources:
        out.parts("tag_sources.", tag_source_values, old.tag_sources, now.tag_sources)
    if now.gifts is not old.gifts:
        out.parts("gifts.", member_gift_values, levels_together(old.gifts), levels_together(now.gifts))
    if now.used_vouchers is not old.used_vouchers:
        out.parts("used_vouchers.", used_values, old.used_vouchers, now.used_vouchers)


def _named(name: str, value: object) -> dict[str, object]:
    return {name: value} if value else {}


def _write_tallies(out: _Writing, was: Mapping[str, Tally], now: Mapping[str, Tally]) -> None:
    for name, tally in now.items():
        at, known = f"tier.counts.{name}.", was.get(name)
        if tally is not known:
            out.fields(at, TALLY, known, tally)
            _write_days(out, at, known, tally)


def _write_days(out: _Writing, at: str, was: Tally | None, now: Tally) -> None:
    out.days(f"{at}days.", was.days if was else {}, now.days)
    extras = was.extras if was else {}
    if extras is not now.extras:
        out.months(f"{at}extras.", texts_by_tier(now.extras, extras))


# ---------------------------------------------------------------- folding and reading back


def fold_rows(rows: Iterable[JournalRow], start: Mapping[str, StateValue] | None = None) -> Paths:
    """Return the state after rows, by their changes alone, from a member to be or another start; nothing is
    decided again.
    """
    state = dict(start) if start is not None else state_paths(Member(""))
    for row in rows:
        for path in row.removed:
            state.pop(path, None)
        state.update(row.changes)
    return state


def flatten(document: Mapping[str, object], prefix: str = "") -> Paths:
    """Return the paths of a nested document, as the database keeps the state."""
    out = Paths()
    for key, value in document.items():
        if isinstance(value, Mapping):
            out.update(flatten(cast(Mapping[str, object], value), f"{prefix}{key}."))
        else:
            out[prefix + key] = cast(StateValue, value)
    return out


def nest(state: Mapping[str, StateValue]) -> dict[str, object]:
    """Return the document of a state's paths."""
    out: dict[str, object] = {}
    for path, value in state.items():
        *above, last = path.split(".")
        at = out
        for name in above:
            at = cast(dict[str, object], at.setdefault(name, {}))
        at[last] = value
    return out
