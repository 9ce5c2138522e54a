"""What an event's rules give: each checked in order, its amount computed exactly and rounded once, with the
reason where it gives nothing.

Judging changes nothing: it returns verdicts, which decide carries out and a refund compares. Amounts are
whole points or minor units. Checks come in the order frozen, during, when, limit, holdout, cap, best_of; the
first that fails is the reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.model.calendar import to_utc
from domain.model.ledger.deciding.rule_order import Groups, groups_of, in_order
from domain.model.ledger.period_counts import RuleRoom
from domain.model.ledger.views.expression_view import ExpressionView
from domain.model.programme import ActiveTimes, Award, CountBasis, DeductionSpec, Programme, Rule
from domain.model.values import dataclass, evolve

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Grant:
    """What one award of a rule gives: the base, the tier's or plan's extra, and why nothing where both are
    zero.
    """

    wallet: str
    base: int = 0
    extra: int = 0
    is_bonus: bool = False
    reason: str | None = None

    @property
    def amount(self) -> int:
        """Base and extra together."""
        return self.base + self.extra


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's judgement, of one that applied as the member has it: `reason` says why it did not apply, or
    `cap` where it applied in part. `deductions` are what its actions take at most, in their order.
    """

    rule: Rule
    applied: bool
    reason: str | None = None
    grants: tuple[Grant, ...] = ()
    deductions: tuple[int, ...] = ()

    @property
    def amount(self) -> int:
        """All that its awards give."""
        return sum(grant.amount for grant in self.grants)


@dataclass(frozen=True)
class RuleInputs:
    """What judging needs: the programme, what expressions see, the multiplier, and each rule's room under its
    limit and cap. `known_variants` are those that rules had where the same was decided before.
    """

    programme: Programme
    view: ExpressionView
    member_id: str
    frozen: bool
    multiplier: Fraction
    room_of: Callable[[Rule], RuleRoom]
    shared_room_of: Callable[[Rule], int | None] = lambda _: None
    rooms: dict[str, RuleRoom] = field(default_factory=dict)
    known_variants: Mapping[str, str] = field(default_factory=dict)

    def of_member(self, rule: Rule) -> Rule:
        """The rule as the member has it: in the variant it had when decided before, else in theirs."""
        if not rule.variants:
            return rule
        known = rule.as_variant(self.known_variants.get(rule.code))
        return rule.for_member(self.member_id) if known is rule else known

    def room_for(self, rule: Rule) -> RuleRoom:
        """The rule's room, asked once and kept."""
        if rule.code not in self.rooms:
            self.rooms[rule.code] = self.room_of(rule)
        return self.rooms[rule.code]

    def shared_room(self, rule: Rule) -> int | None:
        """What the cap that a rule shares leaves to it and the others; None where nothing bounds it."""
        return self.shared_room_of(rule)


# ---------------------------------------------------------------- words of time and chance


def is_during(during: ActiveTimes | None, at: datetime, zone: ZoneInfo, *, dates_alone: bool = False) -> bool:
    """Tell whether an instant lies in a rule's days, weekdays and clock hours. `until` days count whole,
    `hours` without their end. `dates_alone` asks for its days only, on whatever weekday and hour.
    """
    if during is None:
        return True
    if during.from_ is not None and at < instant_of(during.from_, zone):
        return False
    if during.until is not None and at >= end_instant_of(during.until, zone):
        return False
    if dates_alone or (not during.weekdays and during.hours is None):
        return True
    local = at.astimezone(zone)
    if during.weekdays and WEEKDAYS[local.weekday()] not in during.weekdays:
        return False
    return during.hours is None or during.hours.contains(local.time().replace(tzinfo=None))


