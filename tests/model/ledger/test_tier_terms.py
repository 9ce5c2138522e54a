"""How long a tier is held: by the calendar year, and from the day on which it was reached. Days are in Lisbon time."""

from tests.model.ledger.tier_programmes import REACHING, tier_changes, tier_programme, worth
from tests.model.simulation_runs import (
    buy,
    enrol,
    run,
)

# ---------------------------------------------------------------- calendar year


def test_a_calendar_year_tier_is_held_through_the_year_after_it_was_reached() -> None:
    p = tier_programme("calendar_year")
    lines = enrol(), buy("2026-03-15T10:00", worth(1000))
    ran = run(p, *lines, until="2026-12-31T12:00")
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 1000,
        "toNext": 4000,
        "toKeep": 800,
        "until": "2027-12-31",
    }
    new_year = run(p, *lines, until="2027-01-01T00:00")
    assert new_year.ana["tier"] == {
        "code": "silver",
        "qualifying": 0,
        "toNext": 5000,
        "toKeep": 800,
        "until": "2027-12-31",
    }
    assert tier_changes(run(p, *lines, until="2028-06-01T00:00"))[-1] == ("2028-01-01T00:00", "tier.changed")


def test_the_calendar_review_looks_at_the_year_just_ended() -> None:
    p = tier_programme("calendar_year")
    lines = enrol(), buy("2026-03-15T10:00", worth(1000)), buy("2027-12-31T23:59", worth(800))
    ran = run(p, *lines, until="2028-06-01T00:00")
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 0,
        "toNext": 5000,
        "toKeep": 800,
        "until": "2028-12-31",
    }
    missed = run(
        p,
        enrol(),
        buy("2026-03-15T10:00", worth(1000)),
        buy("2028-01-01T00:00", worth(800)),
        until="2028-06-01T00:00",
    )
    assert missed.ana["tier"]["code"] == "basic"


def test_moved_down_a_calendar_tier_is_held_through_the_year_that_has_begun() -> None:
    p = tier_programme("calendar_year")
    ran = run(p, enrol(), buy("2026-03-15T10:00", worth(5000)), until="2028-06-01T00:00")
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 0,
        "toNext": 5000,
        "toKeep": 800,
        "until": "2028-12-31",
    }
    assert (
        run(p, enrol(), buy("2026-03-15T10:00", worth(5000)), until="2029-01-01T00:00").ana["tier"]["code"]
        == "basic"
    )


def test_calendar_requalify_goes_by_the_year_just_ended() -> None:
    p = tier_programme("calendar_year", "downgrade: requalify")
    ran = run(
        p,
        enrol(),
        buy("2026-03-15T10:00", worth(5000)),
        buy("2027-05-01T10:00", worth(1500)),
        until="2028-01-02T00:00",
    )
    assert ran.ana["tier"]["code"] == "silver"


def test_calendar_grace() -> None:
    p = tier_programme("calendar_year", "grace: {days: 30}")
    lines = enrol(), buy("2026-03-15T10:00", worth(1000))
    assert run(p, *lines).ana["tier"]["until"] == "2028-01-31"
    assert tier_changes(run(p, *lines, until="2028-06-01T00:00"))[-1] == ("2028-02-01T00:00", "tier.changed")
    met = run(p, *lines, buy("2028-01-20T10:00", worth(800)), until="2028-06-01T00:00")
    assert (met.ana["tier"]["code"], met.ana["tier"]["until"]) == ("silver", "2029-01-31")


def test_the_year_begins_in_the_programmes_zone() -> None:
    ran = run(
        tier_programme("calendar_year", zone="Asia/Tokyo"), enrol(), buy("2026-12-31T15:00", worth(1000))
    )
    assert ran.ana["tier"]["until"] == "2028-12-31"
    before = run(
        tier_programme("calendar_year", zone="Asia/Tokyo"), enrol(), buy("2026-12-31T14:59", worth(1000))
    )
    assert before.ana["tier"]["until"] == "2027-12-31"


# ---------------------------------------------------------------- from reaching


def test_from_reaching_is_held_through_the_same_day_next_year() -> None:
    p = tier_programme(REACHING)
    lines = enrol(), buy("2026-01-10T10:00", worth(400)), buy("2026-01-15T10:00", worth(600))
    ran = run(p, *lines)
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 1000,
        "toNext": 4000,
        "toKeep": 800,
        "until": "2027-01-15",
    }
    assert tier_changes(run(p, *lines, until="2027-06-01T00:00"))[-1] == ("2027-01-16T00:00", "tier.changed")


def test_the_review_asks_what_came_after_the_event_that_reached_it() -> None:
    p = tier_programme(REACHING)
    lines = enrol(), buy("2026-01-15T10:00", worth(3000)), buy("2026-01-15T10:01", worth(500))
    ran = run(p, *lines, buy("2027-01-15T10:00", worth(300)), until="2027-01-16T12:00")
    # passed: a new term begins with the review's day
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 300,
        "toNext": 4700,
        "toKeep": 800,
        "until": "2028-01-16",
    }
    missed = run(p, *lines, buy("2027-01-15T10:00", worth(299)), until="2027-01-16T12:00")
    assert missed.ana["tier"]["code"] == "basic"


def test_a_purchase_at_the_very_start_of_a_term_counts_in_it() -> None:
    p = tier_programme(REACHING)
    lines = enrol(), buy("2026-01-15T10:00", worth(1000)), buy("2026-06-15T10:00", worth(800))
    ran = run(p, *lines, buy("2027-01-16T00:00", worth(800)), until="2028-01-17T12:00")
    assert ran.ana["tier"]["code"] == "silver"


def test_reaching_the_next_tier_begins_a_term_of_its_own() -> None:
    p = tier_programme(REACHING)
    ran = run(p, enrol(), buy("2026-01-15T10:00", worth(1000)), buy("2026-05-01T10:00", worth(4000)))
    assert ran.ana["tier"] == {
        "code": "gold",
        "qualifying": 5000,
        "toNext": None,
        "toKeep": 4000,
        "until": "2027-05-01",
    }


def test_from_reaching_with_grace_counts_what_comes_in_it() -> None:
    p = tier_programme(REACHING, "grace: {days: 30}")
    lines = enrol(), buy("2026-01-15T10:00", worth(1000)), buy("2026-06-01T10:00", worth(500))
    met = run(p, *lines, buy("2027-02-01T10:00", worth(300)), until="2027-03-01T00:00")
    assert (met.ana["tier"]["code"], met.ana["tier"]["until"]) == ("silver", "2028-03-03")
    lost = run(p, *lines, until="2027-03-01T00:00")
    assert tier_changes(lost)[-1] == ("2027-02-16T00:00", "tier.changed")


def test_moved_down_from_reaching_begins_a_term_on_that_day() -> None:
    p = tier_programme(REACHING)
    ran = run(p, enrol(), buy("2026-01-15T10:00", worth(5000)), until="2027-01-16T12:00")
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 0,
        "toNext": 5000,
        "toKeep": 800,
        "until": "2028-01-16",
    }
