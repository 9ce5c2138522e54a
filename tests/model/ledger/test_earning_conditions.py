"""Conditions and periods of an earning rule: what a condition sees, and when a rule is on."""

import pytest

from tests.model.ledger.earning_programmes import FIFTY, played, with_rule
from tests.model.simulation_runs import buy, enrol, line, programme, rules, run

# ---------------------------------------------------------------- conditions


def test_a_condition_that_fails_on_an_event_is_false() -> None:
    ran = run(
        with_rule(f"on: game.played, when: event.data.score + 1 > 0, {FIFTY}"),
        enrol(),
        played("2026-01-02T10:00"),
    )
    assert ran.outcome("one") == (False, 0, "when")


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("event.data.score == null", True),
        ("event.data.level == null", True),
        ("event.name == 'game.played' && event.source == 'till'", True),
        ("event.at == now", True),
        ("now == timestamp('2026-01-02T10:00:00Z')", True),
        ("member.last_purchase_at == null && member.days_since_purchase == null", True),
        ("member.birthday == null", True),
        ("member.birthday == '1990-01-01'", False),
        ("member.tier == null && member.plan == null", True),
        ("member.number == 'ana'", True),
        ("member.purchases.count == 0 && member.purchases.total == 0 && member.purchases.average == 0", True),
        ("member.days_since_joining == 1", True),
        ("member.consents == ['news']", True),
        ("member.balance.points == 0 && member.earned.points == 0", True),
        (
            (
                "size(member.tags) == 0 && size(member.segments) == 0 && size(member.badges) == 0 &&"
                " member.referrals == 0"
            ),
            True,
        ),
        ("member.locale == 'en'", True),
    ],
)
def test_what_is_missing_is_null_and_the_rest_is_there(when: str, holds: bool) -> None:
    consents = "consents: [{purpose: news, title: N, wording: W}]"
    ran = run(
        with_rule(f'on: game.played, when: "{when}", {FIFTY}', consents),
        enrol(consents=["news"]),
        played("2026-01-02T10:00"),
    )
    assert ran.outcome("one") == ((True, 50, None) if holds else (False, 0, "when"))


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("purchase.first", [True, False]),
        ("member.purchases.count == 1", [False, True]),  # counters as before the event
        ("member.balance.points == 0", [True, False]),
        (
            "purchase.store == 'lisboa' && purchase.source == 'till' && purchase.currency == 'EUR'",
            [True, True],
        ),
        ("purchase.lines.exists(l, l.category == 'coins')", [True, True]),
        ("member.purchases.categories.coins >= 1000", [False, True]),
        ("member.purchases.average == 5000", [False, True]),
    ],
)
def test_a_rule_sees_the_member_as_before_the_purchase(when: str, holds: list[bool]) -> None:
    p = with_rule(f'on: purchase.completed, when: "{when}", {FIFTY}')
    items = ("coins", 1, 1000)
    ran = run(p, enrol(), buy("2026-01-02T10:00", 5000, items), buy("2026-01-03T10:00", 5000, items))
    assert [applied for applied, _, _ in ran.outcomes("one")] == holds


def test_enrolment_and_consent_are_seen_as_after_them() -> None:
    welcome = (
        f"{{code: welcome, title: W, on: member.enrolled, when: \"'news' in member.consents\", {FIFTY}}}"
    )
    agreed = (
        "{code: agreed, title: A, on: member.consented, when: \"'news' in member.consents &&"
        f' event.data.granted", {FIFTY}}}'
    )
    p = programme(rules(welcome, agreed), "consents: [{purpose: news, title: N, wording: W}]")
    assert run(p, enrol(consents=["news"])).outcome("welcome")[0] is True
    assert run(p, enrol()).outcome("welcome")[0] is False
    consent = line("2026-01-02T10:00", "member.consented", {"purpose": "news", "granted": True})
    assert run(p, enrol(), consent).outcome("agreed")[0] is True


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("during", "at", "holds"),
    [
        ('{from: "2026-07-01"}', "2026-06-30T22:59:59.999Z", False),
        ('{from: "2026-07-01"}', "2026-06-30T23:00", True),
        ('{until: "2026-07-31"}', "2026-07-31T22:59:59.999Z", True),  # its day whole
        ('{until: "2026-07-31"}', "2026-07-31T23:00", False),
        ('{until: "2026-07-31T12:00:00"}', "2026-07-31T10:59:59.999Z", True),
        ('{until: "2026-07-31T12:00:00"}', "2026-07-31T11:00", False),
        ('{from: "0001-01-01", until: "9999-12-31"}', "2026-07-31T23:00", True),  # for good
        ("{weekdays: [sat, sun]}", "2026-07-03T22:59", False),
        ("{weekdays: [sat, sun]}", "2026-07-03T23:00", True),
        ('{hours: "08:00-11:00"}', "2026-07-03T06:59:59.999Z", False),
        ('{hours: "08:00-11:00"}', "2026-07-03T07:00", True),  # their start, not their end
        ('{hours: "08:00-11:00"}', "2026-07-03T09:59:59.999Z", True),
        ('{hours: "08:00-11:00"}', "2026-07-03T10:00", False),
        ('{hours: "22:00-02:00"}', "2026-07-03T00:59", True),
        ('{hours: "22:00-02:00"}', "2026-07-03T01:00", False),
        ('{hours: "08:00-11:00"}', "2026-12-03T07:30", False),  # winter: local is UTC
    ],
)
def test_during_means_the_programmes_zone(during: str, at: str, holds: bool) -> None:
    ran = run(with_rule(f"on: game.played, during: {during}, {FIFTY}"), enrol(), played(at))
    assert ran.outcome("one") == ((True, 50, None) if holds else (False, 0, "during"))
