"""Lists of a member into whose membership others were merged: theirs follow the member's own.

A cursor of such a list holds which part it is in beside the counter there, so it still names no member. The
first page is of the member's own alone, so that it costs what any does, but for vouchers and messages, whose
first page is what a screen shows: it goes on with theirs at once. A list of one membership is read as ever.
"""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from api.graphql.engine.paging import NumberedRow, Window
from api.graphql.engine.shared_types import Info
from domain.model.ledger.member import Member
from domain.model.values import dataclass
from domain.services.ledger.merged.merged_members import load_merged

PART = 2**40  # more than any counter
NodeT = TypeVar("NodeT")


@dataclass(frozen=True, slots=True)
class ListPart(Generic[NodeT]):
    """Rows of one membership below a counter, and whether there are more of it."""

    rows: list[NumberedRow[NodeT]]
    has_more: bool
    read_down_to: int | None = None


ReadPart = Callable[
    [str, int, int | None], Awaitable[ListPart[NodeT]]
]  # of whom, how many, below which counter


async def read_parts(
    info: Info,
    member: str,
    window: Window,
    *,
    read: ReadPart[NodeT],
    count: Callable[[Member], int] | None = None,
    goes_on: bool = False,
) -> ListPart[NodeT]:
    """Return a window of a member's list, and then of the memberships merged into theirs; `count` is the
    newest counter of one of these; without it `read` knows. The first page has their rows too where it
    `goes_on`.
    """
    loaders, place = info.context.loaders, window.after
    if place is not None and place < PART:
        return await read(member, window.size, place)
    ids = (await loaders.member_view(member)).merged
    if not ids and place is None:
        return await read(member, window.size, None)
    if place is None and not goes_on:
        own = await read(member, window.size, None)
        rows = [NumberedRow(PART + row.counter, row.node) for row in own.rows]
        down_to = 2 * PART if not own.has_more else own.read_down_to and PART + own.read_down_to
        return ListPart(rows, has_more=True, read_down_to=down_to)
    merged = await load_merged(info.context.dependencies.runtime, ids)
    tops: list[tuple[str, int | None]] = [
        (member, None),
        *((one.id, count(one) + 1 if count else None) for one in merged),
    ]
    part, below = divmod(PART if place is None else place, PART)
    rows = list[NumberedRow[NodeT]]()
    for at, (owner, top) in enumerate(tops[part - 1 :], start=part):
        if len(rows) == window.size:
            return ListPart(rows, has_more=True)
        before = below if below and at == part else top
        page = await read(owner, window.size - len(rows), before)
        rows += [NumberedRow(at * PART + row.counter, row.node) for row in page.rows]
        if page.has_more:
            down_to = None if page.read_down_to is None else at * PART + page.read_down_to
            return ListPart(rows, has_more=True, read_down_to=down_to)
    return ListPart(rows, has_more=False)


async def total(info: Info, member: str, count: Callable[[Member], int]) -> int:
    """Return how many rows a list has, with those of merged memberships."""
    view = await info.context.loaders.member_view(member)
    merged = await load_merged(info.context.dependencies.runtime, view.merged)
    return count(view.member) + sum(count(one) for one in merged)
