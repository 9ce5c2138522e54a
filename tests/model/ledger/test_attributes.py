"""Attributes in conditions: null where nothing was said, judged at once where they change, in no journal."""

import pytest

from domain.model.event_names import PURCHASED
from domain.model.ledger.events import Profile
from domain.model.ledger.member import Member
from domain.model.ledger.views.expression_view import member_view, public_fields
from domain.model.ledger.views.field_reads import read_after
from domain.model.programme import AttributeMalformed
from domain.model.simulate.inputs import InputMalformed
from tests.model.programme.mistakes import faults_of
from tests.model.simulation_runs import Line, buy, enrol, line, programme, rules, run

ATTRIBUTES = """attributes:
  - {name: size, title: Size, kind: choice, choices: [s, {code: m, title: Medium}]}
  - {name: shoe, title: Shoe, kind: int, by: staff}
  - {name: vegan, title: Vegan, kind: bool}
  - {name: moved, title: Moved, kind: date}
  - {name: pet, title: Pet, kind: string, by: system}
"""
SEGMENTS = """segments:
  - {code: small, name: S, when: 'member.attributes.size == "s" && member.attributes.shoe < 40'}
  - {code: silent, name: N, when: member.attributes.vegan == null}
  - {code: dog, name: D, when: 'member.attributes.pet.startsWith("dog") && member.attributes.moved < "2020-01-01"'}
"""
THANKS = (
    "{code: thanks, title: T, on: member.attributes_changed, when: '\"size\" in event.data.attributes', limit:"
    " {times: 1, per: ever}, do: [{award: {wallet: points, fixed: 25}}]}"
)


def told(at: str, **values: object) -> Line:
    return line(at, "member.attributes_changed", {"attributes": values}, source="app")


def test_segments_and_rules_see_them_at_once() -> None:
    p = programme(ATTRIBUTES, SEGMENTS, rules(THANKS))
    lines = [enrol(attributes={"shoe": 39})]
    assert run(p, *lines).ana["segments"] == ["silent"]
    lines.append(told("2026-01-02T10:00", size="s", vegan=False))
    assert run(p, *lines).ana["segments"] == ["small"]
    lines += [
        told("2026-01-03T10:00", size="m", pet="dog Rex", moved="2019-12-31"),
        told("2026-01-04T10:00", vegan=None),
    ]
    ran = run(p, *lines)
    assert ran.ana["segments"] == ["dog", "silent"]
    assert ran.outcomes("thanks") == [(True, 25, None), (False, 0, "limit"), (False, 0, "when")]


def test_no_fact_keeps_them_and_a_refund_judges_by_now() -> None:
    rule = "{code: small, title: S, on: purchase.completed, when: 'member.attributes.size == \"s\"', do: [{award: {wallet: points, fixed: 9}}]}"
    p = programme(ATTRIBUTES, rules(rule), SEGMENTS)
    member = Member("m", profile=Profile(attributes={"size": "s", "shoe": "gone"}))
    seen = member_view(p, member, None, read_after(p, PURCHASED))  # type: ignore[arg-type]
    assert seen["attributes"] == {"size": "s", "shoe": None, "vegan": None, "moved": None, "pet": None}
    assert "attributes" not in public_fields(seen)
    assert not read_after(programme(ATTRIBUTES), PURCHASED).member
    ran = run(p, enrol(attributes={"size": "s"}), buy("2026-01-02T10:00", 500))
    assert ran.outcome("small") == (True, 9, None)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"hat": "x"},
            "data.attributes: there is no attribute hat; write one of moved, pet, shoe, size, vegan",
        ),
        ({"size": "xl"}, "data.attributes.size is 'xl'. Write one of s, m."),
        ({"shoe": "40"}, "data.attributes.shoe is '40'. Write a whole number of at most 10 digits."),
        ({"vegan": 1}, "data.attributes.vegan is 1. Write true or false."),
        ({"moved": "1.2.2020"}, "data.attributes.moved is '1.2.2020'. Write a day, such as 2026-05-17."),
        ({"pet": ""}, "data.attributes.pet is ''. Write a text of 1 to 200 characters."),
    ],
)
def test_an_events_file_is_told_what_to_write(values: dict[str, object], message: str) -> None:
    with pytest.raises(InputMalformed) as raised:
        run(programme(ATTRIBUTES), enrol(), told("2026-01-02T10:00", **values))
    assert str(raised.value) == f"line 2: {message}"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("size", "m", "m"), ("shoe", "-7", -7), ("vegan", "true", True), ("pet", " Rex ", "Rex")],
)
def test_a_value_is_read_from_a_text(name: str, text: str, value: object) -> None:
    assert programme(ATTRIBUTES).attribute(name).read(text) == value


@pytest.mark.parametrize(
    ("name", "text"), [("vegan", "yes"), ("shoe", "4.5"), ("shoe", "10000000000"), ("size", "")]
)
def test_what_is_no_value_is_refused(name: str, text: str) -> None:
    with pytest.raises(AttributeMalformed):
        programme(ATTRIBUTES).attribute(name).read(text)


@pytest.mark.parametrize(
    ("part", "path", "message"),
    [
        ("attributes: [{name: a, title: A, kind: choice}]", "attributes[0]", "choices go with kind: choice"),
        (
            "attributes: [{name: a, title: A, kind: int, choices: [x]}]",
            "attributes[0]",
            "choices go with kind: choice",
        ),
        (
            "segments: [{code: s, name: S, when: member.attributes.hat == 1}]",
            "segments[0].when",
            "there is no member.attributes.hat",
        ),
        (
            f"{ATTRIBUTES}segments: [{{code: s, name: S, when: 'member.attributes.size == \"xl\"'}}]",
            "segments[0].when",
            "member.attributes.size is compared with xl: size has no such choice",
        ),
    ],
)
def test_a_slip_is_a_fault(part: str, path: str, message: str) -> None:
    head = "programme: {code: t, name: T, currency: EUR, timezone: Europe/Lisbon, locales: [en]}\nwallets: [{code: points, name: P}]\n"
    assert [(fault.path, fault.message) for fault in faults_of(head + part)] == [(path, message)]
