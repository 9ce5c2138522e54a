"""Logs which expressions of a programme failed in a decision, one line each, once the decision is committed.

An expression that fails on a null is false, which its author may intend. Whoever wonders why a rule never
applies finds here that it fails. A line says where the expression stands in the file, never its input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog

from domain.model.conditions import Expression
from domain.model.ledger.decision import Decision
from domain.model.programme import Programme

log = structlog.get_logger(__name__)


def log_failures(decision: Decision, programme_of_version: Callable[[int], Programme]) -> None:
    """Log the expressions that failed in a decision; `programme_of_version` reads from memory."""
    for row in decision.rows:
        for failure in row.failures:
            places = [
                place
                for place, asked in _expressions_of(programme_of_version(row.version))
                if asked.source == failure.source
            ]
            log.info(
                "programme.expression_failed",
                where=places,
                version=row.version,
                about=row.event.name,
                kind=failure.kind,
            )


def _expressions_of(programme: Programme) -> Iterator[tuple[str, Expression]]:
    """Yield the expressions that a decision evaluates, each with its place, such as `rules.CODE`."""
    tiers, referral = programme.tiers, programme.referral
    parts = [
        *((f"rules.{one.code}", one.when, one.all_actions, None) for one in programme.rules),
        *((f"badges.{one.code}", one.when, one.do, one.of) for one in programme.badges),
        *((f"badges.{one.code}", one.target, (), None) for one in programme.goal_badges),
        *((f"rewards.{one.code}", one.when, (), None) for one in programme.rewards),
        *((f"segments.{one.code}", one.when, (), None) for one in programme.segments),
        *(("tiers", one.when, (), one.of) for one in (tiers.all_counts.values() if tiers else ())),
        *(
            (("referral", referral.qualifies.when, (*referral.friend, *referral.referrer), None),)
            if referral
            else ()
        ),
    ]
    for place, when, do, of in parts:
        award_formulas = (of, *(action.award.of for action in do if action.award))
        yield from (
            (place, asked)
            for asked in (when, *(way.expression for way in award_formulas if way is not None))
            if asked is not None
        )
