"""What the check says of codes that members enter: each fault and warning with what would be right."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.model.programme import ProgrammeInvalid, load_with_warnings

HEAD = """programme: {code: club, name: Club, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, name: Points}]
"""
RULE = "rules: [{code: r, title: R, on: code.entered, do: [{award: {wallet: points, fixed: 5}}]}]\n"
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def faults(text: str) -> list[str]:
    with pytest.raises(ProgrammeInvalid) as invalid:
        load_with_warnings(HEAD + text)
    return [f"{fault.path}: {fault.message} -> {fault.remedy}" for fault in invalid.value.faults]


def warned(text: str) -> list[str]:
    warnings = load_with_warnings(HEAD + text, now=NOW).warnings
    return [f"{each.path}: {each.message} -> {each.remedy}" for each in warnings]


ALIKE = (
    "give each code and each batch a name of its own; case, dashes, O for 0 and I or L for 1 do not tell them"
    " apart"
)


@pytest.mark.parametrize(
    ("codes", "fault"),
    [
        (
            "{code: ANA10, title: A}, {code: ANA10, title: B}",
            f"codes[1].code: ANA10 is given already to codes[0] -> {ALIKE}",
        ),
        (
            "{code: ANA10, title: A}, {code: ana-IO, title: B}",
            f"codes[1].code: ana-IO reads like ANA10 of codes[0] -> {ALIKE}",
        ),
        (
            "{batch: summer, title: A}, {code: SUMMER, title: B}",
            f"codes[1].code: SUMMER reads like summer of codes[0] -> {ALIKE}",
        ),
        (
            "{title: A}",
            (
                "codes[0]: it is either a code or a batch of single-use codes -> write code: SUMMER10 for one that"
                " everybody may enter, or batch: packs for those that selo codes make makes"
            ),
        ),
        (
            "{code: ANA10, title: A, limit: 0}",
            "codes[0].limit: 0 is too small -> write 1 or more",
        ),
        (
            '{code: ANA10, title: A, during: {from: "2026-02-01", until: "2026-01-01"}}',
            "codes[0].during.until: it ends before it begins -> write an until that is not before from",
        ),
    ],
)
def test_a_fault_says_what_would_be_right(codes: str, fault: str) -> None:
    assert faults(f"{RULE}codes: [{codes}]") == [fault]


def test_a_code_and_a_batch_in_one_are_refused() -> None:
    assert len(faults(f"{RULE}codes: [{{code: ANA10, batch: packs, title: A}}]")) == 1


def test_more_codes_than_a_member_can_keep_are_refused() -> None:
    many = ", ".join(f"{{code: CODE-{number}, title: T}}" for number in range(501))
    assert faults(f"{RULE}codes: [{many}]") == ["codes: the list is too long -> give it at most 500 items"]


def test_a_code_that_a_condition_misspells_is_named() -> None:
    rule = "rules: [{code: r, title: R, on: code.entered, when: 'WHEN', do: [{tag: t}]}]\n"
    codes = "codes: [{code: ANA10, title: A}, {batch: packs, title: P}]"

    def said(when: str) -> list[str]:
        return faults(rule.replace("WHEN", when) + codes)

    assert said('event.data.code == "ANA1O"') == [
        "rules[0].when: event.data.code is compared with ANA1O: there is no such code -> did you mean ANA10?"
    ]
    assert said('event.data.batch == "pack"') == [
        "rules[0].when: event.data.batch is compared with pack: there is no such batch -> did you mean packs?"
    ]
    assert said('event.data.code == "packs"') == [
        "rules[0].when: event.data.code is compared with packs: there is no such code -> write one of ANA10"
    ]
    assert said('member.code == "ana"') == [
        "rules[0].when: member.code is compared with ana: there is no such code -> write one of ANA10, packs"
    ]


@pytest.mark.parametrize("key", ["code: ANA10", "batch: packs"])
def test_a_code_that_nothing_hears_of_is_told(key: str) -> None:
    word, name = key.split(": ")
    remedy = f'add a rule with on: code.entered, when: event.data.{word} == "{name}"'
    codes = f"codes: [{{{key}, title: A}}, {{code: OTHER, title: O}}]"
    said = f"codes[0]: nothing comes of entering {name} -> {remedy}"
    rule = "rules: [{code: r, title: R, on: code.entered, when: 'event.data.code == \"OTHER\"', do: [{tag: t}]}]\n"
    assert warned(rule + codes) == [said]


@pytest.mark.parametrize(
    "use",
    [
        RULE,
        "rules: [{code: r, on: code.entered, when: 'event.data.code != null', do: [{tag: t}]}]\n",
        "rules: [{code: r, on: member.enrolled, when: 'member.code == \"ANA10\"', do: [{tag: t}]}]\n",
        "badges: [{code: b, name: B, on: code.entered, levels: [3]}]\n",
        "segments: [{code: s, name: S, when: 'member.code in [\"ANA10\"]'}]\n",
        "referral: {qualifies: {on: code.entered}, wait: {days: 20}}\n",
        "tiers: {count: {on: code.entered}, window: calendar_year, ladder: [{code: a, name: A, from: 0}]}\n",
    ],
)
def test_a_code_that_something_hears_of_is_well(use: str) -> None:
    assert warned(f"{use}codes: [{{code: ANA10, title: A}}]") == []


def test_a_rule_without_any_code_to_enter_is_told() -> None:
    assert warned(RULE) == [
        (
            "rules[0].on: the programme has no codes that members could enter -> add codes: [{code: SUMMER10,"
            " title: Summer}]"
        )
    ]


def test_a_short_code_and_one_that_is_over_are_told() -> None:
    codes = 'codes: [{code: VIP, title: V}, {code: SPRING, title: S, during: {until: "2026-05-31"}}]'
    assert warned(RULE + codes) == [
        (
            "codes[0].code: VIP has 3 letters and digits: anybody finds it by trying -> write a code of 4 or more,"
            " such as SUMMER10"
        ),
        (
            "codes[1].during.until: it was over on 2026-05-31: nothing comes of it any more -> write a later"
            " until, or remove the whole of it"
        ),
    ]


def test_a_title_left_out_is_told_and_stood_for_by_the_name() -> None:
    loaded = load_with_warnings(HEAD + RULE + "codes: [{batch: packs}, {code: ANA10}]")
    assert [spec.title.for_locale("en") for spec in loaded.programme.codes] == ["packs", "ANA10"]
    assert [each.path for each in loaded.warnings] == ["codes[0].title", "codes[1].title"]
