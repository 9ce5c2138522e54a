"""The segments as an operator reads them: their sizes, and their members, of whom each page is a look-up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.model.figures.increments import LEVELS_ID
from domain.model.figures.period import below
from domain.model.values import dataclass
from domain.services.errors import NotAllowed
from domain.services.ledger.look_up.look_ups import count_writes
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.services.segments.once_messages import require_segment
from domain.services.segments.walking import count_members
from domain.store.audit import ShiftLimitReached
from domain.store.figures import sums
from domain.store.ledger.members import StoredMember
from domain.store.ledger.segments import segment_members


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """Members of a segment, and whether it has more."""

    members: tuple[StoredMember, ...]
    has_more: bool


async def count_all(runtime: Runtime) -> Mapping[str, int] | None:
    """Return how many members each segment has, as figures tell it: a moment ago; None where they have
    counted nobody yet.
    """
    now = await sums.find_now(runtime.store, (LEVELS_ID,))
    return below(sums.flat_sums(now[LEVELS_ID]), "segments") if LEVELS_ID in now else None


async def read_members(
    runtime: Runtime, *, till: Till, segment: str, first: int, after: str, now: datetime
) -> SegmentPage:
    """Return the first members of a segment after an id; they count as look-ups in the day, and the page is
    an act in the trail. Raises NotAllowed, InvalidInput, Busy.
    """
    till.require_operator()
    require_segment(runtime.programme, segment)
    size = await count_members(runtime.store, segment)
    rows = await segment_members.find_page(runtime.store, segment, after=after, first=first + 1, size=size)
    page = tuple(rows[:first])

    async def attempt() -> None:
        act = till.act_writes("SEGMENT_READ", now=now, subject=segment, amount=len(page))
        await runtime.store.transact([*act, *count_writes(till, len(page))])

    try:
        await runtime.store.run_rounds(attempt, queue=f"look-ups:{till.staff}")
    except ShiftLimitReached:
        raise NotAllowed("SHIFT_LIMIT") from None
    return SegmentPage(page, len(rows) > first)
