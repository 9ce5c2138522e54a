"""What expressions see: a member, an event and a purchase as plain values, built once and only of what is read.

The vocabulary is the programme file's (programme.md, "Expressions"). What is missing is null. `now` is the event's own time,
so that a late event is judged as it would have been.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import lru_cache

from domain.model.calendar import local_day
from domain.model.conditions import Context, Expression, ExpressionFailed
from domain.model.events import Event, Fact, Facts, Json, Line, Purchase
from domain.model.member import Member
from domain.model.programme import Programme

PRIVATE = frozenset({"member.birthday", "member.number"})


def member_view(programme: Programme, member: Member, at: datetime, fields: Iterable[str]) -> dict[str, Fact]:
    """Return the fields of a member that expressions read, at an instant."""
    return {name: _member_field(programme, member, at, name) for name in fields}


def _member_field(programme: Programme, member: Member, at: datetime, name: str) -> Fact:
    bought = member.purchases
    match name:
        case "number":
            return member.number
        case "tier":
            return held_code(programme, member)
        case "tags":
            return sorted(member.tags)
        case "segments":
            return sorted(member.segments)
        case "locale":
            return member.profile.locale
        case "plan":
            return member.plan.code if member.plan else None
        case "joined_at":
            return member.joined_at
        case "birthday":
            return member.profile.birthday.isoformat() if member.profile.birthday else None
        case "consents":
            return sorted(member.profile.consents)
        case "balance":
            return {spec.code: member.wallets[spec.code].available if spec.code in member.wallets else 0 for spec in programme.wallets}
        case "earned":
            return {spec.code: member.wallets[spec.code].earned if spec.code in member.wallets else 0 for spec in programme.wallets}
        case "purchases":
            average = bought.total // bought.count if bought.count else 0
            categories: dict[str, Json] = dict(bought.categories)
            return {"count": bought.count, "total": bought.total, "average": average, "categories": categories}
        case "last_purchase_at":
            return bought.last_at
        case "days_since_purchase":
            return _days(programme, bought.last_at, at)
        case "days_since_joining":
            return _days(programme, member.joined_at, at)
        case "badges":
            return {code: badge.level for code, badge in member.badges.items() if badge.level}
        case "referrals":
            return member.referral.friends
    raise KeyError(name)


def _days(programme: Programme, since: datetime | None, at: datetime) -> int | None:
    return None if since is None else (local_day(at, programme.zone) - local_day(since, programme.zone)).days


def held_code(programme: Programme, member: Member) -> str | None:
    """Return the tier a member holds: the earned one, or the floor a rule gave where that is higher. None without tiers."""
    standing = member.tier
    if standing is None or programme.tiers is None:
        return None
    if standing.floor is None:
        return standing.code
    order = programme.rung_order
    return standing.floor if order.get(standing.floor, -1) > order.get(standing.code, -1) else standing.code


def multiplier(programme: Programme, tier: str | None, plan: str | None) -> Fraction:
    """Return what `tiered` awards are multiplied by: the tier's, or the plan's where it is larger."""
    by_tier = programme.rung(tier).multiplier if programme.tiers and tier in programme.rung_order else Fraction(1)
    by_plan = programme.plan(plan).multiplier if plan and any(p.code == plan for p in programme.plans) else None
    return max(by_tier, by_plan) if by_plan else by_tier


def purchase_view(programme: Programme, event: Event, purchase: Purchase, *, first: bool) -> dict[str, object]:
    """Return a purchase as expressions see it; `eligible` is the total less lines of ineligible categories, never below zero."""
    out = set(programme.programme.ineligible)
    excluded = sum(line.amount for line in purchase.lines if line.category in out)
    return {
        "total": purchase.total,
        "eligible": max(0, purchase.total - excluded),
        "currency": purchase.currency,
        "source": event.source,
        "store": purchase.store,
        "first": first,
        "lines": [line_view(line) for line in purchase.lines],
    }


def line_view(line: Line) -> dict[str, object]:
    """Return a line as `lines` and `items` expressions see it."""
    return {"sku": line.sku, "name": line.name, "category": line.category, "quantity": line.quantity, "amount": line.amount}


@lru_cache(maxsize=256)
def _line_context(line: Line) -> Context:
    return Context({"line": line_view(line)})


def event_view(programme: Programme, event: Event) -> dict[str, object]:
    """Return an event as expressions see it; declared fields are always there, null where missing."""
    data: dict[str, Json] = dict.fromkeys(programme.declared(event.name))
    data.update(event.data)
    return {"name": event.name, "at": event.since or event.at, "source": event.source, "data": data}


@dataclass
class Sight:
    """What one event's expressions may see, each part built on first use.

    `facts` stands in for the member where a purchase is decided again: then private results come from it too. `results`
    collects what expressions over private fields gave, to be kept instead of the fields.
    """

    programme: Programme
    member: Member
    event: Event
    facts: Facts | None = None
    first: bool = False
    results: dict[str, Json] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    _context: Context | None = None
    _view: Mapping[str, Fact] | None = None

    def test(self, expression: Expression | None) -> bool:
        """Answer a condition; a missing one is true, one that fails is false and noted in `failed`."""
        if expression is None:
            return True
        if PRIVATE & expression.names:
            return self._private(expression, None) is True
        try:
            return expression.test(self.context)
        except ExpressionFailed as error:
            self.failed.append(str(error))
            return False

    def number(self, expression: Expression) -> Fraction:
        """Answer a number, never below zero; one that fails or is none counts nothing and is noted in `failed`."""
        value = self._private(expression, None) if PRIVATE & expression.names else self._value(expression, self.context)
        return max(Fraction(0), Fraction(value)) if isinstance(value, int | float) and not isinstance(value, bool) else Fraction(0)

    def lines(self, expression: Expression) -> list[Line]:
        """Return the purchase's lines for which an expression holds; a line on which it fails is out."""
        purchase = self.event.purchase
        return [line for line in purchase.lines if self._line(expression, line)] if purchase else []

    def view(self) -> Mapping[str, Fact]:
        """Return the member's fields that expressions read: of now, or as they were kept."""
        if self.facts is not None:
            return self.facts.member
        if self._view is None:
            self._view = member_view(self.programme, self.member, self.event.at, self.programme.member_fields)
        return self._view

    @property
    def context(self) -> Context:
        if self._context is None:
            values: dict[str, object] = {"member": dict(self.view()), "event": event_view(self.programme, self.event)}
            values["now"] = self.event.at
            if self.event.purchase is not None:
                values["purchase"] = purchase_view(self.programme, self.event, self.event.purchase, first=self.first)
            self._context = Context(values)
        return self._context

    def _line(self, expression: Expression, line: Line) -> bool:
        if PRIVATE & expression.names:
            return self._private(expression, line) is True
        if all(name.partition(".")[0] == "line" for name in expression.names):
            context = _line_context(line)
        else:
            context = self.context.with_("line", line_view(line))
        return self._value(expression, context) is True

    def _private(self, expression: Expression, line: Line | None) -> Json:
        key = f"{expression.source}@{line.line}" if line else expression.source
        if self.facts is not None:
            return self.facts.results.get(key)
        context = self.context.with_("line", line_view(line)) if line else self.context
        value = self._value(expression, context)
        self.results[key] = value if isinstance(value, bool | int | float | str) else None
        return self.results[key]

    def _value(self, expression: Expression, context: Context) -> object:
        try:
            return expression.value(context)
        except ExpressionFailed as error:
            self.failed.append(str(error))
            return None
