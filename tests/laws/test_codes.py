"""The laws of codes on random histories: once a member, a single-use code once, no more in all than the limit."""

from __future__ import annotations

from collections import Counter

from hypothesis import given

from domain.model.event_names import CODE_ENTERED
from domain.model.programme import Programme
from tests.laws.random_histories import HISTORIES, PROGRAMMES, WHO, Step, on_histories, timely_run


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_a_code_counts_once_a_member_and_no_more_in_all_than_its_limit(
    programme: Programme, history: list[Step]
) -> None:
    run = timely_run(programme, history)
    entered = Counter(
        (decision.member.id, row.event.data["code"], row.event.data["batch"])
        for decision in run.decisions
        for row in decision.rows
        if row.event.name == CODE_ENTERED
    )
    assert max(times for (_, code, _), times in entered.items() if code is not None) == 1
    for spec in programme.codes:
        times = sum(count for (_, code, batch), count in entered.items() if spec.name in (code, batch))
        assert spec.limit is None or times <= spec.limit
    for who in WHO:
        assert run.members[who].codes.keys() == {
            code for member, code, _ in entered if member == who and code is not None
        }
    assert run.members["ana"].code == "SUN10"
    assert run.members["bob"].code is None
