"""A small schema for the tests of the engine: lists, connections, slow and broken fields, each scalar."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import strawberry
from strawberry.schema.config import StrawberryConfig

from api.caller import Anonymous, Caller, Origin
from api.drain import Drain
from api.errors import BadInput, Busy, NotAvailable, NotFound
from api.graphql.engine.context import Context
from api.graphql.engine.execution import Engine
from api.graphql.engine.limits import DocumentLimits
from api.graphql.engine.paging import NumberedRow, connection, read_window
from api.graphql.engine.permitted.caller_kinds import MEMBER, PUBLIC, STAFF, RootPermission
from api.graphql.engine.scalars import SCALARS, JsonObject, Long, WalletCode
from api.rates import RateLimits, Rates


@dataclass
class Services:
    """What the test's resolvers record and wait for."""

    ran: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    wait_seconds: float = 0


Info = strawberry.Info[Context[Services, None], None]


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Entry_:
    id: strawberry.ID
    amount: int
    tags: list[str]


@strawberry.type
class PointEntryEdge:
    cursor: str
    node: Entry_


@strawberry.type
class PointEntryConnection:
    edges: list[PointEntryEdge]
    page_info: PageInfo


@strawberry.type
class Member:
    id: strawberry.ID
    name: str

    @strawberry.field
    def friends(self) -> list["Member"]:
        return [Member(id=strawberry.ID("2"), name="Rui")]

    @strawberry.field
    def history(self, first: int | None = 20, after: str | None = None) -> PointEntryConnection:
        window = read_window(first, after, list_name="entry")
        start = 50 if window.after is None else window.after
        rows = [
            NumberedRow(n, Entry_(id=strawberry.ID(str(n)), amount=n, tags=["a"]))
            for n in range(start - 1, max(-1, start - 2 - window.size), -1)
        ]
        return connection(
            rows,
            window,
            list_name="entry",
            edge=PointEntryEdge,
            page_info=PageInfo,
            make=PointEntryConnection,
        )


@strawberry.input
class PartInput:
    amount: int


@strawberry.input
class EchoInput:
    at: datetime | None = None
    day: date | None = None
    total: Long | None = None
    data: JsonObject | None = None
    wallet: WalletCode | None = None
    lines: list[PartInput] = strawberry.field(default_factory=list)


@strawberry.type
class Echo:
    at: datetime | None
    day: date | None
    total: Long | None
    data: JsonObject | None
    wallet: WalletCode | None


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def count(self, of: int) -> int:
        return of

    @strawberry.field
    def me(self, info: Info) -> Member:
        return Member(id=strawberry.ID(info.context.member().member_id), name="Ana")

    @strawberry.field
    def till(self, info: Info) -> str:
        return info.context.staff().store

    @strawberry.field
    def members(self) -> list[Member]:
        return [Member(id=strawberry.ID("1"), name="Ana")]

    @strawberry.field
    def nodes(self, ids: list[strawberry.ID]) -> list[Member]:
        return [Member(id=each, name="Ana") for each in ids]

    @strawberry.field
    def echo(self, input: EchoInput) -> Echo:
        return Echo(at=input.at, day=input.day, total=input.total, data=input.data, wallet=input.wallet)

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError("cannot reach mongodb://user:secret@database")

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFound

    @strawberry.field
    def off(self) -> str | None:
        raise NotAvailable("Push is configured off.")

    @strawberry.field
    def wrong(self) -> str | None:
        raise BadInput("first must be 1 to 100.", field="first")

    @strawberry.field
    def null_in_non_null(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    async def slow(self, info: Info) -> str:
        services = info.context.dependencies
        services.ran.append("slow")
        await asyncio.sleep(services.wait_seconds)
        services.finished.append("slow")
        return "at last"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def spend(self, info: Info, key: str) -> str:
        services = info.context.dependencies
        services.ran.append(key)
        await asyncio.sleep(services.wait_seconds)
        services.finished.append(key)
        return key

    @strawberry.mutation
    def sign_in(self, info: Info, code: str) -> str:
        info.context.dependencies.ran.append(code)
        return "wrong code"

    @strawberry.mutation
    def enrol(self, info: Info, name: str) -> str:
        info.context.dependencies.ran.append(name)
        return name

    @strawberry.mutation
    def busy(self) -> str:
        raise Busy(retry_after=3)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, info: Info, upto: int) -> AsyncGenerator[int, None]:
        for n in range(1, upto + 1):
            await asyncio.sleep(info.context.dependencies.wait_seconds)
            yield n
        info.context.dependencies.finished.append("ticks")

    @strawberry.subscription
    async def floods(self, info: Info) -> AsyncGenerator[str, None]:
        try:
            while True:
                await asyncio.sleep(0)
                yield "x" * 10_000
        finally:
            info.context.dependencies.finished.append("floods")

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError("cannot reach mongodb://user:secret@database")


def _open(*names: str) -> dict[str, RootPermission]:
    return dict.fromkeys(names, RootPermission(PUBLIC, PUBLIC))


TABLE: Mapping[str, Mapping[str, RootPermission]] = {
    "Query": {
        **_open(
            "hello",
            "count",
            "members",
            "nodes",
            "echo",
            "broken",
            "missing",
            "off",
            "wrong",
            "nullInNonNull",
            "slow",
        ),
        "me": RootPermission(MEMBER, MEMBER),
        "till": RootPermission(STAFF, STAFF),
    },
    "Mutation": _open("spend", "signIn", "enrol", "busy"),
    "Subscription": {**_open("breaks", "floods"), "ticks": RootPermission(MEMBER, MEMBER)},
}


def make_schema() -> strawberry.Schema:
    return strawberry.Schema(Query, Mutation, Subscription, config=StrawberryConfig(scalar_map=SCALARS))


def make_engine(
    *,
    clock: Callable[[], float] = lambda: 0.0,
    rates: RateLimits | None = None,
    drain: Drain | None = None,
    introspection: bool = True,
    operation_seconds: float = 10,
    limits: DocumentLimits | None = None,
) -> Engine:
    return Engine(
        make_schema(),
        rates=Rates(rates or RateLimits(), clock),
        drain=drain or Drain(),
        introspection=introspection,
        operation_seconds=operation_seconds,
        limits=limits,
        roots=TABLE,
    )


def make_context(caller: Caller | None = None, services: Services | None = None) -> Context[object, object]:
    return Context(
        Origin("0123456789abcdef", "192.0.2.1", "pt"), caller or Anonymous(), services or Services(), None
    )