@lru_cache(maxsize=4096)
def instant_of(value: date | datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which a written day or local time begins."""
    return to_utc(value if isinstance(value, datetime) else datetime.combine(value, time.min), zone)


def end_instant_of(value: date | datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant after a written `until`: a day includes itself, a local time does not."""
    if isinstance(value, datetime):
        return instant_of(value, zone)
    return instant_of(value + min(timedelta(days=1), date.max - value), zone)  # 9999-12-31 is for good


def is_held_out(member: str, rule: Rule) -> bool:
    """Tell whether a member is among the share that never gets a rule, by a stable hash of both."""
    digest = hashlib.sha256(f"{member}\n{rule.code}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100 < rule.holdout


# ---------------------------------------------------------------- amounts


def count_units(of: CountBasis | None, view: ExpressionView) -> int | Fraction:
    """Return what `of` counts: a number, the amount or the quantity of the lines for which it holds; 1 where
    there is none.
    """
    if of is None:
        return 1
    if of.kind == "value":
        return view.number(of.expression)
    lines = view.lines(of.expression)
    if of.kind == "lines":
        return view.earning_amount(lines)
    return sum([line.quantity for line in lines])


def deduction(spec: DeductionSpec, view: ExpressionView) -> int:
    """Return what a deduction takes at most: a fixed amount, or what it counts, floored."""
    return spec.fixed if spec.fixed is not None else int(count_units(spec.of, view))


def grant(award: Award, inputs: RuleInputs, awarded: AwardedByRule) -> Grant:
    """Return what one award gives: exact until its one rounding, down; the multiplier's extra is what the
    exact award times it has more. `awarded` is what other rules gave, for `times`.
    """
    if award.fixed is not None:
        return _with_extra(award, award.fixed, 1, inputs)
    if award.times is not None:
        over = sum(awarded.of(code, award.wallet, with_extras=award.extras) for code in award.over)
        amount = int((award.times - 1) * over)
        return Grant(
            award.wallet,
            amount,
            is_bonus=True,
            reason=None if amount else "rounded_to_zero" if over else "nothing_to_count",
        )
    assert award.amount is not None, "the check lets no award through without fixed, amount or times"
    units = count_units(award.of, inputs.view)
    if award.whole:
        with_extra = _with_extra(award, units // award.per * award.amount, 1, inputs)
    else:
        numerator, denominator = units.numerator * award.amount, units.denominator * award.per
        with_extra = _with_extra(award, numerator, denominator, inputs)
    if not with_extra.amount:
        return Grant(award.wallet, reason="rounded_to_zero" if units else "nothing_to_count")
    return with_extra


def _with_extra(award: Award, numerator: int, denominator: int, inputs: RuleInputs) -> Grant:
    """Floor the exact award, a fraction in whole numbers since a `Fraction` costs more than all the rest."""
    base = numerator // denominator
    if not award.tiered:
        return Grant(award.wallet, base)
    factor = inputs.multiplier
    return Grant(
        award.wallet, base, numerator * factor.numerator // (denominator * factor.denominator) - base
    )


def _cut(grants: Sequence[Grant], left: int | None) -> tuple[tuple[Grant, ...], bool]:
    """Cut grants to what a cap leaves: the base first, its extra in proportion and within the rest."""
    if left is None or sum([grant.amount for grant in grants]) <= left:
        return tuple(grants), False
    out = []
    for grant in grants:
        base = min(grant.base, left)
        extra = min(grant.extra * base // grant.base if grant.base else grant.extra, left - base)
        reason = grant.reason or (None if base + extra else "cap")
        out.append(evolve(grant, base=base, extra=extra, reason=reason))
        left -= base + extra
    return tuple(out), True


# ---------------------------------------------------------------- judging


class AwardedByRule:
    """What rules gave so far, by wallet: what `times` multiplies."""

    def __init__(self) -> None:
        self._grants: dict[str, tuple[Grant, ...]] = {}

    def of(self, rule: str, wallet: str, *, with_extras: bool) -> int:
        """Return what a rule gave into a wallet, with the extras of tier and plan or without."""
        grants = [grant for grant in self._grants.get(rule, ()) if grant.wallet == wallet]
        return sum([grant.amount if with_extras else grant.base for grant in grants])

    def note(self, verdict: Verdict) -> None:
        """Note what a rule gives, in place of what was noted before."""
        self._grants[verdict.rule.code] = verdict.grants if verdict.applied else ()


@dataclass
class _Judging:
    """One event's rules being judged: what they gave, and what they took of caps that rules share."""

    inputs: RuleInputs
    awarded: AwardedByRule = field(default_factory=AwardedByRule)
    taken: dict[str, int] = field(default_factory=dict)

    def judge(self, group: Sequence[Rule]) -> list[Verdict]:
        """Judge a rule, or a `best_of` group of which only the winner takes room of a shared cap."""
        if len(group) == 1:
            verdicts = [self._try(group[0])]
        else:
            verdicts = _best([self._try(rule) for rule in group])
            for verdict in verdicts:
                self.awarded.note(verdict)
        for verdict in verdicts:
            cap = verdict.rule.capped_by
            if cap is not None and verdict.applied:
                self.taken[cap] = self.taken.get(cap, 0) + verdict.amount
        return verdicts

    def _try(self, rule: Rule) -> Verdict:
        reason = check(rule, self.inputs)
        if reason is not None:
            return Verdict(rule, False, reason)
        rule = self.inputs.of_member(rule) if rule.variants else rule
        grants = tuple([grant(award, self.inputs, self.awarded) for award in rule.awards])
        taken = (
            tuple([deduction(spec, self.inputs.view) for spec in rule.deductions]) if rule.deductions else ()
        )
        verdict = self._capped(Verdict(rule, True, None, grants, taken))
        self.awarded.note(verdict)  # what a rule of the same group would multiply
        return verdict

    def _capped(self, verdict: Verdict) -> Verdict:
        if not verdict.grants:
            return verdict
        left = self.inputs.room_for(verdict.rule)[1]
        shared = verdict.rule.capped_by
        if shared is not None:
            room = self.inputs.shared_room(verdict.rule)
            rest = None if room is None else max(0, room - self.taken.get(shared, 0))
            left = rest if left is None else left if rest is None else min(left, rest)
        grants, is_cut = _cut(verdict.grants, left)
        if not is_cut:
            return verdict
        if not left:
            return Verdict(verdict.rule, False, "cap")
        return evolve(verdict, reason="cap", grants=grants)


def judge(rules: Sequence[Rule], inputs: RuleInputs) -> list[Verdict]:
    """Judge rules on one event. Rules that multiply others, and their groups, come after what they multiply;
    else in file order, a `best_of` group at its first rule.
    """
    verdicts = judge_groups(in_order(groups_of(rules)), inputs)
    return [verdicts[rule.code] for rule in rules]


def judge_groups(groups: Groups, inputs: RuleInputs) -> dict[str, Verdict]:
    """Judge rules that are in groups and in order already, and return the verdicts by their codes."""
    judging, verdicts = _Judging(inputs), dict[str, Verdict]()
    for group in groups:
        for verdict in judging.judge(group):
            verdicts[verdict.rule.code] = verdict
    return verdicts


def check(rule: Rule, inputs: RuleInputs) -> str | None:
    """Return why a rule does not get as far as its awards: frozen, during, when, limit or holdout. None where
    it does.
    """
    event = inputs.view.event
    if inputs.frozen:
        return "frozen"
    at = event.original_at or event.at
    if rule.during is not None and not is_during(rule.during, at, inputs.programme.zone):
        return "during"
    if rule.when is not None and not inputs.view.test(rule.when):
        return "when"
    if not inputs.room_for(rule)[0]:
        return "limit"
    if rule.holdout and is_held_out(inputs.member_id, rule):
        return "holdout"
    return None


def _best(tried: Sequence[Verdict]) -> list[Verdict]:
    winners: dict[str, Verdict] = {}
    for verdict in tried:
        group = verdict.rule.best_of
        if group and verdict.applied and (group not in winners or verdict.amount > winners[group].amount):
            winners[group] = verdict
    return [
        evolve(v, applied=False, reason=f"best_of:{winners[v.rule.best_of].rule.code}", grants=())
        if v.applied and v.rule.best_of and winners[v.rule.best_of] is not v
        else v
        for v in tried
    ]
