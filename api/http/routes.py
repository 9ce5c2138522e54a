"""The routes of `/graphql`: requests, sockets, and GraphiQL for browsers, over one engine."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route, WebSocketRoute

from api.graphql.engine.execution import Engine
from api.http.callers import Callers
from api.http.graphql import GraphQLEndpoint, MakeContext
from api.http.pages import explorer_page
from api.http.websocket import SocketEndpoint


def graphql_routes(
    engine: Engine,
    callers: Callers,
    make_context: MakeContext,
    *,
    explorer: bool,
    origins: Sequence[str] = (),
) -> list[BaseRoute]:
    """Return the routes. `make_context` is called for each request with its origin and its caller."""
    endpoint = GraphQLEndpoint(engine, callers, make_context, explorer=explorer_page() if explorer else None)
    return [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", SocketEndpoint(engine, callers, make_context, origins=origins)),
    ]
