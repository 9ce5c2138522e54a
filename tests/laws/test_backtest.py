"""The law of the back-test: a member's life decided again by the version that ruled is what is stored, row for
row; and a draft that is that version gives the same without being told what time brought.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given

from domain.model.figures.backtest.history import MemberHistory, RulingVersions
from domain.model.figures.backtest.replay import Replay, replay_as_ruled, replay_draft
from domain.model.ledger.decision import JournalRow
from domain.model.programme import Programme
from domain.model.values import evolve
from domain.store.connect import Raw
from domain.store.ledger import journal_rows
from tests.laws.random_histories import (
    BEGAN,
    HISTORIES,
    PROGRAMMES,
    WHO,
    RecordedSimulation,
    Step,
    on_histories,
    timely_run,
)

# From which day on each of them is decided again: two of them are folded first.
SINCE = {"ana": None, "bob": BEGAN + timedelta(days=20), "eva": BEGAN + timedelta(days=5)}


def documents(member: str, rows: list[JournalRow]) -> list[Raw]:
    """Rows as the journal keeps them, by whichever version they were decided."""
    return [{**journal_rows.row_document(member, row), "version": 1} for row in rows]


def stored_history(run: RecordedSimulation, who: str) -> MemberHistory:
    """A member's life as it is read from the database."""
    rows = [journal_rows.read_row(document) for document in documents(who, run.rows[who])]
    return MemberHistory(run.members[who], rows, run.clock)


def expect_as_stored(run: RecordedSimulation, who: str, replay: Replay) -> None:
    assert documents(who, replay.rows) == documents(who, run.rows[who][replay.start :])
    assert evolve(replay.member, turned_at=None) == evolve(run.members[who], turned_at=None)
    assert replay.refused == []


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_rows_decided_again_by_the_version_that_ruled_are_those_that_are_stored(
    programme: Programme, history: list[Step]
) -> None:
    run, versions = timely_run(programme, history), RulingVersions({1: programme}, {1: BEGAN})
    for who in WHO:
        replay = replay_as_ruled(stored_history(run, who), versions, since=SINCE[who])
        expect_as_stored(run, who, replay)


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_a_draft_that_is_the_version_that_ruled_gives_what_is_stored(
    programme: Programme, history: list[Step]
) -> None:
    run, versions = timely_run(programme, history), RulingVersions({1: programme}, {1: BEGAN})
    for who in WHO:
        stored = stored_history(run, who)
        replay = replay_draft(stored, versions, programme, since=SINCE[who], with_changes=True)
        expect_as_stored(run, who, replay)
