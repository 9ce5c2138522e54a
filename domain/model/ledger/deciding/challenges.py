"""Challenges in a row: taking one up, and writing down the goals that are fixed by now."""

from __future__ import annotations

from domain.model.ledger import goals
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import ChallengeNotOpen, ChallengeTakenUp
from domain.model.ledger.events import Event, Json
from domain.model.ledger.member import Member
from domain.model.programme import BadgeSpec, Programme
from domain.model.values import evolve


def fix_goals(builder: RowBuilder, member: Member) -> None:
    """Write down the goals that are fixed by now, by the member as they stood."""
    fixed = goals.with_fixed_goals(builder.programme, member, at=builder.at, failures=builder.failures)
    if fixed is not member:
        badges = {code: state for code, state in fixed.badges.items() if state.target is not None}
        builder.member = evolve(builder.member, badges={**builder.member.badges, **badges})


def acceptance_data(programme: Programme, member: Member, event: Event) -> dict[str, Json]:
    """Return what the event of taking a challenge up says of it: the goal, where it is fixed already."""
    spec = _challenge(programme, event)
    target = goals.accepted(programme, member, spec, at=event.at).target if spec else None
    return {"target": target}


def accept(builder: RowBuilder) -> None:
    """Take a challenge up. Raises ChallengeTakenUp where it was, ChallengeNotOpen where it cannot be."""
    spec = _challenge(builder.programme, builder.event)
    if spec is None:
        raise ChallengeNotOpen("OVER")
    known, at = builder.member.badges.get(spec.code), builder.event.at
    if known is not None and known.accepted_at is not None:
        raise ChallengeTakenUp
    lock = goals.acceptance_lock(builder.programme, builder.member, spec, at=at)
    if lock is not None:
        raise ChallengeNotOpen(lock)
    state = goals.accepted(builder.programme, builder.member, spec, at=at)
    builder.member = evolve(builder.member, badges={**builder.member.badges, spec.code: state})


def _challenge(programme: Programme, event: Event) -> BadgeSpec | None:
    code = event.data.get("badge")
    return next((spec for spec in programme.badges if spec.code == code and spec.accept), None)
