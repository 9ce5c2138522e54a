"""What the execution of an operation costs as plain graphql-core does it, and compiled: in one process, in turns.

The member is read before: what is left is the engine, the resolvers, and the domain that they ask.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from pathlib import Path

from bench_load import lower_quartile, paired
from bench_requests import HOME, LIGHT

from api.caller import Caller, MemberCaller, Origin
from api.commands.running import GC_THRESHOLD
from api.graphql.engine.execution import GraphQLRequest
from api.graphql.engine.loaders import Loaders
from api.http.graphql import GraphQLEndpoint
from api.http.graphql_setup import make_graphql_routes
from api.pictures.picture_library import PictureLibrary
from api.process import Process, open_process
from api.settings import Settings
from domain.services.ledger import queries
from domain.store.connect import connect

ROUNDS, TIMES = 15, 20


def run(uri: str, folder: Path, member_id: str) -> None:
    """Measure over a database that runs, and print."""
    asyncio.run(_run(uri, folder, member_id))


async def _run(uri: str, folder: Path, member_id: str) -> None:
    settings = Settings(data=folder, member_points_per_minute=10**9)
    database = connect(uri, settings.database)
    async with open_process(settings, database) as process:
        await process.runtime.stock.poll()
        await _compare(process, member_id)
    await database.close()


async def _compare(process: Process, member_id: str) -> None:
    pictures = PictureLibrary(None, base_url="")
    endpoint = make_graphql_routes(process, address="", explorer=False, pictures=pictures)[0].endpoint  # type: ignore[attr-defined]
    assert isinstance(endpoint, GraphQLEndpoint), "the route of requests"
    view = await queries.load_member_view(process.runtime, member_id=member_id, now=process.clock())
    caller: Caller = MemberCaller(member_id, "bench")

    async def microseconds(text: str, *, compiling: bool) -> float:
        endpoint.engine.is_compiling = compiling
        begun = time.thread_time_ns()
        for _ in range(TIMES):
            context = endpoint._make_context(Origin("bench", "127.0.0.1", None), caller)
            assert isinstance(context.loaders, Loaders), "ours"
            context.loaders.remember(view)
            answer = await endpoint.engine.run(GraphQLRequest(text), context, _never)
            assert "errors" not in answer.body, answer.body
        return (time.thread_time_ns() - begun) / TIMES / 1000

    # As the server does: else what is collected of everything imported is most of what is measured.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    print(f"{'executing, CPU of one process':<34}{'compiled':>12}{'library':>12}{'paired':>9}")
    for name, text in (("home", HOME), (LIGHT, LIGHT)):
        compiled, library = list[float](), list[float]()
        for _ in range(ROUNDS):
            compiled.append(await microseconds(text, compiling=True))
            library.append(await microseconds(text, compiling=False))
        fast, slow = lower_quartile(compiled), lower_quartile(library)
        print(f"{name:<34}{fast:>9.0f} us{slow:>9.0f} us{paired(library, compiled):>8.1f}x")
    tally = endpoint.engine.tally
    print(f"root fields compiled {tally.compiled}, given up {tally.given_up}, not {tally.not_compiled}")


_never: Callable[[], "asyncio.Future[object]"] = lambda: asyncio.get_running_loop().create_future()  # noqa: E731
