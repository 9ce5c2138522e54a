"""Rules that trigger themselves: their actions raise events, other rules and badges react to these, and so on
until the first rule fires again.

A rule with `limit`, `cap` or `capped_by` ends by itself. So do tier changes, earned badges and unlocked
rewards, because none of them repeats within a decision: such a circle is a warning. A circle in which awards
cause awards is a fault. So is one that fills a stamp card, whose levels have no end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from domain.model import event_names
from domain.model.conditions import Expression, ExpressionFailed, conjuncts
from domain.model.expression_engine import Context
from domain.model.fault_text import FaultText
from domain.model.programme.badges import BadgeSpec, StampCard
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding
from domain.model.programme.models import Programme
from domain.model.programme.rules import Action, Rule
from domain.model.values import dataclass

_BALANCE_FIELDS = frozenset({"balance", "earned"})
_CHANGED_FIELD = {
    event_names.TIER_CHANGED: "tier",
    event_names.BADGE_EARNED: "badges",
    event_names.SEGMENT_ENTERED: "segments",
    event_names.SEGMENT_LEFT: "segments",
}


@dataclass(frozen=True)
class _RaisedEvent:
    """An event that an action or a change raises, with the data that is known beforehand."""

    name: str
    data: tuple[tuple[str, object], ...] = ()

    @cached_property
    def context(self) -> Context:
        """The part of the event that a condition may read."""
        return Context({"event": {"name": self.name, "data": dict(self.data)}})

    @cached_property
    def known_paths(self) -> frozenset[str]:
        """The paths of that part."""
        return frozenset({"event.name", *(f"event.data.{field}" for field, _ in self.data)})


def check_loops(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find rules that can trigger themselves: they fire on an event of a circle that they are part of."""
    event_graph = _EventGraph(checked_file.programme)
    circles = _strong_components(event_graph.graph)
    takeback_circles = {
        circle
        for rule in event_graph.rules
        if _takes_back(rule)
        for circle in _circles_of(event_graph, circles, rule)
    }
    endless = takeback_circles | {
        circles[raised] for raised in circles if raised.name == event_names.POINTS_AWARDED
    }
    names: dict[int, set[str]] = {}
    for raised, circle in circles.items():
        names.setdefault(circle, set()).add(raised.name)
    for index, rule in enumerate(checked_file.programme.rules):
        rule_circles = _circles_of(event_graph, circles, rule)
        if rule_circles:
            ways = set().union(*(names[circle] for circle in rule_circles))
            way = ", ".join(sorted(ways))
            # An award that does not count toward tiers ends a circle that goes through tiers alone.
            remedy = FaultText("add a limit or cap, or narrow its when by event.data")
            if ways == {event_names.TIER_CHANGED}:
                remedy = FaultText(
                    "add a limit or cap, or narrow its when by event.data, or write qualifying: false"
                )
            yield Finding(
                ("rules", index, "on"),
                FaultText("the rule can feed itself by way of {ways}", ways=way),
                remedy,
                is_warning=not rule_circles & endless,
            )
    yield from _cards_that_fill_themselves(event_graph, circles)


def _cards_that_fill_themselves(
    event_graph: _EventGraph, circles: Mapping[_RaisedEvent, int]
) -> Iterator[Finding]:
    for index, badge in enumerate(event_graph.programme.badges):
        if not isinstance(badge.levels, StampCard):
            continue
        raised = {circles[event] for event in event_graph.badge_events(badge.code)}
        ways = {
            event.name
            for event in circles
            if circles[event] in raised and event_graph.can_count_on(badge, event)
        }
        if ways:
            yield Finding(
                ("badges", index, "on"),
                FaultText("the stamp card can fill itself by way of {ways}", ways=", ".join(sorted(ways))),
                FaultText(
                    'narrow its when by event.data, such as event.data.badge != "{code}"', code=badge.code
                )
                if ways == {event_names.BADGE_EARNED}
                else FaultText(
                    "count what members do, such as purchase.completed, or narrow its when by event.data"
                ),
            )


