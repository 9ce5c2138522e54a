"""What figures keep of a member, small and without personal data: enough to fold the next row of the journal
without those before it.

Days on which they bought stand in a bitmap of the last 400 days. A purchase that came so late that its day is
older than that counts in every sum, but makes nobody active.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date, timedelta
from typing import TypeAlias

from domain.model.club.tastes import NO_TASTES, Tastes
from domain.model.values import dataclass, evolve

DAYS_KEPT = 400
ACTIVE_WINDOWS = (30, 90, 365)
CUSTOMER_WINDOW = 365  # who bought within so many days is a customer, for retention and churn
CUSTOMERS_MERGED = "customers_merged"  # the level of those who became one with another customer
Span: TypeAlias = tuple[date, date]  # from a day on, until another one


@dataclass(frozen=True, slots=True)
class ActiveDays:
    """The days with a purchase: bit n of `bits` is the day n days before `newest`."""

    newest: date | None = None
    bits: int = 0

    def __contains__(self, day: date) -> bool:
        age = self._age(day)
        return age is not None and 0 <= age < DAYS_KEPT and bool(self.bits >> age & 1)

    def with_day(self, day: date) -> ActiveDays:
        """Return the days with one more; without what has become too old, or comes too late."""
        if self.newest is None:
            return ActiveDays(day, 1)
        age = (self.newest - day).days
        if age < 0:
            return ActiveDays(day, (self.bits << -age | 1) & ((1 << DAYS_KEPT) - 1))
        return ActiveDays(self.newest, self.bits | 1 << age) if age < DAYS_KEPT else self

    def __iter__(self) -> Iterator[date]:
        """Yield the days, the newest first."""
        if self.newest is not None:
            yield from (self.newest - timedelta(days=age) for age in range(DAYS_KEPT) if self.bits >> age & 1)

    def neighbours(self, day: date) -> tuple[date | None, date | None]:
        """Return the nearest days before and after a day."""
        if self.newest is None:
            return None, None
        age = (self.newest - day).days
        earlier = self.bits >> max(age + 1, 0)
        before = None
        if earlier:
            skipped = (earlier & -earlier).bit_length() - 1
            before = self.newest - timedelta(days=max(age + 1, 0) + skipped)
        later = self.bits & ((1 << age) - 1) if age > 0 else 0
        after = self.newest - timedelta(days=later.bit_length() - 1) if later else None
        return before, after

    def _age(self, day: date) -> int | None:
        return None if self.newest is None else (self.newest - day).days


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """What a member bought while a rule with a holdout ran, in whichever arm: minor units, net. Of a part
    with variants since they stand, and also how often it applied to them or they redeemed it, and the `split`
    by which they have theirs: with another split all begins anew.
    """

    since: date
    receipts: int = 0
    revenue: int = 0
    conversions: int = 0
    split: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """What a membership had bought that was merged into this one: `on` the day of the merge, `last` that of
    its last purchase. `was_customer` tells that both were customers, so that one of two is left.
    """

    on: date
    last: date | None = None
    was_customer: bool = False

    @property
    def counts_from(self) -> date:
        """The first day on which it counts here: until then the membership that was closed is active."""
        return self.on + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MemberFigures:
    """What is kept of a member after a row. `receipts` and `revenue` are of purchases as recorded, in minor
    units, `returned` what was taken back of it. `left_on` is the day they were erased, or closed by a merge.
    `fired` are the rules that ever applied, `codes` those entered, with whether a purchase came after. `arms`
    are receipts and net revenue while a rule with a holdout ran, by rule, and the first day of that; and the
    same of parts since they have variants, by their `varied_name`. `tastes` is what recommendations rest on.
    `brought` is what memberships had bought that were merged into theirs, by member; of these are codes, too.
    """

    seq: int = 0
    tier: str | None = None
    plan: str | None = None
    segments: frozenset[str] = frozenset()
    joined_on: date | None = None
    left_on: date | None = None
    first_purchase_on: date | None = None
    last_purchase_on: date | None = None
    active: ActiveDays = field(default_factory=ActiveDays)
    receipts: int = 0
    revenue: int = 0
    returned: int = 0
    fired: frozenset[str] = frozenset()
    codes: Mapping[str, bool] = field(default_factory=dict)
    arms: Mapping[str, ArmFigures] = field(default_factory=dict)
    tastes: Tastes = NO_TASTES
    brought: Mapping[str, Brought] = field(default_factory=dict)

    @property
    def has_bought(self) -> bool:
        """Tell whether they ever bought, also by a membership that was merged into theirs."""
        return bool(self.receipts or self.brought)

    @property
    def newest_purchase_on(self) -> date | None:
        """The newest day that makes them active, also by a membership that was merged into theirs."""
        days = [self.active.newest, *(each.last for each in self.brought.values())]
        return max((day for day in days if day is not None), default=None)

    @property
    def is_enrolled(self) -> bool:
        """Tell whether they are a member now."""
        return self.joined_on is not None and self.left_on is None

    def levels(self) -> Iterator[str]:
        """Yield what they count in while they are a member."""
        if not self.is_enrolled:
            return
        yield "enrolled"
        if self.has_bought:
            yield "participating"
        if self.tier is not None:
            yield f"tiers.{self.tier}"
        if self.plan is not None:
            yield f"plans.{self.plan}"
        yield from (f"segments.{code}" for code in self.segments)


NOTHING_YET = MemberFigures()


def bought(figures: MemberFigures, *, day: date, total: int) -> MemberFigures:
    """Return the figures after a purchase on a day of so many minor units."""
    first, last = figures.first_purchase_on, figures.last_purchase_on
    return evolve(
        figures,
        first_purchase_on=day if first is None else min(first, day),
        last_purchase_on=day if last is None else max(last, day),
        active=figures.active.with_day(day),
        receipts=figures.receipts + 1,
        revenue=figures.revenue + total,
        codes=dict.fromkeys(figures.codes, True),
    )


def in_arms(
    figures: MemberFigures, rules: Iterable[str], *, day: date, receipts: int, amount: int
) -> MemberFigures:
    """Return the figures after so many receipts and so much revenue under rules with a holdout."""
    arms = dict(figures.arms)
    for rule in rules:
        before = arms.get(rule) or ArmFigures(day)
        arms[rule] = evolve(
            before,
            since=min(before.since, day),
            receipts=before.receipts + receipts,
            revenue=before.revenue + amount,
        )
    return evolve(figures, arms=arms) if arms != figures.arms else figures


def active_changes(before: MemberFigures, after: MemberFigures, window: int) -> Iterator[tuple[date, int]]:
    """Yield on which days a member becomes active (+1) and is active no longer (-1), by a purchase in the
    last `window` days, where a row changed that.
    """
    newest = after.newest_purchase_on
    if after.left_on != before.left_on and newest is not None:
        # Who leaves is active no longer from the next day on; who comes back is so again.
        left_on, sign = (after.left_on, -1) if after.left_on is not None else (before.left_on, 1)
        assert left_on is not None, "one of two that differ"
        yield from _steps([(left_on + timedelta(days=1), newest + timedelta(days=window))], sign)
    if after.brought != before.brought and after.left_on is None:
        yield from _steps(_brought_alone(before, window), -1)
        yield from _steps(_brought_alone(after, window), 1)
    if after.active == before.active:
        return
    day = _added_day(before.active, after.active)
    earlier, later = before.active.neighbours(day)
    start = day if earlier is None else max(day, earlier + timedelta(days=window))
    end = day + timedelta(days=window) if later is None else min(day + timedelta(days=window), later)
    yield from _steps(_less([(start, end)], _brought_spans(after, window)), 1)


def _steps(spans: Iterable[Span], sign: int) -> Iterator[tuple[date, int]]:
    for start, end in spans:
        if start < end:
            yield start, sign
            yield end, -sign


def _brought_spans(figures: MemberFigures, window: int) -> list[Span]:
    """Return when a member is active by what was bought in memberships that were merged into theirs."""
    return [
        (each.counts_from, each.last + timedelta(days=window))
        for each in figures.brought.values()
        if each.last is not None
    ]


def _brought_alone(figures: MemberFigures, window: int) -> list[Span]:
    """Return when a member is active by that alone, and not by what they bought themselves."""
    spans, own = list[Span](), [(day, day + timedelta(days=window)) for day in figures.active]
    for span in _brought_spans(figures, window):
        spans += _less([span], [*own, *spans])
    return spans


def _less(spans: list[Span], others: Iterable[Span]) -> list[Span]:
    """Return what of spans lies in no other one."""
    for begin, until in others:
        if begin < until:
            parts = [
                part for start, end in spans for part in ((start, min(end, begin)), (max(start, until), end))
            ]
            spans = [(start, end) for start, end in parts if start < end]
    return spans


def _added_day(before: ActiveDays, after: ActiveDays) -> date:
    assert after.newest is not None, "a day was added"
    if before.newest is None or after.newest != before.newest:
        return after.newest
    return after.newest - timedelta(days=(before.bits ^ after.bits).bit_length() - 1)
