"""The GraphQL service of one process: the schema with its limits, rates and permissions, and its resolvers'
dependencies.
"""

import time

from starlette.routing import BaseRoute

from api.caller import Caller, Origin
from api.graphql.engine.context import Context
from api.graphql.engine.dependencies import Dependencies, StoreNameCache
from api.graphql.engine.execution import Engine
from api.graphql.engine.loaders import Loaders
from api.graphql.schema import make_schema
from api.http.app_links import link_base
from api.http.callers import Callers
from api.http.routes import graphql_routes
from api.pictures.picture_library import PictureLibrary
from api.process import Process
from api.rates import Rates, rate_limits
from domain.services.ledger.till import ShiftLimits


def make_graphql_routes(
    process: Process,
    *,
    address: str,
    explorer: bool,
    pictures: PictureLibrary,
    rates: Rates | None = None,
) -> list[BaseRoute]:
    """Return the routes of requests and of sockets. Clients call `address` where no setting names another;
    `rates` are those that other doors count by too.
    """
    settings = process.settings
    rates = rates or Rates(rate_limits(settings), time.monotonic)
    dependencies = Dependencies(
        runtime=process.runtime,
        store_names=StoreNameCache(process.store),
        tokens=process.tokens,
        rates=rates,
        card_keys=process.keys.all_derived("cards"),
        clock=process.clock,
        base_url=settings.base_url or address,
        pictures=pictures,
        backtests=process.backtests,
        badge_counts=process.badge_counts,
        id_tokens=process.id_tokens,
        senders=process.senders,
        links_url=link_base(settings),
        shift_limits=ShiftLimits(
            purchases=settings.shift_purchases,
            vouchers=settings.shift_vouchers,
            refunded=settings.shift_refunded,
            adjusted=settings.shift_adjusted,
            corrected=settings.shift_corrected,
            look_ups=settings.shift_look_ups,
            receipt_total=settings.receipt_maximum,
        ),
    )

    def make_context(origin: Origin, caller: Caller) -> Context[object, object]:
        return Context(origin, caller, dependencies, Loaders(dependencies, caller, origin.accept_language))

    engine = Engine(
        make_schema(),
        rates=rates,
        drain=process.drain,
        introspection=settings.introspection,
        operation_seconds=settings.operation_seconds,
    )
    callers = Callers(
        process.tokens,
        process.runtime.session_registry,
        clients=process.clients,
        refusals=process.refusals,
        clock=process.clock,
    )
    return graphql_routes(engine, callers, make_context, explorer=explorer, origins=settings.cors_origins)
