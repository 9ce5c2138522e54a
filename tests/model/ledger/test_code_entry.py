"""Codes that members enter: what they give, once each, within their time and number, also at enrolment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.model.event_names import CODE_ENTERED, ENROLLED
from domain.model.ledger.decide import decide
from domain.model.ledger.deciding.code_entry import refusal_of
from domain.model.ledger.decision import CodeRefused
from domain.model.ledger.events import Event, Profile
from domain.model.ledger.member import Member
from domain.model.ledger.state.ledger_restore import restore_member
from domain.model.ledger.state.ledger_state import fold_rows, nest, state_paths
from domain.model.programme import Programme
from domain.model.values import evolve
from tests.model.simulation_runs import Line, Run, buy, enrol, figures, line, programme, rules, run

CODES = """codes:
  - {code: ANA10, title: Ana}
  - {code: TRIO, title: Trio, limit: 2}
  - {code: SUMMER, title: Summer, during: {from: "2026-06-01", until: "2026-06-30", weekdays: [mon, tue, wed]}}
  - {batch: packs, title: Packs, during: {until: "2026-06-30"}, limit: 3}
"""
GIVING = rules(
    "{code: code, title: Code, on: code.entered, when: event.data.code != null, do: [{award: {wallet: points, fixed: 10}}]}",
    '{code: pack, title: Pack, on: code.entered, when: event.data.batch == "packs", do: [{award: {wallet: points, fixed: 3}}]}',
    '{code: buy, title: Buy, on: purchase.completed, when: member.code == "ANA10", do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}]}',
)
AT = datetime(2026, 6, 1, 10, tzinfo=UTC)


def club() -> Programme:
    return programme(CODES, GIVING)


def enter(at: str, code: str | None = None, *, batch: str | None = None, who: str = "ana") -> Line:
    words = {"code": code, "batch": batch}
    return line(at, "code.entered", {name: word for name, word in words.items() if word}, who=who)


def refused(ran: Run) -> list[str | None]:
    return [row["refused"] for row in ran.on("code.entered")]


def test_a_code_gives_what_its_rule_says_once_for_each_member() -> None:
    ran = run(
        club(),
        enrol(),
        enrol(who="bob"),
        enter("2026-02-01T10:00", "ana 1O"),
        enter("2026-02-02T10:00", "ANA10"),
        enter("2026-02-03T10:00", "ANA-10", who="bob"),
    )
    assert refused(ran) == [None, "CodeRefused:ENTERED_BEFORE", None]
    assert [figures(ran.members[who])["available"] for who in ("ana", "bob")] == [10, 10]


def test_a_limit_counts_over_all_members() -> None:
    people = ("ana", "bob", "eva")
    ran = run(
        club(),
        *(enrol(who=who) for who in people),
        *(enter("2026-02-01T10:00", "TRIO", who=who) for who in people),
        enter("2026-02-01T11:00", "TRIO"),
    )
    assert refused(ran) == [None, None, "CodeRefused:USED_UP", "CodeRefused:ENTERED_BEFORE"]


def test_a_single_use_code_counts_once_over_all_members_and_a_member_may_enter_several() -> None:
    ran = run(
        club(),
        enrol(),
        enrol(who="bob"),
        enter("2026-02-01T10:00", "first", batch="packs"),
        enter("2026-02-01T10:01", "first", batch="packs", who="bob"),
        enter("2026-02-01T10:02", "second", batch="packs"),
        enter("2026-02-01T10:03", batch="packs"),
        enter("2026-02-01T10:04", batch="packs"),
    )
    assert refused(ran) == [None, "CodeRefused:UNKNOWN", None, None, "CodeRefused:USED_UP"]
    assert figures(ran.ana)["available"] == 9


def test_a_code_counts_within_its_time_and_is_not_told_before() -> None:
    times = ("2026-05-31T12:00", "2026-06-04T12:00", "2026-06-30T22:30", "2026-06-30T23:30")
    ran = run(club(), enrol(), enrol(who="bob"), enter(times[0], "SUMMER"), enter(times[1], "SUMMER"))
    assert refused(ran) == ["CodeRefused:UNKNOWN", "CodeRefused:NOT_NOW"]
    last = run(
        club(), enrol(), enrol(who="bob"), enter(times[2], "SUMMER"), enter(times[3], "SUMMER", who="bob")
    )
    assert refused(last) == [None, "CodeRefused:OVER"]


def test_the_name_of_a_batch_is_no_code_and_a_code_is_no_batch() -> None:
    ran = run(
        club(), enrol(), enter("2026-02-01T10:00", "packs"), enter("2026-02-01T10:00", "x", batch="ANA10")
    )
    assert refused(ran) == ["CodeRefused:UNKNOWN", "CodeRefused:UNKNOWN"]


def test_a_code_given_with_the_enrolment_counts_after_it_and_stays_with_the_member() -> None:
    ran = run(
        club(),
        enrol(code="ana-10"),
        enrol(who="bob", code="ann10"),
        enter("2026-02-01T10:00", "ANA10"),
        buy("2026-02-02T10:00", 700),
        buy("2026-02-02T10:00", 700, who="bob"),
    )
    rows = [(row["member"], row["event"], row["by"], row["refused"]) for row in ran][:5]
    assert rows == [
        ("ana", "member.enrolled", "input", None),
        ("ana", "code.entered", "decision", None),
        ("bob", "member.enrolled", "input", None),
        ("bob", "code.entered", "decision", "CodeRefused:UNKNOWN"),
        ("ana", "code.entered", "input", "CodeRefused:ENTERED_BEFORE"),
    ]
    assert [figures(ran.members[who])["earned"] for who in ("ana", "bob")] == [17, 0]


def test_a_rule_on_the_enrolment_sees_the_code() -> None:
    seen_by_rule = rules(
        '{code: hi, title: Hi, on: member.enrolled, when: member.code == "packs", do: [{tag: packed}]}'
    )
    ran = run(programme(CODES, seen_by_rule), enrol(batch="packs"), enrol(who="bob"))
    assert [ran.members[who]["tags"] for who in ("ana", "bob")] == [["packed"], []]


def test_a_frozen_member_enters_nothing() -> None:
    member = evolve(Member("m"), joined_at=AT, frozen=True)
    assert refusal_of(club(), club().code("ANA10"), member, AT) == "FROZEN"
    with pytest.raises(CodeRefused) as refusal:
        decide(club(), member, Event("e", CODE_ENTERED, AT, data={"code": "ANA10"}), now=AT)
    assert refusal.value.reason == "FROZEN"


def test_rows_fold_to_the_state_and_the_state_is_read_back() -> None:
    made = club()
    enrolled = Event("0", ENROLLED, AT, data={"code": "ANA10"}, profile=Profile("Ana"))
    first = decide(made, Member("m"), enrolled, now=AT)
    later = AT + timedelta(days=1)
    second = decide(
        made, first.member, Event("1", CODE_ENTERED, later, data={"code": "TRIO", "batch": None}), now=later
    )
    member = second.member
    assert (member.code, dict(member.codes)) == ("ANA10", {"TRIO": later})
    assert fold_rows([*first.rows, *second.rows]) == state_paths(member)
    read = restore_member(
        nest(state_paths(member)), id="m", number="", profile=member.profile, seq=member.seq
    )
    assert (read.code, read.codes) == (member.code, member.codes)


def test_who_entered_no_code_stores_none() -> None:
    assert [path for path in state_paths(Member("m")) if path.startswith("code")] == []


def test_codes_that_a_programme_has_no_more_make_room_for_others() -> None:
    names = [f"CODE-{number:03}X" for number in range(500)]
    full = programme("codes: [" + ", ".join(f"{{code: {name}, title: T}}" for name in names) + "]")
    held = {**dict.fromkeys(names[1:], AT), "OLD": AT}
    member = evolve(Member("m"), joined_at=AT, decided_at=AT, codes=held)
    after = decide(full, member, Event("e", CODE_ENTERED, AT, data={"code": names[0]}), now=AT).member
    assert len(after.codes) == 500
    assert set(after.codes) == set(names)
