"""How long paid plans run: trial, period and renewal, one trial a member, ends of plans that another replaced."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.model.ledger.decide import decide
from domain.model.ledger.events import Event, Profile
from domain.model.ledger.member import HeldPlan, Member
from domain.model.ledger.state.ledger_restore import restore_member
from domain.model.ledger.state.ledger_state import nest, state_paths
from tests.model.ledger.timed_programmes import tagging
from tests.model.simulation_runs import Line, buy, enrol, line, programme, rules, run

PLANS = (
    "plans: [{code: plus, name: Plus, price: 100, period: {months: 1}, trial: {days: 14}, multiplier: 2},"
    " {code: gold, name: Gold, price: 900, period: {months: 12}, trial: {days: 30}, multiplier: 3},"
    " {code: free, name: Free}]"
)


def plan(at: str, name: str, code: str | None = "plus", until: str | None = None) -> Line:
    data = {"plan": code, "until": until}
    return line(at, f"plan.{name}", {key: value for key, value in data.items() if value})


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ends(*lines: Line, until: str = "2028-01-01T00:00") -> list[str]:
    """Return when plans ended by themselves."""
    ran = run(programme(PLANS), enrol(), *lines, until=until)
    return [row["at"][:16] for row in ran.on("plan.ended") if row["by"] == "time"]


def test_the_first_plan_ever_runs_for_its_trial() -> None:
    assert ends(plan("2026-02-01T10:00", "started")) == ["2026-02-15T10:00"]


def test_a_second_plan_of_any_code_runs_for_its_period() -> None:
    assert ends(plan("2026-02-01T10:00", "started"), plan("2026-03-01T10:00", "started", "gold")) == [
        "2026-02-15T10:00",
        "2027-03-01T10:00",
    ]
    assert ends(plan("2026-02-01T10:00", "started"), plan("2026-02-03T10:00", "started", "gold")) == [
        "2027-02-03T10:00"
    ]


def test_the_trial_is_spent_by_a_plan_with_an_end_of_its_own_or_without_any() -> None:
    first = plan("2026-02-01T10:00", "started", until="2026-02-02T10:00:00Z")
    assert ends(first, plan("2026-03-01T10:00", "started")) == ["2026-02-02T10:00", "2026-04-01T09:00"]
    endless = plan("2026-02-01T10:00", "started", "free"), plan("2026-02-05T10:00", "ended", None)
    assert ends(*endless, plan("2026-03-01T10:00", "started")) == ["2026-04-01T09:00"]


def test_a_plan_stored_before_trials_were_remembered_spends_the_trial() -> None:
    held = HeldPlan("plus", instant("2026-01-05T10:00"), instant("2026-02-05T10:00"))
    state = {**state_paths(Member("ana", plan=held, joined_at=instant("2026-01-01T09:00")))}
    del state["had_plan"]
    member = restore_member(nest(state), id="ana", number="1", profile=Profile(), seq=1)
    event = Event("e", "plan.started", instant("2026-03-01T10:00"), "billing", {"plan": "plus"})
    after = decide(programme(PLANS), member, event, now=event.at).member
    assert after.plan == HeldPlan("plus", event.at, instant("2026-04-01T09:00"))  # summer time has begun


@pytest.mark.parametrize(
    ("renewed_at", "ended"),
    [
        ("2026-02-10T10:00", "2026-03-15T10:00"),  # from the end of the trial, 15 February
        ("2026-02-20T10:00", "2026-03-20T10:00"),  # from the renewal's own time, the plan being over
    ],
)
def test_a_renewal_adds_a_period_to_the_later_of_its_time_and_the_end(renewed_at: str, ended: str) -> None:
    assert ends(plan("2026-02-01T10:00", "started"), plan(renewed_at, "renewed"))[-1] == ended


def test_a_plan_that_was_stored_for_life_stays_one_when_it_is_renewed() -> None:
    held = HeldPlan("plus", instant("2026-02-01T10:00"), instant("9999-12-31T23:59:59"))
    member = Member("ana", number="1", plan=held, had_plan=True, joined_at=instant("2026-01-01T09:00"))
    event = Event("e", "plan.renewed", instant("2026-03-01T10:00"), "billing", {"plan": "plus"})
    assert decide(programme(PLANS), member, event, now=event.at).member.plan == held


def test_a_renewal_of_another_plan_begins_at_its_own_time() -> None:
    lines = plan("2026-02-01T10:00", "started", "gold"), plan("2026-02-10T10:00", "renewed")
    assert ends(*lines) == ["2026-03-10T10:00"]


def test_two_renewals_add_two_periods_in_any_order() -> None:
    a, b = plan("2026-02-10T10:00", "renewed"), plan("2026-02-11T10:00", "renewed")
    assert ends(plan("2026-02-01T10:00", "started"), a, b) == ["2026-04-15T09:00"]
    assert ends(plan("2026-02-01T10:00", "started"), b, a) == ["2026-04-15T09:00"]


def test_a_trial_and_a_period_keep_the_local_clock_time() -> None:
    assert ends(plan("2026-03-01T10:00", "started", "gold")) == ["2026-03-31T09:00"]


def test_a_plan_without_period_and_trial_runs_until_it_is_ended() -> None:
    assert ends(plan("2026-02-01T10:00", "started", "free")) == []


@pytest.mark.parametrize(
    "late",
    [
        plan("2026-03-02T10:00", "ended"),  # names the plan that was replaced
        plan("2026-02-20T10:00", "ended", "gold"),  # of a time before the plan began
        plan("2026-02-20T10:00", "ended", None),
        plan("2026-02-20T10:00", "started"),  # of a time before it, too
        plan("2026-02-20T10:00", "renewed"),
    ],
)
def test_what_is_told_of_an_old_plan_leaves_the_new_one(late: Line) -> None:
    held = tagging("purchase.completed", "gold", "when: member.plan == 'gold', ")
    p = programme(rules(held), PLANS)
    lines = plan("2026-02-01T10:00", "started"), plan("2026-03-01T10:00", "started", "gold"), late
    ran = run(p, enrol(), *lines, buy("2026-03-05T10:00", 100), until="2028-01-01T00:00")
    assert ran.ana["tags"] == ["gold"]
    assert [row["at"][:16] for row in ran.on("plan.ended") if row["by"] == "time"][-1] == "2027-03-01T10:00"


def test_the_end_of_a_plan_that_is_not_held_fires_no_rule() -> None:
    p = programme(rules(tagging("plan.ended", "gone")), PLANS)
    lines = plan("2026-02-01T10:00", "started"), plan("2026-02-03T10:00", "started", "gold")
    ran = run(p, enrol(), *lines, plan("2026-02-03T10:01", "ended"))
    assert ran.ana["tags"] == []
    assert ran.outcomes("gone") == [(False, 0, "nothing_to_count")]
    assert run(p, enrol(), *lines, plan("2026-02-03T10:01", "ended", "gold")).ana["tags"] == ["gone"]


def test_a_plan_that_ended_by_itself_is_not_ended_again() -> None:
    p = programme(rules(tagging("plan.ended", "gone")), PLANS)
    ran = run(p, enrol(), plan("2026-02-01T10:00", "started"), plan("2026-02-15T10:05", "ended"))
    assert [applied for applied, _, _ in ran.outcomes("gone")] == [True, False]


def test_rules_and_messages_know_the_end_that_the_plan_gives() -> None:
    known = "when: event.data.plan == 'plus' && event.data.until == '2026-02-15T10:00:00+00:00', "
    p = programme(rules(tagging("plan.started", "known", known)), PLANS)
    assert run(p, enrol(), plan("2026-02-01T10:00", "started")).ana["tags"] == ["known"]


def test_a_late_purchase_is_multiplied_by_the_plan_of_a_late_start() -> None:
    base = "{code: base, title: B, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100,"
    p = programme(rules(f"{base} of: purchase.total, tiered: true}}}}]}}"), PLANS)
    late = plan("2026-02-01T10:00", "started"), buy("2026-02-02T10:00", 1000)
    ran = run(p, enrol(), buy("2026-03-01T10:00", 100), *late)
    assert ran.ana["wallets"]["points"]["earned"] == 1 + 20
