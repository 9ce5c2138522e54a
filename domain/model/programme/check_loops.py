"""Rules that feed themselves: what a rule does raises events, which rules and badges take up, which may lead
back to it.

A rule with `limit` or `cap` ends by itself. So do tiers climbed, badges earned and rewards unlocked, since
none of these repeats within a decision: such a circle is worth a warning, one by which awards bring awards is
a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from domain.model.conditions import Context, Expression, ExpressionFailed, conjuncts
from domain.model.programme.faults import Finding
from domain.model.programme.models import Programme
from domain.model.programme.rules import Action, Rule
from domain.model.programme.view import View

_BALANCE = frozenset({"balance", "earned"})
_CHANGED = {
    "tier.changed": "tier",
    "badge.earned": "badges",
    "segment.entered": "segments",
    "segment.left": "segments",
}


@dataclass(frozen=True)
class _Raised:
    """An event that something raises, with the data that is known beforehand."""

    name: str
    data: tuple[tuple[str, object], ...] = ()

    @cached_property
    def context(self) -> Context:
        """The event as far as a condition may know it."""
        return Context({"event": {"name": self.name, "data": dict(self.data)}})

    @cached_property
    def known(self) -> frozenset[str]:
        """What of it is known."""
        return frozenset({"event.name", *(f"event.data.{field}" for field, _ in self.data)})


def check_loops(view: View) -> Iterator[Finding]:
    """Find rules that can feed themselves: those that take up an event of the same circle as one that they
    raise.
    """
    followers = _Followers(view.programme)
    circles = _circles(followers.graph)
    undone = {
        circle for rule in followers.rules if _undoes(rule) for circle in _own(followers, circles, rule)
    }
    endless = undone | {circles[raised] for raised in circles if raised.name == "points.awarded"}
    names: dict[int, set[str]] = {}
    for raised, circle in circles.items():
        names.setdefault(circle, set()).add(raised.name)
    for at, rule in enumerate(view.programme.rules):
        own = _own(followers, circles, rule)
        if own:
            ways = set().union(*(names[circle] for circle in own))
            way = ", ".join(sorted(ways))
            # An award that counts toward no tier still is one: it ends what comes round by the tiers alone.
            remedy = "add a limit or cap, or narrow its when by event.data"
            remedy += ", or write qualifying: false" if ways == {"tier.changed"} else ""
            yield Finding(
                ("rules", at, "on"),
                f"the rule can feed itself by way of {way}",
                remedy,
                hint=not own & endless,
            )


def _undoes(rule: Rule) -> bool:
    return any(action.untag is not None or action.deduct is not None for action in rule.do)


def _own(followers: _Followers, circles: Mapping[_Raised, int], rule: Rule) -> set[int]:
    """Return the circles that a rule closes: it takes up one of their events and raises one of them."""
    if rule.limit is not None or rule.cap is not None:
        return set()
    raised = {circles[event] for event in followers.raises(rule)}
    return raised & {circles[event] for event in circles if followers.takes_up(rule, event)}


def _circles(graph: Mapping[_Raised, Iterable[_Raised]]) -> dict[_Raised, int]:
    """Number the strongly connected parts of a graph (Tarjan's way, without recursion)."""
    index: dict[_Raised, int] = {}
    low: dict[_Raised, int] = {}
    circles: dict[_Raised, int] = {}
    stack: list[_Raised] = []
    for root in graph:
        work = [(root, iter(graph[root]))] if root not in index else []
        while work:
            node, following = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                stack.append(node)
            fresh = next((other for other in following if other not in index), None)
            if fresh is not None:
                work.append((fresh, iter(graph[fresh])))
                continue
            work.pop()
            low[node] = min([low[node], *(low[other] for other in graph[node] if other not in circles)])
            if low[node] == index[node]:
                number = len(circles)
                while node not in circles:
                    circles[stack.pop()] = number
    return circles


class _Followers:
    """What follows from what, in one programme."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.rules = programme.rules
        self._parts: dict[Expression, tuple[Expression, ...]] = {}
        self._raises: dict[str, tuple[_Raised, ...]] = {}

    @cached_property
    def graph(self) -> dict[_Raised, tuple[_Raised, ...]]:
        """Every event that rules lead to, each with those that follow from it."""
        graph: dict[_Raised, tuple[_Raised, ...]] = {}
        todo = [raised for rule in self.rules for raised in self.raises(rule)]
        while todo:
            raised = todo.pop()
            if raised not in graph:
                graph[raised] = tuple(dict.fromkeys(self._follow(raised)))
                todo += graph[raised]
        return graph

    def takes_up(self, rule: Rule, raised: _Raised) -> bool:
        """Tell whether a rule may fire on an event."""
        return raised.name in rule.on and self._may_hold(rule.when, raised)

    def raises(self, rule: Rule) -> tuple[_Raised, ...]:
        """Return what a rule raises."""
        if rule.code not in self._raises:
            found = (event for action in rule.do for event in self._of_action(action, counts=rule.qualifying))
            self._raises[rule.code] = tuple(dict.fromkeys(found))
        return self._raises[rule.code]

    def _follow(self, raised: _Raised) -> Iterator[_Raised]:
        """Yield what follows from an event: by rules, badges, the count of tiers, and what reads the member
        it changed.
        """
        for rule in self.programme.rules_on(raised.name):
            if rule.limit is None and rule.cap is None and self.takes_up(rule, raised):
                yield from self.raises(rule)
        for badge in self.programme.badges_on(raised.name):
            if self._may_hold(badge.when, raised):
                yield from self._of_badge(badge.code)
        if self.programme.tiers is not None and raised.name in self.programme.tiers.count.on:
            yield from self._climbs
        if raised.name in _CHANGED:
            yield from self._readers(frozenset({_CHANGED[raised.name]}), None)

    def _of_badge(self, code: str) -> Iterator[_Raised]:
        yield _Raised("badge.earned", (("badge", code),))
        badge = next((badge for badge in self.programme.badges if badge.code == code), None)
        for action in badge.do if badge is not None else ():
            if action.badge is None:  # a badge that gives badges follows from badge.earned of its own accord
                yield from self._of_action(action, counts=False)

    def _of_action(self, action: Action, *, counts: bool) -> Iterator[_Raised]:
        if action.award is not None:
            wallet = action.award.wallet
            yield _Raised("points.awarded", (("wallet", wallet),))
            yield from self._readers(_BALANCE, wallet)
            tiers = self.programme.tiers
            if counts and tiers is not None and tiers.count.wallet == wallet:
                yield from self._climbs
        elif action.badge is not None:
            yield from self._of_badge(action.badge)
        elif action.tier is not None:
            yield from (raised for raised in self._climbs if dict(raised.data)["to"] == action.tier)
        elif action.deduct is not None:
            yield from self._readers(_BALANCE, None)
        elif action.tag is not None or action.untag is not None:
            yield from self._readers(frozenset({"tags"}), None)

    @cached_property
    def _climbs(self) -> tuple[_Raised, ...]:
        """Every step up the ladder."""
        codes = list(self.programme.rung_order)
        pairs = ((low, high) for at, low in enumerate(codes) for high in codes[at + 1 :])
        return tuple(
            _Raised("tier.changed", (("from", low), ("to", high), ("up", True))) for low, high in pairs
        )

    def _readers(self, fields: frozenset[str], wallet: str | None) -> Iterator[_Raised]:
        """Yield what a change of these fields of the member, or of this wallet, may unlock, enter or
        leave.
        """
        for reward in self.programme.rewards:
            paid = wallet is not None and reward.cost is not None and reward.cost.wallet == wallet
            read = _reads(reward.when, fields) or ("tier" in fields and bool(reward.tiers))
            if reward.cost is not None and reward.announce and (paid or read):
                yield _Raised("reward.unlocked", (("reward", reward.code),))
        for segment in self.programme.segments:
            if _reads(segment.when, fields):
                yield _Raised("segment.entered", (("segment", segment.code),))
                yield _Raised("segment.left", (("segment", segment.code),))

    def _may_hold(self, when: Expression | None, raised: _Raised) -> bool:
        """Tell whether a condition may hold on an event: false only where a part of it that must hold is
        known not to.
        """
        if when is None:
            return True
        if when not in self._parts:
            self._parts[when] = tuple(part for part in conjuncts(when) if part.names)
        return all(_holds(part, raised) for part in self._parts[when] if part.names <= raised.known)


def _holds(part: Expression, raised: _Raised) -> bool:
    try:
        return part.test(raised.context)
    except ExpressionFailed:
        return False


def _reads(expression: Expression | None, fields: frozenset[str]) -> bool:
    names = expression.names if expression is not None else ()
    return any(name.split(".")[1] in fields for name in names if name.startswith("member."))
