"""What time alone brings: its order, midnights of the programme's zone, segments, schedules and birthdays."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.model.ledger.next_due import cron_next, time_triggers
from domain.model.programme import Programme
from domain.model.programme.loading import load_published
from tests.model.ledger.timed_programmes import PLUS, tagging
from tests.model.simulation_runs import (
    PER_EURO,
    POINTS,
    buy,
    enrol,
    line,
    programme,
    rules,
    run,
)

LAPSING = (
    "segments: [{code: lapsing, name: L, when: member.purchases.count > 0 && member.days_since_purchase >="
    " 90}]"
)


# ---------------------------------------------------------------- order


def test_the_order_of_a_midnight() -> None:
    gift = "{code: v, title: V, on: member.enrolled, do: [{voucher: gift}]}"
    credit = PER_EURO.replace("points", "credit").replace("base", "more")
    p = programme(
        "wallets: [{code: points, name: P, expiry: {after: {months: 1}}}, {code: credit, name: C, expiry:"
        " {after: {days: 28}}}]",
        rules(PER_EURO, credit, gift),
        "tiers: {count: {wallet: points}, window: {rolling: {months: 1}}, "
        "ladder: [{code: basic, name: B, from: 0}, {code: gold, name: G, from: 1}]}",
        "rewards: [{code: gift, title: G, kind: product, voucher: {valid: {days: 40}}}]",
        "segments: [{code: idle, name: I, when: member.days_since_purchase >= 29}]",
        PLUS,
    )
    plan = line("2026-02-01T00:00", "plan.started", {"plan": "plus", "until": "2026-03-02T00:00:00Z"})
    lines = enrol("2026-01-21T00:00", birthday="1990-03-02"), plan, buy("2026-02-01T00:00", 1000)
    ran = run(p, *lines, until="2026-03-02T00:00")
    assert [row["event"] for row in ran if row["at"] == "2026-03-02T00:00:00.000Z"] == [
        *("points.expired", "points.expired", "voucher.expired", "plan.ended"),
        *("tier.changed", "member.birthday", "segment.entered"),
    ]


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Europe/Lisbon", "2026-07-10T23:00"),
        ("Europe/Warsaw", "2026-07-10T22:00"),
        ("America/New_York", "2026-07-11T04:00"),
        ("Asia/Kolkata", "2026-07-10T18:30"),
        ("Pacific/Auckland", "2026-07-10T12:00"),
        ("Pacific/Kiritimati", "2026-07-10T10:00"),
    ],
)
def test_days_are_the_programmes(zone: str, midnight: str) -> None:
    p = programme(
        "wallets: [{code: points, name: P, expiry: {after: {months: 6}}}]", rules(PER_EURO), zone=zone
    )
    ran = run(p, enrol(), buy("2026-01-10T09:00", 1000), until="2026-09-01T00:00")
    assert ran.times("points.expired") == [midnight]


def test_a_day_whose_midnight_does_not_exist_begins_an_hour_later() -> None:
    # in Beirut the clock went from 00:00 to 01:00 on 29 March 2026
    p = programme(
        "wallets: [{code: points, name: P, expiry: {after: {days: 10}}}]", rules(PER_EURO), zone="Asia/Beirut"
    )
    ran = run(p, enrol(), buy("2026-03-18T10:00", 1000), until="2026-04-05T00:00")
    assert ran.times("points.expired") == ["2026-03-28T22:00"]


def test_time_passes_for_all_members_in_its_order() -> None:
    p = programme("wallets: [{code: points, name: P, expiry: {after: {days: 10}}}]", rules(PER_EURO))
    lines = [enrol(who=who) for who in ("ana", "bob", "eva")]
    lines += [
        buy("2026-01-05T10:00", 100, who="bob"),
        buy("2026-01-03T10:00", 100, who="eva"),
        buy("2026-01-20T10:00", 100),
    ]
    ran = run(p, lines[0], lines[1], lines[2], lines[4], lines[3], lines[5])
    assert [(row["member"], row["at"][:10]) for row in ran.on("points.expired")] == [
        ("eva", "2026-01-14"),
        ("bob", "2026-01-16"),
    ]


# ---------------------------------------------------------------- segments


def test_a_segment_is_entered_at_the_midnight_on_which_time_brings_it() -> None:
    p = programme(
        rules(PER_EURO, tagging("segment.entered", "back", "when: event.data.segment == 'lapsing', ")),
        LAPSING,
    )
    ran = run(p, enrol(), buy("2026-01-10T15:00", 100), until="2026-05-01T00:00")
    assert [(row["at"], row["by"]) for row in ran.on("segment.entered")] == [
        ("2026-04-09T23:00:00.000Z", "time")
    ]
    assert (ran.ana["segments"], ran.ana["tags"]) == (["lapsing"], ["back"])


def test_an_event_leaves_a_segment_at_once() -> None:
    ran = run(
        programme(rules(PER_EURO), LAPSING),
        enrol(),
        buy("2026-01-10T15:00", 100),
        buy("2026-05-01T10:00", 100),
    )
    assert ran.last["events"] == ["points.awarded", "segment.left"]
    assert ran.ana["segments"] == []


def test_two_segments_at_one_midnight_are_two_rows() -> None:
    two = (
        "segments: [{code: b, name: B, when: member.days_since_joining >= 5}, {code: a, name: A, when:"
        " member.days_since_joining >= 5}]"
    )
    ran = run(programme(two), enrol("2026-01-01T09:00"), until="2026-02-01T00:00")
    assert [(row["at"][:10], row["events"]) for row in ran.on("segment.entered")] == [
        ("2026-01-06", []),
        ("2026-01-06", []),
    ]


def test_a_rule_on_a_segment_sees_the_member_in_it_whoever_brought_it() -> None:
    rule = tagging("segment.entered", "seen", "when: \"'lapsing' in member.segments\", ")
    ran = run(
        programme(rules(PER_EURO, rule), LAPSING),
        enrol(),
        buy("2026-01-10T15:00", 100),
        until="2026-05-01T00:00",
    )
    assert ran.ana["tags"] == ["seen"]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("member.days_since_purchase >= 90", ({90}, False)),
        (
            (
                "(member.days_since_purchase >= 90 && member.days_since_joining < 7) ||"
                " member.purchases.count == 0"
            ),
            ({90, 7}, False),
        ),
        ("2 * member.days_since_purchase >= 90", (set(), True)),
        ("member.days_since_purchase >= 90 - 10", (set(), True)),
        ("90 <= member.days_since_purchase", (set(), True)),
        ("member.joined_at < now", (set(), True)),
        ("member.purchases.count > 3", (set(), False)),
    ],
)
def test_on_which_days_time_may_move_a_member(when: str, expected: tuple[set[int], bool]) -> None:
    watch = time_triggers(programme(f'segments: [{{code: s, name: S, when: "{when}"}}]'))
    assert (set(watch.day_counts), watch.any_day) == expected


# ---------------------------------------------------------------- schedules


def scheduled(at: str, more: str = "") -> Programme:
    return programme(
        rules(
            f'{{code: weekly, title: W, on: schedule, at: "{at}"{more}, do: [{{award: {{wallet: points,'
            " fixed: 5}}]}",
            PER_EURO,
        ),
        LAPSING,
    )


def test_a_schedule_keeps_the_local_clock_time() -> None:
    ran = run(scheduled("0 9 * * mon"), enrol("2026-03-20T10:00"), until="2026-04-14T00:00")
    assert ran.times("schedule") == [
        "2026-03-23T09:00",
        "2026-03-30T08:00",
        "2026-04-06T08:00",
        "2026-04-13T08:00",
    ]
    assert ran.entries() == [("AWARD", 5)] * 4


def test_a_schedule_is_for_those_in_its_segment_at_that_instant() -> None:
    p = scheduled("30 8 1 * *", ", for: lapsing")
    ran = run(
        p, enrol(), buy("2026-01-10T15:00", 100), buy("2026-06-15T10:00", 100), until="2026-09-01T00:00"
    )
    assert ran.times("schedule") == ["2026-05-01T07:30", "2026-06-01T07:30"]


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        (
            "30 1 * * *",
            "2026-03-28T10:00",
            "2026-03-29T01:30",
        ),  # 01:30 is skipped: an hour later by the clock
        ("30 1 * * *", "2026-03-29T01:30", "2026-03-30T00:30"),
        ("30 1 * * *", "2026-10-24T10:00", "2026-10-25T00:30"),  # 01:30 is there twice: the first
        ("30 1 * * *", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("0 0 29 2 *", "2026-01-01T00:00", "2028-02-29T00:00"),
        ("0 * * * *", "2026-10-25T00:00", "2026-10-25T02:00"),
        ("*/15 9-10 * * mon-fri", "2026-07-03T09:45", "2026-07-06T08:00"),
        ("0 9 13 * fri", "2026-02-13T09:00", "2026-03-13T09:00"),  # day and weekday both hold
        ("0 9 1-7 * mon", "2026-01-05T09:00", "2026-02-02T09:00"),  # each month's first Monday
    ],
)
def test_a_schedule_over_changes_of_the_clock(cron: str, after: str, expected: str) -> None:
    fires_at = cron_next(cron, ZoneInfo("Europe/Lisbon"), datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert fires_at == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_schedule_of_a_day_that_never_comes_keeps_nothing_waiting() -> None:
    never = rules(
        '{code: never, on: schedule, at: "0 9 31 2 *", do: [{award: {wallet: points, fixed: 5}}]}', PER_EURO
    )
    head = "programme: {code: t, name: T, currency: EUR, timezone: UTC, locales: [en]}"
    published = load_published(f"{head}\n{POINTS}\n{never}")  # published before this was a fault
    ran = run(published, enrol(), buy("2026-01-10T15:00", 100), until="2026-09-01T00:00")
    assert ran.times("schedule") == []
    assert ran.entries() == [("AWARD", 1)]


# ---------------------------------------------------------------- birthdays


@pytest.mark.parametrize(
    ("birthday", "times"),
    [
        ("1990-03-10", ["2026-03-10T00:00", "2027-03-10T00:00"]),
        ("2000-02-29", ["2026-02-28T00:00", "2027-02-28T00:00", "2028-02-29T00:00"]),
        ("1990-07-10", ["2026-07-09T23:00", "2027-07-09T23:00"]),
    ],
)
def test_birthdays_come_at_midnight(birthday: str, times: list[str]) -> None:
    p = programme(
        rules(
            f"{{code: gift, title: G, on: member.birthday, when: event.data.years == 2026 - {birthday[:4]},"
            " do: [{tag: x}]}"
        )
    )
    ran = run(p, enrol(birthday=birthday), until="2028-02-29T12:00")
    assert ran.times("member.birthday") == times
    assert [applied for applied, _, _ in ran.outcomes("gift")] == [True] + [False] * (len(times) - 1)


def test_anniversaries_of_joining() -> None:
    ran = run(programme(), enrol("2024-02-29T10:00"), until="2028-03-01T00:00")
    assert ran.times("member.anniversary") == [
        "2025-02-28T00:00",
        "2026-02-28T00:00",
        "2027-02-28T00:00",
        "2028-02-29T00:00",
    ]
