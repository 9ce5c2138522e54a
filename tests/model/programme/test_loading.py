"""Loading: every key becomes a value of its type, and all faults are reported at once."""

from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from domain.model.calendar import Span
from domain.model.conditions import Expression
from domain.model.programme import (
    CountBasis,
    LocalizedText,
    Programme,
    ProgrammeInvalid,
    load,
    load_with_warnings,
)
from domain.model.programme.loading import load_published
from domain.model.programme.vocabulary import BUILT_IN_EVENTS
from tests.model.programme.mistakes import CLUB, faults_of

DEMO = Path(__file__).parents[3] / "scripts" / "demo" / "programmes" / "numiscollect.yaml"


@pytest.fixture(scope="module")
def club() -> Programme:
    return load(CLUB)


def test_wallets(club: Programme) -> None:
    points, credit = club.wallets
    assert (points.pending, points.remind, points.debt, points.unit_cost) == (
        Span(days=14),
        Span(days=30),
        "forgive",
        Decimal("0.01"),
    )
    assert (points.expiry.after, points.expiry.round, points.expiry.renewed_by_activity) == (
        Span(months=12),
        "month",
        True,
    )
    assert points.expiry.by_tier == {"gold": "never", "silver": Span(months=24)}
    assert (credit.kind, credit.expiry.never, credit.pending, credit.debt) == ("money", True, None, "allow")


def test_rules(club: Programme) -> None:
    base, coins = club.rule("base").do[0].award, club.rule("coins")
    assert base is not None
    assert (base.amount, base.per, base.whole, base.tiered) == (1, 100, True, True)
    assert base.of == CountBasis(Expression("purchase.eligible"), "value")
    assert coins.do[0].award is not None
    assert (coins.do[0].award.times, coins.do[0].award.over) == (Fraction(3, 2), ("base",))
    assert coins.during is not None
    assert (coins.during.from_, coins.during.until) == (
        date(2026, 11, 1),
        datetime.fromisoformat("2026-12-31T18:00"),
    )
    assert (coins.listed, coins.qualifying, coins.holdout, coins.best_of) == (False, False, 10, "promotion")
    assert club.rule("monday").for_ == "regulars"
    assert club.rule("visit").do[8].for_ == Span(months=1)


def test_clock_hours_include_their_start_and_not_their_end(club: Programme) -> None:
    coins, quiet = club.rule("coins").during, club.programme.quiet_hours
    assert coins is not None
    assert coins.hours is not None
    assert [coins.hours.contains(time(*clock)) for clock in ((7, 59), (8, 0), (10, 59), (11, 0))] == [
        False,
        True,
        True,
        False,
    ]
    assert quiet is not None
    assert [quiet.contains(time(*clock)) for clock in ((20, 59), (21, 0), (3, 0), (7, 59), (8, 0))] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_tiers_keep_what_they_are_reached_by_where_nothing_else_is_said(club: Programme) -> None:
    assert club.tiers is not None
    assert [(rung.from_, rung.keep, rung.multiplier) for rung in club.tiers.ladder] == [
        (0, 0, Fraction(1)),
        (1000, 800, Fraction(5, 4)),
        (5000, 5000, Fraction(3, 2)),
    ]


def test_rules_and_badges_are_found_by_event_in_file_order(club: Programme) -> None:
    assert [rule.code for rule in club.rules_on("purchase.completed")] == ["base", "coins", "lines"]
    assert [badge.code for badge in club.badges_on("shop.visited")] == ["visitor"]
    assert club.rules_on("member.birthday") == ()


def test_an_unknown_code_is_a_key_error(club: Programme) -> None:
    with pytest.raises(KeyError):
        club.reward("nothing")


def test_a_text_falls_back_to_its_language_and_then_to_the_first_locale() -> None:
    text = LocalizedText({"en": "Club", "pt": "Clube"}, "en")
    assert [text.for_locale(locale) for locale in ("pt", "pt-BR", "en", "pl")] == [
        "Clube",
        "Clube",
        "Club",
        "Club",
    ]


def test_a_part_without_a_name_is_called_by_its_code_with_a_warning() -> None:
    loaded = load_with_warnings(CLUB.replace("name: Plus, ", ""))
    assert loaded.programme.plan("plus").name.for_locale("en") == "plus"
    assert [(warning.line, warning.path) for warning in loaded.warnings] == [(118, "plans[0].name")]


