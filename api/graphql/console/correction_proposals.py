"""Corrections with four eyes: asked for by one person, approved or declined by another."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY, UNIT
from api.graphql.engine.ids import encode_id
from api.graphql.engine.problems import (
    IdempotencyConflict,
    InsufficientBalance,
    NotAllowed,
    WalletFull,
    refusals_as_problems,
)
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info
from api.graphql.member.catalogue.units import ProgrammeWallet, unit_of
from api.graphql.till.adjustments import BalanceAdjusted, balance_adjusted
from api.graphql.till.till_session import looked_up_or_not_found, till_of
from domain.services import errors
from domain.services.ledger import adjustments, queries
from domain.services.ledger import correction_proposals as proposals
from domain.services.people import staff
from domain.store.ledger.correction_proposals import CorrectionProposal as StoredProposal

LONGEST_ID = 64


@strawberry.type(description="A correction that waits for somebody else to approve it.")
class CorrectionProposal:
    proposal: str = strawberry.field(description="What `approveCorrection` takes.")
    customer: strawberry.ID = strawberry.field(description="Whose balance, by the customer's id.")
    number: str = strawberry.field(description="Their membership number.")
    wallet: WalletCode = strawberry.field(description="Which wallet.")
    unit: ProgrammeWallet | None = strawberry.field(description=UNIT)
    amount: int = strawberry.field(description="Signed: what the wallet would gain or lose.")
    reason: str = strawberry.field(description="As the colleague gave it; the member will read it.")
    proposed_by: str = strawberry.field(description="The colleague's name.")
    proposed_at: datetime = strawberry.field(description="When.")
    expires_at: datetime = strawberry.field(description="Until when it can be approved.")
    is_own: bool = strawberry.field(description="Whether the caller asked for it, and so cannot approve it.")


@strawberry.type(
    description=(
        "What the caller may correct alone in a day of the programme's zone, points and minor units together."
        " Rewards that are given count with it."
    )
)
class CorrectionAllowance:
    most: int = strawberry.field(description="In a whole day.")
    left: int = strawberry.field(description="Today, from now on. What is more waits for a second person.")


@strawberry.input(description="A correction that somebody else has to approve.")
class ProposeCorrectionInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    wallet: WalletCode = strawberry.field(description="Which wallet.")
    amount: int = strawberry.field(
        description="Signed: what the wallet gains or loses, in points or minor units."
    )
    reason: str = strawberry.field(
        description="Why, 1 to 500 characters; kept in the audit trail, and read by the member."
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="Which correction of a colleague.")
class ApproveCorrectionInput:
    proposal: str = strawberry.field(description="`proposal` of one of `correctionProposals`.")


@strawberry.input(description="Which correction, and why not.")
class DeclineCorrectionInput:
    proposal: str = strawberry.field(description="`proposal` of one of `correctionProposals`.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")


@strawberry.type(description="It waits for somebody else.")
class CorrectionProposed:
    proposal: CorrectionProposal = strawberry.field(description="As the colleague sees it.")


@strawberry.type(description="There will be no such correction.")
class CorrectionDeclined:
    proposal: str = strawberry.field(description="Which one.")


ProposeCorrectionResult = Annotated[
    CorrectionProposed | NotAllowed | IdempotencyConflict,
    strawberry.union("ProposeCorrectionResult", description="It waits, or why it does not."),
]
ApproveCorrectionResult = Annotated[
    BalanceAdjusted | InsufficientBalance | WalletFull | NotAllowed,
    strawberry.union("ApproveCorrectionResult", description="The correction, or why there is none."),
]
DeclineCorrectionResult = Annotated[
    CorrectionDeclined | NotAllowed,
    strawberry.union("DeclineCorrectionResult", description="Declined, or why not."),
]


@strawberry.type
class CorrectionProposalQuery:
    @strawberry.field(
        description="Service: the corrections that wait for approval, at most 100, the one that lapses first"
        " before the others."
    )
    async def correction_proposals(self, info: Info) -> list[CorrectionProposal]:
        stored = await proposals.list_open(
            info.context.dependencies.runtime, now=info.context.loaders.world_now
        )
        return await _proposals_of(info, stored)

    @strawberry.field(
        description=(
            "Managers and service: how much the caller may correct without a second person; null for a"
            " cashier, who corrects nothing."
        )
    )
    async def correction_allowance(self, info: Info) -> CorrectionAllowance | None:
        try:
            allowance = await adjustments.correction_allowance(
                info.context.dependencies.runtime, till=till_of(info)
            )
        except errors.NotAllowed:
            return None
        return CorrectionAllowance(most=allowance.most, left=allowance.left)


@strawberry.type
class CorrectionProposalMutation:
    @strawberry.mutation(
        description=(
            "Managers and service: asks for a correction, such as one that `adjustBalance` refused with"
            " FOUR_EYES. An operator approves it within 7 days."
        )
    )
    @refusals_as_problems
    async def propose_correction(self, info: Info, input: ProposeCorrectionInput) -> ProposeCorrectionResult:
        till = till_of(info)
        till.require_manager()
        proposal = await proposals.propose(
            info.context.dependencies.runtime,
            till=till,
            member_id=await looked_up_or_not_found(info, input.member),
            wallet=input.wallet,
            amount=input.amount,
            reason=input.reason,
            key=input.idempotency_key,
            now=info.context.loaders.world_now,
        )
        [shown] = await _proposals_of(info, [proposal])
        return CorrectionProposed(proposal=shown)

    @strawberry.mutation(
        description=(
            "Operators: makes a correction that a colleague asked for. Nobody approves their own, nor one of"
            " another account of theirs, nor by an account that is new or was reset less than a day ago."
        )
    )
    @refusals_as_problems
    async def approve_correction(self, info: Info, input: ApproveCorrectionInput) -> ApproveCorrectionResult:
        loaders = info.context.loaders
        result = await proposals.approve(
            info.context.dependencies.runtime,
            till=till_of(info),
            proposal_id=input.proposal[:LONGEST_ID],
            now=loaders.now,
            world_now=loaders.world_now,
        )
        return await balance_adjusted(info, result)

    @strawberry.mutation(
        description="Operators: declines a correction; whoever asked for it takes it back by the same."
    )
    @refusals_as_problems
    async def decline_correction(self, info: Info, input: DeclineCorrectionInput) -> DeclineCorrectionResult:
        proposal = input.proposal[:LONGEST_ID]
        await proposals.decline(
            info.context.dependencies.runtime,
            till=till_of(info),
            proposal_id=proposal,
            reason=input.reason,
            now=info.context.loaders.world_now,
        )
        return CorrectionDeclined(proposal=proposal)


async def _proposals_of(info: Info, stored: Iterable[StoredProposal]) -> list[CorrectionProposal]:
    """Return proposals with the numbers of their members; none of a member who is gone."""
    stored = list(stored)
    runtime, loaders = info.context.dependencies.runtime, info.context.loaders
    audience = await loaders.audience()
    names = {each.id: each.name for each in await staff.list_staff(runtime.store)}
    views = await queries.load_member_views(
        runtime, member_ids={each.member for each in stored}, now=loaders.now
    )
    caller = info.context.staff().staff_id
    return [
        _proposal_of(audience, each, views[each.member].member.number, names, caller)
        for each in stored
        if each.member in views
    ]


def _proposal_of(
    audience: Audience, stored: StoredProposal, number: str, names: dict[str, str], caller: str
) -> CorrectionProposal:
    return CorrectionProposal(
        proposal=stored.id,
        customer=strawberry.ID(encode_id("Customer", stored.member)),
        number=number,
        wallet=WalletCode(stored.wallet),
        unit=unit_of(audience, stored.wallet),
        amount=stored.amount,
        reason=stored.reason,
        proposed_by=names.get(stored.staff, stored.staff),
        proposed_at=stored.at,
        expires_at=stored.until,
        is_own=stored.staff == caller,
    )
