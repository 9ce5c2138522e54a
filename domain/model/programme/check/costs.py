"""What the expressions of one event cost together, on the longest receipt: within a bound, so that no
programme holds up a server.

Steps are those of `expression_costs`: about a microsecond each. A part of the programme that an event judges
costs some by itself, whatever its condition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from domain.model import event_names
from domain.model.conditions import Expression
from domain.model.expression_costs import (
    MOST_LINES,
    MOST_STEPS,
    context_steps,
    loops,
    patterns,
    reads_line_alone,
    reads_lines,
    steps,
    steps_by_line,
)
from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile, PlacedExpression
from domain.model.programme.faults import Finding, KeyPath
from domain.model.programme.vocabulary import EVENTS_WITH_PURCHASE
from domain.model.values import dataclass

# What a decision itself gives rise to may come many times in it.
MOST_STEPS_RAISED: Final = MOST_STEPS // 10
RAISED_EVENTS: Final = frozenset(
    {
        event_names.POINTS_AWARDED,
        event_names.BADGE_EARNED,
        event_names.TIER_CHANGED,
        event_names.REWARD_UNLOCKED,
        event_names.SEGMENT_ENTERED,
        event_names.SEGMENT_LEFT,
    }
)
_PART_STEPS: Final = 60
# Segments and rewards are judged before an event and after it, and again after what followed.
_JUDGED: Final = 3
# The purchase is made into values for what is judged before it, and for what is judged after.
_BUILT: Final = 2


_ON_EVENT: Final = FaultText(
    "what is judged on {event} costs {total} steps, {here} of them here: at most {most} are allowed"
)
_ON_LINES: Final = FaultText(
    "what is judged on {event} costs {total} steps on a receipt of {lines} lines, {here} of them here: at"
    " most {most} are allowed"
)


@dataclass(frozen=True, slots=True)
class _Charge:
    """What one part or expression costs on an event, and where it stands."""

    path: KeyPath
    steps: int
    expression: Expression | None = None


def check_costs(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find expressions that a long receipt makes cost too much: by themselves, or together on one event."""
    refused = set[KeyPath]()
    for placed in checked_file.expressions:
        for finding in _by_itself(placed):
            refused.add(placed.path)
            yield finding
    reported = set[KeyPath]()
    for event, charges in _charges(checked_file).items():
        most = MOST_STEPS_RAISED if event in RAISED_EVENTS else MOST_STEPS
        total = sum(charge.steps for charge in charges if charge.path not in refused)
        dearest = max(
            [charge for charge in charges if charge.path not in refused], key=lambda charge: charge.steps
        )
        if total > most and dearest.path not in reported:
            reported.add(dearest.path)
            figures = {"event": event, "total": total, "here": dearest.steps, "most": most}
            yield Finding(
                dearest.path,
                _ON_LINES.filled(**figures, lines=MOST_LINES)
                if event in EVENTS_WITH_PURCHASE
                else _ON_EVENT.filled(**figures),
                _remedy(dearest),
            )


def _by_itself(placed: PlacedExpression) -> Iterator[Finding]:
    if placed.is_by_line and loops(placed.expression):
        yield Finding(
            placed.path,
            FaultText("it loops for each line of the purchase"),
            FaultText(
                'look in a list with "word" in LIST, and put what the whole purchase must have into when'
            ),
        )
    elif placed.is_by_line and reads_lines(placed.expression):
        yield Finding(
            placed.path,
            FaultText("it reads all lines of the purchase for each of them"),
            FaultText("name the line alone, and put what the whole purchase must have into when"),
        )
    if None in patterns(placed.expression):
        yield Finding(
            placed.path,
            FaultText("the pattern of matches is not written out, and could take seconds"),
            FaultText('write it in quotes, such as line.sku.matches("^C[0-9]+$")'),
        )


# ---------------------------------------------------------------- what an event costs


def _charges(checked_file: CheckedFile) -> Mapping[str, list[_Charge]]:
    """Return what each event costs: its own rules, badges and counts, and what every event judges."""
    programme = checked_file.programme
    charges: dict[str, list[_Charge]] = defaultdict(list)
    for index, rule in enumerate(programme.rules):
        for event in rule.on:
            charges[event].append(_Charge(("rules", index), _PART_STEPS))
    for index, badge in enumerate(programme.badges):
        for event in badge.on:
            charges[event].append(_Charge(("badges", index), _PART_STEPS))
    for event in charges:
        charges[event] += _expression_charges(checked_file, event)
    everywhere = [
        _Charge((section, index), _JUDGED * _PART_STEPS)
        for section, parts in (("segments", programme.segments), ("rewards", programme.rewards))
        for index in range(len(parts))
    ]
    everywhere += [
        _Charge(placed.path, _JUDGED * steps(placed.expression, 0), placed.expression)
        for placed in checked_file.expressions
        if placed.events is None
    ]
    for event in charges:
        charges[event] += everywhere
    return charges


def _expression_charges(checked_file: CheckedFile, event: str) -> Iterator[_Charge]:
    """Yield what each expression costs on an event: one with a loop once, however often it is written; and
    the first that needs them, the values that are made of each line.
    """
    lines = MOST_LINES if event in EVENTS_WITH_PURCHASE else 0
    answered, made = set[Expression](), set[str]()
    beside = [
        one.expression for one in checked_file.expressions if one.is_by_line and event in (one.events or ())
    ]
    for placed in checked_file.expressions:
        expression = placed.expression
        if event not in (placed.events or ()) or expression in answered:
            continue
        if placed.is_by_line:
            cost, is_alone = steps_by_line(expression, lines), reads_line_alone(expression)
            values = "line" if is_alone else "beside"
            making = context_steps(lines, () if is_alone else beside)
        else:
            cost, values = steps(expression, lines), "lines" if reads_lines(expression) else ""
            making = _BUILT * context_steps(lines) if values else 0
            if expression.is_costly:
                answered.add(expression)
        yield _Charge(placed.path, cost + (0 if values in made else making), expression)
        made.add(values)


def _remedy(dearest: _Charge) -> FaultText:
    expression = dearest.expression
    if expression is None:
        return FaultText("have fewer of them on this event")
    calls = expression.source
    if loops(expression):
        return FaultText(
            "use exists instead of filter and map, no loop within a loop, and no list of the member or the"
            " purchase within a loop; count lines by of: {lines: ...} or of: {items: ...}"
        )
    if "matches" in calls:
        return FaultText("use a shorter pattern without counts such as {30}")
    return FaultText("have fewer of them")
