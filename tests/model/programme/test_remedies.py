"""Remedies lead somewhere: each, written into the file, makes the fault or the warning go."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, get_args

import pytest

from domain.model.programme import Programme, ProgrammeFault, ProgrammeInvalid, load_with_warnings
from domain.model.programme.faults import format_path
from domain.model.programme.field_types import ProgrammePart
from domain.model.programme.parsing import parse_yaml
from domain.model.programme.remedies import unknown_award_key_remedy
from tests.model.programme.mistakes import CLUB, faults_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = (
    "programme: {code: t, name: T, currency: EUR, timezone: UTC, locales: [en]}\n"
    "wallets: [{code: p, name: P}, {code: q, name: Q, pending: {days: 9}}]\n"
)
Path = tuple[str | int, ...]

# ---------------------------------------------------------------- missing keys


def parts_in(annotation: object) -> Iterator[type[ProgrammePart]]:
    if isinstance(annotation, type) and issubclass(annotation, ProgrammePart):
        yield annotation
    for inner in get_args(annotation):
        yield from parts_in(inner)


def required_paths(part: type[ProgrammePart], value: Any, path: Path = ()) -> Iterator[Path]:
    """The keys of a file that its parts cannot do without, but for those that a code stands in for."""
    for index, item in enumerate(value) if isinstance(value, list) else ():
        yield from required_paths(part, item, (*path, index))
    for name, field in part.model_fields.items() if isinstance(value, dict) else ():
        key = field.alias or name
        if key in value:
            if field.is_required():
                yield (*path, key)
            for inner in parts_in(field.annotation):
                yield from required_paths(inner, value[key], (*path, key))


VALUES = parse_yaml(CLUB).values
REQUIRED = {format_path(path): path for path in required_paths(Programme, VALUES)}
# What other parts of the file go by: the word that a remedy proposes is not the one that they name.
REFERRED_TO = {"programme", "wallets", "ladder", "code", "purpose", "on", "locales"}


def put(path: Path, value: object = None) -> str:
    """The file with a value put at a path, or without it."""
    values: Any = copy.deepcopy(VALUES)
    part = values
    for step in path[:-1]:
        part = part[step]
    del part[path[-1]]
    if value is not None:
        part[path[-1]] = value
    return json.dumps(values, default=lambda number: float(number) if isinstance(number, Decimal) else number)


@cache
def faults_at(path: Path, text: str) -> tuple[list[ProgrammeFault], int]:
    """The faults at a path, and how many there are in all."""
    try:
        load_with_warnings(text)
    except ProgrammeInvalid as invalid:
        return [fault for fault in invalid.faults if fault.path == format_path(path)], len(invalid.faults)
    return [], 0


@pytest.mark.parametrize("path", REQUIRED.values(), ids=REQUIRED)
def test_what_is_missing_can_be_added_as_it_is_written(path: Path) -> None:
    for fault in faults_at(path, put(path))[0]:
        match = re.fullmatch(r"add (\w+): (.+?)(, (or|the) .*)?", fault.remedy)
        assert match is not None
        assert match[1] == path[-1]
        value = parse_yaml(f"value: {match[2]}").values["value"]
        faults, in_all = faults_at(path, put(path, value))
        assert faults == []
        assert in_all == 0 or match[1] in REFERRED_TO or path[0] == "events"


def test_every_key_that_a_file_needs_is_missed() -> None:
    missed = {name for name, path in REQUIRED.items() if faults_at(path, put(path))[0]}
    assert {"tiers.window", "rules[0].do", "rules[1].limit.per", "tiers.ladder[2].from"} <= missed
    by_code = ("name", "title", "keep", "wording")
    assert {name for name in REQUIRED.keys() - missed if not name.endswith(by_code)} == set()


# ---------------------------------------------------------------- what other files say

RULE = "rules: [{code: a, title: A, on: %s, do: [%s]}]\n"
LADDER = "tiers: {count: {wallet: p}, window: calendar_year, ladder: [{code: low, name: L, from: 0}, {code: top, name: T, from: 9, keep: 5}]}\n"
BOUGHT = "purchase.completed"
SEGMENT = "badges: [{code: b, name: B, on: purchase.completed}]\nsegments: [{code: s, name: S, when: '%s'}]\n"
GOAL = "badges: [{code: b, name: B, on: purchase.completed, target: %s}]\n"
STAY = (
    "rules: [{code: a, title: A, on: stay, do: [{award: {wallet: p, amount: 1, of: event.data.nights}}]}]\n"
)
TIMES = "rules: [{code: a, title: A, on: purchase.completed, do: [{award: {wallet: p, fixed: 5}}]}, {code: b, title: B, on: purchase.completed, do: [{award: {wallet: p, times: %s, over: [a]}}]}]\n"
DISCOUNT = "rewards: [{code: a, title: A, cost: {wallet: p, amount: 500}, kind: %s, value: {%s}}]\n"
TWO = "rules: [{code: a, title: A, on: purchase.completed, KEYS do: [{award: {wallet: p, fixed: 5}}]}, {code: b, title: B, on: purchase.completed, MORE do: [{award: {wallet: p, times: 2, over: OVER}}]}]\n"

FAULTS = {
    "a tier within a tier": (
        LADDER + RULE % (BOUGHT, "{tier: {tier: top, for: {months: 1}}}"),
        "write tier: top, for: {months: 1}, both as keys of the action",
        LADDER + RULE % (BOUGHT, "{tier: top, for: {months: 1}}"),
    ),
    "a tier by its code": (
        LADDER + RULE % (BOUGHT, "{tier: {code: top}}"),
        "write tier: top",
        LADDER + RULE % (BOUGHT, "{tier: top}"),
    ),
    "a list of one tier": (
        LADDER + RULE % (BOUGHT, "{tier: [top]}"),
        "write tier: top",
        LADDER + RULE % (BOUGHT, "{tier: top}"),
    ),
    "a percentage": (
        RULE % (BOUGHT, "{award: {wallet: p, percent: 5}}"),
        "write amount: 5, per: 100, of: purchase.eligible for 5 percent of what is paid",
        RULE % (BOUGHT, "{award: {wallet: p, amount: 5, per: 100, of: purchase.eligible}}"),
    ),
    "half a percent more": (
        RULE % (BOUGHT, "{award: {wallet: p, percent: 2.5}}"),
        "write amount: 5, per: 200, of: purchase.eligible for 2.5 percent of what is paid",
        RULE % (BOUGHT, "{award: {wallet: p, amount: 5, per: 200, of: purchase.eligible}}"),
    ),
    "points": (
        RULE % (BOUGHT, "{award: {wallet: p, points: 30}}"),
        "write fixed: 30",
        RULE % (BOUGHT, "{award: {wallet: p, fixed: 30}}"),
    ),
    "an award of nothing": (
        RULE % (BOUGHT, "{award: {wallet: p}}"),
        "write fixed: 50, or amount: 1, per: 100, of: purchase.total",
        RULE % (BOUGHT, "{award: {wallet: p, amount: 1, per: 100, of: purchase.total}}"),
    ),
    "extras of no times": (
        RULE % (BOUGHT, "{award: {wallet: p, fixed: 50, extras: false}}"),
        "remove extras",
        RULE % (BOUGHT, "{award: {wallet: p, fixed: 50}}"),
    ),
    "a fixed amount for each so much": (
        RULE % (BOUGHT, "{award: {wallet: p, fixed: 50, per: 100}}"),
        "remove it",
        RULE % (BOUGHT, "{award: {wallet: p, fixed: 50}}"),
    ),
    "whole units of what is given again": (
        TWO.replace("KEYS", "").replace("MORE", "").replace("OVER", "[a], whole: true"),
        "remove it",
        TWO.replace("KEYS", "").replace("MORE", "").replace("OVER", "[a]"),
    ),
    "a total that the purchase has": (
        RULE % (f"{BOUGHT}, when: event.data.total > 9900", "{tag: x}"),
        "did you mean purchase.total?",
        RULE % (f"{BOUGHT}, when: purchase.total > 9900", "{tag: x}"),
    ),
    "an amount as a percentage": (
        DISCOUNT % ("discount_percent", "amount: 500"),
        "write percent: 10, or kind: discount_amount",
        DISCOUNT % ("discount_percent", "percent: 10"),
    ),
    "a percentage as an amount": (
        DISCOUNT % ("discount_amount", "percent: 10"),
        "write amount: 500 in minor units, or kind: discount_percent",
        DISCOUNT % ("discount_amount", "amount: 500"),
    ),
    "a cap that is not there": (
        TWO.replace("KEYS", "capped_by: promo,").replace("MORE", "").replace("OVER", "[a]"),
        "add caps: [{code: promo, amount: 500, per: month}]",
        TWO.replace("KEYS", "capped_by: promo,").replace("MORE", "").replace("OVER", "[a]")
        + "caps: [{code: promo, amount: 500, per: month}]",
    ),
    "a cap misspelt": (
        "caps: [{code: promo, amount: 5, per: day}]\n"
        + TWO.replace("KEYS", "capped_by: prom,").replace("MORE", "capped_by: promo,").replace("OVER", "[a]"),
        "did you mean promo?",
        "caps: [{code: promo, amount: 5, per: day}]\n"
        + TWO.replace("KEYS", "capped_by: promo,")
        .replace("MORE", "capped_by: promo,")
        .replace("OVER", "[a]"),
    ),
    **{
        f"an expression that {name}": (
            SEGMENT % faulty,
            remedy,
            SEGMENT % mended,
        )
        for name, (faulty, remedy, mended) in {
            "asks for a favourite without brackets": (
                'favourite("veg", "meat") == "veg"',
                'write favourite(["veg", "meat"])',
                'favourite(["veg", "meat"]) == "veg"',
            ),
            "asks for a favourite of what is no text": (
                'favourite(member.tags) == "tea"',
                'write favourite(["latte", "tea"])',
                'favourite(["latte", "tea"]) == "tea"',
            ),
            "spells favourite as Americans do": (
                'favorite(["veg", "meat"]) == "veg"',
                "did you mean favourite?",
                'favourite(["veg", "meat"]) == "veg"',
            ),
            "spells a function in small letters": (
                'member.locale.startswith("pt")',
                "did you mean startsWith?",
                'member.locale.startsWith("pt")',
            ),
            "loops within a loop by map": (
                "member.tags.exists(t, member.tags.map(m, m) == [t])",
                "ask with exists or in there",
                'member.tags.exists(t, t in ["vip", "press"])',
            ),
            "calls a loop's variable member": (
                "member.tags.exists(member, true)",
                "call it by another letter",
                "member.tags.exists(m, true)",
            ),
            "reads a list as a map": (
                "member.consents.marketing && member.purchases.count > 1",
                'write "marketing" in member.consents',
                '"marketing" in member.consents && member.purchases.count > 1',
            ),
            "misspells a map by code": (
                "member.badge.b >= 2",
                "did you mean member.badges.b?",
                "member.badges.b >= 2",
            ),
        }.items()
    },
    "an attribute that is not declared": (
        GOAL % "member.attributes.goal",
        "add it under attributes: {name: goal, title: Goal, kind: int}, or another kind",
        "attributes: [{name: goal, title: Goal, kind: int}]\n" + GOAL % "member.attributes.goal",
    ),
    "an attribute beside others": (
        "attributes: [{name: size, title: Size, kind: int}]\n"
        + SEGMENT % 'member.attributes.diet == "vegan"',
        "add it under attributes: {name: diet, title: Diet, kind: string}, or another kind",
        "attributes: [{name: size, title: Size, kind: int}, {name: diet, title: Diet, kind: string}]\n"
        + SEGMENT % 'member.attributes.diet == "vegan"',
    ),
    "an attribute misspelt": (
        "attributes: [{name: size, title: Size, kind: int}]\n" + SEGMENT % "member.attributes.sise > 2",
        "did you mean member.attributes.size?",
        "attributes: [{name: size, title: Size, kind: int}]\n" + SEGMENT % "member.attributes.size > 2",
    ),
    "a field of an event that is not declared": (
        "events: [{name: stay, title: S, data: {room: string}}]\n" + STAY,
        "add nights: int to the data of stay under events, or another kind",
        "events: [{name: stay, title: S, data: {room: string, nights: int}}]\n" + STAY,
    ),
    "a goal below anything": (
        GOAL % "-3",
        "write a number above 0, such as 5, or what the member or the event brings",
        GOAL % "5",
    ),
    "an award of a number below anything": (
        RULE % (BOUGHT, "{award: {wallet: p, amount: 1, of: -1}}"),
        "write a number above 0, such as 5, or what the member or the event brings",
        RULE % (BOUGHT, "{award: {wallet: p, amount: 1, of: purchase.total}}"),
    ),
    "a schedule that never comes": (
        "rules: [{code: a, on: schedule, at: '0 9 31 2 mon', do: [{tag: x}]}]\n",
        'write * for the day, the month or the weekday, such as "0 9 * * mon"',
        "rules: [{code: a, on: schedule, at: '0 9 * * mon', do: [{tag: x}]}]\n",
    ),
    "over what comes later": (
        TWO.replace("KEYS", "after: {days: 3},").replace("MORE", "").replace("OVER", "[a]"),
        "name rules without after",
        TWO.replace("KEYS", "").replace("MORE", "").replace("OVER", "[a]"),
    ),
}


@pytest.mark.parametrize(("text", "remedy", "mended"), FAULTS.values(), ids=FAULTS)
def test_a_faults_remedy_makes_the_file_sound(text: str, remedy: str, mended: str) -> None:
    assert [fault.remedy for fault in faults_of(HEAD + text)] == [remedy]
    load_with_warnings(HEAD + mended)


@pytest.mark.parametrize("percent", [True, "5", 0, -3, 101, None])
def test_a_percentage_that_is_none_is_answered_by_an_example(percent: object) -> None:
    remedy = unknown_award_key_remedy("percent", percent)
    assert remedy == "write amount: 5, per: 100, of: purchase.eligible for 5 percent of what is paid"


# ---------------------------------------------------------------- worth a second look

CLIMB = (
    "rules: [{code: a, title: A, on: tier.changed, when: event.data.up, qualifying: false, %sdo: [{%s}]}]\n"
)
GIFT = "award: {wallet: p, fixed: 5}"
FRIEND = "referral: {qualifies: {on: purchase.completed}, %sfriend: [%s]}\n"
DURING = "rules: [{code: a, title: A, on: purchase.completed, during: {%s}, do: [{tag: x}]}]\n"
CHALLENGE = "badges: [{code: a, name: A, on: purchase.completed, during: {%s}}]\n"
OFFER = "rewards: [{code: a, title: A, cost: {wallet: p, amount: 5}, available: {%s}}]\n"
SHARED = "caps: [{code: c, amount: 5, per: day}]\n"

DOUBTS = {
    "times that add nothing": (
        TIMES % 1,
        ("rules[1].do[0].award.times", "write times: 2 for as much once more"),
        TIMES % 2,
    ),
    "a gift at every change of tier": (
        LADDER + CLIMB % ("", GIFT),
        ("rules[0].limit", "add limit: {times: 1, per: year}"),
        LADDER + CLIMB % ("limit: {times: 1, per: year}, ", GIFT),
    ),
    "a referral that pays at once": (
        FRIEND % ("wait: {hours: 1}, ", "{award: {wallet: p, fixed: 5}}"),
        ("referral.wait", "write wait: {days: 14}"),
        FRIEND % ("wait: {days: 14}, ", "{award: {wallet: p, fixed: 5}}"),
    ),
    "a rule that is over": (
        DURING % 'from: "2026-05-01", until: "2026-05-31"',
        ("rules[0].during.until", "write a later until, or remove the whole of it"),
        DURING % 'from: "2026-05-01", until: "2026-06-01"',
    ),
    "a challenge that is over": (
        CHALLENGE % 'until: "2026-06-01T00:00:00"',
        ("badges[0].during.until", "write a later until, or remove the whole of it"),
        CHALLENGE % 'until: "2026-06-01T00:00:01"',
    ),
    "a reward that is over": (
        OFFER % 'until: "2025-12-31"',
        ("rewards[0].available.until", "write a later until, or remove the whole of it"),
        OFFER % 'from: "2025-12-31"',
    ),
    "a cap that no rule has": (
        SHARED + RULE % (BOUGHT, "{award: {wallet: p, fixed: 5}}"),
        ("caps[0]", "write capped_by: c in rules, or remove it"),
        SHARED + RULE.replace("do:", "capped_by: c, do:") % (BOUGHT, "{award: {wallet: p, fixed: 5}}"),
    ),
    "a cap of no award": (
        SHARED
        + TWO.replace("KEYS", "capped_by: c,")
        .replace("MORE", "")
        .replace("OVER", "[a]")
        .replace("}]\n", "}, {code: d, on: purchase.completed, capped_by: c, do: [{tag: x}]}]\n"),
        ("rules[2].capped_by", "remove it"),
        SHARED + TWO.replace("KEYS", "capped_by: c,").replace("MORE", "").replace("OVER", "[a]"),
    ),
    "a discount of nothing": (
        DISCOUNT % ("discount_percent", "minimum: 1000"),
        ("rewards[0].value", "add to value: percent: 10"),
        DISCOUNT % ("discount_percent", "minimum: 1000, percent: 10"),
    ),
}


def doubts(text: str) -> list[tuple[str, str]]:
    warnings = load_with_warnings(HEAD + text, now=NOW).warnings
    return [(warning.path, warning.remedy) for warning in warnings]


@pytest.mark.parametrize(("text", "doubt", "mended"), DOUBTS.values(), ids=DOUBTS)
def test_a_doubts_remedy_leaves_none(text: str, doubt: tuple[str, str], mended: str) -> None:
    assert doubts(text) == [doubt]
    assert doubts(mended) == []


def test_a_referral_whose_awards_are_pending_may_pay_at_once() -> None:
    assert doubts(FRIEND % ("wait: {hours: 1}, ", "{award: {wallet: q, fixed: 5}}")) == []
    assert doubts(FRIEND % ("", "{award: {wallet: p, fixed: 5}}")) == []


def test_without_the_time_nothing_is_past() -> None:
    assert load_with_warnings(HEAD + OFFER % 'until: "2020-12-31"').warnings == ()


@pytest.mark.parametrize("debt", ["debt: forgive, pending: {days: 14}", "debt: allow"])
def test_what_is_forgiven_wants_to_be_pending(debt: str) -> None:
    head = HEAD.replace("code: p, name: P", "code: p, name: P, %s")
    [warning] = load_with_warnings(head % "debt: forgive").warnings
    assert (warning.path, warning.remedy) == (
        "wallets[0].debt",
        "add pending: {days: 14}, or write debt: allow",
    )
    assert load_with_warnings(head % debt).warnings == ()
