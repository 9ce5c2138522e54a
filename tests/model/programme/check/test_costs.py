"""What the check accepts decides the longest receipt within its steps: each kind of rule is written as often as
the check accepts, and then decided on 500 lines. What costs by the square or the cube of the lines is refused.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.model.event_names import ENROLLED, PURCHASED
from domain.model.expression_costs import MOST_STEPS
from domain.model.ledger.decide import decide
from domain.model.ledger.events import Event, Line, Profile, Purchase
from domain.model.ledger.member import Member
from domain.model.ledger.views.line_views import BUDGETS, StepBudget
from domain.model.programme import Programme, load
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.check.costs import check_costs
from domain.model.programme.faults import Finding
from domain.model.programme.loading import load_published
from domain.model.programme.parsing import parse_yaml
from domain.model.programme.validation import validate
from tests.model.programme.mistakes import faults_of

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
HEAD = """
programme: {code: c, name: C, currency: EUR, timezone: UTC, locales: [en]}
wallets: [{code: points, name: Points}]
rules:
"""
LOOPING = "purchase.lines.exists(a, purchase.lines.exists(b, a.sku == b.sku && a.name != b.name))"


def awarding(code: str, *, when: str = "", of: str = "") -> str:
    condition = f"    when: >-\n      {when}\n" if when else ""
    amount = f"amount: 1, per: 100, of: {of}" if of else "fixed: 1"
    return (
        f"  - code: {code}\n    title: T\n    on: purchase.completed\n{condition}"
        f"    do: [{{award: {{wallet: points, {amount}}}}}]\n"
    )


# One rule of each kind, numbered: no two of them are the same expression.
KINDS: dict[str, Callable[[int], str]] = {
    "a comparison": lambda n: awarding(f"r{n}", when=f"purchase.total > {n}"),
    "exists": lambda n: awarding(f"r{n}", when=f'purchase.lines.exists(l, l.category == "x{n}")'),
    "all": lambda n: awarding(f"r{n}", when=f"purchase.lines.all(l, l.amount > 0 && l.quantity < 9{n:05})"),
    "map": lambda n: awarding(f"r{n}", when=f"{n} in purchase.lines.map(l, l.amount)"),
    "size": lambda n: awarding(f"r{n}", when=f"size(purchase.lines) > {n}"),
    "a loop within": lambda n: awarding(
        f"r{n}", when=f'["x{n}", "y"].exists(k, purchase.lines.exists(l, l.category == k))'
    ),
    "a loop around": lambda n: awarding(
        f"r{n}", when=f'purchase.lines.exists(l, ["x{n}", "y"].exists(k, l.category == k))'
    ),
    "a pattern": lambda n: awarding(f"r{n}", when=rf'purchase.store.matches("^x{n}\\w+[0-9]$")'),
    "tags": lambda n: awarding(f"r{n}", when=f'"x{n}" in member.tags'),
    "a loop over tags": lambda n: awarding(f"r{n}", when=f'member.tags.filter(t, t != "x{n}").size() > 999'),
    "lines": lambda n: awarding(f"r{n}", of=f"{{lines: 'line.category != \"x{n}\"'}}"),
    "lines and the member": lambda n: awarding(
        f"r{n}", of=f"{{lines: 'line.amount > {n} && member.days_since_joining > 3'}}"
    ),
    "lines and tags": lambda n: awarding(
        f"r{n}", of=f"{{items: '!(line.category in member.tags) && line.amount > {n}'}}"
    ),
}
# How often each is accepted, within a tenth.
ACCEPTED = {
    "a comparison": 1610,
    "exists": 51,
    "all": 31,
    "map": 2,
    "size": 142,
    "a loop within": 3,
    "a loop around": 15,
    "a pattern": 156,
    "tags": 1215,
    "a loop over tags": 17,
    "lines": 96,
    "lines and the member": 75,
    "lines and tags": 3,
}
REFUSED = {
    "lines of lines": (awarding("r", when=LOOPING), "rules[0].when"),
    "lines kept": (
        awarding("r", when='purchase.lines.filter(l, l.category == "coins").size() > 2'),
        "rules[0].when",
    ),
    "lines read in a loop": (
        awarding("r", when="purchase.lines.exists(l, l.amount > size(purchase.lines))"),
        "rules[0].when",
    ),
    "tags of tags": (
        awarding("r", when="member.tags.exists(t, member.tags.exists(u, t == u))"),
        "rules[0].when",
    ),
    "a loop by line": (
        awarding("r", of="{lines: 'member.tags.exists(t, t == line.category)'}"),
        "rules[0].do[0].award.of.lines",
    ),
    "all lines by line": (
        awarding("r", of="{items: 'line.amount > size(purchase.lines)'}"),
        "rules[0].do[0].award.of.items",
    ),
    "a pattern of counts": (
        awarding("r", when=r'purchase.store.matches("(\\w{15}){15}")'),
        "rules[0].when",
    ),
    "a pattern of data": (
        awarding("r", when="purchase.store.matches(purchase.source)"),
        "rules[0].when",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_as_many_rules_as_are_accepted_decide_500_lines_within_their_steps(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = ACCEPTED[kind]
    programme, findings = _checked(KINDS[kind], accepted)
    assert not findings
    if accepted < 1_000:
        assert _checked(KINDS[kind], accepted * 11 // 10 + 1)[1]
    paid: list[int] = []
    pay = StepBudget.pay

    def noting(budget: StepBudget, steps: int) -> bool:
        paid.append(steps)
        return pay(budget, steps)

    monkeypatch.setattr(StepBudget, "pay", noting)
    member = joined(programme, tags=200)
    began = time.thread_time()
    row = decide(programme, member, bought(500), now=NOON).row
    took = time.thread_time() - began
    assert (len(row.outcomes), row.failures) == (accepted, ())
    assert sum(paid) <= MOST_STEPS
    # The law is 100 ms. A step is a microsecond on a quiet machine, and this one may be busy.
    assert took < 1, f"{accepted} rules, {sum(paid)} steps"


@pytest.mark.parametrize(("rule", "path"), REFUSED.values(), ids=REFUSED)
def test_what_costs_more_than_the_lines_is_refused_with_a_remedy(rule: str, path: str) -> None:
    faults = faults_of(HEAD + rule)
    assert {fault.path for fault in faults} == {path}
    assert all(fault.remedy for fault in faults)


def test_the_refusal_says_what_it_costs() -> None:
    (fault,) = faults_of(
        HEAD
        + awarding("r", when="size(purchase.lines.map(l, l.sku)) > 1")
        + "".join(awarding(f"r{n}", when=f"size(purchase.lines.map(l, l.sku)) > {n}") for n in range(3))
    )
    assert fault.message == (
        "what is judged on purchase.completed costs 117002 steps on a receipt of 500 lines, 52254 of them here:"
        " at most 100000 are allowed"
    )
    assert fault.remedy == (
        "use exists instead of filter and map, no loop within a loop, and no list of the member or the purchase"
        " within a loop; count lines by of: {lines: ...} or of: {items: ...}"
    )


def test_an_expression_that_many_rules_share_is_charged_once() -> None:
    same = [awarding(f"r{n}", when="10 in purchase.lines.map(l, l.amount)") for n in range(200)]
    assert len(load(HEAD + "".join(same)).rules) == 200


def test_what_follows_from_a_decision_has_a_tenth_of_its_steps() -> None:
    rules = [awarding(f"r{n}").replace("purchase.completed", "tier.changed") for n in range(200)]
    (fault,) = faults_of(HEAD + "".join(rules))
    assert fault.message.endswith("at most 10000 are allowed")


def test_a_version_published_before_the_check_runs_out_of_steps_and_not_of_time() -> None:
    programme = load_published(HEAD + awarding("bad", when=LOOPING) + awarding("good"))
    row = decide(programme, joined(programme), bought(250), now=NOON).row
    assert [(one.rule, one.applied, one.reason) for one in row.outcomes] == [
        ("bad", False, "when"),
        ("good", True, None),
    ]
    assert [(one.source, one.kind) for one in row.failures] == [(LOOPING, "cost")]
    short = decide(programme, joined(programme), bought(10), now=NOON).row
    assert (short.failures, BUDGETS) == ((), 3)


def test_lines_read_for_each_line_run_out_of_steps_too() -> None:
    programme = load_published(
        HEAD + awarding("bad", of="{lines: 'size(purchase.lines) > 5 && line.amount > 0'}")
    )
    row = decide(programme, joined(programme), bought(500), now=NOON).row
    assert [(one.rule, one.reason) for one in row.outcomes] == [("bad", "nothing_to_count")]
    assert [one.kind for one in row.failures] == ["cost"]
    assert [
        entry.amount for entry in decide(programme, joined(programme), bought(8), now=NOON).row.entries
    ] == [8]


def joined(programme: Programme, *, tags: int = 0) -> Member:
    enrolment = Event("1", ENROLLED, datetime(2025, 1, 10, tzinfo=UTC), profile=Profile("Ana"))
    member = decide(programme, Member("m", "n"), enrolment, now=NOON).member
    return replace(member, tags=frozenset(f"tag{n}" for n in range(tags)))


def bought(lines: int) -> Event:
    receipt = tuple(
        Line(line=n, sku=f"s{n:06}", amount=100 + n, quantity=1, name=f"Coin {n}", category=f"cat{n}")
        for n in range(1, lines + 1)
    )
    return Event("2", PURCHASED, NOON, purchase=Purchase("r1", 1_000_000, "EUR", "lisboa", receipt))


def _checked(rule: Callable[[int], str], count: int) -> tuple[Programme, list[Finding]]:
    parsed = parse_yaml(HEAD + "".join(rule(n) for n in range(count)))
    validation = validate(parsed.values)
    assert validation.programme is not None
    checked_file = CheckedFile(validation.programme, parsed.values, validation)
    return validation.programme, list(check_costs(checked_file))
