"""A consent granted at enrolment is an event like any other: rules on it fire, after those on the enrolment."""

from __future__ import annotations

from tests.model.ledger.timed_programmes import tagging
from tests.model.simulation_runs import enrol, line, programme, rules, run

BONUS = (
    "{code: bonus, title: B, on: member.consented, when: event.data.granted && event.data.purpose == 'news', limit:"
    " {times: 1, per: ever}, do: [{award: {wallet: points, fixed: 20}}]}"
)
CONSENTS = "consents: [{purpose: news, title: N, wording: W}, {purpose: partners, title: P, wording: W}]"


def test_each_granted_purpose_is_an_event_in_the_order_of_the_list() -> None:
    ran = run(programme(CONSENTS), enrol(consents=["partners", "news", "partners"]))
    assert [(row["event"], row["by"]) for row in ran] == [
        ("member.enrolled", "input"),
        ("member.consented", "decision"),
        ("member.consented", "decision"),
    ]
    tags = [
        tagging("member.consented", p, f"when: event.data.purpose == '{p}', ") for p in ("news", "partners")
    ]
    assert run(programme(rules(*tags), CONSENTS), enrol(consents=["news"])).ana["tags"] == ["news"]


def test_a_rule_on_it_fires_and_its_limit_counts() -> None:
    p = programme(rules(BONUS), CONSENTS)
    again = line("2026-01-03T10:00", "member.consented", {"purpose": "news", "granted": True})
    assert run(p, enrol(consents=["news"])).ana["wallets"]["points"]["available"] == 20
    assert run(p, enrol(consents=["news"]), again).ana["wallets"]["points"]["available"] == 20
    assert run(p, enrol(consents=["partners"])).ana["wallets"].get("points", {}).get("available", 0) == 0
    assert run(p, enrol(), again).ana["wallets"]["points"]["available"] == 20


def test_rules_on_the_enrolment_see_every_consent_granted_with_it() -> None:
    p = programme(rules(tagging("member.enrolled", "both", "when: size(member.consents) == 2, ")), CONSENTS)
    assert run(p, enrol(consents=["news", "partners"])).ana["tags"] == ["both"]
