"""What every door shares: the two interfaces, the page of a connection, and what resolvers are handed."""

import strawberry

from api.graphql.context import Context
from api.graphql.loaders import Loaders
from api.graphql.services import Services

Info = strawberry.Info[Context[Services, Loaders], None]


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.interface
class Problem:
    message: str


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None
