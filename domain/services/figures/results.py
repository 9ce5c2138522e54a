"""What each rule came to: firings, people, cost, and, where it has a holdout, what it brought.

Uplift is measured over all members once a day and kept until the next; sooner where many have come since.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from domain.model.calendar import local_day
from domain.model.figures.definitions.points import units_cost
from domain.model.figures.increments import ALL
from domain.model.figures.member_figures import MemberFigures
from domain.model.figures.period import PeriodFigures, add_up, below
from domain.model.figures.uplift import Return, Uplift, return_on
from domain.model.figures.variant_arms import PartArms, add_member
from domain.model.ledger.deciding.earning import end_instant_of, instant_of, is_held_out
from domain.model.programme import Programme, Rule
from domain.model.values import dataclass
from domain.services.runtime import Runtime
from domain.store.figures import member_figures, sums, uplifts
from domain.store.figures.uplifts import RuleArms

# So many are measured anew whenever one has come.
FEW_MEMBERS = 1000


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What a rule came to in a period. `awarded` and `deducted` by wallet, `cost` in minor units, None where
    a wallet's unit has no cost. `revenue` and `receipts` are its uplift a member while it ran, None
    without a holdout; `roi` is what it returned on its cost, None also where the file assumes no margin.
    """

    rule: str
    fired: int
    members: int
    held_out: int
    awarded: Mapping[str, int]
    deducted: Mapping[str, int]
    cost: float | None
    revenue: Uplift | None = None
    receipts: Uplift | None = None
    roi: Return | None = None


# ---------------------------------------------------------------- pure rules
def rule_results(
    period: PeriodFigures, programme: Programme, arms: Mapping[str, RuleArms]
) -> tuple[RuleResult, ...]:
    """Return the results of the programme's rules, in file order."""
    return tuple(_rule_result(period, programme, rule, arms.get(rule.code)) for rule in programme.rules)


def _rule_result(
    period: PeriodFigures, programme: Programme, rule: Rule, arms: RuleArms | None
) -> RuleResult:
    counts = below(period.sums, f"rules.{rule.code}")
    awarded, deducted = below(counts, "awarded"), below(counts, "deducted")
    revenue = arms.revenue_uplift() if arms is not None else None
    margin, cost = programme.programme.margin, arms.cost if arms is not None else None
    return RuleResult(
        rule=rule.code,
        fired=counts.get("fired", 0),
        members=counts.get("members", 0),
        held_out=counts.get("held_out", 0),
        awarded=awarded,
        deducted=deducted,
        cost=units_cost(programme, awarded, less=deducted),
        revenue=revenue,
        receipts=arms.receipts_uplift() if arms is not None else None,
        roi=None if not (revenue and margin and cost) else return_on(revenue, margin=margin, cost=cost),
    )


# ---------------------------------------------------------------- once a day
async def measure_uplifts(runtime: Runtime, *, now: datetime) -> dict[str, RuleArms]:
    """Measure the uplift of each rule with a holdout over all members, and what each variant brought; keep
    both.
    """
    programme = runtime.programme
    rules = [rule for rule in programme.rules if rule.holdout]
    today = local_day(now, programme.zone)
    arms = {rule.code: _no_arms(programme, rule, today) for rule in rules}
    parts = {part.varied_name: part for part in programme.varied_parts}
    variants = {name: PartArms(part.split, today, today, {}) for name, part in parts.items()}
    member_count = await member_figures.count(runtime.store)
    if rules or parts:
        async for member, figures in member_figures.iterate(runtime.store):
            if figures.joined_on is None:
                continue
            for rule in rules:
                if _was_member(programme, rule, figures, until=arms[rule.code].until):
                    known = figures.arms.get(rule.code)
                    arms[rule.code].add_member(known, is_held_out=is_held_out(member, rule))
            for name, part in parts.items():
                variants[name] = add_member(variants[name], part, member, figures)
    await _add_costs(runtime, arms, today=today)
    await uplifts.store_arms(runtime.store, arms, variants, day=today, members=member_count)
    return arms


def _no_arms(programme: Programme, rule: Rule, today: date) -> RuleArms:
    """Return a rule's arms without members, through today or the last day that its dates allow."""
    until = rule.during.until if rule.during is not None else None
    if until is None:
        return RuleArms(today, today)
    end = end_instant_of(until, programme.zone)
    last_day = min(today, local_day(end - timedelta(microseconds=1), programme.zone))
    arms = RuleArms(last_day, last_day)
    arms.is_over = last_day < today
    return arms


def _was_member(programme: Programme, rule: Rule, figures: MemberFigures, *, until: date) -> bool:
    """Tell whether somebody was a member on one of the days over which a rule is measured."""
    begins = rule.during.from_ if rule.during is not None else None
    first_day = None if begins is None else local_day(instant_of(begins, programme.zone), programme.zone)
    has_joined = figures.joined_on is not None and figures.joined_on <= until
    return has_joined and (figures.left_on is None or first_day is None or figures.left_on >= first_day)


async def _add_costs(runtime: Runtime, arms: Mapping[str, RuleArms], *, today: date) -> None:
    """Add to each rule what it cost since it was measured first, in one command for all."""
    if not arms:
        return
    start = min(each.since for each in arms.values())
    documents = await sums.find_days(runtime.store, shops=[ALL], tiers=[ALL], start=start, end=today)
    days = {date.fromisoformat(document["day"]): sums.flat_sums(document) for document in documents}
    for rule, each in arms.items():
        spent = below(add_up(some for day, some in days.items() if day >= each.since), f"rules.{rule}")
        awarded, deducted = below(spent, "awarded"), below(spent, "deducted")
        each.cost = units_cost(runtime.programme, awarded, less=deducted)


class DailyResults:
    """Measures once a day, and again where members have come since: a few at once, of many a quarter."""

    def __init__(self) -> None:
        self._measured: tuple[date, int] | None = None

    async def measure_if_due(self, runtime: Runtime, *, now: datetime) -> None:
        """Measure if that is due; else one or two commands that read no member."""
        today, member_count = (
            local_day(now, runtime.programme.zone),
            await member_figures.count(runtime.store),
        )
        if self._is_done(today, member_count):
            return
        self._measured = await uplifts.find_measurement(runtime.store)
        if not self._is_done(today, member_count):
            await measure_uplifts(runtime, now=now)
            self._measured = (today, member_count)

    def _is_done(self, today: date, member_count: int) -> bool:
        if self._measured is None:
            return False
        day, measured_count = self._measured
        added = abs(member_count - measured_count)
        return day == today and (not added or (member_count > FEW_MEMBERS and added * 4 < measured_count))
