"""Several counts by name: any one reaches and keeps a tier, and a step goes only when none reaches it.

Days are in Lisbon time, money in cents.
"""

import pytest

from domain.model.ledger.counting import tally_of
from domain.model.ledger.decide import at_instant
from domain.model.ledger.events import Json
from domain.model.ledger.state import ledger_restore, ledger_state
from domain.model.ledger.tiers import tier_progress
from domain.model.simulate import InputLine, Simulation
from domain.model.simulate.inputs import read_instant
from tests.model.ledger.count_programmes import HOTEL_RUNGS, hotel, shop, stay
from tests.model.ledger.tier_programmes import REACHING, ROLLING, tier_changes, tier_programme, worth
from tests.model.simulation_runs import Line, Run, buy, enrol, refund, run

WINDOWS = [ROLLING, "calendar_year", REACHING]


def tier(ran: Run) -> str:
    return str(ran.ana["tier"]["code"])


def numbers(ran: Run) -> dict[str, tuple[int, int | None, int | None]]:
    """Return what each count has, and misses for the next tier and to keep this one."""
    counts = ran.ana["tier"]["counts"].items()
    return {name: (one["qualifying"], one["toNext"], one["toKeep"]) for name, one in counts}


# ---------------------------------------------------------------- going up


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("last", [stay("2026-02-01T10:00", 10), buy("2026-02-01T10:00", 100_000)])
def test_any_one_count_reaches_a_tier(window: str, last: Line) -> None:
    ran = run(hotel(window), enrol(), last)
    assert tier(ran) == "silver"
    assert ran.last["events"].count("tier.changed") == 1


@pytest.mark.parametrize("window", WINDOWS)
def test_counts_are_not_added_up(window: str) -> None:
    ran = run(hotel(window), enrol(), stay("2026-02-01T10:00", 9), buy("2026-02-02T10:00", 99_999))
    assert tier(ran) == "basic"
    assert numbers(ran) == {"nights": (9, 1, None), "spend": (99_999, 1, None)}


def test_a_count_that_a_rung_leaves_out_does_not_reach_it() -> None:
    ran = run(hotel(ROLLING), enrol(), buy("2026-02-01T10:00", 9_000_000))
    assert tier(ran) == "gold"
    assert numbers(ran) == {"nights": (0, 60, 30), "spend": (9_000_000, None, 300_000)}
    assert tier(run(hotel(ROLLING), enrol(), stay("2026-02-01T10:00", 60))) == "top"


def test_the_count_that_reaches_the_highest_decides() -> None:
    ran = run(hotel(ROLLING), enrol(), stay("2026-02-01T10:00", 12), buy("2026-02-02T10:00", 300_000))
    assert tier_changes(ran) == [
        ("2026-02-01T10:00", "stay.completed"),
        ("2026-02-02T10:00", "purchase.completed"),
    ]
    assert tier(ran) == "gold"


# ---------------------------------------------------------------- what is shown


def test_progress_shows_each_count_and_of_all_the_nearest() -> None:
    lines = enrol(), stay("2026-02-01T10:00", 12), buy("2026-02-02T10:00", 120_000)
    p = hotel("calendar_year")
    ran = run(p, *lines)
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 12,  # 12 of 30 nights are 40 %, 1,200 of 3,000 euros too: the first in the file
        "toNext": 18,
        "toKeep": 8,  # the review at the end of 2027 looks at that year
        "until": "2027-12-31",
        "counts": {
            "nights": {"qualifying": 12, "toNext": 18, "toKeep": 8},
            "spend": {"qualifying": 120_000, "toNext": 180_000, "toKeep": 80_000},
        },
    }


def test_the_nearest_count_is_shown_where_one_is_asked_for() -> None:
    ran = run(hotel(ROLLING), enrol(), stay("2026-02-01T10:00", 2), buy("2026-02-02T10:00", 50_000))
    shown = ran.ana["tier"]
    assert (shown["qualifying"], shown["toNext"], shown["toKeep"]) == (50_000, 50_000, None)


# ---------------------------------------------------------------- keeping


def test_a_rolling_tier_is_held_as_long_as_any_count_keeps_it() -> None:
    lines = enrol(), stay("2026-01-15T10:00", 10), buy("2026-03-01T10:00", 80_000)
    until = "2027-03-02T12:00"
    ran = run(hotel(ROLLING), *lines, until=until)
    assert tier_changes(ran) == [
        ("2026-01-15T10:00", "stay.completed"),
        ("2027-03-02T00:00", "tier.changed"),  # nights went on 16 January, spend keeps it through 1 March
    ]
    held = run(hotel(ROLLING), *lines, until="2027-02-01T12:00")
    assert (held.ana["tier"]["code"], held.ana["tier"]["until"]) == ("silver", "2027-03-01")
    assert numbers(held) == {"nights": (0, 30, 8), "spend": (80_000, 220_000, 80_000)}


