"""The member stays small and deciding stays fast: after ten years of daily purchases as after a hundred days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import bson
import pytest

from domain.model.event_names import ENROLLED, HOLD_PLACED, PURCHASED
from domain.model.ledger.decide import at_instant, decide
from domain.model.ledger.events import Event, Json, Line, Profile, Purchase
from domain.model.ledger.lots import parts_of
from domain.model.ledger.member import Member
from domain.model.ledger.state import ledger_state
from domain.model.ledger.state.ledger_restore import restore_member
from domain.model.programme import Programme, ProgrammeInvalid, load

DEMO = Path(__file__).parents[2] / "scripts" / "demo" / "programmes" / "numiscollect.yaml"
DAILY = """
programme: {code: daily, name: D, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets:
  - {code: points, name: P, pending: {days: 14}, expiry: {after: {months: 12}}, remind: {days: 30}}
  - {code: credit, name: C, kind: money, pending: {days: 14}, expiry: {after: {months: 6}}}
rules:
  - {code: a, title: A, on: purchase.completed, cap: {amount: 900, per: week}, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}]}
  - {code: b, title: B, on: purchase.completed, limit: {times: 99, per: day}, do: [{award: {wallet: credit, amount: 1, per: 100, of: purchase.total}}]}
tiers: {count: {wallet: points}, window: {rolling: {months: 12}}, ladder: [{code: basic, name: B, from: 0}, {code: top, name: T, from: 5000}]}
badges: [{code: weekly, name: W, on: purchase.completed, streak: {per: day}, levels: [10, 100, 1000]}]
"""


RENEWED = DAILY.replace(
    "expiry: {after: {months: 12}}", "expiry: {after: {months: 12}, renewed_by_activity: true}"
)
RENEWED = RENEWED.replace(
    "expiry: {after: {months: 6}}", "expiry: {after: {months: 6}, renewed_by_activity: true}"
)


@lru_cache
def bought_daily(programme: Programme, days: int, *, after: int = 0) -> Member:
    """A member who has bought something on so many days in a row; `after` goes on from one who has for so
    many.
    """
    if after:
        member = bought_daily(programme, after)
        assert member.decided_at is not None
        at = member.decided_at
    else:
        at = datetime(2026, 1, 1, 10, tzinfo=UTC)
        enrolled = Event("0", ENROLLED, at, "app", profile=Profile("Ana", "pt", "Europe/Lisbon"))
        member = decide(programme, Member("m" * 32, "1"), enrolled, now=at).member
    for day in range(after, days):
        at += timedelta(days=1)
        member = decide(programme, member, _purchase(day, at), now=at, with_changes=False).member
    return member


@lru_cache
def _demo() -> Programme:
    return load(DEMO.read_text())


@lru_cache
def _daily() -> Programme:
    return load(DAILY)


def _purchase(day: int, at: datetime) -> Event:
    lines = (
        Line(1, "c", 2_000, 1, "Coin", f"category-{day % 150}"),
        Line(2, "s", 1_000, 2, "Stamps", "stamps"),
    )
    return Event(
        f"e{day}", PURCHASED, at, "till", purchase=Purchase(f"r{day}", 3_500, "EUR", "lisboa", lines)
    )


def _bytes(member: Member) -> int:
    return len(bson.encode({"ledger": ledger_state.nest(ledger_state.state_paths(member))}))


def test_the_state_stays_below_64_kb_after_ten_years_of_daily_buying() -> None:
    # the demo's whole document is bounded in the same way in tests/store/test_bounds.py; this programme keeps
    # more of everything
    young = bought_daily(_daily(), 900)
    old = bought_daily(_daily(), 3_650, after=900)
    # the newest 20 entries and the profile, which stand beside it, are 10 KB at the most
    assert _bytes(old) < 24 * 1024, _bytes(old)
    assert len(ledger_state.state_paths(old)) <= len(ledger_state.state_paths(young)) + 40


COUNTED = DAILY.replace(
    "count: {wallet: points}",
    (
        "counts: {points: {wallet: points, title: P}, credit: {wallet: credit, title: C}, visits: {on:"
        " purchase.completed, title: V}, spent: {on: purchase.completed, of: purchase.total, title: S}}"
    ),
).replace("from: 5000", "from: {points: 5000, credit: 4000, visits: 100, spent: 900000}")


def test_the_state_stays_small_with_as_many_counts_as_a_programme_may_have() -> None:
    counted = load(COUNTED)
    older = bought_daily(counted, 900)
    assert _bytes(older) < 32 * 1024, _bytes(older)
    assert older.tier is not None
    assert older.decided_at is not None
    assert [len(tally.days) <= 432 for tally in older.tier.tallies.values()] == [True] * 4
    at = older.decided_at + timedelta(days=1)
    assert len(decide(counted, older, _purchase(10**6, at), now=at).row.changes) < 35


# As much of every kind as the check lets pass, and a little more of it.
LARGEST = """
programme: {code: largest, name: L, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets:
  - {code: points, name: P, pay: {units: 1, worth: 1}, pending: {days: 20}, expiry: {after: {months: POINTS}}, remind: {days: 30}}
  - {code: credit, name: C, kind: money, expiry: {after: {months: 12}}}
rules:
  - {code: a, title: A, on: purchase.completed, do: [{award: {wallet: points, amount: 900, per: 1, of: purchase.total, tiered: true}}]}
  - {code: b, title: B, on: purchase.completed, do: [{award: {wallet: credit, amount: 1, per: 1, of: purchase.total}}]}
tiers:
  counts: {points: {wallet: points, title: P}, visits: {on: purchase.completed, title: V}}
  window: {rolling: {months: 12}}
  ladder: [{code: basic, name: B, from: 0}, {code: platinum, name: T, multiplier: 1.5, from: {points: 5000}}]
"""


def test_the_largest_member_that_the_check_accepts_stays_below_64_kb() -> None:
    programme = load(LARGEST.replace("POINTS", "17"))
    member = bought_daily(programme, 1_000)
    # the newest 20 entries and the profile, which stand beside it, are 10 KB at the most
    assert 36 * 1024 < _bytes(member) < 54 * 1024, _bytes(member)
    held = _with_five_holds(programme, member)
    assert sum(len(hold.parts) for one in held.wallets.values() for hold in one.holds.values()) > 650
    assert _bytes(held) < 54 * 1024, _bytes(held)
    with pytest.raises(ProgrammeInvalid) as raised:
        load(LARGEST.replace("POINTS", "24"))
    (fault,) = raised.value.faults
    assert (fault.path, fault.message) == (
        "wallets[0]",
        "lots and counts of a member who buys daily would take 45 KB, of which 18 here: at most 44 are allowed",
    )
    load(LARGEST.replace("POINTS}", "24}, round: month"))


def test_holds_of_renewed_lots_with_all_their_layers_are_small_too() -> None:
    programme = load(RENEWED.replace("name: P, pending", "name: P, pay: {units: 1, worth: 1}, pending"))
    member = bought_daily(programme, 500)
    held = _with_five_holds(programme, member)
    assert sum(len(hold.parts) for one in held.wallets.values() for hold in one.holds.values()) > 50
    assert _bytes(held) < _bytes(member) + 1_000 < 54 * 1024, (_bytes(held), _bytes(member))


def _with_five_holds(programme: Programme, member: Member) -> Member:
    """Return a member with as much held as can be, of as many lots."""
    at = member.decided_at
    assert at is not None
    for order in range(5):
        wallets = at_instant(programme, member, now=at).wallets
        spendable = {code: one.lots[: one.spendable_count] for code, one in wallets.items()}
        parts = {code: [part for lot in lots for part in parts_of(lot)] for code, lots in spendable.items()}
        code = max(parts, key=lambda code: len(parts[code]))
        if not (amount := sum(part.amount for part in parts[code][:200])):
            break
        event_data: dict[str, Json] = {
            "hold": f"{order:024}",
            "wallet": code,
            "amount": amount,
            "order": f"order {order}",
        }
        placed = Event(f"h{order}", HOLD_PLACED, at, "app", {**event_data, "total": amount})
        member = decide(programme, member, placed, now=at, with_changes=False).member
    return member


def test_the_origins_of_renewed_lots_are_bounded() -> None:
    renewed = load(RENEWED)
    member = bought_daily(renewed, 400)
    older = bought_daily(renewed, 800, after=400)
    assert _bytes(older) < 24 * 1024, _bytes(older)
    assert len(ledger_state.state_paths(older)) <= len(ledger_state.state_paths(member)) + 40
    for wallet in older.wallets.values():
        assert sum(len(lot.layers) for lot in wallet.lots) <= 45
        assert len(wallet.validity_changes) == 31
    assert older.decided_at is not None
    at = older.decided_at + timedelta(days=1)
    row = decide(renewed, older, _purchase(10**6, at), now=at).row
    assert (len(row.changes) < 35, len(row.removed) <= 10) == (True, True)


def test_a_stamp_card_without_end_leaves_the_state_bounded() -> None:
    # a card each ten days, and all that it gave stays open as long as it may
    card = "{code: card, name: S, on: purchase.completed, levels: {every: 10}, do: [{award: {wallet: points, fixed: 5}}, {voucher: tea}]}"
    tea = "rewards: [{code: tea, title: T, kind: product, voucher: {valid: {days: 60}}}]"
    kept = "expiry: {after: {months: 1}}"
    text = DAILY.replace("expiry: {after: {months: 12}}", kept).replace("expiry: {after: {months: 6}}", kept)
    text = text.replace("badges: [", f"{tea}\nbadges: [{card}, ")
    programme = load(text)
    young = bought_daily(programme, 800)
    old = bought_daily(programme, 1_600, after=800)
    assert old.badges["card"].level == 160
    assert len(old.gifts) == 41  # of 400 days: what a refund may still take back
    assert _bytes(old) < _bytes(young) + 1024


TEA = "rewards: [{code: tea, title: T, kind: product, voucher: {valid: {days: 60}}}]"
STAMPED = DAILY.replace(
    "badges: [",
    TEA
    + "\nbadges: [{code: card, name: S, on: purchase.completed, of: 'OF', levels: {every: 1}, do: [{award: {wallet: points, fixed: 5}}, {voucher: tea, per_level: EVERY}]}, ",
)


@pytest.mark.parametrize(
    ("cards", "vouchers_every", "days", "levels_kept"),
    [(1, 1, 200, 100), (100, 50, 40, 2_000)],
)
def test_many_cards_leave_the_state_bounded_and_are_kept_as_they_were(
    cards: int, vouchers_every: int, days: int, levels_kept: int
) -> None:
    programme = load(STAMPED.replace("OF", str(cards)).replace("EVERY", str(vouchers_every)))
    member = bought_daily(programme, days)
    assert member.decided_at is not None
    at = member.decided_at + timedelta(minutes=5)
    decision = decide(programme, member, _purchase(10**6, at), now=at)
    after = decision.member
    assert after.badges["card"].level == cards * (days + 1)
    top = range(after.badges["card"].level, after.badges["card"].level - levels_kept, -1)
    assert {source for source in after.gifts if source.startswith("badge:card:")} == {
        f"badge:card:{level}" for level in top
    }
    assert _bytes(after) < 64 * 1024, _bytes(after)
    state = ledger_state.fold_rows(decision.rows, ledger_state.state_paths(member))
    assert state == ledger_state.state_paths(after)
    nested = ledger_state.nest(state)
    restored = restore_member(nested, id=after.id, number=after.number, profile=after.profile, seq=after.seq)
    assert restored.gifts == after.gifts


def test_a_decision_changes_few_paths_however_old_the_member() -> None:
    daily = _daily()
    for days in (100, 900):
        member = bought_daily(daily, days)
        assert member.decided_at is not None
        at = member.decided_at + timedelta(minutes=5)
        row = decide(daily, member, _purchase(10**6, at), now=at).row
        assert len(row.changes) < 35
        assert len(row.removed) <= 2


def test_two_quotes_are_one() -> None:
    demo = _demo()
    member = bought_daily(demo, 100)
    assert member.decided_at is not None
    at = member.decided_at + timedelta(hours=3)
    first, second = (decide(demo, member, _purchase(10**6, at), now=at) for _ in range(2))
    assert (first.rows, first.member) == (second.rows, second.member)
