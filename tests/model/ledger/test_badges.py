"""Badges: levels by counts, challenges within a time, streaks of consecutive periods, secret badges, and what
levels do.
"""

import pytest

from domain.model.programme import Programme
from tests.model.simulation_runs import PER_EURO, buy, enrol, figures, line, programme, rules, run

GAME = "events: [{name: game.played, title: Played, data: {score: int}}]"


def badge(keys: str) -> Programme:
    return programme(f"badges: [{{code: b, name: B, {keys}}}]", GAME)


def played(at: str, score: int = 1) -> dict[str, object]:
    return line(at, "game.played", {"score": score})


def test_levels_count_and_progress_is_the_whole_count() -> None:
    ran = run(
        badge("on: game.played, levels: [1, 3]"),
        enrol(),
        *(played(f"2026-02-0{day}T10:00") for day in range(1, 6)),
    )
    assert [row["events"] for row in ran.on("game.played")] == [
        ["badge.earned"],
        [],
        ["badge.earned"],
        [],
        [],
    ]
    assert ran.ana["badges"] == {"b": {"level": 2, "progress": 5}}


@pytest.mark.parametrize(
    ("keys", "progress"),
    [
        ("of: event.data.score", 9),
        ("when: event.data.score > 4", 1),
        ("when: event.data.score > 4, of: event.data.score * 2", 10),
        ("of: event.data.score - 4", 1),  # nothing below zero
        ("of: 'double(event.data.score) * 0.57 * 25.0'", 128),  # 57, not 56, and 71.25
    ],
)
def test_when_and_of_say_what_counts(keys: str, progress: int) -> None:
    ran = run(
        badge(f"on: game.played, {keys}, levels: [1000]"),
        enrol(),
        played("2026-02-01T10:00", 4),
        played("2026-02-02T10:00", 5),
    )
    assert ran.ana["badges"]["b"] == {"level": 0, "progress": progress}


def test_items_of_lines_count() -> None:
    p = badge("on: purchase.completed, of: {items: 'line.category == \"coins\"'}, levels: [1, 5]")
    ran = run(p, enrol(), buy("2026-02-01T10:00", 9000, ("coins", 4, 100), ("stamps", 9, 100)))
    assert ran.ana["badges"]["b"] == {"level": 1, "progress": 4}


def test_one_event_may_reach_several_levels_and_each_does_what_the_badge_does() -> None:
    p = badge(
        "on: game.played, of: event.data.score, levels: [2, 4, 9], do: [{award: {wallet: points, fixed: 10}}]"
    )
    ran = run(p, enrol(), played("2026-02-01T10:00", 5))
    assert ran.last["events"] == ["badge.earned", "points.awarded", "badge.earned", "points.awarded"]
    assert [(e["kind"], e["amount"], e["rule"]) for e in ran.last["entries"]] == [
        ("AWARD", 10, "badge:b"),
        ("AWARD", 10, "badge:b"),
    ]
    assert figures(ran.ana)["available"] == 20


def test_badges_see_the_member_after_the_event() -> None:
    p = badge("on: purchase.completed, when: member.purchases.total >= 500, levels: [1]")
    assert run(p, enrol(), buy("2026-02-01T10:00", 500)).ana["badges"]["b"]["level"] == 1


def test_a_challenge_counts_within_its_time() -> None:
    p = badge('on: game.played, levels: [3], during: {from: "2026-07-01", until: "2026-07-31"}')
    ats = ["2026-06-30T22:59", "2026-06-30T23:00", "2026-07-31T22:59", "2026-07-31T23:00"]
    assert run(p, enrol(), *map(played, ats)).ana["badges"]["b"] == {"level": 0, "progress": 2}


