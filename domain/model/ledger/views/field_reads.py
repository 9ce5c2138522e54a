"""What expressions read of a member, an event and a purchase, found once a programme and event: only that is
made for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from domain.model.conditions import Expression
from domain.model.expression_costs import reads_line_alone
from domain.model.programme import Action, Programme
from domain.model.programme.vocabulary import MEMBER_FIELDS
from domain.model.values import dataclass

NO_FIELDS = frozenset[str]()
ALL_PURCHASES = frozenset({"count", "total", "average", "categories", "quantities"})


@dataclass(frozen=True, slots=True)
class FieldReads:
    """What some expressions read: fields of the member, of their purchases, of the purchase, of the event;
    whether the clock; and of which categories the favourite, by its name in expressions.
    """

    member: frozenset[str] = NO_FIELDS
    purchases: frozenset[str] = NO_FIELDS
    purchase: frozenset[str] = NO_FIELDS
    event: frozenset[str] = NO_FIELDS
    now: bool = False
    favourites: tuple[tuple[str, tuple[str, ...]], ...] = ()


@lru_cache(maxsize=4096)
def read_before(programme: Programme, event: str) -> FieldReads:
    """Return what the rules on an event read, and what counts it toward tiers, which a refund counts again
    from the same facts.
    """
    rules = programme.rules_on(event)
    expressions = [
        *_conditions(rule.when for rule in rules),
        *_counts(action for rule in rules for action in rule.all_actions),
    ]
    return reads_of([*expressions, *_tier_count(programme, event)])


@lru_cache(maxsize=4096)
def read_after(programme: Programme, event: str) -> FieldReads:
    """Return what is read after an event: by badges, tiers, the referral, segments and rewards."""
    badges, referral = programme.badges_on(event), programme.referral
    expressions = [*_conditions(badge.when for badge in badges), *_tier_count(programme, event)]
    expressions += [badge.of.expression for badge in badges if badge.of is not None]
    if referral is not None and event in referral.qualifies.on:
        expressions += _conditions([referral.qualifies.when])
    expressions += [segment.when for segment in programme.segments]
    expressions += _conditions(reward.when for reward in programme.rewards)
    return reads_of(expressions)


@lru_cache(maxsize=4096)
def read_by_counts(programme: Programme, event: str) -> FieldReads:
    """Return what badges and the tier's count read of the member after an event, to be counted again."""
    counts = [badge for badge in programme.badges_on(event) if badge.streak is None]
    expressions = [*_conditions(badge.when for badge in counts), *_tier_count(programme, event)]
    return reads_of([*expressions, *(badge.of.expression for badge in counts if badge.of is not None)])


def _conditions(optional: Iterable[Expression | None]) -> list[Expression]:
    return [one for one in optional if one is not None]


def _counts(actions: Iterable[Action]) -> Iterator[Expression]:
    for action in actions:
        counted = action.award or action.deduct
        if counted is not None and counted.of is not None:
            yield counted.of.expression


@lru_cache(maxsize=4096)
def beside_lines(programme: Programme, event: str) -> frozenset[Expression]:
    """Return the expressions over the lines of an event's purchase that read more than the line."""
    actions = [action for rule in programme.rules_on(event) for action in rule.all_actions]
    counts = [counted.of for action in actions if (counted := action.award or action.deduct) is not None]
    counts += [badge.of for badge in programme.badges_on(event)]
    counts += [count.of for _, count in programme.counts_on(event)]
    by_line = [count.expression for count in counts if count is not None and count.kind != "value"]
    return frozenset(one for one in by_line if not reads_line_alone(one))


def _tier_count(programme: Programme, event: str) -> list[Expression]:
    counts = [count for _, count in programme.counts_on(event)]
    units = [count.of.expression if count.of else None for count in counts]
    return _conditions([*(count.when for count in counts), *units])


def reads_of(expressions: Iterable[Expression]) -> FieldReads:
    """Return what expressions read."""
    expressions = tuple(expressions)
    names = {name for expression in expressions for name in expression.names}
    favourites = {key: among for expression in expressions for key, among in expression.favourites.items()}

    def fields(root: str) -> frozenset[str]:
        if root in names:
            return MEMBER_FIELDS if root == "member" else frozenset({"*"})
        return frozenset(name.split(".")[1] for name in names if name.startswith(f"{root}."))

    purchases = ALL_PURCHASES if "member" in names or "member.purchases" in names else frozenset()
    purchases |= {
        name.split(".")[2] for name in names if name.startswith("member.purchases.")
    } & ALL_PURCHASES
    return FieldReads(
        fields("member") & MEMBER_FIELDS,
        purchases,
        fields("purchase"),
        fields("event"),
        "now" in names,
        tuple(sorted(favourites.items())),
    )
