"""Rules that feed themselves: what a rule does raises events, which rules and badges take up, which may lead back to it.

A rule with `limit` or `cap` ends by itself. So do tiers climbed, badges earned and rewards unlocked, since none of these repeats
within a decision: such a circle is worth a warning, one by which awards bring awards is a fault.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from domain.model.conditions import Context, Expression, ExpressionFailed, conjuncts
from domain.model.programme.faults import Finding
from domain.model.programme.models import Programme
from domain.model.programme.rules import Action, Rule
from domain.model.programme.view import View

_BALANCE = frozenset({"balance", "earned"})


@dataclass(frozen=True)
class _Raised:
    """An event that something raises, with the data that is known beforehand."""

    name: str
    data: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class _Step:
    """Where a search stands: at an event, `endless` where the way came by awards or by what can be undone again; `by` retells it."""

    raised: _Raised
    endless: bool
    by: tuple[str, ...]


def check_loops(view: View) -> Iterator[Finding]:
    """Find rules that can feed themselves."""
    followers = _Followers(view.programme)
    for at, rule in enumerate(view.programme.rules):
        found = _circle(followers, rule)
        if found is not None:
            way = " -> ".join((*found.by, rule.code))
            remedy = "add a limit or cap, narrow its when by event.data, or write qualifying: false"
            yield Finding(("rules", at, "on"), f"the rule can feed itself: {rule.code} -> {way}", remedy, hint=not found.endless)


def _circle(followers: _Followers, rule: Rule) -> _Step | None:
    """Search the events that a rule leads to for one that it takes up; the endless way is told before one that ends."""
    if rule.limit is not None or rule.cap is not None:
        return None
    ending: _Step | None = None
    todo = deque(followers.of_rule(rule, _Step(_Raised(""), False, ())))
    seen = {(step.raised, step.endless) for step in todo}
    while todo:
        step = todo.popleft()
        if followers.takes_up(rule, step.raised):
            if step.endless:
                return step
            ending = ending or step
        for following in followers.of_event(step):
            if (following.raised, following.endless) not in seen:
                seen.add((following.raised, following.endless))
                todo.append(following)
    return ending


class _Followers:
    """What follows from what, in one programme."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme

    def takes_up(self, rule: Rule, raised: _Raised) -> bool:
        """Tell whether a rule may fire on an event."""
        return raised.name in rule.on and _may_hold(rule.when, raised)

    def of_event(self, step: _Step) -> Iterator[_Step]:
        """Yield what follows from an event: by rules, badges, the count of tiers, and what reads the member it changed."""
        raised = step.raised
        for rule in self.programme.rules_on(raised.name):
            if rule.limit is None and rule.cap is None and self.takes_up(rule, raised):
                yield from self.of_rule(rule, _Step(raised, step.endless, (*step.by, rule.code)))
        for badge in self.programme.badges_on(raised.name):
            if _may_hold(badge.when, raised):
                yield from self._of_badge(badge.code, _Step(raised, step.endless, (*step.by, badge.code)))
        if self.programme.tiers is not None and raised.name in self.programme.tiers.count.on:
            yield from self._told(step, self._climbs)
        changed = {"tier.changed": "tier", "badge.earned": "badges", "segment.entered": "segments", "segment.left": "segments"}
        if raised.name in changed:
            yield from self._told(step, self._readers(frozenset({changed[raised.name]}), None))

    def of_rule(self, rule: Rule, step: _Step) -> Iterator[_Step]:
        """Yield what a rule raises."""
        undoes = any(action.untag is not None or action.deduct is not None for action in rule.do)
        for action in rule.do:
            yield from self._of_action(action, _Step(step.raised, step.endless or undoes, step.by), counts=rule.qualifying)

    def _of_badge(self, code: str, step: _Step) -> Iterator[_Step]:
        yield from self._told(step, (_Raised("badge.earned", (("badge", code),)),))
        badge = next((badge for badge in self.programme.badges if badge.code == code), None)
        for action in badge.do if badge is not None else ():
            if action.badge != code:
                yield from self._of_action(action, step, counts=False)

    def _of_action(self, action: Action, step: _Step, *, counts: bool) -> Iterator[_Step]:
        if action.award is not None:
            wallet = action.award.wallet
            awarded = _Step(step.raised, True, step.by)
            yield from self._told(awarded, (_Raised("points.awarded", (("wallet", wallet),)),))
            yield from self._told(step, self._readers(_BALANCE, wallet))
            tiers = self.programme.tiers
            if counts and tiers is not None and tiers.count.wallet == wallet:
                yield from self._told(step, self._climbs)
        elif action.badge is not None:
            yield from self._of_badge(action.badge, step)
        elif action.tier is not None:
            yield from self._told(step, (raised for raised in self._climbs if dict(raised.data)["to"] == action.tier))
        elif action.deduct is not None:
            yield from self._told(step, self._readers(_BALANCE, None))
        elif action.tag is not None or action.untag is not None:
            yield from self._told(step, self._readers(frozenset({"tags"}), None))

    def _told(self, step: _Step, raised: Iterable[_Raised]) -> Iterator[_Step]:
        return (_Step(event, step.endless, (*step.by, event.name)) for event in raised)

    @cached_property
    def _climbs(self) -> tuple[_Raised, ...]:
        """Every step up the ladder."""
        codes = [rung.code for rung in self.programme.tiers.ladder] if self.programme.tiers is not None else []
        pairs = ((low, high) for at, low in enumerate(codes) for high in codes[at + 1 :])
        return tuple(_Raised("tier.changed", (("from", low), ("to", high), ("up", True))) for low, high in pairs)

    def _readers(self, fields: frozenset[str], wallet: str | None) -> Iterator[_Raised]:
        """Yield what a change of these fields of the member, or of this wallet, may unlock, enter or leave."""
        for reward in self.programme.rewards:
            paid = wallet is not None and reward.cost is not None and reward.cost.wallet == wallet
            read = _reads(reward.when, fields) or ("tier" in fields and bool(reward.tiers))
            if reward.cost is not None and reward.announce and (paid or read):
                yield _Raised("reward.unlocked", (("reward", reward.code),))
        for segment in self.programme.segments:
            if _reads(segment.when, fields):
                yield _Raised("segment.entered", (("segment", segment.code),))
                yield _Raised("segment.left", (("segment", segment.code),))


def _reads(expression: Expression | None, fields: frozenset[str]) -> bool:
    names = expression.names if expression is not None else ()
    return any(name.split(".")[1] in fields for name in names if name.startswith("member."))


def _may_hold(when: Expression | None, raised: _Raised) -> bool:
    """Tell whether a condition may hold on an event: false only where a part of it that must hold is known not to."""
    if when is None:
        return True
    data: Mapping[str, object] = dict(raised.data)
    known = {"event.name", *(f"event.data.{field}" for field in data)}
    context = Context({"event": {"name": raised.name, "data": data}})
    for part in conjuncts(when):
        if part.names and part.names <= known:
            try:
                if not part.test(context):
                    return False
            except ExpressionFailed:
                return False
    return True
