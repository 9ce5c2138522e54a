"""Relay connections over gapless counters: `first` is 1 to 100, and a cursor holds a counter, so no page
skips rows.

A resolver gets its window by `read_window(first, after)`, reads one row more than `size`, and hands the rows
with their counters to `connection`. A cursor is the counter of its row and the name of its list, so that a
cursor of one list is refused by another. It says nothing about the member.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Generic, NamedTuple, Protocol, TypeVar

import strawberry

from api.errors import BadInput
from api.graphql.engine.ids import from_base64url, to_base64url
from domain.model.values import dataclass

MAX_FIRST = 100
DEFAULT_FIRST = 20
MAX_COUNTER = 2**53

# The two arguments of every list.
First = Annotated[int | None, strawberry.argument(description="How many, 1 to 100.")]
After = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of the row before, such as `pageInfo.endCursor`; null for the first page."
    ),
]

# The two arguments of a list that is filtered by time.
Since = Annotated[
    datetime | None, strawberry.argument(description="Only what happened then or later; null for all.")
]
Until = Annotated[
    datetime | None, strawberry.argument(description="Only what happened before then; null for all.")
]

_CURSOR = re.compile(rb"([a-z]{1,12}):(0|[1-9][0-9]{0,15})")

NodeT = TypeVar("NodeT")
EdgeT = TypeVar("EdgeT")
PageInfoT = TypeVar("PageInfoT")
NodeT_contra = TypeVar("NodeT_contra", contravariant=True)
EdgeT_co = TypeVar("EdgeT_co", covariant=True)
PageInfoT_co = TypeVar("PageInfoT_co", covariant=True)
PageInfoT_contra = TypeVar("PageInfoT_contra", contravariant=True)
ConnectionT_co = TypeVar("ConnectionT_co", covariant=True)
ConnectionT = TypeVar("ConnectionT")


# ---------------------------------------------------------------- values


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a list: at most `size` rows, beyond the counter `after` where it is set."""

    size: int
    after: int | None


class NumberedRow(NamedTuple, Generic[NodeT]):
    """A row and its counter in its list."""

    counter: int
    node: NodeT


class EdgeMaker(Protocol[NodeT_contra, EdgeT_co]):
    def __call__(self, *, cursor: str, node: NodeT_contra) -> EdgeT_co: ...


class PageInfoMaker(Protocol[PageInfoT_co]):
    def __call__(
        self,
        *,
        has_next_page: bool,
        has_previous_page: bool,
        start_cursor: str | None,
        end_cursor: str | None,
    ) -> PageInfoT_co: ...


class ConnectionMaker(Protocol[EdgeT, PageInfoT_contra, ConnectionT_co]):
    def __call__(self, *, edges: list[EdgeT], page_info: PageInfoT_contra) -> ConnectionT_co: ...


# ---------------------------------------------------------------- rules


def read_window(first: int | None, after: str | None, *, list_name: str) -> Window:
    """Return the window that `first` and `after` ask for. `list_name` is the name of the list in its cursors.

    Raises BadInput naming `first` or `after`.
    """
    return Window(row_count(first), None if after is None else read_cursor(after, list_name=list_name))


def row_count(first: int | None, *, default: int = DEFAULT_FIRST) -> int:
    """Return the number of rows that `first` asks for. Raises BadInput naming it."""
    count = default if first is None else first
    if not 1 <= count <= MAX_FIRST:
        raise BadInput(f"first must be 1 to {MAX_FIRST}.", field="first")
    return count


@lru_cache(maxsize=10_000)
def write_cursor(counter: int, *, list_name: str) -> str:
    """Return the cursor of the row with this counter. It names no member: all answers share it."""
    return to_base64url(b"%s:%d" % (list_name.encode("ascii"), counter))


def read_cursor(text: str, *, list_name: str, field: str = "after") -> int:
    """Return the counter in a cursor of this list. Raises BadInput for any other text."""
    match = _CURSOR.fullmatch(from_base64url(text, field=field))
    if match is None or match.group(1).decode("ascii") != list_name or int(match.group(2)) > MAX_COUNTER:
        raise BadInput("That is no cursor of this list.", field=field)
    return int(match.group(2))


def connection(
    rows: Sequence[NumberedRow[NodeT]],
    window: Window,
    *,
    list_name: str,
    edge: EdgeMaker[NodeT, EdgeT],
    page_info: PageInfoMaker[PageInfoT],
    make: ConnectionMaker[EdgeT, PageInfoT, ConnectionT],
    has_more: bool = False,
    read_down_to: int | None = None,
) -> ConnectionT:
    """Return a connection of at most `window.size` rows. A row beyond them only shows that there is a next
    page.

    `edge`, `page_info` and `make` are the schema's dataclasses (or a `partial` of one that has more fields).
    Where a filter leaves rows of a window out, `has_more` says that rows may stand beyond it, and
    `read_down_to` is the counter down to which the list was read.
    """
    window_rows = rows[: window.size]
    edges = [
        edge(cursor=write_cursor(row.counter, list_name=list_name), node=row.node) for row in window_rows
    ]
    last_counter = window_rows[-1].counter if window_rows else None
    if len(rows) <= window.size and read_down_to is not None:
        last_counter = read_down_to
    info = page_info(
        has_next_page=has_more or len(rows) > window.size,
        has_previous_page=window.after is not None,
        start_cursor=write_cursor(window_rows[0].counter, list_name=list_name) if window_rows else None,
        end_cursor=write_cursor(last_counter, list_name=list_name) if last_counter is not None else None,
    )
    return make(edges=edges, page_info=info)
