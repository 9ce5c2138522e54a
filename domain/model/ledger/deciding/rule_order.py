"""The order in which an event's rules are judged: in that of the file, `times` after what it multiplies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from heapq import heappop, heappush

from domain.model.programme import Programme, Rule

Groups = list[list[Rule]]


@lru_cache(maxsize=4096)
def groups_on(programme: Programme, event_name: str) -> Groups:
    """Return the groups of an event's rules that have no delay, in the order in which they are judged."""
    return in_order(groups_of([rule for rule in programme.rules_on(event_name) if rule.after is None]))


def groups_of(rules: Sequence[Rule]) -> Groups:
    """Return rules in groups: those of one `best_of` together, at the first of them, any other alone."""
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(f"group {rule.best_of}" if rule.best_of else rule.code, []).append(rule)
    return list(groups.values())


def in_order(groups: Groups) -> Groups:
    """Return the groups, each behind those that it multiplies, else in their order; in a circle the first
    comes first.
    """
    if not [rule for group in groups for rule in group if rule.multiplied]:
        return groups
    place = {rule.code: index for index, group in enumerate(groups) for rule in group}
    waits_for = [
        {place[code] for rule in group for code in rule.multiplied if code in place} - {index}
        for index, group in enumerate(groups)
    ]
    if not any(waits_for):
        return groups
    waiters: list[list[int]] = [[] for _ in groups]
    for index, behind in enumerate(waits_for):
        for other in behind:
            waiters[other].append(index)
    ready = [index for index, behind in enumerate(waits_for) if not behind]
    waiting, out = dict.fromkeys(range(len(groups))), Groups()
    while waiting:
        index = heappop(ready) if ready else next(iter(waiting))
        if index not in waiting:
            continue
        del waiting[index]
        out.append(groups[index])
        for waiter in waiters[index]:
            waits_for[waiter].discard(index)
            if not waits_for[waiter]:
                heappush(ready, waiter)
    return out
