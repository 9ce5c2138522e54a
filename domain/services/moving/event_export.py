"""The events of a day, as `simulate` reads them: in the order in which they were decided.

An event that came late stands where it was heard of, with both instants: a simulation then decides it late as
well, and comes to the same balances.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from domain.model.event_names import ENROLLED, IMPORTED
from domain.model.ledger.decision import JournalRow
from domain.model.simulate.event_lines import EventLine, event_line
from domain.model.values import dataclass
from domain.services.runtime import Runtime
from domain.store import audit
from domain.store.ledger import journal_stream, members
from domain.store.ledger.journal_stream import BATCH_SIZE, MemberRow


@dataclass(frozen=True, slots=True)
class _HeardRow:
    """A row, and the instant that its member had been decided for with it."""

    stored: MemberRow
    heard_at: datetime

    @property
    def order(self) -> tuple[datetime, bool]:
        return self.heard_at, self.stored.row.event.name != ENROLLED


async def find_first_at(runtime: Runtime, *, now: datetime) -> datetime | None:
    """Return the instant of the earliest event; None where nothing has happened."""
    return await journal_stream.find_first_at(runtime.store, until=now)


async def note_personal(runtime: Runtime, *, of: str, reason: str, actor: str, now: datetime) -> None:
    """Note in the audit trail that personal data of all members leave, and why."""
    act = audit.simple_act_write("DATA_EXPORTED", actor=actor, now=now, subject=of, reason=reason)
    await runtime.store.transact([act])


async def iterate_event_lines(
    runtime: Runtime, *, start: datetime, end: datetime, with_person: bool
) -> AsyncIterator[EventLine]:
    """Yield the lines of what was heard of in [start, end), in the order in which it was decided.

    No more than a batch is in memory, and what happened at its last instant.
    """
    anchors: list[MemberRow] = []
    async for stored in journal_stream.stream_rows(runtime.store, start=start, end=end):
        if stored.decided_until is None:
            continue  # it stands where it was heard of, beside the row before it
        if len(anchors) >= BATCH_SIZE and stored.row.event.at > anchors[-1].row.event.at:
            for line in await _lines(runtime, anchors, with_person=with_person):
                yield line
            anchors = []
        anchors.append(stored)
    for line in await _lines(runtime, anchors, with_person=with_person):
        yield line


async def _lines(runtime: Runtime, anchors: Sequence[MemberRow], *, with_person: bool) -> list[EventLine]:
    heard_rows = await _with_following(runtime, anchors)
    shown = {
        each.stored.member
        for each in heard_rows
        if with_person or each.stored.row.event.name in (ENROLLED, IMPORTED)
    }
    by_member = await members.find_many(runtime.store, sorted(shown))
    rows_by_key = {(each.stored.member, each.stored.row.seq): each for each in heard_rows}
    lines = []
    for heard in sorted(heard_rows, key=lambda each: each.order):
        member, row = heard.stored.member, heard.stored.row
        profile = by_member[member].details.profile if member in by_member else None
        line = event_line(
            member,
            row,
            heard_at=heard.heard_at,
            following=_following(rows_by_key, member, row.seq) if row.event.name == ENROLLED else (),
            profile=profile,
            with_person=with_person,
        )
        if line is not None:
            lines.append(line)
    return lines


def _following(rows_by_key: Mapping[tuple[str, int], _HeardRow], member: str, seq: int) -> list[JournalRow]:
    rows = []
    while (each := rows_by_key.get((member, seq + 1))) is not None and each.stored.row.by == "decision":
        rows.append(each.stored.row)
        seq += 1
    return rows


async def _with_following(runtime: Runtime, anchors: Sequence[MemberRow]) -> list[_HeardRow]:
    """Return rows with those that were decided next and brought their member no further in time."""
    newest = [_HeardRow(each, each.row.event.at) for each in anchors]
    heard_rows = [[each] for each in newest]
    chains = heard_rows
    while newest:
        keys = [(each.stored.member, each.stored.row.seq + 1) for each in newest]
        found_rows = await journal_stream.find_rows_anywhere(runtime.store, keys)
        longer = []
        for chain, key in zip(chains, keys, strict=True):
            next_row = found_rows.get(key)
            if next_row is not None and next_row.decided_until is None:
                chain.append(_HeardRow(next_row, chain[0].heard_at))
                longer.append(chain)
        chains, newest = longer, [chain[-1] for chain in longer]
    return [each for chain in heard_rows for each in chain]
