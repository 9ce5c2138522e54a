"""Events that managers and other systems report: those that the programme file declares, plan.* and survey
answers.
"""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import IDEMPOTENCY_KEY, MEMBER_NAMED
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems
from api.graphql.engine.scalars import JsonObject
from api.graphql.engine.shared_types import Info
from api.graphql.member.explanations import RuleOutcome, outcomes_of
from api.graphql.member.points import PointEntry, entries_of
from api.graphql.till.till_session import served_member_or_not_found, till_of
from domain.services.ledger import member_events


@strawberry.input(description="Something that happened to a member outside the till.")
class RecordEventInput:
    member: str = strawberry.field(description=MEMBER_NAMED)
    name: str = strawberry.field(description="The event's name in the programme file.")
    data: JsonObject | None = strawberry.field(
        default=None, description="The fields that the programme file declares for it."
    )
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it happened; by default now. Up to 2 minutes ahead counts as now."
    )
    external_id: str = strawberry.field(description="The event's lasting identity in its source.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The event was recorded.")
class EventRecorded:
    entries: list[PointEntry] = strawberry.field(description="What it earned or took.")
    explanation: list[RuleOutcome] = strawberry.field(description="What each rule came to.")


RecordEventResult = Annotated[
    EventRecorded | NotAllowed | IdempotencyConflict,
    strawberry.union("RecordEventResult", description="Recorded, or why not."),
]


@strawberry.type
class EventMutation:
    @strawberry.mutation(
        description=(
            "Managers and other systems: an event that the programme file declares, or a plan.* or survey"
            " event."
        )
    )
    @refusals_as_problems
    async def record_event(self, info: Info, input: RecordEventInput) -> RecordEventResult:
        loaders, till = info.context.loaders, till_of(info)
        till.require_reporter()
        result = await member_events.record(
            info.context.dependencies.runtime,
            till=till,
            member_id=await served_member_or_not_found(info, input.member),
            name=input.name,
            event_data=input.data or {},
            occurred_at=input.occurred_at,
            external_id=input.external_id,
            key=input.idempotency_key,
            now=loaders.now,
        )
        audience = await loaders.audience()
        return EventRecorded(
            entries=entries_of(audience, result.member_id, result.history),
            explanation=outcomes_of(audience, result.outcomes, result.version),
        )