def test_a_count_that_keep_leaves_out_keeps_the_tier_by_what_reaches_it() -> None:
    p = hotel("calendar_year")
    assert p.tiers is not None
    assert p.tier("gold").keeping == {"nights": 30, "spend": 300_000}
    only_nights = hotel("calendar_year", rungs=HOTEL_RUNGS.replace(", spend: 80000", ""))
    assert only_nights.tier("silver").keeping == {"nights": 8, "spend": 100_000}


def test_a_calendar_year_is_passed_by_another_count_than_reached_it() -> None:
    lines = enrol(), stay("2026-02-01T10:00", 10), buy("2027-06-01T10:00", 80_000)
    ran = run(hotel("calendar_year"), *lines, until="2028-01-01T12:00")
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["until"]) == ("silver", "2028-12-31")
    less = run(hotel("calendar_year"), *lines[:2], buy("2027-06-01T10:00", 79_999), until="2028-01-01T12:00")
    assert tier(less) == "basic"


def test_a_term_counts_each_count_after_what_reached_the_tier() -> None:
    lines = enrol(), stay("2026-02-01T10:00", 12), buy("2026-03-01T10:00", 80_000)
    ran = run(hotel(REACHING), *lines, until="2027-02-02T12:00")
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["until"]) == ("silver", "2028-02-02")
    nights = run(hotel(REACHING), *lines[:2], stay("2026-03-01T10:00", 7), until="2027-02-02T12:00")
    assert tier(nights) == "basic"  # 7 of 8 nights, and the 12 that reached it are of no term


def test_grace_ends_by_either_count() -> None:
    p = hotel(ROLLING, "grace: {days: 30}")
    lines = enrol(), stay("2026-01-15T10:00", 10)
    lost = run(p, *lines, until="2027-02-20T12:00")
    assert tier_changes(lost)[1:] == [("2027-02-16T00:00", "tier.changed")]  # due on 16 January
    kept = run(p, *lines, buy("2027-02-10T10:00", 80_000), until="2027-02-20T12:00")
    assert tier_changes(kept)[1:] == []
    assert kept.ana["tier"]["until"] == "2028-03-12"  # spent on 10 February, and 30 days of grace


@pytest.mark.parametrize(("downgrade", "after"), [("one_step", "gold"), ("requalify", "silver")])
def test_a_review_goes_down_one_rung_or_to_what_any_count_reaches(downgrade: str, after: str) -> None:
    lines = enrol(), stay("2026-01-15T10:00", 60), buy("2026-11-01T10:00", 100_000)
    ran = run(hotel(ROLLING, f"downgrade: {downgrade}"), *lines, until="2027-01-16T01:00")
    assert tier(ran) == after


# ---------------------------------------------------------------- refunds


@pytest.mark.parametrize("window", WINDOWS)
def test_a_step_goes_only_when_no_count_reaches_it(window: str) -> None:
    bought = enrol(), buy("2026-02-01T10:00", 100_000, id="r")
    assert tier(run(hotel(window), *bought, refund("2026-02-20T10:00", "r"))) == "basic"
    both = *bought, stay("2026-02-10T10:00", 10)
    ran = run(hotel(window), *both, refund("2026-02-20T10:00", "r"))
    assert tier(ran) == "silver"
    assert numbers(ran)["spend"][0] == 0
    assert "tier.changed" not in ran.last["events"]


def test_a_refund_goes_back_to_what_another_count_reaches() -> None:
    lines = enrol(), stay("2026-02-01T10:00", 10), buy("2026-02-05T10:00", 300_000, id="r")
    ran = run(hotel(ROLLING), *lines, refund("2026-02-20T10:00", "r", 200_001))
    assert tier(ran) == "silver"
    assert numbers(ran) == {"nights": (10, 20, 8), "spend": (99_999, 200_001, 80_000)}


@pytest.mark.parametrize("parts", [(100_000,), (1, 99_999), (40_000, 30_000, 30_000)])
def test_refunds_in_parts_leave_each_count_as_one_does(parts: tuple[int, ...]) -> None:
    lines = enrol(), buy("2026-02-05T10:00", 130_000, id="r"), stay("2026-02-06T10:00", 4)
    refunds = [refund(f"2026-02-2{day}T10:00", "r", part) for day, part in enumerate(parts)]
    ran = run(hotel(REACHING), *lines, *refunds)
    assert tier(ran) == "basic"
    assert numbers(ran) == {"nights": (4, 6, None), "spend": (30_000, 70_000, None)}


