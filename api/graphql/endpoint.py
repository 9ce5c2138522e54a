"""What serves `/graphql` in one process: the schema behind its limits, rates and permissions, with the services its resolvers use."""

import time

from starlette.types import ASGIApp

from api.graphql.context import Caller, Context, Origin
from api.graphql.execute import Engine
from api.graphql.loaders import Loaders
from api.graphql.schema import make_schema
from api.graphql.services import Services, StoreNames
from api.http.callers import Callers
from api.http.graphql import GraphQLEndpoint
from api.http.rates import Rates, rate_limits
from api.process import Process


def make_endpoint(process: Process, *, address: str, explorer: ASGIApp | None = None) -> GraphQLEndpoint:
    """Return the endpoint; `address` is where the server listens, which clients call where no setting names another."""
    settings = process.settings
    services = Services(
        desk=process.desk,
        store_names=StoreNames(process.store),
        tokens=process.tokens,
        clock=process.clock,
        base_url=settings.base_url or address,
    )

    def make_context(origin: Origin, caller: Caller) -> Context[object, object]:
        return Context(origin, caller, services, Loaders(services, caller, origin.accept_language))

    engine = Engine(
        make_schema(),
        rates=Rates(rate_limits(settings), time.monotonic),
        drain=process.drain,
        introspection=settings.introspection,
        operation_seconds=settings.operation_seconds,
    )
    callers = Callers(process.tokens, process.desk.registry.alive, clock=process.clock)
    return GraphQLEndpoint(engine, callers, make_context, explorer=explorer)
