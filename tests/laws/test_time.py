"""Laws of time: a late turn ends where a timely one does, turning twice equals once, and nothing due remains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given

from domain.model.ledger.decision import JournalRow
from domain.model.ledger.next_due import turned_until
from domain.model.ledger.state import ledger_state
from domain.model.ledger.timeline import next_due, turn
from domain.model.programme import Programme
from domain.model.simulate.answers import Answer
from tests.laws.random_histories import (
    HISTORIES,
    PROGRAMMES,
    WHO,
    LazySimulation,
    RecordedSimulation,
    Step,
    on_histories,
    run_history,
    timely_run,
    with_examples,
)


class HourlySimulation(RecordedSimulation):
    """One whose job runs every few hours for everybody, whether or not something is due."""

    def advance(self, until: datetime) -> Iterator[Answer]:
        while self.members and self.clock + timedelta(hours=7) < until:
            step = self.clock + timedelta(hours=7)
            yield from super().advance(step)
            for code, member in list(self.members.items()):
                yield from self._commit(code, turn(self.programme, member, until=step))
        yield from super().advance(until)


def _journal(run: RecordedSimulation, who: str) -> list[JournalRow]:
    return [row for decision in run.decisions if decision.member.id == who for row in decision.rows]


@with_examples(18)
@given(PROGRAMMES, HISTORIES)
def test_a_turn_that_comes_late_ends_where_a_timely_one_does(
    programme: Programme, history: list[Step]
) -> None:
    on_time = [
        replace(step, kind="buy") if step.kind == "late" else step for step in history
    ]  # late is what time has overtaken
    timely, late = run_history(programme, on_time), run_history(programme, on_time, kind=LazySimulation)
    for who in (
        "ana",
        "eva",
    ):  # what reaches bob, who invited, is an event from elsewhere: it comes when ana's turn does
        assert _journal(late, who) == _journal(timely, who)
        assert ledger_state.state_paths(late.members[who]) == ledger_state.state_paths(timely.members[who])


@with_examples(6)
@given(PROGRAMMES, HISTORIES)
def test_a_turn_that_comes_often_ends_where_one_that_is_due_does(
    programme: Programme, history: list[Step]
) -> None:
    timely, often = run_history(programme, history), run_history(programme, history, kind=HourlySimulation)
    for who in WHO:
        assert _journal(often, who) == _journal(timely, who)


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_turning_twice_equals_once_and_nothing_overdue_is_left(
    programme: Programme, history: list[Step]
) -> None:
    run = timely_run(programme, history)
    for who in WHO:
        member = run.members[who]
        once = turn(programme, member, until=run.clock)
        assert once.rows == ()
        assert turn(programme, once.member, until=run.clock).rows == ()
        turned_at = turned_until(member)
        assert turned_at is not None
        due = next_due(programme, member, after=turned_at)
        assert due is None or due > run.clock or turn(programme, member, until=due).rows == ()
        today = run.clock.date()
        for wallet in member.wallets.values():
            assert all(
                lot.expires_on is None or lot.expires_on >= today - timedelta(days=1) for lot in wallet.lots
            )
