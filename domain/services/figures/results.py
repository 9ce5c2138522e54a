"""What each rule came to: firings, people, cost, and, where it has a holdout, what it brought.

Uplift is measured over all members once a day, and kept until the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from domain.model.calendar import local_day
from domain.model.figures.definitions.points import units_cost
from domain.model.figures.period import PeriodFigures, below
from domain.model.figures.uplift import Uplift
from domain.model.figures.variant_arms import PartArms, add_member
from domain.model.ledger.deciding.earning import is_held_out
from domain.model.programme import Programme, Rule
from domain.services.runtime import Runtime
from domain.store.figures import member_figures, uplifts
from domain.store.figures.uplifts import RuleArms


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What a rule came to in a period. `awarded` and `deducted` by wallet, `cost` in minor units, None where
    a wallet's unit has no cost. `revenue` and `receipts` are its uplift a member since it stands, None
    without a holdout.
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


# ---------------------------------------------------------------- pure rules
def rule_results(
    period: PeriodFigures, programme: Programme, arms: Mapping[str, RuleArms]
) -> tuple[RuleResult, ...]:
    """Return the results of the programme's rules, in file order."""
    return tuple(_rule_result(period, programme, rule, arms.get(rule.code)) for rule in programme.rules)


def _rule_result(
    period: PeriodFigures, programme: Programme, rule: Rule, arms: RuleArms | None
) -> RuleResult:
    sums = below(period.sums, f"rules.{rule.code}")
    awarded, deducted = below(sums, "awarded"), below(sums, "deducted")
    return RuleResult(
        rule=rule.code,
        fired=sums.get("fired", 0),
        members=sums.get("members", 0),
        held_out=sums.get("held_out", 0),
        awarded=awarded,
        deducted=deducted,
        cost=units_cost(programme, awarded, less=deducted),
        revenue=arms.revenue_uplift() if arms is not None else None,
        receipts=arms.receipts_uplift() if arms is not None else None,
    )


# ---------------------------------------------------------------- once a day
async def measure_uplifts(runtime: Runtime, *, now: datetime) -> dict[str, RuleArms]:
    """Measure the uplift of each rule with a holdout over all members, and what each variant brought; keep
    both.
    """
    programme = runtime.programme
    rules = [rule for rule in programme.rules if rule.holdout]
    today = local_day(now, programme.zone)
    arms = {rule.code: RuleArms(today) for rule in rules}
    parts = {part.varied_name: part for part in programme.varied_parts}
    variants = {name: PartArms(part.split, today, today, {}) for name, part in parts.items()}
    if rules or parts:
        async for member, figures in member_figures.iterate(runtime.store):
            if figures.joined_on is None:
                continue
            for rule in rules:
                known = figures.arms.get(rule.code)
                arms[rule.code].add_member(known, is_held_out=is_held_out(member, rule))
            for name, part in parts.items():
                variants[name] = add_member(variants[name], part, member, figures)
    for each in arms.values():
        each.until = today
    await uplifts.store_arms(runtime.store, arms, variants, day=today)
    return arms


async def measure_daily(runtime: Runtime, *, now: datetime, measured_on: date | None) -> date:
    """Measure once a day; return the day for which that is done."""
    today = local_day(now, runtime.programme.zone)
    if measured_on != today and await uplifts.find_day(runtime.store) != today.isoformat():
        await measure_uplifts(runtime, now=now)
    return today
