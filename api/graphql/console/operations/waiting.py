"""What waits and why: messages and events of the outbox, what shops and systems sent, and members whose time
has come.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Literal

import strawberry

from api.errors import BadInput, NotFound
from api.graphql.console.operations.refusals import CallRefusalReason
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.paging import First, row_count
from api.graphql.engine.problems import NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import till_of
from api.graphql.till.trail.job_titles import read_job_titles
from domain.services.intake import inspection, pausing
from domain.services.messages import outbox
from domain.services.operations import sources_state
from domain.store import backlog
from domain.store.backlog import Backlog, Waiting
from domain.store.intake import deliveries
from domain.store.operations.job_backlog import STANDINGS, JobStanding

MOST_IDS = 200
DEFAULT_ROWS = 50
LONGEST_SOURCE = 64
QueueWord = Literal["parked", "dropped", "pending"]


@enum_of_words(QueueWord, description="How something that is to be sent or done stands.")
class QueueState(Enum):
    PARKED = strawberry.enum_value("PARKED", description="It failed too often: it waits for a person.")
    DROPPED = strawberry.enum_value("DROPPED", description="Nobody is to have it any more.")
    PENDING = strawberry.enum_value("PENDING", description="It is still to be tried.")


@enum_of_words(deliveries.DeliveryFate, description="What became of what a shop or a system sent.")
class DeliveryFate(Enum):
    PENDING = strawberry.enum_value("PENDING", description="It is still to be worked on.")
    APPLIED = strawberry.enum_value("APPLIED", description="Its receipt has it.")
    IGNORED = strawberry.enum_value("IGNORED", description="It counts for nothing, as it should.")
    PARKED = strawberry.enum_value("PARKED", description="It may come right by itself, until `until`.")
    FAILED = strawberry.enum_value("FAILED", description="It waits for a person.")


@strawberry.type(description="How much waits in one place, counted up to 1,000.")
class WaitingCount:
    place: str = strawberry.field(
        description=(
            "outbox.people, outbox.systems, agenda, intake, members (whose time has come), sweep (members"
            " whom a new programme has still to reach); jobs over many members, files and back-tests:"
            " jobs.waiting for a worker, jobs.running; for a person: jobs.failed within a day, parked.outbox,"
            " parked.agenda, parked.intake_deliveries."
        )
    )
    count: int = strawberry.field(description="How many.")
    since: datetime | None = strawberry.field(
        description="Since when the first of them does; null where nothing waits, or nobody knows."
    )


@strawberry.type(description="A row of the outbox, or an event of the agenda, with no text and no contact.")
class QueueRow:
    id: str = strawberry.field(description="What `retryOutbox` takes.")
    description: str = strawberry.field(
        description="What it is: its kind and its code in the programme file."
    )
    title: str | None = strawberry.field(
        description="Of a message that was sent once its title and its segment; else null."
    )
    state: QueueState = strawberry.field(description="How it stands.")
    due_at: datetime = strawberry.field(description="When it was, or is, to be tried.")
    attempts: int = strawberry.field(description="How often it was tried.")
    error: str = strawberry.field(description="Why it failed, in English; empty where it did not.")


@strawberry.type(description="What a shop or a system sent, without its body.")
class IntakeDelivery:
    id: str = strawberry.field(description="What `retryIntake` takes.")
    source: str = strawberry.field(description="Who sent it.")
    topic: str | None = strawberry.field(description="Such as orders/paid; null where it came without one.")
    arrived_at: datetime = strawberry.field(description="When.")
    fate: DeliveryFate = strawberry.field(description="What became of it.")
    reason: str = strawberry.field(description="Why, in English; empty where it was applied.")
    until: datetime | None = strawberry.field(description="How long it may come right; null for no term.")


@strawberry.type(description="A source that reports, and what it sent last.")
class ReportingSource:
    code: str = strawberry.field(description="As receipts name it.")
    source_kind: str = strawberry.field(
        description="shopify, woocommerce or mapped, of the sources file; `system` for one with a key."
    )
    store: str = strawberry.field(description="The code of the store whose receipts they are.")
    known_since: datetime | None = strawberry.field(
        description="When the sources file in force was published, or the system with the key was added."
    )
    last_at: datetime | None = strawberry.field(
        description="When something came last; null where nothing of the last 90 days is stored."
    )
    last_fate: DeliveryFate | None = strawberry.field(description="What became of that.")
    last_reason: str = strawberry.field(description="Why, in English.")
    can_pause: bool = strawberry.field(
        description="Whether what it sends can wait: a source of the file. A system with a key acts at once."
    )
    paused_at: datetime | None = strawberry.field(
        description="Since when what it sends waits; null where it is worked off."
    )
    pause_reason: str | None = strawberry.field(description="Why it waits; null where it does not.")
    refused_since: datetime | None = strawberry.field(
        description=(
            "Since when everything that it sends is refused before it is stored; null where something was"
            " taken after the last refusal, or nothing was refused for 30 days."
        )
    )
    refusal: CallRefusalReason | None = strawberry.field(description="Why, the last time.")


@strawberry.type(description="How many deliveries of a fate are stored.")
class FateCount:
    fate: DeliveryFate = strawberry.field(description="Which.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="What came from shops and systems.")
class Intake:
    counts: list[FateCount] = strawberry.field(description="Of all sources.")
    deliveries: list[IntakeDelivery] = strawberry.field(description="Of the fate that was asked for.")


@strawberry.input(description="What is tried again.")
class RetryInput:
    ids: list[str] | None = strawberry.field(
        default=None, description="By their ids, 1 to 200; all that is parked or failed, without."
    )


@strawberry.type(description="It is tried again, soon.")
class Retried:
    count: int = strawberry.field(description="How many.")


@strawberry.input(description="Which source, and why.")
class PauseSourceInput:
    source: str = strawberry.field(description="The code of a source of the sources file.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")


@strawberry.type(description="What it sends waits now, or is worked off.")
class SourcePauseChanged:
    is_paused: bool = strawberry.field(description="Which of the two.")
    woken: int = strawberry.field(description="How many deliveries waited, and are worked off now.")


PauseSourceResult = Annotated[
    SourcePauseChanged | NotAllowed,
    strawberry.union("PauseSourceResult", description="As it is now, or why nothing changed."),
]
RetryResult = Annotated[
    Retried | NotAllowed, strawberry.union("RetryResult", description="Tried again, or why not.")
]


@strawberry.type
class WaitingQuery:
    @strawberry.field(description="Operators: how much waits, where, and since when.")
    async def waiting(self, info: Info) -> list[WaitingCount]:
        runtime, now = info.context.dependencies.runtime, info.context.loaders.now
        return _counts(await backlog.read_backlog(runtime.store, now=now))

    @strawberry.field(
        description="Operators: what is to be sent or done, and was not; the soonest due first."
    )
    async def outbox_rows(
        self,
        info: Info,
        state: Annotated[QueueState, strawberry.argument(description="How it stands.")] = QueueState.PARKED,
        first: First = DEFAULT_ROWS,
    ) -> list[QueueRow]:
        word: QueueWord = _QUEUE_WORDS[state]
        rows = await outbox.list_queue(
            info.context.dependencies.runtime, state=word, first=row_count(first, default=DEFAULT_ROWS)
        )
        codes = {row.id: row.description.partition(" ")[2] for row in rows}
        job_titles = await read_job_titles(info, codes.values())
        return [
            QueueRow(
                id=row.id,
                description=row.description,
                title=job_titles.get(codes[row.id]),
                state=state,
                due_at=row.due_at,
                attempts=row.attempts,
                error=row.error,
            )
            for row in rows
        ]

    @strawberry.field(description="Operators: what shops and systems sent, by what became of it.")
    async def intake(
        self,
        info: Info,
        fate: Annotated[
            DeliveryFate, strawberry.argument(description="What became of it.")
        ] = DeliveryFate.FAILED,
        source: Annotated[str | None, strawberry.argument(description="Of this source alone.")] = None,
        first: First = DEFAULT_ROWS,
    ) -> Intake:
        runtime = info.context.dependencies.runtime
        counts = await inspection.count_by_state(runtime)
        rows = await inspection.find_by_state(
            runtime,
            fate.name.lower(),
            source=source,
            first=row_count(first, default=DEFAULT_ROWS),
        )
        return Intake(
            counts=[
                FateCount(fate=DeliveryFate[name.upper()], count=count) for name, count in counts.items()
            ],
            deliveries=[
                IntakeDelivery(
                    id=row.id,
                    source=row.source,
                    topic=row.topic,
                    arrived_at=row.arrived_at,
                    fate=DeliveryFate[row.state.upper()],
                    reason=row.reason,
                    until=row.until,
                )
                for row in rows
            ],
        )

    @strawberry.field(description="Operators: who reports, and what came of it last, by code.")
    async def sources(self, info: Info) -> list[ReportingSource]:
        states = await sources_state.list_sources(
            info.context.dependencies.runtime, now=info.context.loaders.world_now
        )
        return [
            ReportingSource(
                code=each.code,
                source_kind=each.kind,
                store=each.store,
                known_since=each.known_since,
                last_at=each.last_at,
                last_fate=None if each.last_fate is None else DeliveryFate[each.last_fate.upper()],
                last_reason=each.last_reason,
                can_pause=each.kind != "system",
                paused_at=None if each.pause is None else each.pause.at,
                pause_reason=None if each.pause is None else each.pause.reason,
                refused_since=each.refused_since,
                refusal=None if each.refused_reason is None else CallRefusalReason[each.refused_reason],
            )
            for each in states
        ]


@strawberry.type
class WaitingMutation:
    @strawberry.mutation(
        description="Operators: has what is parked in outbox and agenda tried again, with fresh attempts."
    )
    @refusals_as_problems
    async def retry_outbox(self, info: Info, input: RetryInput) -> RetryResult:
        till = till_of(info)
        till.require_operator()
        count, unknown = await outbox.retry_parked(
            info.context.dependencies.runtime,
            ids=_ids(input.ids),
            actor=till.staff,
            now=info.context.loaders.world_now,
        )
        if unknown and not count:
            raise NotFound
        return Retried(count=count)

    @strawberry.mutation(
        description="Operators: has what shops and systems sent, and is parked or failed, tried again."
    )
    @refusals_as_problems
    async def retry_intake(self, info: Info, input: RetryInput) -> RetryResult:
        till = till_of(info)
        till.require_operator()
        retried = await inspection.retry(
            info.context.dependencies.runtime,
            _ids(input.ids) or None,
            actor=till.staff,
            now=info.context.loaders.world_now,
        )
        if input.ids and not retried:
            raise NotFound
        return Retried(count=len(retried))


@strawberry.type
class SourcePauseMutation:
    @strawberry.mutation(
        description=(
            "Operators: has what a source sends wait. It is still taken and sealed, for 30 days at most, and"
            " worked off in its order once the source is resumed."
        )
    )
    @refusals_as_problems
    async def pause_source(self, info: Info, input: PauseSourceInput) -> PauseSourceResult:
        runtime, now = info.context.dependencies.runtime, info.context.loaders.world_now
        await pausing.pause(
            runtime, till=till_of(info), source=input.source[:LONGEST_SOURCE], reason=input.reason, now=now
        )
        return SourcePauseChanged(is_paused=True, woken=0)

    @strawberry.mutation(description="Operators: has what waits of a source worked off, and what comes.")
    @refusals_as_problems
    async def resume_source(self, info: Info, input: PauseSourceInput) -> PauseSourceResult:
        runtime, now = info.context.dependencies.runtime, info.context.loaders.world_now
        woken = await pausing.resume(
            runtime, till=till_of(info), source=input.source[:LONGEST_SOURCE], reason=input.reason, now=now
        )
        return SourcePauseChanged(is_paused=False, woken=woken)


_QUEUE_WORDS: dict[QueueState, QueueWord] = {
    QueueState.PARKED: "parked",
    QueueState.DROPPED: "dropped",
    QueueState.PENDING: "pending",
}


def _ids(ids: Sequence[str] | None) -> list[str]:
    """Return the ids that are named, none for all that waits. Raises BadInput."""
    if ids is not None and not 1 <= len(ids) <= MOST_IDS:
        raise BadInput(f"Name 1 to {MOST_IDS} ids, or leave them out for all.", field="ids")
    return [id[:200] for id in ids or ()]


def _counts(read: Backlog) -> list[WaitingCount]:
    places: dict[str, Waiting] = {
        **{f"outbox.{lane}": waiting for lane, waiting in read.outbox_by_lane.items()},
        "agenda": read.agenda,
        "intake": read.intake,
        "members": read.members,
        "sweep": read.sweep,
        **{f"jobs.{standing}": _jobs(read, standing) for standing in STANDINGS},
        **{f"parked.{name}": waiting for name, waiting in read.parked.items()},
    }
    return [
        WaitingCount(place=place, count=waiting.count, since=waiting.since)
        for place, waiting in places.items()
    ]


def _jobs(read: Backlog, standing: JobStanding) -> Waiting:
    """Return the jobs of all kinds that stand so."""
    jobs = [each for (_, stands), each in read.jobs.items() if stands == standing]
    since = min((each.since for each in jobs if each.since is not None), default=None)
    return Waiting(sum(each.count for each in jobs), since)
