"""What an event means to a member: the one pure function behind points, tiers, badges, rewards and messages.

    decide(programme, member, event, now) -> Decision

First what time brought up to the event's own time, a row each (`timeline`); then the event and all that it
gives rise to, in one row (`row`). A quote at the till is this without a commit. Raises a Refusal where the
event cannot be: then nothing of it happened.
"""

from __future__ import annotations

from datetime import datetime

from domain.model.calendar import local_day
from domain.model.decision import By, Decision, World
from domain.model.events import Event, Profile
from domain.model.member import Member
from domain.model.past import Past
from domain.model.programme import Programme
from domain.model.row import row_of
from domain.model.timeline import turn
from domain.model.values import evolve
from domain.model.wallet import lapse
from domain.model.work import settled

__all__ = ["EVERYWHERE", "Past", "at_instant", "decide", "new_member"]

EVERYWHERE = World()


def decide(
    programme: Programme,
    member: Member,
    event: Event,
    *,
    now: datetime,
    world: World = EVERYWHERE,
    past: Past | None = None,
    version: int = 1,
    by: By = "input",
    folds: bool = True,
) -> Decision:
    """Decide an event of a member, with what time brought before it. Raises a Refusal; the clock `now` bounds
    the event's own time.

    `past` goes with a late event and with a refund. Rows say what they changed, so that they fold to the
    state, unless nobody will ask.
    """
    assert event.at <= now, "an event of the future is refused at the door"
    turned = turn(programme, member, until=event.at, world=world, version=version, folds=folds)
    work = row_of(programme, turned.member, event, by=by, world=world, past=past, version=version)
    row = work.row(folds=folds)
    return Decision(member, work.member, (*turned.rows, row))


def new_member(id: str, number: str, profile: Profile | None = None) -> Member:
    """Return a member to be, before member.enrolled: nothing but an identity."""
    return Member(id, number, profile or Profile())


def at_instant(programme: Programme, member: Member, *, now: datetime) -> Member:
    """Return the member as a reader sees it: lots due are in, lapsed ones out, whatever any job has written
    down.
    """
    today = local_day(now, programme.zone)
    member = settled(member, at=now)
    return evolve(member, wallets={code: lapse(one, today=today)[0] for code, one in member.wallets.items()})
