"""Relay connections over gapless counters: `first` 1..100, cursors that hold the counter, never a skip.

A door asks `page(first, after)` for the window, reads one row more than `size`, and hands rows with their
counters to `connection`. A cursor is the counter of its row (and nothing about the member), marked with what
it is a cursor of, so that one list's cursor is junk in another.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, Protocol, TypeVar

import strawberry

from api.graphql.errors import BadInput
from api.graphql.ids import from_text, to_text

FIRST_AT_MOST = 100
FIRST_BY_DEFAULT = 20
COUNTER_AT_MOST = 2**53

# The two arguments of every list.
First = Annotated[int | None, strawberry.argument(description="How many, 1 to 100.")]
After = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of the row before, such as `pageInfo.endCursor`; null for the first page."
    ),
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


# --- values
# ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """One window of a list: at most `size` rows, those past the counter `after` where it is given."""

    size: int
    after: int | None


@dataclass(frozen=True, slots=True)
class Numbered(Generic[NodeT]):
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


# --- rules
# -----------------------------------------------------------------------------------------------------------


def page(first: int | None, after: str | None, *, of: str) -> Page:
    """Return the window that `first` and `after` ask for; `of` is the list's word, as in its cursors.

    Raises BadInput naming `first` or `after`.
    """
    return Page(size(first), None if after is None else read_cursor(after, of=of))


def size(first: int | None, *, by_default: int = FIRST_BY_DEFAULT) -> int:
    """Return how many rows `first` asks for. Raises BadInput naming it."""
    wanted = by_default if first is None else first
    if not 1 <= wanted <= FIRST_AT_MOST:
        raise BadInput(f"first must be 1 to {FIRST_AT_MOST}.", field="first")
    return wanted


def cursor(counter: int, *, of: str) -> str:
    """Return the cursor of the row with this counter."""
    return to_text(b"%s:%d" % (of.encode("ascii"), counter))


def read_cursor(text: str, *, of: str, field: str = "after") -> int:
    """Return the counter in a cursor of this list. Raises BadInput for any other text."""
    found = _CURSOR.fullmatch(from_text(text, field=field))
    if found is None or found.group(1).decode("ascii") != of or int(found.group(2)) > COUNTER_AT_MOST:
        raise BadInput("That is no cursor of this list.", field=field)
    return int(found.group(2))


def connection(
    rows: Sequence[Numbered[NodeT]],
    window: Page,
    *,
    of: str,
    edge: EdgeMaker[NodeT, EdgeT],
    page_info: PageInfoMaker[PageInfoT],
    make: ConnectionMaker[EdgeT, PageInfoT, ConnectionT],
    more: bool = False,
    reached: int | None = None,
) -> ConnectionT:
    """Return a connection of at most `window.size` rows; a row beyond them only says that there is a next
    page.

    `edge`, `page_info` and `make` are the schema's own dataclasses (or a `partial` of one that has more
    fields). Where a filter thins a window, `more` says that rows may stand beyond it, and `reached` the
    counter down to which it was read.
    """
    shown = rows[: window.size]
    edges = [edge(cursor=cursor(row.counter, of=of), node=row.node) for row in shown]
    last = shown[-1].counter if shown else None
    if len(rows) <= window.size and reached is not None:
        last = reached
    info = page_info(
        has_next_page=more or len(rows) > window.size,
        has_previous_page=window.after is not None,
        start_cursor=cursor(shown[0].counter, of=of) if shown else None,
        end_cursor=cursor(last, of=of) if last is not None else None,
    )
    return make(edges=edges, page_info=info)
