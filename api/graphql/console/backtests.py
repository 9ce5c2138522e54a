"""Back-tests at the console: a draft tried on what members really did, with its progress and its report."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.console.backtest_reports import BacktestReport, report_of
from api.graphql.console.part_titles import PartTitles
from api.graphql.console.programme.proposals import ProgrammeFaulty
from api.graphql.console.programme.versions import names_of_staff
from api.graphql.engine.audience import Audience
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import refusals_as_problems, renders
from api.graphql.engine.scalars import Long
from api.graphql.engine.shared_types import Info, Problem
from api.texts import say
from domain.model.calendar import local_day, start_of
from domain.services.figures.backtest import jobs
from domain.services.figures.backtest.backtesting import SAMPLE, BacktestRequest, numbers_of
from domain.services.publishing import proposals
from domain.store.figures import backtests
from domain.store.figures.backtests import Backtest as StoredBacktest

LONGEST_ID = 64
A_YEAR = timedelta(days=365)


@enum_of_words(backtests.BacktestState, description="Where a back-test stands.")
class BacktestState(Enum):
    RUNNING = strawberry.enum_value("RUNNING", description="Members are decided again.")
    DONE = strawberry.enum_value("DONE", description="`report` says what it came to.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="Somebody ended it, or its server ended.")
    FAILED = strawberry.enum_value("FAILED", description="It broke off: start it again.")


@strawberry.type(description="A draft tried on what members really did. It is kept for 30 days.")
class Backtest:
    backtest: str = strawberry.field(description="What `cancelBacktest` takes.")
    backtest_state: BacktestState = strawberry.field(description="Where it stands.")
    started_by: str = strawberry.field(description="The colleague's name.")
    started_at: datetime = strawberry.field(description="When.")
    first_day: date = strawberry.field(description="The first day that is tried.")
    members: int = strawberry.field(description="How many members are tried; 0 while they are counted.")
    members_done: int = strawberry.field(description="How many of them are done.")
    events_done: Long = strawberry.field(description="How many events were decided again.")
    seconds_left: int | None = strawberry.field(
        description="About how long it still takes; null where it does not run, or nothing tells it yet."
    )
    ended_at: datetime | None = strawberry.field(description="When it ended; null while it runs.")
    report: BacktestReport | None = strawberry.field(description="What it came to, once it is done.")


@strawberry.input(description="A draft, and what to try it on.")
class StartBacktestInput:
    text: str = strawberry.field(description="The draft, at most 200,000 characters.")
    since: date | None = strawberry.field(
        default=None, description="The first day that is tried; null for a year ago."
    )
    sample: int = strawberry.field(
        default=SAMPLE,
        description="How many members at most, the same ones each time: 1 to 20,000.",
    )


@strawberry.input(description="Which back-test.")
class CancelBacktestInput:
    backtest: str = strawberry.field(description="`backtest` of one of `backtests`.")


@strawberry.type(description="It runs.")
class BacktestStarted:
    backtest: Backtest = strawberry.field(description="Read it again by `backtest` for its progress.")


@strawberry.type(description="Another back-test runs on this server: wait for it, or end it.")
class BacktestRunning(Problem):
    pass


@strawberry.type(description="It has ended, if it had not before.")
class BacktestCancelled:
    backtest: Backtest = strawberry.field(description="As it stands now.")


StartBacktestResult = Annotated[
    BacktestStarted | ProgrammeFaulty | BacktestRunning,
    strawberry.union("StartBacktestResult", description="It runs, or why it does not."),
]


@renders(jobs.BacktestRunning)
def _running(_: Info, audience: Audience, _refusal: jobs.BacktestRunning) -> BacktestRunning:
    return BacktestRunning(message=say("problem.BacktestRunning", audience.locale))


@strawberry.type
class BacktestQuery:
    @strawberry.field(description="Analysts and operators, at the console: the 20 newest back-tests.")
    async def backtests(self, info: Info) -> list[Backtest]:
        dependencies = info.context.dependencies
        return await _shown(info, await dependencies.backtests.list_newest(dependencies.runtime))

    @strawberry.field(
        description="Analysts and operators, at the console: one back-test; null where it is kept no more."
    )
    async def backtest(
        self,
        info: Info,
        backtest: Annotated[str, strawberry.argument(description="`backtest` of one of `backtests`.")],
    ) -> Backtest | None:
        dependencies = info.context.dependencies
        stored = await dependencies.backtests.find(dependencies.runtime, backtest[:LONGEST_ID])
        return None if stored is None else (await _shown(info, [stored]))[0]


@strawberry.type
class BacktestMutation:
    @strawberry.mutation(
        description=(
            "Operators, at the console: tries a draft on what members really did; nothing is written but its"
            " report. It runs beside the server, one at a time, on all its cores."
        )
    )
    @refusals_as_problems
    async def start_backtest(self, info: Info, input: StartBacktestInput) -> StartBacktestResult:
        dependencies, loaders = info.context.dependencies, info.context.loaders
        runtime = dependencies.runtime
        check = await dependencies.drafts.check(input.text, now=loaders.now)
        if check.digest is None:
            raise proposals.ProgrammeFaulty(check.faults)
        zone = runtime.programme.zone
        first_day = input.since or local_day(loaders.now, zone) - A_YEAR
        stored = await dependencies.backtests.start(
            runtime,
            BacktestRequest(input.text, start_of(first_day, zone), input.sample),
            staff=info.context.staff().staff_id,
            now=loaders.now,
            digest=check.digest,
        )
        return BacktestStarted(backtest=(await _shown(info, [stored]))[0])

    @strawberry.mutation(description="Operators, at the console: ends a back-test.")
    async def cancel_backtest(self, info: Info, input: CancelBacktestInput) -> BacktestCancelled:
        dependencies = info.context.dependencies
        stored = await dependencies.backtests.cancel(dependencies.runtime, input.backtest[:LONGEST_ID])
        return BacktestCancelled(backtest=(await _shown(info, [stored]))[0])


async def _shown(info: Info, stored: Iterable[StoredBacktest]) -> list[Backtest]:
    runtime = info.context.dependencies.runtime
    names = await names_of_staff(runtime.store)
    titles = PartTitles.of(await info.context.loaders.audience())
    return [
        _backtest_of(
            each,
            names,
            {} if each.report is None else await numbers_of(runtime.store, each.report),
            since=local_day(each.since, runtime.programme.zone),
            titles=titles,
        )
        for each in stored
    ]


def _backtest_of(
    stored: StoredBacktest,
    names: Mapping[str, str],
    numbers: Mapping[str, str],
    *,
    since: date,
    titles: PartTitles,
) -> Backtest:
    return Backtest(
        backtest=stored.id,
        backtest_state=BacktestState[stored.state],
        started_by=names.get(stored.staff, stored.staff),
        started_at=stored.at,
        first_day=since,
        members=stored.members,
        members_done=stored.members_done,
        events_done=Long(stored.events_done),
        seconds_left=stored.seconds_left(),
        ended_at=stored.ended_at,
        report=None if stored.report is None else report_of(stored.report, numbers, titles),
    )
