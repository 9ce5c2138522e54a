"""What expressions see: a member, an event and a purchase as plain values, built once and only of what is
read.

The vocabulary is the programme file's (programme.md, "Expressions"). What is missing is null. `now` is the
event's own time, so that a late event is judged as it would have been.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from math import isfinite

from domain.model.calendar import local_day
from domain.model.conditions import Expression, ExpressionFailed, ExpressionFailure
from domain.model.expression_costs import context_steps, reads_line_alone, steps, steps_by_line
from domain.model.expression_engine import Context
from domain.model.ledger.categories import favourite
from domain.model.ledger.events import Event, Fact, Facts, Json, Line, Purchase
from domain.model.ledger.ladder import held_tier
from domain.model.ledger.member import Member, PurchaseTotals
from domain.model.ledger.payments import paid_by_line, paid_otherwise, payable_base, unearning_left
from domain.model.ledger.views.field_reads import FieldReads, beside_lines, reads_of
from domain.model.ledger.views.line_views import StepBudget, judge_beside, line_context, line_view
from domain.model.programme import Programme
from domain.model.programme.vocabulary import BUILT_IN_EVENTS
from domain.model.values import dataclass

PRIVATE_FIELDS = frozenset({"attributes", "birthday", "number"})
_MAPS = frozenset({"purchases", "favourite"})  # of which only what is read is made
DECIMALS = 6
LARGEST_NUMBER = 10**12  # beyond any amount that a wallet, a badge or a tier could hold


# ---------------------------------------------------------------- views


def member_view(programme: Programme, member: Member, at: datetime, reads: FieldReads) -> dict[str, Fact]:
    """Return the fields of a member that expressions read, at an instant."""
    if not (reads.member or reads.purchases or reads.favourites):
        return {}
    view = {name: _member_field(programme, member, at, name) for name in reads.member if name not in _MAPS}
    if reads.purchases:
        view["purchases"] = _purchases(member.purchases, reads.purchases)
    if reads.favourites:
        bought = member.purchases.categories
        view["favourite"] = dict[str, Json](
            {key: favourite(bought, among) for key, among in reads.favourites}
        )
    return view


def public_fields(fields: Mapping[str, Fact]) -> dict[str, Fact]:
    """Return a member's fields without those that identify a person."""
    return {name: value for name, value in fields.items() if name not in PRIVATE_FIELDS}


def _member_field(programme: Programme, member: Member, at: datetime, name: str) -> Fact:  # noqa: C901 - one word a case
    purchases = member.purchases
    match name:
        case "number":
            return member.number
        case "tier":
            return held_tier_code(programme, member)
        case "tags":
            return sorted(member.tags)
        case "segments":
            return sorted(member.segments)
        case "locale":
            return member.profile.locale
        case "plan":
            return member.plan.code if member.plan else None
        case "code":
            return member.code
        case "joined_at":
            return member.joined_at
        case "birthday":
            return member.profile.birthday.isoformat() if member.profile.birthday else None
        case "consents":
            return sorted(member.profile.consents)
        case "balance":
            wallets = member.wallets  # what is held counts until it is spent
            return {
                spec.code: own.available + own.held if (own := wallets.get(spec.code)) else 0
                for spec in programme.wallets
            }
        case "earned":
            return {
                spec.code: member.wallets[spec.code].earned if spec.code in member.wallets else 0
                for spec in programme.wallets
            }
        case "last_purchase_at":
            return purchases.last_at
        case "days_since_purchase":
            return _days_since(programme, purchases.last_at, at)
        case "days_since_joining":
            return _days_since(programme, member.joined_at, at)
        case "badges":
            return {code: badge.level for code, badge in member.badges.items() if badge.level}
        case "attributes":
            values = member.profile.attributes
            return dict[str, Json](
                {spec.name: spec.known(values.get(spec.name)) for spec in programme.attributes}
            )
        case "referrals":
            return member.referral.friends
    raise KeyError(name)


