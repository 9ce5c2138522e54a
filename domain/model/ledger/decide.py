"""What an event means to a member: the one pure function behind points, tiers, badges, rewards and messages.

    decide(programme, member, event, now) -> Decision

First what time brought up to the event's own time, a row each (`timeline`); then the event and all that it
gives rise to, in one row (`row`). A quote at the till is this without a commit. Raises a Refusal where the
event cannot be: then nothing of it happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.model.calendar import local_day
from domain.model.event_names import CODE_ENTERED, CONSENTED, CORRECTED
from domain.model.ledger.deciding.challenges import with_fixed_goals
from domain.model.ledger.deciding.code_entry import code_data
from domain.model.ledger.deciding.event_row import decide_row
from domain.model.ledger.deciding.returns.correction_row import decide_correction
from domain.model.ledger.decision import DecidedBy, Decision, StockState
from domain.model.ledger.events import Event, Json, Profile
from domain.model.ledger.holding.holds import end_due
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.member import Member, settle_lots
from domain.model.ledger.timeline import turn
from domain.model.ledger.wallet import lapse
from domain.model.programme import CodeSpec, Programme
from domain.model.values import evolve

__all__ = [
    "NOTHING_SOLD_OUT",
    "HistoricalContext",
    "at_instant",
    "code_at_enrolment",
    "consent_at_enrolment",
    "decide",
    "decide_enrolment",
    "new_member",
]

NOTHING_SOLD_OUT = StockState()


def decide(
    programme: Programme,
    member: Member,
    event: Event,
    *,
    now: datetime,
    stock: StockState = NOTHING_SOLD_OUT,
    history: HistoricalContext | None = None,
    version: int = 1,
    by: DecidedBy = "input",
    with_changes: bool = True,
) -> Decision:
    """Decide an event of a member, with what time brought before it. Raises a Refusal; the clock `now` bounds
    the event's own time.

    `history` goes with a late event, a refund and a correction. Rows say what they changed, so that they
    fold to the state, unless nobody will ask.
    """
    assert event.at <= now, "an event of the future is refused at the door"
    turn_decision = turn(
        programme, member, until=event.at, stock=stock, version=version, with_changes=with_changes
    )
    if event.name == CORRECTED:
        after, row = decide_correction(
            programme,
            turn_decision.member,
            event,
            by=by,
            stock=stock,
            history=history or HistoricalContext(programme, version=version),
            with_changes=with_changes,
        )
        return Decision(member, after, (*turn_decision.rows, row))
    builder = decide_row(
        programme, turn_decision.member, event, by=by, stock=stock, history=history, version=version
    )
    row = builder.close(with_changes=with_changes)
    return Decision(member, builder.member, (*turn_decision.rows, row))


def decide_enrolment(
    programme: Programme,
    member: Member,
    event: Event,
    *,
    consents: Sequence[Event],
    code: Event | None = None,
    now: datetime,
    stock: StockState = NOTHING_SOLD_OUT,
    version: int = 1,
    with_changes: bool = True,
) -> Decision:
    """Decide member.enrolled, then member.consented for each purpose that was granted with it, and then the
    code that was given, a row each. Rules on the enrolment see all consents granted already.
    """
    decision = decide(
        programme, member, event, now=now, stock=stock, version=version, with_changes=with_changes
    )
    rows, after = decision.rows, decision.member
    for following in (*consents, *([code] if code is not None else [])):
        decision = decide(
            programme,
            after,
            following,
            now=now,
            stock=stock,
            version=version,
            by="decision",
            with_changes=with_changes,
        )
        rows, after = (*rows, *decision.rows), decision.member
    return Decision(member, after, rows)


def consent_at_enrolment(
    enrolment: Event, purpose: str, *, source: str, wording_version: int | None = None
) -> Event:
    """Return the event of a consent granted with an enrolment. Its identity is that of enrolment and
    purpose.
    """
    event_data: dict[str, Json] = {"purpose": purpose, "granted": True}
    if wording_version is not None:
        event_data["wordingVersion"] = wording_version
    return Event(f"{enrolment.id}:{purpose}", CONSENTED, enrolment.at, source, event_data)


def code_at_enrolment(enrolment: Event, spec: CodeSpec) -> Event:
    """Return the event of a code given with an enrolment."""
    return Event(f"{enrolment.id}:code", CODE_ENTERED, enrolment.at, enrolment.source, code_data(spec))


def new_member(id: str, number: str, profile: Profile | None = None) -> Member:
    """Return a member to be, before member.enrolled: nothing but an identity."""
    return Member(id, number, profile or Profile())


def at_instant(programme: Programme, member: Member, *, now: datetime) -> Member:
    """Return the member as a reader sees it: lots due are in, lapsed ones out, holds ended, goals fixed,
    whatever any job has written down.
    """
    today = local_day(now, programme.zone)
    if programme.goal_badges:  # before lots come in, which make no goal that was fixed by then
        member = with_fixed_goals(programme, member, at=now, failures=[])
    member = settle_lots(end_due(programme, member, at=now), at=now)
    return evolve(member, wallets={code: lapse(one, today=today)[0] for code, one in member.wallets.items()})
