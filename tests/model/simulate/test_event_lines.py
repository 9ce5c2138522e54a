"""Journal rows as lines of an events file, which decide to the same again."""

import json
from dataclasses import replace
from typing import Any

import pytest

from domain.model.simulate import InputMalformed, Simulation, read_line
from domain.model.simulate.answers import Answer
from domain.model.simulate.event_lines import event_line
from tests.model.simulation_runs import PER_EURO, adjust, buy, enrol, line, programme, refund, rules

CLUB = programme(
    rules(
        PER_EURO,
        "{code: away, title: Away, on: member.inactive, do: [{award: {wallet: points, fixed: 3}}]}",
        "{code: late, title: Late, on: purchase.completed, limit: {times: 1, per: ever},"
        " do: [{award: {wallet: points, fixed: 100}}]}",
    ),
    "rewards: [{code: mug, title: Mug, kind: product, cost: {wallet: points, amount: 40}, voucher: {valid: {days: 30}}}]",
    "leaderboards: [{code: cup, name: Cup, count: {wallet: points}, per: month,"
    " do: {1: [{voucher: mug}], 3: [{award: {wallet: points, fixed: 50}}]}}]",
)


def run(lines: list[dict[str, Any]]) -> tuple[Simulation, list[Answer]]:
    simulation = Simulation(CLUB)
    answers = [
        answer
        for number, row in enumerate(lines, start=1)
        for answer in simulation.event(read_line(number, json.dumps(row)))
    ]
    return simulation, answers


def exported(simulation: Simulation, member: str) -> list[dict[str, Any]]:
    lines, heard_at = [], simulation.rows[member][0].event.at
    for row in simulation.rows[member]:
        heard_at = max(heard_at, row.event.at)
        profile = simulation.members[member].profile
        exported_line = event_line(member, row, heard_at=heard_at, profile=profile, with_person=True)
        lines += [exported_line] if exported_line is not None else []
    return lines


def test_every_kind_of_row_decides_to_the_same_again() -> None:
    away = line("2026-01-09T10:00", "member.inactive", {"on": "2026-02-01"}, source="selo")
    voucher = {"voucher": "ana-1"}
    lines = [
        enrol(name="Ana", birthday="1990-05-17"),
        buy("2026-01-04T10:00", 8_000, ("coins", 3, 5_000), ("stamps", 1, 1_001), id="a"),
        {**buy("2026-01-03T10:00", 500, id="b"), "heard": "2026-01-04T11:00:00Z"},
        refund("2026-01-05T10:00", "a", lines=[(1, 1)]),
        refund("2026-01-06T10:00", "a", 777),
        refund("2026-01-06T11:00", "b"),
        line("2026-01-06T12:00", "purchase.corrected", {"externalId": "a", "total": 9_000}),
        adjust("2026-01-06T13:00", 9),
        line("2026-01-07T10:00", "reward.redeemed", {"reward": "mug"}, source="app"),
        line("2026-01-07T11:00", "voucher.used", voucher),
        line("2026-01-07T12:00", "voucher.reversed", voucher),
        line("2026-01-07T13:00", "voucher.cancelled", voucher, source="app"),
        line("2026-01-08T10:00", "member.frozen"),
        line("2026-01-08T11:00", "member.unfrozen"),
        away,
        line("2026-01-10T11:00", "member.erased"),
    ]
    simulation, answers = run(lines)
    assert [answer["refused"] for answer in answers] == [None] * len(answers)
    again, same = run(exported(simulation, "ana"))
    assert [(one["at"], one["event"], one["entries"]) for one in same] == [
        (one["at"], one["event"], one["entries"]) for one in answers
    ]
    assert again.members["ana"].wallets == simulation.members["ana"].wallets
    heard = [row.get("heard") for row in exported(simulation, "ana") if row["data"].get("externalId") == "b"]
    assert heard[0] == "2026-01-04T10:00:00.000Z"


def test_a_prize_of_a_leaderboard_has_a_line_though_no_input_brought_it() -> None:
    prize = line(
        "2026-01-20T10:00", "leaderboard.ended", {"leaderboard": "cup", "period": "2026-01-01", "rank": 2}
    )
    simulation, answers = run([enrol(), prize])
    entries: Any = answers[-1]["entries"]
    assert [(entry["amount"], entry["rule"]) for entry in entries] == [(50, "leaderboard:cup")]
    enrolled, paid = simulation.rows["ana"]
    as_in_service = [enrolled, replace(paid, by="decision")]
    simulation.rows["ana"] = as_in_service
    again, _ = run(exported(simulation, "ana"))
    assert again.members["ana"].wallets == simulation.members["ana"].wallets


@pytest.mark.parametrize(
    ("event_data", "fault"),
    [
        ({"leaderboard": "cups", "rank": 1}, "data.leaderboard is 'cups'; the programme has cup"),
        ({"leaderboard": "cup"}, "data.rank is missing; leaderboard.ended needs it: a whole number"),
        ({"leaderboard": "cup", "rank": 0}, "data.rank is 0; write a whole number from 1 to 1000000000"),
        ({"leaderboard": "cup", "rank": 1, "period": 3}, "data.period is 3; write a text"),
    ],
)
def test_a_line_of_a_leaderboard_names_one_and_a_rank(event_data: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputMalformed) as malformed:
        run([enrol(), line("2026-01-20T10:00", "leaderboard.ended", event_data)])
    assert str(malformed.value) == f"line 2: {fault}"
