"""Erasing a member at the end of any history leaves nothing in their wallets and makes or loses nothing: the
entries say what went, and the row folds to the state.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given

from domain.model.event_names import ERASED
from domain.model.ledger.decide import decide
from domain.model.ledger.events import Event
from domain.model.ledger.state import ledger_state
from domain.model.ledger.timeline import next_due
from domain.model.programme import Programme
from tests.laws.random_histories import HISTORIES, PROGRAMMES, Step, on_histories, timely_run


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_an_erased_member_has_nothing_left_and_every_total_adds_up(
    programme: Programme, history: list[Step]
) -> None:
    run = timely_run(programme, history)
    now = run.clock + timedelta(days=1)
    for member in run.members.values():
        decision = decide(programme, member, Event("gone", ERASED, now), now=now)
        erased, row = decision.member, decision.row
        before = {code: wallet.balance for code, wallet in member.wallets.items()}
        for step in decision.rows[:-1]:
            for entry in step.entries:
                before[entry.wallet] = entry.balance
        assert {entry.wallet: -entry.amount for entry in row.entries} == {
            code: balance for code, balance in before.items() if balance
        }
        assert {entry.kind for entry in row.entries} <= {"ERASE"}
        for wallet in erased.wallets.values():
            assert (wallet.lots, wallet.debt, wallet.balance) == ((), 0, 0)
            assert wallet.earned + wallet.adjusted - wallet.spent - wallet.expired == 0
        assert all(voucher.used_at is not None for voucher in erased.vouchers.values())
        assert {step.change for step in row.vouchers} <= {"cancelled"}
        assert [*row.outcomes, *row.raised, *row.messages, *row.effects, *row.delayed] == []
        assert next_due(programme, erased, after=now) is None
        state = ledger_state.state_paths(member)
        for each in decision.rows:
            state = {path: value for path, value in state.items() if path not in each.removed} | dict(
                each.changes
            )
        assert state == ledger_state.state_paths(erased)
