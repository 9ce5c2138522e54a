"""One person's two memberships: merged by a manager, and taken apart again by an operator."""

from enum import Enum
from typing import Annotated

import strawberry

from api.errors import BadInput, NotFound
from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import decode_id_as
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems, renders
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.till.customers import Customer, customer_of
from api.graphql.till.till_session import (
    count_look_up,
    looked_up_or_not_found,
    note_look_up,
    note_missed_look_up,
    service_actor,
    till_of,
)
from api.texts import say
from domain.model.ledger import decision
from domain.model.people.codes import CodeKind, classify
from domain.services import errors
from domain.services.merging import merge, undo


@enum_of_words(decision.MergeRefusalReason, description="Why memberships are not merged, or a merge stands.")
class MergeRefusalReason(Enum):
    SAME = strawberry.enum_value("SAME", description="Both are one membership, perhaps merged before.")
    CLOSED = strawberry.enum_value("CLOSED", description="One of them was merged into another already.")
    FROZEN = strawberry.enum_value("FROZEN", description="One of them is frozen.")
    DELETING = strawberry.enum_value(
        "DELETING", description="One of them is being deleted: its member can still keep it."
    )
    NOT_MERGED = strawberry.enum_value("NOT_MERGED", description="There is no merge to undo.")
    TOO_LATE = strawberry.enum_value("TOO_LATE", description="The merge is more than a day old.")
    CHANGED = strawberry.enum_value(
        "CHANGED",
        description="A receipt or voucher of the closed membership was used since, or both were merged on.",
    )
    SPENT = strawberry.enum_value(
        "SPENT", description="The membership that took it over no longer holds what it brought."
    )


@strawberry.type(description="The memberships stay as they are.")
class MergeRefused(Problem):
    merge_reason: MergeRefusalReason = strawberry.field(description="Why.")


@strawberry.input(
    description="Two memberships of one person. Have both proven before: there is one day to undo it."
)
class MergeMembersInput:
    closing: str = strawberry.field(
        description="Which one is closed: a visit, a membership number, or a customer's id."
    )
    into: str = strawberry.field(
        description="Which one takes it over: a visit, a membership number, or a customer's id."
    )
    reason: str = strawberry.field(
        description="Why, and how you know, 1 to 500 characters; kept in the audit trail."
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="Which merge is undone, and why.")
class UndoMergeInput:
    member: str = strawberry.field(description="The closed membership: its number, or its customer's id.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(
    description=(
        "The memberships are one: points with their days, tier, badges, contacts, number and card. Receipts"
        " and vouchers of the closed one still count; their refunds take from this one."
    )
)
class MembersMerged:
    customer: Customer = strawberry.field(description="The member as they are now.")
    closed_number: str = strawberry.field(
        description="The number of the membership that is closed; it leads to this one."
    )


@strawberry.type(description="The merge is undone: what came since stays where it came.")
class MergeUndone:
    reopened: Customer = strawberry.field(description="The membership that was closed, as it is now.")
    customer: Customer = strawberry.field(description="The other one, as it is now.")


MergeMembersResult = Annotated[
    MembersMerged | MergeRefused | NotAllowed | IdempotencyConflict,
    strawberry.union("MergeMembersResult", description="Merged, or why not."),
]
UndoMergeResult = Annotated[
    MergeUndone | MergeRefused | NotAllowed | IdempotencyConflict,
    strawberry.union("UndoMergeResult", description="Undone, or why not."),
]


@renders(decision.MergeRefused)
def merge_refused(_: Info, audience: Audience, refusal: decision.MergeRefused) -> MergeRefused:
    return MergeRefused(
        message=say(f"merge.{refusal.reason}", audience.locale),
        merge_reason=MergeRefusalReason[refusal.reason],
    )


@strawberry.type
class MergingMutation:
    @strawberry.mutation(
        description="Managers: closes one of two memberships of one person, and moves all to the other."
    )
    @refusals_as_problems
    async def merge_members(self, info: Info, input: MergeMembersInput) -> MergeMembersResult:
        loaders, till = info.context.loaders, till_of(info)
        till.require_manager()
        request_input = {"closing": input.closing, "into": input.into, "reason": input.reason}
        result = await merge.merge(
            info.context.dependencies.runtime,
            actor=service_actor(info),
            source=await looked_up_or_not_found(info, input.closing),
            into=await looked_up_or_not_found(info, input.into),
            reason=input.reason,
            request=till.request_key("mergeMembers", input.idempotency_key, request_input),
            now=loaders.now,
        )
        loaders.remember(result.member_view)
        customer = customer_of(await loaders.audience(), result.member_view)
        return MembersMerged(customer=customer, closed_number=result.closed_number)

    @strawberry.mutation(
        description="Operators: undoes a merge of the last day, while what it brought is still there."
    )
    @refusals_as_problems
    async def undo_merge(self, info: Info, input: UndoMergeInput) -> UndoMergeResult:
        loaders, till = info.context.loaders, till_of(info)
        till.require_operator()
        request_input = {"member": input.member, "reason": input.reason}
        result = await undo.undo_merge(
            info.context.dependencies.runtime,
            actor=service_actor(info),
            source=await _closed_member(info, input.member),
            reason=input.reason,
            request=till.request_key("undoMerge", input.idempotency_key, request_input),
            now=loaders.now,
        )
        audience = await loaders.audience()
        return MergeUndone(
            reopened=customer_of(audience, result.reopened),
            customer=customer_of(audience, result.member_view),
        )


async def _closed_member(info: Info, member: str) -> str:
    """Return the closed membership that a number or a customer's id names. Raises NotFound."""
    code = classify(member)
    if code.kind is CodeKind.NUMBER:
        count_look_up(info)
        try:
            closed = await undo.find_closed(info.context.dependencies.runtime, number=code.text)
        except errors.NotFound:
            await note_missed_look_up(info, "NUMBER")
            raise
        await note_look_up(info, closed, "NUMBER")
        return closed
    try:
        return decode_id_as("Customer", member)
    except BadInput:
        raise NotFound from None
