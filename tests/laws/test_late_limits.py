"""Limits and caps hold for late receipts as they would have in time: of rules, and such as rules share, on the
receipt and on what it raises.

Programmes and queues are made of a seed. A till's queue arrives in the order of its times, after a purchase of
a later period: of the next one, where refunds are among the queue, since two periods are counted; or of one that
lies so much later that only the journal knows of the queue's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from domain.model.ledger.deciding import rule_application
from domain.model.ledger.member import PeriodCount
from domain.model.programme import Programme
from tests.model.simulation_runs import Line, Run, buy, enrol, line, programme, refund, rules, run

SEEDS = range(60)
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday, and the first Monday of its month
LATER = {  # a purchase of the next period, and of one much later
    "day": (None, "2026-03-20T10:00"),
    "week": ("2026-03-10T10:00", "2026-04-20T10:00"),
    "month": ("2026-04-20T10:00", "2026-07-20T10:00"),
    "year": ("2027-02-20T10:00", "2027-02-20T10:00"),
    "ever": (None, None),
}
EVENTS = "events: [{name: visit, title: V, data: {}}]"
WALLETS = "wallets: [{code: points, name: P}, {code: stars, name: S}, {code: raised, name: R}]"
ON_RAISED = "on: points.awarded, when: event.data.wallet != 'raised'"  # of both wallets: twice in one row


def random_programme(random: Random, per: str) -> Programme:
    """Rules with a limit, a cap and a cap that they share, all of one kind of period."""
    bound = f"amount: {random.choice((25, 50, 90))}, per: {per}"
    written = [
        "{code: limited, title: L, on: purchase.completed, limit: {times: 2, per: PER}, do: [AWARD 7}}]}",
        "{code: capped, title: C, on: purchase.completed, cap: {BOUND}, do: [STARS 20}}]}",
        "{code: first, title: F, on: purchase.completed, capped_by: both, do: [AWARD 30}}]}",
        "{code: second, title: S, on: purchase.completed, when: purchase.total > 900, capped_by: both, do: [AWARD 15}}]}",
        f"{{code: often, title: O, {ON_RAISED}, limit: {{times: 3, per: PER}}, do: [RAISED 11}}}}]}}",
        f"{{code: again, title: A, {ON_RAISED}, cap: {{BOUND}}, do: [RAISED 9}}}}]}}",
        f"{{code: third, title: T, {ON_RAISED}, capped_by: both, do: [RAISED 4}}}}]}}",
    ]
    text = rules(*written).replace("PER", per).replace("BOUND", bound)
    for word, wallet in (("AWARD", "points"), ("STARS", "stars"), ("RAISED", "raised")):
        text = text.replace(word, f"{{award: {{wallet: {wallet}, fixed:")
    return programme(WALLETS, EVENTS, f"caps: [{{code: both, {bound}}}]", text)


def queue(random: Random, *, with_refunds: bool) -> list[Line]:
    """Receipts of a few days, in the order of their times, some taken back in whole or in part."""
    at, lines = BEGIN, list[Line]()
    for number in range(random.choice((3, 6, 9))):
        at += timedelta(hours=random.choice((1, 5, 10)))
        lines.append(buy(at.isoformat(), random.choice((600, 1_200)), id=f"q{number}"))
        if with_refunds and random.random() < 0.4:
            at += timedelta(hours=1)
            lines.append(refund(at.isoformat(), f"q{number}", random.choice((None, 300))))
    return lines


def given(ran: Run, lines: Sequence[Line]) -> list[tuple[str, list[tuple[str, int, str | None]]]]:
    """What came of each line: amount and reason by rule."""
    times = {one["at"][:16] for one in lines}
    return [
        (row["at"], [(one["rule"], one["amount"], one["reason"]) for one in row["outcomes"]])
        for row in ran
        if row["at"][:16] in times
    ]


def hold(seed: int) -> None:
    """Hold one seed to the law."""
    random = Random(seed)
    per, is_far = random.choice(tuple(LATER)), random.random() < 0.5
    small, lines = random_programme(random, per), queue(random, with_refunds=not is_far or per == "ever")
    later = LATER[per][is_far]
    present = [buy(later, 1_200)] if later is not None else []
    visit = line("2027-03-01T10:00", "visit")
    in_time = run(small, enrol(), *lines, *present, visit)
    late = run(small, enrol(), *present, visit, *lines)
    assert given(late, lines) == given(in_time, lines), f"seed {seed}, per {per}"
    assert late.ana["wallets"] == in_time.ana["wallets"], f"seed {seed}, per {per}"


def hold_all() -> None:
    for seed in SEEDS:
        hold(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_late_queue_gets_what_its_limits_and_caps_had_left_in_time(seed: int) -> None:
    hold(seed)


def test_a_planted_fault_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted_alone(counts: Sequence[PeriodCount], _: object) -> Sequence[PeriodCount]:
        return counts

    monkeypatch.setattr(rule_application, "with_past_counts", counted_alone)
    with pytest.raises(AssertionError, match="seed"):
        hold_all()
