"""Challenges that are taken up, and goals of one's own: who takes part, from when, and toward which count.

A goal is fixed when its challenge begins, or at enrolment or acceptance where that is later, by the member as
they stood then. It is written down by the first row after that, and read before as it will be written: no job
has to be on time. A goal below 1 is none: the badge then counts nothing for that member.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from math import ceil

from domain.model.conditions import Expression, ExpressionFailure
from domain.model.ledger.deciding.earning import end_instant_of, instant_of
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import ChallengeLock, ChallengeNotOpen, ChallengeTakenUp
from domain.model.ledger.events import Event, Json
from domain.model.ledger.member import BadgeState, Member, settle_lots
from domain.model.ledger.views.expression_view import ExpressionView
from domain.model.ledger.views.field_reads import FieldReads, reads_of
from domain.model.programme import BadgeSpec, Programme, StampCard
from domain.model.values import evolve

Failures = list[ExpressionFailure]


def takes_part(spec: BadgeSpec, state: BadgeState, at: datetime) -> bool:
    """Tell whether what happens to a member at an instant may count toward a badge."""
    if spec.accept and (state.accepted_at is None or at < state.accepted_at):
        return False
    return spec.target is None or bool(state.target)


def with_fixed_goals(programme: Programme, member: Member, *, at: datetime, failures: Failures) -> Member:
    """Return the member with the goals that are fixed by an instant; the same one where none is new."""
    states = {}
    for spec in programme.goal_badges:
        known = member.badges.get(spec.code)
        if known is None or known.target is None:
            state = with_goal(programme, member, spec, known or BadgeState(), at=at, failures=failures)
            if state.target is not None:
                states[spec.code] = state
    return evolve(member, badges={**member.badges, **states}) if states else member


def with_goal(
    programme: Programme,
    member: Member,
    spec: BadgeSpec,
    state: BadgeState,
    *,
    at: datetime,
    failures: Failures,
) -> BadgeState:
    """Return how a member stands to a badge, with the goal that is fixed by an instant: 0 where the
    expression makes none. `failures` is told where it fails.
    """
    if spec.target is None or state.target is not None:
        return state
    since = _fixed_at(programme, member, spec, state)
    if since is None or since > at:
        return state
    then = settle_lots(member, at=since)
    view = ExpressionView(programme, then, Event("", "", since), _reads(spec.target), failures=failures)
    return evolve(state, target=ceil(view.number(spec.target)))


def _fixed_at(programme: Programme, member: Member, spec: BadgeSpec, state: BadgeState) -> datetime | None:
    """Return when a member's goal is fixed; None where they do not take part, or came after the end."""
    since = state.accepted_at if spec.accept else member.joined_at
    if since is None:
        return None
    if spec.during is not None and spec.during.from_ is not None:
        since = max(since, instant_of(spec.during.from_, programme.zone))
    return None if _is_over(programme, spec, since) else since


def _is_over(programme: Programme, spec: BadgeSpec, at: datetime) -> bool:
    until = spec.during.until if spec.during is not None else None
    return until is not None and at >= end_instant_of(until, programme.zone)


@lru_cache(maxsize=1024)
def _reads(target: Expression) -> FieldReads:
    return reads_of([target])


# ---------------------------------------------------------------- taking up


def acceptance_lock(
    programme: Programme, member: Member, spec: BadgeSpec, *, at: datetime
) -> ChallengeLock | None:
    """Return why a member cannot take a challenge up now; None where they can, or have."""
    state = member.badges.get(spec.code, BadgeState())
    if state.accepted_at is not None:
        return None
    if member.frozen:
        return "FROZEN"
    if _has_all_levels(spec, state):
        return "EARNED"
    if _is_over(programme, spec, at):
        return "OVER"
    if accepted(programme, member, spec, at=at).target == 0:
        return "NO_GOAL"
    return None


def _has_all_levels(spec: BadgeSpec, state: BadgeState) -> bool:
    if spec.target is not None:
        return state.level > 0
    return not isinstance(spec.levels, StampCard) and state.level >= len(spec.levels)


def accepted(programme: Programme, member: Member, spec: BadgeSpec, *, at: datetime) -> BadgeState:
    """Return how a member stands to a challenge that they take up at an instant."""
    state = evolve(member.badges.get(spec.code, BadgeState()), accepted_at=at)
    return with_goal(programme, member, spec, state, at=at, failures=[])


# ---------------------------------------------------------------- in a row


def fix_goals(builder: RowBuilder, member: Member) -> None:
    """Write down the goals that are fixed by now, by the member as they stood."""
    fixed = with_fixed_goals(builder.programme, member, at=builder.at, failures=builder.failures)
    if fixed is not member:
        badges = {code: state for code, state in fixed.badges.items() if state.target is not None}
        builder.member = evolve(builder.member, badges={**builder.member.badges, **badges})


def acceptance_data(programme: Programme, member: Member, event: Event) -> dict[str, Json]:
    """Return what the event of taking a challenge up says of it: the goal, where it is fixed already."""
    spec = _challenge(programme, event)
    target = accepted(programme, member, spec, at=event.at).target if spec else None
    return {"target": target}


def accept(builder: RowBuilder) -> None:
    """Take a challenge up. Raises ChallengeTakenUp where it was, ChallengeNotOpen where it cannot be."""
    spec = _challenge(builder.programme, builder.event)
    if spec is None:
        raise ChallengeNotOpen("OVER")
    known, at = builder.member.badges.get(spec.code), builder.event.at
    if known is not None and known.accepted_at is not None:
        raise ChallengeTakenUp
    lock = acceptance_lock(builder.programme, builder.member, spec, at=at)
    if lock is not None:
        raise ChallengeNotOpen(lock)
    state = accepted(builder.programme, builder.member, spec, at=at)
    builder.member = evolve(builder.member, badges={**builder.member.badges, spec.code: state})


def _challenge(programme: Programme, event: Event) -> BadgeSpec | None:
    code = event.data.get("badge")
    return next((spec for spec in programme.badges if spec.code == code and spec.accept), None)
