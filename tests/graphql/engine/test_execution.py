"""Time limits, clients that disconnect, and mutations that complete nevertheless."""

import asyncio
from functools import partial

import pytest

from api.caller import MemberCaller, StaffCaller
from api.drain import Drain
from api.errors import Busy
from api.graphql.engine.execution import ClientDisconnected, Engine, GraphQLRequest
from api.rates import RateLimits
from tests.graphql.engine.small_schema import Services, make_context, make_engine


async def wait_for_count(names: list[str], count: int) -> None:
    """Wait until so many resolvers have begun, or have finished."""
    async with asyncio.timeout(30):
        while len(names) < count:
            await asyncio.sleep(0.005)


def never() -> "asyncio.Future[object]":
    return asyncio.get_running_loop().create_future()


async def test_a_query_over_its_time_is_cancelled_and_answered_busy() -> None:
    services = Services(wait_seconds=0.5)
    answer = await make_engine(operation_seconds=0.02).run(
        GraphQLRequest("{ slow }"), make_context(services=services), never
    )
    assert (answer.status, answer.retry_after) == (503, 2)
    assert answer.body["errors"][0]["extensions"] == {"code": "BUSY", "retryAfter": 2}  # type: ignore[index]
    await asyncio.sleep(0.55)
    assert (services.ran, services.finished) == (["slow"], [])


async def test_a_mutation_over_its_time_is_answered_busy_and_ends_all_the_same() -> None:
    services, drain = Services(wait_seconds=0.5), Drain()
    engine = make_engine(operation_seconds=0.01, drain=drain)
    answer = await engine.run(
        GraphQLRequest('mutation { spend(key: "k") }'), make_context(services=services), never
    )
    assert (answer.status, services.finished, drain.running_count) == (503, [], 1)
    assert await drain.close(seconds=30) == 0
    assert (services.finished, drain.running_count) == (["k"], 0)


async def test_a_client_that_goes_ends_its_query_but_not_its_mutation() -> None:
    services, drain = Services(wait_seconds=0.3), Drain()
    engine, context = make_engine(drain=drain), make_context(services=services)
    for count, text in enumerate(("{ slow }", 'mutation { spend(key: "k") }'), start=1):
        with pytest.raises(ClientDisconnected):
            await engine.run(GraphQLRequest(text), context, partial(wait_for_count, services.ran, count))
    await wait_for_count(services.finished, 1)  # the query would have finished first
    assert (services.ran, services.finished) == (["slow", "k"], ["k"])


async def test_shutdown_waits_for_mutations_and_takes_no_more() -> None:
    services, drain = Services(wait_seconds=0.05), Drain()
    engine, context = make_engine(drain=drain), make_context(services=services)
    under_way = asyncio.ensure_future(
        engine.run(GraphQLRequest('mutation { spend(key: "k") }'), context, never)
    )
    await wait_for_count(services.ran, 1)
    closing = asyncio.ensure_future(drain.close(seconds=30))
    await asyncio.sleep(0)
    late = await engine.run(GraphQLRequest('mutation { spend(key: "late") }'), context, never)
    assert late.body["errors"][0]["extensions"] == {"code": "BUSY", "retryAfter": 2}  # type: ignore[index]
    assert await closing == 0
    assert (await under_way).body == {"data": {"spend": "k"}}
    assert services.finished == ["k"]


async def test_shutdown_cancels_what_does_not_end() -> None:
    drain = Drain()
    task = drain.start(asyncio.sleep(10))
    assert await drain.close(seconds=0.01) == 1
    assert task.cancelled()


async def test_a_drained_mutation_has_a_hard_stop() -> None:
    with pytest.raises(TimeoutError):
        await Drain(stop_after_seconds=0.01).start(asyncio.sleep(10))


async def test_a_closed_drain_says_busy() -> None:
    drain = Drain()
    await drain.close(seconds=0)
    with pytest.raises(Busy):
        drain.check()


@pytest.fixture
def sparing() -> Engine:
    return make_engine(
        rates=RateLimits(
            member_points_per_minute=16, anonymous_requests_per_minute=4, staff_requests_per_minute=3
        )
    )


async def test_a_member_pays_1_for_a_query_and_5_for_a_mutation(sparing: Engine) -> None:
    context = make_context(MemberCaller("m1", "s1"))
    statuses = [
        (await sparing.run(GraphQLRequest('mutation { spend(key: "k") }'), context, never)).status
        for _ in range(4)
    ]
    assert statuses == [200, 200, 200, 429]
    other = make_context(MemberCaller("m2", "s2"))
    assert (await sparing.run(GraphQLRequest("{ hello }"), other, never)).status == 200


async def test_a_guessing_mutation_counts_each_time_it_runs(sparing: Engine) -> None:
    services = Services()
    five = "mutation {" + " ".join(f'g{n}: signIn(code: "{n}")' for n in range(5)) + "}"
    refused = await sparing.run(GraphQLRequest(five), make_context(services=services), never)
    assert (refused.status, refused.body["errors"][0]["extensions"]["code"], services.ran) == (  # type: ignore[index]
        429,
        "RATE_LIMITED",
        [],
    )


async def test_a_till_is_counted_by_its_session(sparing: Engine) -> None:
    caller = make_context(StaffCaller("e1", "CASHIER", "lisboa", "t1"))
    other = make_context(StaffCaller("e1", "CASHIER", "lisboa", "t2"))
    assert [(await sparing.run(GraphQLRequest("{ till }"), caller, never)).status for _ in range(4)] == [
        200,
        200,
        200,
        429,
    ]
    assert (await sparing.run(GraphQLRequest("{ till }"), other, never)).body == {"data": {"till": "lisboa"}}


async def test_enrolments_are_counted_by_address_as_they_run() -> None:
    engine, services = make_engine(rates=RateLimits(enrolments_per_address_hour=2)), Services()
    three = 'mutation { a: enrol(name: "a") b: enrol(name: "b") c: enrol(name: "c") }'
    answer = await engine.run(GraphQLRequest(three), make_context(services=services), never)
    assert services.ran == ["a", "b"]
    assert answer.body["errors"][0]["extensions"]["code"] == "RATE_LIMITED"  # type: ignore[index]


async def test_refused_documents_are_counted_too(sparing: Engine) -> None:
    statuses = [
        (await sparing.run(GraphQLRequest("{ nope }"), make_context(), never)).status for _ in range(5)
    ]
    assert statuses == [400, 400, 400, 400, 429]
