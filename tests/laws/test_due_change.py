"""The law of publishing: whom a new version does not concern has the same next due instant by both versions."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.ledger.next_due import next_due, turned_until
from domain.model.ledger.sweeping.due_change import EVERYONE, NO_CHANGE, DueChange, due_change
from domain.model.programme import Programme, load
from tests.laws.law_programmes import SHAPES, law_programme, law_text
from tests.laws.random_histories import HISTORIES, Step, run_history, with_examples

SHAPE = (1, 0, 0)  # a reminder, a rolling window, one count
POINTS, CREDIT = DueChange(wallets=frozenset({"points"})), DueChange(wallets=frozenset({"credit"}))
BUSY, TIERS = DueChange(segments=frozenset({"busy"})), DueChange(tiers=True)
EDITS: dict[str, tuple[str, str, DueChange]] = {
    "a name": ("name: Laws", "name: Rules", NO_CHANGE),
    "a rule's title and amount": ("title: B, on", "title: Base, on", NO_CHANGE),
    "a limit of a rule": ("limit: {times: 2, per: month}", "limit: {times: 9, per: week}", NO_CHANGE),
    "a tier's name": ("name: S, from: 150", "name: Silver, from: 150", NO_CHANGE),
    "a multiplier": ("multiplier: 1.25", "multiplier: 1.3", NO_CHANGE),
    "a reward's cost": ("amount: 130", "amount: 140", NO_CHANGE),
    "a badge": ("levels: [2, 5, 20]", "levels: [2, 6, 20]", NO_CHANGE),
    "a reminder": ("remind: {days: 20}", "remind: {days: 9}", POINTS),
    "a wallet that rewards cost no more": (
        "cost: {wallet: credit, amount: 50}",
        "cost: {wallet: points, amount: 50}",
        NO_CHANGE,  # a condition reads balances, so every wallet is watched
    ),
    "another wallet with a reminder": (
        "pending: {days: 2}, expiry: {after: {days: 30}}",
        "pending: {days: 2}, expiry: {after: {days: 30}}, remind: {days: 3}",
        CREDIT,
    ),
    "a schedule of a segment": ('at: "0 9 * * mon"', 'at: "0 9 * * tue"', BUSY),
    "a schedule for all": ('at: "0 9 * * mon", for: busy', 'at: "0 9 * * mon"', EVERYONE | BUSY),
    "what keeps a tier": ("keep: 100", "keep: 90", TIERS),
    "the window": ("rolling: {days: 45}", "rolling: {days: 40}", TIERS),
    "the grace": ("grace: {days: 10}", "grace: {days: 11}", TIERS),
    "a count of days": ("days_since_purchase < 20", "days_since_purchase < 21", EVERYONE),
    "the period of a reward's limit": (
        "amount: 20}, limit: {times: 2, per: month}",
        "amount: 20}, limit: {times: 2, per: week}",
        EVERYONE,
    ),
    "the zone": ("Europe/Lisbon", "Europe/Warsaw", EVERYONE),
}


@lru_cache
def edited(name: str) -> Programme:
    """The programme after an edit."""
    was, now, _ = EDITS[name]
    text = law_text(*SHAPE)
    assert was in text, name
    return load(text.replace(was, now, 1))


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_concerns_whom_its_parts_do(name: str) -> None:
    before = law_programme(*SHAPE)
    assert due_change(before, edited(name)) == EDITS[name][2]
    assert due_change(edited(name), before) == EDITS[name][2]
    assert not due_change(edited(name), edited(name))


@with_examples(12)
@given(HISTORIES, st.sampled_from(SHAPES))
def test_whom_a_version_does_not_concern_is_due_when_they_were(
    history: list[Step], shape: tuple[int, int, int]
) -> None:
    before = law_programme(*SHAPE)
    versions = [*map(edited, EDITS), law_programme(*shape)]
    run = run_history(before, history)
    looked = 0
    for member in run.members.values():
        cursor = turned_until(member)
        if cursor is None:
            continue
        for after in versions:
            change = due_change(before, after)
            if not change.concerns(member):
                looked += 1
                assert next_due(after, member, after=cursor) == next_due(before, member, after=cursor)
    assert looked or not run.members