def _purchases(purchases: PurchaseTotals, fields: frozenset[str]) -> Fact:
    count = purchases.standing
    figures: dict[str, Json] = {
        name: value
        for name, value in (
            ("count", count),
            ("total", purchases.total),
            ("average", purchases.total // count if count else 0),
        )
        if name in fields
    }
    if "categories" in fields:
        figures["categories"] = {name: bought.amount for name, bought in purchases.categories.items()}
    if "quantities" in fields:
        figures["quantities"] = {name: bought.quantity for name, bought in purchases.categories.items()}
    return figures


def _days_since(programme: Programme, since: datetime | None, at: datetime) -> int | None:
    return (
        None
        if since is None
        else max(0, (local_day(at, programme.zone) - local_day(since, programme.zone)).days)
    )


def held_tier_code(programme: Programme, member: Member) -> str | None:
    """Return the tier a member holds: the earned one, or the floor a rule gave where that is higher. None
    without tiers.
    """
    return None if member.tier is None or programme.tiers is None else held_tier(programme, member.tier)


@lru_cache(maxsize=1024)
def multiplier(programme: Programme, tier: str | None, plan: str | None) -> Fraction:
    """Return what `tiered` awards are multiplied by: the tier's, or the plan's where it is larger."""
    by_tier = (
        programme.tier(tier).multiplier if tier is not None and tier in programme.tier_order else Fraction(1)
    )
    by_plan = (
        programme.plan(plan).multiplier
        if plan and any(p.code == plan for p in programme.plans)
        else Fraction(1)
    )
    return max(by_tier, by_plan)


@lru_cache(maxsize=1024)
def is_multiplied_by_tier(programme: Programme, tier: str | None, plan: str | None) -> bool:
    """Tell whether it is the tier that multiplies `tiered` awards, not the plan."""
    return multiplier(programme, tier, plan) > multiplier(programme, None, plan)


def purchase_view(
    programme: Programme, event: Event, purchase: Purchase, *, first: bool, fields: frozenset[str]
) -> dict[str, object]:
    """Return what is read of a purchase."""
    every, out = "*" in fields, dict[str, object]()
    if every or "lines" in fields:
        out["lines"] = [line_view(line) for line in purchase.lines]
    if every or "eligible" in fields:
        out["eligible"] = eligible(programme, purchase)
    if every or "paid" in fields:
        out["paid"] = paid_otherwise(purchase)
    out["total"], out["currency"], out["first"] = purchase.total, purchase.currency, first
    out["source"], out["store"] = event.source, purchase.store
    return out if every else {name: value for name, value in out.items() if name in fields}


def eligible(programme: Programme, purchase: Purchase) -> int:
    """Return what of a purchase may earn: its total less lines of ineligible categories, and less what
    wallets paid that does not earn; never below zero.
    """
    out = programme.programme.ineligible
    if not out and purchase.payment is None:
        return purchase.total
    base = payable_base(programme, purchase)
    return base if purchase.payment is None else max(0, base - unearning_left(purchase, base=base))


def event_view(programme: Programme, event: Event, fields: frozenset[str]) -> dict[str, object]:
    """Return what is read of an event; the fields of its data are always there, null where missing."""
    out: dict[str, object] = {"name": event.name, "at": event.original_at or event.at, "source": event.source}
    if "*" in fields or "data" in fields:
        declared: dict[str, Json] = dict.fromkeys(
            (*programme.declared_fields(event.name), *BUILT_IN_EVENTS.get(event.name, ()))
        )
        out["data"] = {**declared, **event.data}
    return out if "*" in fields else {name: value for name, value in out.items() if name in fields}


# ---------------------------------------------------------------- sight


@dataclass
class ExpressionView:
    """What one event's expressions may see, each part built on first use.

    `reads` is what they read. `facts` stands in for the member where a purchase is decided again, but for
    birthday and number. `past_facts` holds the tier and plan of a late event's own time. `failures` collects
    the expressions that failed.
    """

    programme: Programme
    member: Member
    event: Event
    reads: FieldReads
    facts: Facts | None = None
    past_facts: Facts | None = None
    first: bool = False
    failures: list[ExpressionFailure] = field(default_factory=list)
    budget: StepBudget = field(default_factory=StepBudget)
    _context: Context | None = None
    _answers: dict[Expression, object] = field(default_factory=dict)
    _beside: dict[Expression, list[object]] = field(default_factory=dict)
    _member_fields: Mapping[str, Fact] | None = None
    _paid_by_line: Mapping[int, int] | None = None

    def test(self, expression: Expression | None) -> bool:
        """Answer a condition; a missing one is true, one that fails is false and noted in `failures`."""
        if expression is None:
            return True
        if expression.is_costly:
            return self._costly_value(expression) is True
        try:
            return expression.test(self.context)
        except ExpressionFailed as error:
            self.failures.append(error.failure)
            return False

    def number(self, expression: Expression) -> int | Fraction:
        """Answer a number, never below zero, a double rounded to 6 decimals; one that fails or is none counts
        nothing and is noted in `failures`.
        """
        value = self._number(expression)
        if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
            return 0
        bounded = min(max(value, 0), LARGEST_NUMBER)
        return bounded if isinstance(bounded, int) else Fraction(repr(round(bounded, DECIMALS)))

    def _number(self, expression: Expression) -> object:
        purchase = self.event.purchase
        if (
            purchase is not None and expression.source == "purchase.total"
        ):  # what most rules count, without a context
            return purchase.total
        if purchase is not None and expression.source == "purchase.eligible":
            return eligible(self.programme, purchase)
        if expression.is_costly:
            return self._costly_value(expression)
        return self._value(expression, self.context)

    def _costly_value(self, expression: Expression) -> object:
        """Return the value of an expression with a loop or a pattern: once, however many rules have it, and
        None where the decision has no steps left for it.
        """
        if expression not in self._answers:
            purchase = self.event.purchase
            is_paid = self._pay(expression, steps(expression, len(purchase.lines) if purchase else 0))
            self._answers[expression] = self._value(expression, self.context) if is_paid else None
        return self._answers[expression]

    def _pay(self, expression: Expression, cost: int) -> bool:
        if self.budget.pay(cost):
            return True
        self.failures.append(ExpressionFailure(expression.source, "cost"))
        return False

    def earning_amount(self, lines: list[Line]) -> int:
        """Return what lines of the purchase come to, less what wallets paid of them that does not earn."""
        amount = sum([line.amount for line in lines])
        purchase = self.event.purchase
        if purchase is None or purchase.payment is None:
            return amount
        if self._paid_by_line is None:
            self._paid_by_line = paid_by_line(self.programme, purchase)
        return amount - sum(self._paid_by_line.get(line.line, 0) for line in lines)

    def lines(self, expression: Expression) -> list[Line]:
        """Return the purchase's lines for which an expression holds; a line on which it fails is out."""
        lines = self.event.purchase.lines if self.event.purchase is not None else ()
        if not lines:
            return []
        if reads_line_alone(expression):
            return self._lines_alone(expression, lines)
        if expression not in self._beside:
            self._judge_beside(expression, lines)
        answers = self._beside[expression]
        self.failures += [answer for answer in answers if isinstance(answer, ExpressionFailure)]
        return [line for line, answer in zip(lines, answers, strict=True) if answer is True]

    def _lines_alone(self, expression: Expression, lines: tuple[Line, ...]) -> list[Line]:
        if not self._pay(expression, steps_by_line(expression, len(lines))):
            return []
        return [line for line in lines if self._value(expression, line_context(line)) is True]

    def _judge_beside(self, expression: Expression, lines: tuple[Line, ...]) -> None:
        """Judge the lines by this expression and by all others that read more than the line: making a line
        one of the values costs as much as many answers.
        """
        together = {*beside_lines(self.programme, self.event.name), expression} - self._beside.keys()
        cost = context_steps(len(lines), together)
        cost += sum(steps_by_line(one, len(lines)) for one in together)
        if self._pay(expression, cost):
            self._beside |= judge_beside(together, lines, self._values(reads_of(together)))
        else:
            self._beside[expression] = [None] * len(lines)

    def member_fields(self) -> Mapping[str, Fact]:
        """Return the member's fields that expressions read: of now, or as they were kept with birthday and
        number as they are now.
        """
        if self._member_fields is None:
            fields = self._read_fields()
            if self.past_facts is not None:
                fields |= {
                    name: value
                    for name, value in (
                        ("tier", self.past_facts.tier_after),
                        ("plan", self.past_facts.plan_after),
                    )
                    if name in fields
                }
            self._member_fields = fields
        return self._member_fields

    def _read_fields(self) -> dict[str, Fact]:
        if self.facts is None:
            return member_view(self.programme, self.member, self.event.at, self.reads)
        private = FieldReads(self.reads.member & PRIVATE_FIELDS)
        return {**self.facts.member, **member_view(self.programme, self.member, self.event.at, private)}

    def for_member(self, member: Member) -> ExpressionView:
        """Return what the same event's expressions see of another state of the member: this very sight where
        they read nothing new.
        """
        if member is self.member:
            return self
        if self._member_fields is None or self.member_fields() == member_view(
            self.programme, member, self.event.at, self.reads
        ):
            self.member = member
            return self
        view = ExpressionView(
            self.programme,
            member,
            self.event,
            self.reads,
            first=self.first,
            failures=self.failures,
            budget=self.budget,
        )
        if self._context is not None:
            view._context = self._context.replacing("member", dict(view.member_fields()))
        return view

    @property
    def context(self) -> Context:
        if self._context is None:
            self._context = Context(self._values(self.reads))
        return self._context

    def _values(self, reads: FieldReads) -> dict[str, object]:
        values = dict[str, object]()
        if reads.member or reads.purchases:
            fields = self.member_fields()
            values["member"] = {name: fields[name] for name in (*reads.member, "purchases") if name in fields}
        if reads.event:
            values["event"] = event_view(self.programme, self.event, reads.event)
        if reads.now:
            values["now"] = self.event.at
        if reads.purchase and self.event.purchase is not None:
            values["purchase"] = purchase_view(
                self.programme, self.event, self.event.purchase, first=self.first, fields=reads.purchase
            )
        return values

    def _value(self, expression: Expression, context: Context) -> object:
        try:
            return expression.value(context)
        except ExpressionFailed as error:
            self.failures.append(error.failure)
            return None