def test_every_fault_is_told_at_once_each_at_its_own_line() -> None:
    slips = {
        "currency: EUR": "curency: EUR",
        "remind: {days: 30}": "remind: {days: 0}",
        "of: purchase.eligible, whole": "of: purchase.eligble, whole",
        "times: 2, per: week": 'times: "2", per: fortnight',
        "code: visit\n": "code: visit us\n",
        "message: earned": "message: earnd",
        "from: 5000": "from: five",
        "levels: [1, 5, 25]": "levels: [1, 25, 5]",
        "kind: csat": "kind: cast",
    }
    text = CLUB
    for old, new in slips.items():
        text = text.replace(old, new)
    assert [(fault.line, fault.path) for fault in faults_of(text)] == [
        (4, "programme.curency"),
        (17, "wallets[0].remind"),
        (27, "rules[0].do[0].award.of"),
        (34, "rules[1].limit.times"),
        (34, "rules[1].limit.per"),
        (47, "rules[3].code"),
        (68, "rules[5].do[0].message"),
        (77, "tiers.ladder[2].from"),
        (85, "badges[0].levels"),
        (132, "surveys[0].kind"),
    ]


def test_a_slip_hides_no_fault_beside_it() -> None:
    text = """programme: {code: t, name: {pt: T}, currency: EURO, timezone: UTC, locales: [portuguese]}
wallets: [{code: points, kind: gold}]
rules:
  - {title: A, on: purchase.completed, when: purchase.t > 1, do: [{award: {wallet: p, fixed: x}}, {award: {wallet: p, amount: 1, of: 1 +}}]}
  - {code: b, on: purchase.complete, when: member.age > 1, cap: {amount: 0, per: hour}, do: [{vouchr: mug}]}
tiers:
  count: {wallet: pts}
  window: yearly
  ladder: [{code: a, name: A, from: 5}, {code: b, name: B, from: 3}]
rewards: [{code: mug, title: Mug, kind: thing, cost: {wallet: pts, amount: 0}}]
"""
    assert [
        (fault.line, fault.path)
        for fault in sorted(faults_of(text), key=lambda fault: (fault.line, fault.path))
    ] == [
        (1, "programme.currency"),
        (1, "programme.locales[0]"),
        (2, "wallets[0].kind"),
        (4, "rules[0].code"),
        (4, "rules[0].do[0].award.fixed"),
        (4, "rules[0].do[0].award.wallet"),
        (4, "rules[0].do[1].award.of"),
        (4, "rules[0].do[1].award.wallet"),
        (4, "rules[0].when"),
        (5, "rules[1].cap.amount"),
        (5, "rules[1].cap.per"),
        (5, "rules[1].do[0].vouchr"),
        (5, "rules[1].on"),
        (5, "rules[1].when"),
        (7, "tiers.count.wallet"),
        (8, "tiers.window"),
        (9, "tiers.ladder[0].from"),
        (9, "tiers.ladder[1].from"),
        (10, "rewards[0].cost.amount"),
        (10, "rewards[0].cost.wallet"),
        (10, "rewards[0].kind"),
    ]


def test_the_smallest_programme_is_a_header_and_a_wallet() -> None:
    programme = load(
        "programme: {code: c, name: C, currency: EUR, timezone: UTC, locales: [en]}\nwallets: [{code:"
        " points}]"
    )
    assert (programme.tiers, programme.rules, programme.wallet("points").expiry.never) == (None, (), True)


def test_the_demo_programme_is_sound_and_complete_in_each_of_its_languages() -> None:
    loaded = load_with_warnings(DEMO.read_text(encoding="utf-8"))
    assert loaded.warnings == ()
    assert loaded.missing_texts == {"en": (), "pl": ()}


def test_every_built_in_event_may_be_named_by_a_rule() -> None:
    for event in sorted(BUILT_IN_EVENTS):
        extra = 'at: "0 9 * * *",' if event == "schedule" else ""
        rule = f"  - {{code: any, on: {event}, {extra} do: [{{tag: seen}}]}}\n"
        assert load(CLUB.replace("tiers:\n  count", rule + "tiers:\n  count")).rule("any").on == (event,)


def test_what_was_published_is_read_also_where_the_check_would_refuse_it_by_now() -> None:
    refused = CLUB.replace("purchase.eligible", "purchase.of_another_version", 1)
    assert [fault.path for fault in faults_of(refused)] == ["rules[0].do[0].award.of"]
    assert load_published(refused).rule("base").do[0].award is not None
    with pytest.raises(ProgrammeInvalid):
        load_published(f"{CLUB}\nunheard_of: 1\n")