def test_a_bonus_of_a_tier_does_not_hold_it_by_its_count() -> None:
    """100 points reach silver; 80 euros then give 80 and 40 more by silver itself."""
    lines = enrol(), buy("2026-02-01T10:00", worth(100), id="r"), buy("2026-02-02T10:00", worth(80))
    assert numbers(run(shop(ROLLING), *lines))["points"][0] == 220
    ran = run(shop(ROLLING), *lines, refund("2026-02-03T10:00", "r"))
    assert tier(ran) == "basic"
    assert numbers(ran) == {"points": (80, 20, None), "visits": (1, 2, None)}
    third = buy("2026-02-02T12:00", worth(1)), buy("2026-02-02T13:00", worth(1))
    by_visits = run(shop(ROLLING), *lines, *third, refund("2026-02-03T10:00", "r"))
    assert tier(by_visits) == "silver"  # three visits reach it; 82 points and 40 extra
    assert numbers(by_visits) == {"points": (122, 78, 100), "visits": (3, None, 3)}


# ---------------------------------------------------------------- late events


def test_a_late_stay_reaches_the_tier_by_the_window_of_its_time() -> None:
    lines = enrol(), stay("2026-01-10T10:00", 6), buy("2026-03-01T10:00", 50_000)
    ran = run(hotel("{rolling: {days: 30}}"), *lines, stay("2026-01-20T10:00", 4))
    assert tier_changes(ran)[0] == ("2026-01-20T10:00", "stay.completed")


@pytest.mark.parametrize("window", WINDOWS)
def test_a_queue_of_late_events_ends_where_the_same_in_time_would(window: str) -> None:
    events = [
        buy("2026-02-01T10:00", 60_000),
        stay("2026-02-03T10:00", 11),
        buy("2026-02-05T10:00", 50_000),
        stay("2026-02-07T10:00", 22),
        buy("2026-02-09T10:00", 1_000),
    ]
    last = buy("2026-03-01T10:00", 100)
    in_time = run(hotel(window), enrol(), *events, last, until="2026-03-02T10:00")
    late = run(hotel(window), enrol(), last, *events, until="2026-03-02T10:00")
    assert late.ana["tier"] == in_time.ana["tier"]


# ---------------------------------------------------------------- what is kept


def _simulate(p: Simulation, *lines: Line) -> None:
    for number, one in enumerate(lines, start=1):
        event_data: dict[str, Json] = one["data"]
        at = read_instant(number, one["at"])
        for _ in p.event(InputLine(number, at, "ana", one["name"], one["source"], event_data)):
            pass


@pytest.mark.parametrize("window", WINDOWS)
def test_the_state_of_each_count_is_kept_and_read_back(window: str) -> None:
    lines = enrol(), stay("2026-02-01T10:00", 12), buy("2026-02-02T10:00", worth(80), id="r")
    simulation = Simulation(hotel(window))
    _simulate(simulation, *lines, stay("2026-02-03T10:00", 30), refund("2026-02-04T10:00", "r", 10))
    ana = simulation.members["ana"]
    state = ledger_state.nest(ledger_state.state_paths(ana))
    back = ledger_restore.restore_member(
        state, id=ana.id, number=ana.number, profile=ana.profile, seq=ana.seq
    )
    assert back.tier == ana.tier
    assert ana.tier is not None
    assert [step.to for step in ana.tier.steps] == ["silver", "gold"]


def test_a_version_with_several_counts_goes_on_with_what_a_single_one_had_counted() -> None:
    """800 points of the single count reach what 100 do; what is bought then counts beside them."""
    simulation = Simulation(tier_programme(ROLLING))
    _simulate(simulation, enrol(), buy("2026-02-01T10:00", worth(800), id="r"))
    after = shop(ROLLING)
    ana = simulation.members["ana"]
    assert ana.tier is not None
    assert tally_of(after, ana.tier, "points").cumulative[1][-1] == 800
    simulation.programme = after
    _simulate(simulation, buy("2026-02-02T10:00", worth(5)))
    ana = at_instant(after, simulation.members["ana"], now=read_instant(1, "2026-02-03T10:00:00Z"))
    assert ana.tier is not None
    assert not ana.tier.days
    progress = tier_progress(after, ana, now=read_instant(1, "2026-02-03T10:00:00Z"))
    assert progress is not None
    assert progress.code == "gold"
    assert [(count.name, count.qualifying) for count in progress.counts] == [("points", 805), ("visits", 1)]