def _takes_back(rule: Rule) -> bool:
    return any(action.untag is not None or action.deduct is not None for action in rule.all_actions)


def _circles_of(event_graph: _EventGraph, circles: Mapping[_RaisedEvent, int], rule: Rule) -> set[int]:
    """Return the circles that a rule closes: it fires on one of their events and raises one of them."""
    if _ends(rule):
        return set()
    raised = {circles[event] for event in event_graph.raised_by(rule)}
    return raised & {circles[event] for event in circles if event_graph.can_fire_on(rule, event)}


def _ends(rule: Rule) -> bool:
    """Tell whether a rule ends by itself. A shared cap does not bound a rule that gives no award."""
    awards = any(action.award is not None for action in rule.all_actions)
    return rule.limit is not None or rule.cap is not None or (rule.capped_by is not None and awards)


def _strong_components(graph: Mapping[_RaisedEvent, Iterable[_RaisedEvent]]) -> dict[_RaisedEvent, int]:
    """Number the strongly connected components of a graph (Tarjan's algorithm, without recursion)."""
    index: dict[_RaisedEvent, int] = {}
    low: dict[_RaisedEvent, int] = {}
    circles: dict[_RaisedEvent, int] = {}
    stack: list[_RaisedEvent] = []
    for root in graph:
        visits = [(root, iter(graph[root]))] if root not in index else []
        while visits:
            node, following = visits[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                stack.append(node)
            unvisited = next((other for other in following if other not in index), None)
            if unvisited is not None:
                visits.append((unvisited, iter(graph[unvisited])))
                continue
            visits.pop()
            low[node] = min([low[node], *(low[other] for other in graph[node] if other not in circles)])
            if low[node] == index[node]:
                number = len(circles)
                while node not in circles:
                    circles[stack.pop()] = number
    return circles


class _EventGraph:
    """Which events follow from which, in one programme."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.rules = programme.rules
        self._conjuncts: dict[Expression, tuple[Expression, ...]] = {}
        self._raised_by_rule: dict[str, tuple[_RaisedEvent, ...]] = {}

    @cached_property
    def graph(self) -> dict[_RaisedEvent, tuple[_RaisedEvent, ...]]:
        """Every event that rules can lead to, each with the events that follow from it."""
        graph: dict[_RaisedEvent, tuple[_RaisedEvent, ...]] = {}
        todo = [raised for rule in self.rules for raised in self.raised_by(rule)]
        for badge in self.programme.badges:
            if isinstance(badge.levels, StampCard):
                todo += self.badge_events(badge.code)
        while todo:
            raised = todo.pop()
            if raised not in graph:
                graph[raised] = tuple(dict.fromkeys(self._following(raised)))
                todo += graph[raised]
        return graph

    def can_fire_on(self, rule: Rule, raised: _RaisedEvent) -> bool:
        """Tell whether a rule may fire on an event."""
        return raised.name in rule.on and self._may_hold(rule.when, raised)

    def can_count_on(self, badge: BadgeSpec, raised: _RaisedEvent) -> bool:
        """Tell whether an event may count toward a badge."""
        return raised.name in badge.on and self._may_hold(badge.when, raised)

    def raised_by(self, rule: Rule) -> tuple[_RaisedEvent, ...]:
        """Return the events that the actions of a rule raise."""
        if rule.code not in self._raised_by_rule:
            events = (
                event
                for action in rule.all_actions
                for event in self._action_events(action, counts=rule.qualifying)
            )
            self._raised_by_rule[rule.code] = tuple(dict.fromkeys(events))
        return self._raised_by_rule[rule.code]

    def _following(self, raised: _RaisedEvent) -> Iterator[_RaisedEvent]:
        """Yield the events that follow from an event: by rules, badges, tier counts, and conditions."""
        for rule in self.programme.rules_on(raised.name):
            if not _ends(rule) and self.can_fire_on(rule, raised):
                yield from self.raised_by(rule)
        for badge in self.programme.badges_on(raised.name):
            if self.can_count_on(badge, raised):
                yield from self.badge_events(badge.code)
        if self.programme.counts_on(raised.name):
            yield from self._tier_changes
        if raised.name in _CHANGED_FIELD:
            yield from self._effects_of_change(frozenset({_CHANGED_FIELD[raised.name]}), None)

    def badge_events(self, code: str) -> Iterator[_RaisedEvent]:
        """Yield the events that a new level of a badge raises."""
        yield _RaisedEvent(event_names.BADGE_EARNED, (("badge", code),))
        badge = next((badge for badge in self.programme.badges if badge.code == code), None)
        for action in badge.do if badge is not None else ():
            if action.badge is None:  # a badge that gives badges follows from badge.earned anyway
                yield from self._action_events(action, counts=False)

    def _action_events(self, action: Action, *, counts: bool) -> Iterator[_RaisedEvent]:
        if action.award is not None:
            wallet = action.award.wallet
            yield _RaisedEvent(event_names.POINTS_AWARDED, (("wallet", wallet),))
            yield from self._effects_of_change(_BALANCE_FIELDS, wallet)
            if counts and self.programme.counts_of(wallet):
                yield from self._tier_changes
        elif action.badge is not None:
            yield from self.badge_events(action.badge)
        elif action.tier is not None:
            yield from (raised for raised in self._tier_changes if dict(raised.data)["to"] == action.tier)
        elif action.deduct is not None:
            yield from self._effects_of_change(_BALANCE_FIELDS, None)
        elif action.tag is not None or action.untag is not None:
            yield from self._effects_of_change(frozenset({"tags"}), None)

    @cached_property
    def _tier_changes(self) -> tuple[_RaisedEvent, ...]:
        """Every possible step up the ladder."""
        codes = list(self.programme.tier_order)
        pairs = ((low, high) for index, low in enumerate(codes) for high in codes[index + 1 :])
        return tuple(
            _RaisedEvent(event_names.TIER_CHANGED, (("from", low), ("to", high), ("up", True)))
            for low, high in pairs
        )

    def _effects_of_change(self, fields: frozenset[str], wallet: str | None) -> Iterator[_RaisedEvent]:
        """Yield the events that a change of these member fields, or of this wallet, may raise."""
        for reward in self.programme.rewards:
            paid = wallet is not None and reward.cost is not None and reward.cost.wallet == wallet
            read = _reads_member_fields(reward.when, fields) or ("tier" in fields and bool(reward.tiers))
            if reward.cost is not None and reward.announce and (paid or read):
                yield _RaisedEvent(event_names.REWARD_UNLOCKED, (("reward", reward.code),))
        for segment in self.programme.segments:
            if _reads_member_fields(segment.when, fields):
                yield _RaisedEvent(event_names.SEGMENT_ENTERED, (("segment", segment.code),))
                yield _RaisedEvent(event_names.SEGMENT_LEFT, (("segment", segment.code),))

    def _may_hold(self, when: Expression | None, raised: _RaisedEvent) -> bool:
        """Tell whether a condition may hold on an event. False only where one of its conjuncts is known to be
        false.
        """
        if when is None:
            return True
        if when not in self._conjuncts:
            self._conjuncts[when] = tuple(part for part in conjuncts(when) if part.names)
        return all(
            _holds_on(part, raised) for part in self._conjuncts[when] if part.names <= raised.known_paths
        )


def _holds_on(part: Expression, raised: _RaisedEvent) -> bool:
    try:
        return part.test(raised.context)
    except ExpressionFailed:
        return False


def _reads_member_fields(expression: Expression | None, fields: frozenset[str]) -> bool:
    names = expression.names if expression is not None else ()
    return any(name.split(".")[1] in fields for name in names if name.startswith("member."))
