"""A member's stored life, as a back-test reads it: which rows came from outside, and which time or a decision
brings again by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Event, Profile
from domain.model.ledger.gifts import FRIEND_SOURCE
from domain.model.ledger.member import Member
from domain.model.ledger.next_due import TICK, next_due, turned_until
from domain.model.ledger.state.ledger_restore import restore_member
from domain.model.ledger.state.ledger_state import fold_rows, nest
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve


@dataclass(frozen=True, slots=True)
class RulingVersions:
    """The published versions of the programme, and when each began to rule."""

    programmes: Mapping[int, Programme]
    published_at: Mapping[int, datetime]

    def at(self, instant: datetime) -> int:
        """Return the version that ruled at an instant. The first one also rules all time before it."""
        first = min(self.programmes)
        return max((number for number, at in self.published_at.items() if at <= instant), default=first)


@dataclass(frozen=True, slots=True)
class MemberHistory:
    """A member as they are stored, their profile of today with them, and their whole journal in its order.
    `until` is the instant up to which the journal says all that time has brought.
    """

    member: Member
    rows: Sequence[JournalRow]
    until: datetime

    @property
    def id(self) -> str:
        return self.member.id

    @property
    def profile(self) -> Profile:
        return self.member.profile

    def first_heard(self, since: datetime | None) -> int:
        """Return the place of the first row that was decided at an instant or later; 0 without one."""
        if since is None:
            return 0
        for place, row in enumerate(self.rows):
            decided_at = row.changes.get("decided_at")
            if isinstance(decided_at, datetime) and decided_at >= since:
                return place
        return len(self.rows)

    def fold(self, count: int) -> Member:
        """Return the member as the first rows left them; nothing is decided again."""
        rows = self.rows[:count]
        profile = evolve(self.profile, consents=consents_after(rows, self.first_consents()))
        if not rows:
            return Member(self.id, self.member.number, profile)
        member = restore_member(
            nest(fold_rows(rows)), id=self.id, number=self.member.number, profile=profile, seq=count
        )
        return evolve(member, merged_into=_merged_into(rows))

    def first_consents(self) -> frozenset[str]:
        """Return the purposes that were granted without a row of their own: brought along by an import."""
        first_answers = dict[str, bool]()
        for row in self.rows:
            if row.event.name == event_names.CONSENTED:
                first_answers.setdefault(str(row.event.data["purpose"]), bool(row.event.data.get("granted")))
        withdrawn = {purpose for purpose, is_granted in first_answers.items() if not is_granted}
        return (self.profile.consents - first_answers.keys()) | withdrawn

    def consents_with(self, place: int) -> frozenset[str]:
        """Return the purposes that were granted with the enrolment that stands at a place."""
        enrolment, granted = self.rows[place].event, set[str]()
        for row in self.rows[place + 1 :]:
            if not row.event.id.startswith(f"{enrolment.id}:"):
                break
            if row.event.name == event_names.CONSENTED:
                granted.add(str(row.event.data["purpose"]))
        return frozenset(granted)


def brought_until(programme: Programme, member: Member, *, now: datetime) -> datetime:
    """Return the instant up to which a stored member holds all that time has brought: now, unless a turn is
    behind.
    """
    known = turned_until(member) or now
    due = next_due(programme, member, after=known)
    return max(known, min(now, due - TICK)) if due is not None else max(known, now)


def consents_after(rows: Iterable[JournalRow], granted: frozenset[str]) -> frozenset[str]:
    """Return the purposes that stand granted after rows, of those granted before them."""
    for row in rows:
        if row.event.name == event_names.CONSENTED:
            granted = with_consent(granted, row.event)
    return granted


def with_consent(granted: frozenset[str], event: Event) -> frozenset[str]:
    """Return the purposes granted after a consent was given or withdrawn."""
    purpose = {str(event.data["purpose"])}
    return granted | purpose if event.data.get("granted") else granted - purpose


def _merged_into(rows: Iterable[JournalRow]) -> str | None:
    into: str | None = None
    for row in rows:
        if row.event.name == event_names.CLOSED:
            into = str(row.event.data["into"])
        elif row.event.name == event_names.REOPENED:
            into = None
    return into


def is_brought_by_time(row: JournalRow) -> bool:
    """Tell whether time alone brought a row, so that it brings it again. When somebody was last seen it does
    not know.
    """
    return row.by == "time" and row.event.name != event_names.INACTIVE and not is_scheduled(row)


def is_scheduled(row: JournalRow) -> bool:
    """Tell whether a decision had left a row for later."""
    return row.event.delayed_rule is not None and row.event.delayed_rule != FRIEND_SOURCE
