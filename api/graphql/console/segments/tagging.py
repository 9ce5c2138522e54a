"""Tags of many members at once: of a segment, or of a list of membership numbers; tried first."""

from typing import Annotated

import strawberry

from api.graphql.console.segments.member_jobs import MemberJobStarted, job_started
from api.graphql.console.staff_proposals import StaffProposed, proposed_by_caller
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import count_look_up, till_of
from domain.services.segments import tags
from domain.services.segments.alone import MOST_ALONE
from domain.services.segments.tags import TagRequest
from domain.store.operations.staff_proposals import StaffProposal

SEGMENT = "The code of a segment; null for a list."
NUMBERS = "1 to 500 membership numbers; null for a segment."
ADD = "At most 20; letters a-z, digits, dashes, underscores."
REMOVE = "At most 20."


@strawberry.input(description="Tags to put on many members, and to take away.")
class TryTagsInput:
    segment: str | None = strawberry.field(default=None, description=SEGMENT)
    numbers: list[str] | None = strawberry.field(default=None, description=NUMBERS)
    add: list[str] = strawberry.field(description=ADD)
    remove: list[str] = strawberry.field(description=REMOVE)


@strawberry.input(description="Tags to put on many members, and to take away.")
class ChangeTagsOfManyInput:
    segment: str | None = strawberry.field(default=None, description=SEGMENT)
    numbers: list[str] | None = strawberry.field(default=None, description=NUMBERS)
    add: list[str] = strawberry.field(description=ADD)
    remove: list[str] = strawberry.field(description=REMOVE)
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="What tags would come to; nothing was written.")
class TagsTried:
    members: int = strawberry.field(description="How many members are meant.")
    changed: int = strawberry.field(description="How many of them would change; the others have it so.")
    unknown_numbers: list[str] = strawberry.field(description="Numbers that are nobody's.")
    is_estimate: bool = strawberry.field(
        description="Whether the count is estimated from 2,000 members, of a larger segment."
    )
    takes_second_person: bool = strawberry.field(description="Whether a colleague has to approve it.")


TryTagsResult = Annotated[
    TagsTried | NotAllowed,
    strawberry.union("TryTagsResult", description="What they would come to, or why nobody tried."),
]
ChangeTagsOfManyResult = Annotated[
    MemberJobStarted | StaffProposed | NotAllowed | IdempotencyConflict,
    strawberry.union("ChangeTagsOfManyResult", description="It begins, waits for a colleague, or why not."),
]


@strawberry.type
class TaggingMutation:
    @strawberry.mutation(
        description="Operators: how many members tags would change. Nothing is written; it is a look-up."
    )
    @refusals_as_problems
    async def try_tags(self, info: Info, input: TryTagsInput) -> TryTagsResult:
        count_look_up(info)
        request = TagRequest(input.segment, input.numbers, input.add, input.remove)
        tried = await tags.try_tags(info.context.dependencies.runtime, till=till_of(info), request=request)
        return TagsTried(
            members=tried.size,
            changed=tried.changed,
            unknown_numbers=[(input.numbers or [])[place][:64] for place in tried.unknown],
            is_estimate=tried.looked < tried.size,
            takes_second_person=tried.size > MOST_ALONE,
        )

    @strawberry.mutation(
        description=(
            "Operators: has tags of many members changed, each an act of its own in the audit trail. Of more"
            " members than one person may reach in a day, a colleague approves it first."
        )
    )
    @refusals_as_problems
    async def change_tags_of_many(self, info: Info, input: ChangeTagsOfManyInput) -> ChangeTagsOfManyResult:
        count_look_up(info)
        loaders = info.context.loaders
        changed = await tags.change_many(
            info.context.dependencies.runtime,
            till=till_of(info),
            request=TagRequest(input.segment, input.numbers, input.add, input.remove),
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
            world_now=loaders.world_now,
        )
        if isinstance(changed, StaffProposal):
            return await proposed_by_caller(info, changed)
        return await job_started(info, changed)