@pytest.mark.parametrize(
    ("per", "ats", "level", "progress"),
    [
        ("day", ["2026-02-01T10:00", "2026-02-02T10:00", "2026-02-02T20:00", "2026-02-03T23:59"], 1, 3),
        ("day", ["2026-02-01T10:00", "2026-02-03T10:00"], 0, 1),
        (
            "week",
            ["2026-02-01T10:00", "2026-02-02T10:00", "2026-02-15T23:59"],
            1,
            3,
        ),  # Sunday, Monday, Sunday
        ("week", ["2026-02-01T10:00", "2026-02-02T10:00", "2026-02-16T00:00"], 0, 1),
        ("month", ["2025-12-31T10:00", "2026-01-01T10:00", "2026-02-28T10:00"], 1, 3),
        ("year", ["2025-02-01T10:00", "2026-12-31T23:59", "2027-01-01T00:00"], 1, 3),
        # Lisbon's summer day begins at 23:00 UTC
        ("day", ["2026-07-01T22:59", "2026-07-01T23:00", "2026-07-02T23:00"], 1, 3),
    ],
)
def test_a_streak_counts_periods_in_a_row(per: str, ats: list[str], level: int, progress: int) -> None:
    p = badge(f"on: game.played, streak: {{per: {per}}}, levels: [3]")
    ran = run(p, enrol("2025-01-01T09:00"), *map(played, ats))
    assert ran.ana["badges"]["b"] == {"level": level, "progress": progress}


def test_a_streak_is_alive_through_the_next_period_and_its_level_stays() -> None:
    p = badge("on: game.played, streak: {per: week}, levels: [2]")
    lines = enrol(), played("2026-02-02T10:00"), played("2026-02-09T10:00")
    assert run(p, *lines, until="2026-02-22T23:59").ana["badges"]["b"] == {"level": 1, "progress": 2}
    assert run(p, *lines, until="2026-02-23T00:00").ana["badges"]["b"] == {"level": 1, "progress": 0}
    again = run(p, *lines, played("2026-03-02T10:00"), played("2026-03-09T10:00"))
    assert again.ana["badges"]["b"] == {"level": 1, "progress": 2}
    assert len([row for row in again if "badge.earned" in row["events"]]) == 1


def test_a_secret_badge_is_shown_once_earned() -> None:
    p = badge("on: game.played, levels: [2], secret: true")
    assert run(p, enrol(), played("2026-02-02T10:00")).ana["badges"] == {}
    assert run(p, enrol(), played("2026-02-02T10:00"), played("2026-02-02T11:00")).ana["badges"] == {
        "b": {"level": 1, "progress": 2}
    }


def test_expressions_see_the_levels_of_badges_held() -> None:
    rule = "{code: one, title: O, on: game.played, when: member.badges.b >= 2, do: [{tag: x}]}"
    p = programme(rules(rule), "badges: [{code: b, name: B, on: purchase.completed, levels: [1, 2]}]", GAME)
    ran = run(
        p,
        enrol(),
        buy("2026-02-01T10:00", 1),
        played("2026-02-01T11:00"),
        buy("2026-02-02T10:00", 1),
        played("2026-02-02T11:00"),
    )
    assert [applied for applied, _, _ in ran.outcomes("one")] == [False, True]


def test_a_badge_may_count_what_a_decision_gives_rise_to() -> None:
    p = programme(
        rules(PER_EURO),
        "badges: [{code: b, name: B, on: points.awarded, of: event.data.amount, levels: [100]}]",
    )
    ran = run(p, enrol(), buy("2026-02-01T10:00", 12_000))
    assert ran.last["events"] == ["points.awarded", "badge.earned"]
    assert ran.ana["badges"]["b"] == {"level": 1, "progress": 120}


def test_the_award_of_a_badge_may_count_lines_of_its_event() -> None:
    do = "do: [{award: {wallet: points, amount: 1, per: 100, of: {lines: 'line.category == \"coins\"'}}}]"
    p = badge(f"on: purchase.completed, levels: [1], {do}")
    ran = run(p, enrol(), buy("2026-02-01T10:00", 9000, ("coins", 4, 1200), ("stamps", 9, 100)))
    assert ran.entries() == [("AWARD", 12)]
