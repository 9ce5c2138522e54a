"""What all fields share: the two interfaces, the page of a connection, the type of `info`, and how a plain
resolver waits.
"""

from collections.abc import Awaitable
from typing import TypeVar, cast

import strawberry

from api.graphql.engine.context import Context
from api.graphql.engine.dependencies import Dependencies
from api.graphql.engine.loaders import Loaders

T = TypeVar("T")
Info = strawberry.Info[Context[Dependencies, Loaders], None]


@strawberry.interface(description="An object that can be fetched again by its id.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Global id: opaque, the same for as long as the thing exists."
    )


@strawberry.interface(
    description=(
        "A refusal that a screen can act on. Select `message` on it, so that the app can also"
        " show a kind that it does not know yet."
    )
)
class Problem:
    message: str = strawberry.field(
        description="For people, in the member's language, else that of Accept-Language."
    )


@strawberry.type(description="Where a window stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more behind `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether something comes before this window.")
    start_cursor: str | None = strawberry.field(description="The first row's; null where there is none.")
    end_cursor: str | None = strawberry.field(
        description="Ask on with it as `after`; null where there is nothing to go on from."
    )


def later(value: Awaitable[T]) -> T:
    """Return what a plain resolver answers where it has to wait: the engine waits for it. One that mostly
    knows its value at once needs no coroutine for that.
    """
    return cast(T, value)
